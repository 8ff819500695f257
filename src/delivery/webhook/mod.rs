//! One webhook: a POST to a stranger's URL, signed, guarded, and judged by its answer.
//!
//! ```text
//! text ──check_url──► Url ┐
//! Record ──body──► Bytes ─┼─Sender::post──► resolve ─► guard ─► dial that very address ─► TLS ─► Sent
//! Secrets ────────────────┘                                                              Sent ──schedule::next──► Next
//! ```
//!
//! The URL comes from a client, so whoever may ask for a report could have us knock on any door of our own
//! network. The guard stands where a connection is opened, because everything before it can be talked
//! round: a name may answer differently each time, and an address has many spellings. Nothing here knows the
//! store: whoever claims a message sends it with this and settles what came of it.

mod answer;
mod body;
mod dial;
mod guard;
mod resolve;
pub mod schedule;
mod secret;
mod sender;
mod sent;
mod target;

pub use body::{LARGEST_BODY, body, test_body};
pub use guard::{Policy, Range};
pub use resolve::{Resolve, SystemResolver};
pub use secret::{NoSecret, Secret};
pub use sender::{Asked, PATIENCE, Sender};
pub use sent::{Answer, HEAD_LENGTH, SendError, Sent};
pub use target::{LONGEST_URL, check_url};
