//! Values: what a query returns, what a report shows, and what says how it is written.
//!
//! The lowest words of a report's content. `data` makes them, `catalog` says how they are to be written,
//! `locale` writes them.

mod calendar;
mod cell;
mod format;

pub use calendar::{date, date_time};
pub use cell::Cell;
pub use format::{DateStyle, Format};
