//! The loop that all durable work shares: arm, claim, renew, handle, settle.
//!
//! A [`Runner`] owns as many permits as it may do things at once. It takes what permits are free, claims
//! as many tasks, and moves each permit into the job that it pays for: a job that hangs holds its permit,
//! and no counter has to be put right by hand. What the work is, the loop does not know; a [`Handler`] of
//! the task's kind does it, and speaks through a [`Monitor`].
//!
//! What the store promises makes the loop safe to kill at any point. A job that dies is claimable again
//! when its lease runs out; a job that was only frozen finds its claim lost and throws its result away.

pub mod artifact_key;
mod estimate;
mod handler;
mod janitor;
mod job;
mod monitor;
mod retry;
mod runner;

pub use estimate::Estimator;
pub use handler::{Finished, Handler, Task, WorkError};
pub use janitor::Janitor;
pub use monitor::{Monitor, Stopped};
pub use runner::{Limits, Runner};
