//! The loop that all durable work shares: arm, claim, renew, handle, settle.
//!
//! What the work is, the loop does not know; a handler of the task's kind does it. What the handler may
//! say while it works goes through a [`Monitor`].

mod monitor;

pub use monitor::{Monitor, Stopped};
