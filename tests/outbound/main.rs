//! What goes out: webhooks and letters, over real sockets to receivers that behave, misbehave and lie in wait.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod answering;
mod bodies;
mod consenting;
mod guarding;
mod letter_box;
mod letters;
mod mailing;
mod post_office;
mod receiver;
mod securing;
mod signing;
mod spellings;
mod subject;
