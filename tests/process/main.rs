//! The program as its users meet it: a process of its own, with real sockets, real signals and a real disk.
//!
//! `curl`, `strace` and `wscat` have to be there (`tests/run` installs them); without them their tests fail.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod client;
mod command;
mod compare;
mod curl;
mod impatience;
mod keys;
mod kill;
mod moving;
mod mute;
#[path = "../shared/postgres_server.rs"]
mod postgres_server;
mod receiver;
mod server;
mod starving;
mod strace;
mod sync;
mod telling;
mod terminate;
mod tls;
#[path = "../shared/watch.rs"]
mod watch;
mod wscat;
