//! Who is there, and what they may do.
//!
//! ```text
//! API key or token (JWT) ──Gate──► Identity: owner, scopes, until when
//! link                   ──Signer──► one action on one report, until when
//! ```
//!
//! Everything belongs to an owner, and whoever comes for another owner's hears that there is none.

mod identity;

pub use identity::{Denied, Identity, Proved};
