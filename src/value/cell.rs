//! One value: what a query returns and what a report shows.

use serde::{Deserialize, Serialize};

/// One value: text, a number, or `null`. A date is text in the form `2021-01-31`, a moment is text in the
/// form `2021-01-31T08:15:00`; the format of its column says which it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Cell {
    /// Nothing is known or nothing applies.
    Nothing,
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Decimal(f64),
    /// Text.
    Text(String),
    /// Text that leads somewhere.
    Link {
        /// What it says.
        text: String,
        /// Where it leads: an absolute URL with the scheme `https`, `http` or `mailto`.
        href: String,
    },
}

impl Cell {
    /// The number that it is, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Integer(number) => Some(*number as f64),
            Cell::Decimal(number) => Some(*number),
            Cell::Nothing | Cell::Text(_) | Cell::Link { .. } => None,
        }
    }
}
