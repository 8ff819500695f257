//! Inputs that nobody would write, as many as fit into a minute: nothing panics, nothing hangs, and every file that
//! comes out is a file.
//!
//! Each test says the seed that it began with; `REPORTWIRE_FUZZ_SEED` begins with another one, and
//! `REPORTWIRE_FUZZ_TIMES` takes that many times as many cases.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod csv;
mod parameters;
mod rendering;
mod support;
mod type_files;
