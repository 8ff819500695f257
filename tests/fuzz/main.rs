//! Inputs that nobody would write, as many as fit into a minute: nothing panics, nothing hangs, and every file that
//! comes out is a file.
//!
//! Each test says the seed that it began with; `REPORTWIRE_FUZZ_SEED` begins with another one, and
//! `REPORTWIRE_FUZZ_TIMES` takes that many times as many cases. With `REPORTWIRE_FUZZ_SECONDS` each goes on for so long
//! instead: `tests/run` gives a minute to each of those that stand open to everybody.
//!
//! They are not guided by coverage: the instrumentation for that needs a nightly compiler and a build of everything for
//! itself, and a fresh machine has neither.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod access;
mod csv;
mod parameters;
mod rendering;
mod support;
mod type_files;
mod wire;
