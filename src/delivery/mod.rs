//! How a client comes to know: frames, subscriptions and the moment where the two meet.
//!
//! ```text
//!  hint ──► Rendezvous::follow ── looks at the record ──► Frame ──► Hub ══ watch ══► each socket
//!  client ─► Rendezvous::meet ─── subscribes, then looks ──────────────────────────► its socket
//! ```
//!
//! A result and a client come at moments that know nothing of each other. Whoever comes second finds the
//! first, because both do the same two things in the same order: arm the listener, then look at the
//! record. This module never learns how a report is made.
//!
//! Whoever does not listen is told by [`webhook`] or [`email`]: each sends one message and judges the answer, and
//! knows neither frames nor sockets.

pub mod ack;
pub mod courier;
mod cursor;
pub mod dispatch;
pub mod email;
mod frame;
mod hub;
mod presence;
mod rendezvous;
pub mod sse;
mod stay;
mod terms;
pub mod webhook;
pub mod websocket;

pub use cursor::Due;
pub(crate) use frame::message;
pub use frame::{Body, Frame, MODEL_IN_FRAME};
pub use hub::{Crowded, Hub, Subscription};
pub use presence::Presence;
pub use rendezvous::{Rendezvous, Unmet};
pub use stay::Stay;
pub(crate) use stay::over;
pub use terms::Terms;

/// In how many milliseconds a client whose connection ends should come back: another time for each, from 500 to
/// 3,000.
pub(crate) fn retry_after_ms() -> u64 {
    500 + fastrand::u64(..2500)
}
