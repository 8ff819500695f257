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

mod frame;
mod hub;
mod rendezvous;
pub mod websocket;

pub(crate) use frame::message;
pub use frame::{Body, Frame, MODEL_IN_FRAME};
pub use hub::{Hub, Subscription};
pub use rendezvous::Rendezvous;
