//! Several nodes over one PostgreSQL and one bucket, while all of it fails.
//!
//! PostgreSQL has to be installed (Debian: `postgresql`); without it these tests fail.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

#[path = "../shared/bucket.rs"]
#[allow(dead_code, reason = "other kinds of tests look closer at it")]
mod bucket;
mod chaos;
mod crowd;
mod node;
#[path = "../shared/postgres_server.rs"]
mod postgres_server;
mod proxy;
mod rolling;
#[path = "../shared/watch.rs"]
mod watch;
