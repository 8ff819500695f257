//! The data of a report: where its rows come from.

mod cell;

pub use cell::Cell;
