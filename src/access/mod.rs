//! Who is there, and what they may do.
//!
//! ```text
//! API key or token (JWT) ──Gate──► Identity: owner, scopes, until when ──require──► Pass ─┐
//! link ──Signer──► one action on one report, until when ─────────────────────────► Pass ──┴─► Reports
//! ```
//!
//! Everything belongs to an owner, and whoever comes for another owner's hears that there is none. The channels have
//! no way to a report but [`Reports`], which takes a [`Pass`] for everything, and a pass is only made here.

mod crowd;
mod gate;
mod identity;
mod jwt;
mod key;
mod pass;
mod refused;
mod reports;

pub use crowd::{Crowd, Place};
pub use gate::{Door, Gate};
pub use identity::{Caller, Denied, Identity, Proved};
pub use jwt::{Jwt, NoKeys};
pub use key::KeyText;
pub use pass::{By, Pass};
pub use refused::Refused;
pub use reports::{Met, Reports};
