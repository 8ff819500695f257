//! Finished files in a bucket: stored, handed out, and waited for when it is away.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

#[path = "../shared/bucket.rs"]
mod bucket;
#[path = "../process/client.rs"]
#[allow(dead_code, reason = "it does more than is asked of it here")]
mod client;
mod downloading;
mod outage;
#[path = "../process/server.rs"]
#[allow(dead_code, reason = "it does more than is asked of it here")]
mod server;
mod starting;
mod storing;
mod support;
#[path = "../shared/watch.rs"]
mod watch;
