//! The whole server over real sockets: who comes when, what goes wrong, and that nothing is left behind.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod callers;
mod connecting;
mod cursors;
mod delivering;
mod exporting;
mod file;
mod freezing;
mod graphql;
mod graphql_documents;
mod graphql_socket;
mod graphql_stream;
mod handshaking;
mod hinting;
mod interleaving;
mod letters;
mod living;
mod observing;
mod polling;
#[path = "../outbound/post_office.rs"]
mod post_office;
mod proofs;
mod refusing;
mod registering;
mod reporting;
mod resuming;
mod sharing;
mod silence;
mod speaking;
mod staying;
mod streaming;
mod support;
mod telling;
mod terms;
#[path = "../shared/watch.rs"]
mod watch;
mod working;
