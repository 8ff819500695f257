//! GraphQL over WebSocket: the sub-protocol `graphql-transport-ws`, one task for each socket.
//!
//! ```text
//!   connection_init ──►  ◄── connection_ack
//!   subscribe       ──►  ◄── next … next, complete      any number of operations at once, each under its id
//!   complete        ──►      and nothing more under that id
//! ```
//!
//! The operations are streams in the session's own task: the next response of any is asked for only when the one
//! before it was written. A client that reads slowly slows its own operations and holds no queue.

mod close;
mod converse;
mod guest;
mod message;
mod session;

pub use guest::Guest;
pub use session::Session;

/// The name of the sub-protocol, as it stands in `Sec-WebSocket-Protocol`.
pub const PROTOCOL: &str = "graphql-transport-ws";

/// How many operations may be under way on one socket.
pub const MAX_OPERATIONS: usize = 32;
