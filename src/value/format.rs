//! What a value is, which also says how it is written.

use serde::{Deserialize, Serialize};

/// What a value is, which also says how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Format {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// Any other number.
    Decimal {
        /// Digits after the point.
        digits: u8,
    },
    /// An amount in the currency of the report.
    Money {
        /// Digits after the point.
        digits: u8,
    },
    /// A share in percent: 12.5 is written as 12.5 %.
    Percent {
        /// Digits after the point.
        digits: u8,
    },
    /// A day: text in the form `2021-01-31`.
    Date {
        /// How much of it is written.
        style: DateStyle,
    },
    /// A day and the time of day: text in the form `2021-01-31T08:15:00`, seconds optional, or with a space
    /// in place of the `T`. Without a time zone: the data says what it means.
    DateTime {
        /// How much of the day is written.
        style: DateStyle,
    },
}

/// How much of a day is written. The locale decides the order, the separators and the names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum DateStyle {
    /// Numbers only, as in 31/01/2021.
    Short,
    /// With the short name of the month, as in 31 Jan 2021.
    #[default]
    Medium,
    /// With the name of the month, as in 31 January 2021.
    Long,
    /// With the day of the week as well, as in Sunday, 31 January 2021.
    Full,
    /// The month, as in January 2021.
    Month,
    /// As in 2021-01-31, whatever the locale (ISO 8601).
    Iso,
}

impl Format {
    /// Whether its values are numbers, which line up on the decimal point.
    pub fn is_number(self) -> bool {
        match self {
            Format::Integer | Format::Decimal { .. } | Format::Money { .. } | Format::Percent { .. } => true,
            Format::Text | Format::Date { .. } | Format::DateTime { .. } => false,
        }
    }

    /// Whether its values are amounts in the currency of the report.
    pub fn is_money(self) -> bool {
        matches!(self, Format::Money { .. })
    }

    /// How many digits stand after the point.
    pub fn digits(self) -> u8 {
        match self {
            Format::Decimal { digits } | Format::Money { digits } | Format::Percent { digits } => digits,
            Format::Text | Format::Integer | Format::Date { .. } | Format::DateTime { .. } => 0,
        }
    }
}
