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

pub mod email;
mod frame;
mod hub;
mod rendezvous;
pub mod webhook;
pub mod websocket;

pub use frame::{Body, Frame};
pub use hub::{Hub, Subscription};
pub use rendezvous::Rendezvous;
