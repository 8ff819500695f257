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

pub mod ack;
mod cursor;
mod frame;
mod hub;
mod rendezvous;
pub mod sse;
pub mod websocket;

pub use cursor::Due;
pub use frame::{Body, Frame};
pub use hub::{Hub, Subscription};
pub use rendezvous::Rendezvous;

/// In how many milliseconds a client whose connection ends should come back: another time for each, from 500 to
/// 3,000.
fn retry_after_ms() -> u64 {
    500 + fastrand::u64(..2500)
}
