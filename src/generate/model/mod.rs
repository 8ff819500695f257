//! The model of a report: its content as typed sections, before anything is drawn.
//!
//! It is what a program reads instead of the file, and all that a renderer gets: the PDF, CSV, XLSX and HTML
//! are made from it without touching the data again. Numbers are JSON numbers, rounded to the digits that
//! their format shows, so that all of them say the same.

mod build;
mod chart;
mod columns;
mod cross;
mod names;
mod picture;
#[cfg(test)]
mod schema;
mod section;
mod subtitle;
mod table;
#[cfg(test)]
mod tests;
mod texts;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::{
    catalog::{Align, ChartKind},
    value::Cell,
};
pub(super) use build::build;
pub(super) use names::mistakes;
pub use section::{Chart, Column, Figure, Group, Image, Section, Series, Span, Table};

use crate::{
    catalog::{Format, Look},
    report::Parameters,
};

/// The content of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The name of the report type.
    pub report_type: String,
    /// The heading of the report.
    pub title: String,
    /// What it was asked for, in words; empty when there is nothing to say.
    pub subtitle: String,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What it was asked for.
    pub parameters: Parameters,
    /// When it was asked for.
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub created_at: Timestamp,
    /// The language and region whose separators, names of months and signs are used, as in `de-CH` (BCP 47).
    pub locale: String,
    /// The currency of every amount (ISO 4217), if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// How its pages look.
    #[serde(default)]
    pub look: Look,
    /// The content, from top to bottom.
    pub sections: Vec<Section>,
    /// What went less than well, in words for the reader: characters, for example, that the typeface does
    /// not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The number in the form that `format` calls for. Adding up amounts in binary leaves a trace in the twelfth
/// digit, which has no place in a document.
pub(super) fn of_number(number: f64, format: Format) -> Cell {
    match format {
        // beyond it not every whole number is a double, and beyond i64 none is an integer (2⁵³)
        Format::Integer if number.abs() < 9_007_199_254_740_992.0 => Cell::Integer(number.round() as i64),
        Format::Integer => Cell::Decimal(number),
        _ => Cell::Decimal(round(number, i32::from(format.digits()))),
    }
}

/// The number with so many digits after the point.
pub(super) fn round(number: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    let rounded = (number * scale).round() / scale;
    // so large that it has no such digits
    if rounded.is_finite() { rounded } else { number }
}

/// Whether a link may lead there: an absolute URL whose scheme runs nothing.
pub(super) fn is_safe_link(href: &str) -> bool {
    let scheme = href.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("https" | "http" | "mailto")) && !href.chars().any(char::is_control)
}
