//! Data as report types have it: every source, every rule about what may be read and for how long, and what is
//! said when it goes wrong.
//!
//! PostgreSQL has to be installed (Debian: `postgresql`), and so do `python3` and `setsid`; without them these
//! tests fail.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod cache;
mod command;
mod faults;
mod files;
mod folder;
mod limits;
mod postgres;
#[path = "../shared/postgres_server.rs"]
mod postgres_server;
mod sqlite;
mod statements;
mod stopping;
mod support;
#[path = "../shared/watch.rs"]
mod watch;
