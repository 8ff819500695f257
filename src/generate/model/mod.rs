//! The model of a report: its content as typed sections, before anything is drawn.
//!
//! It is what a program reads instead of the file, and all that a renderer gets. Numbers are JSON numbers;
//! amounts are rounded to two digits after the point, in the currency that the model names.

mod build;
mod cross;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use build::build;

use crate::{catalog::Format, report::Parameters};

/// The content of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The name of the report type.
    pub report_type: String,
    /// The heading of the report.
    pub title: String,
    /// What it was asked for, in words.
    pub subtitle: String,
    /// What it was asked for.
    pub parameters: Parameters,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// The currency of every amount (ISO 4217), if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The content, from top to bottom.
    pub sections: Vec<Section>,
}

/// One part of the content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Section {
    /// A few numbers that matter most.
    KeyFigures {
        /// The figures.
        figures: Vec<Figure>,
    },
    /// Numbers to be compared by eye.
    Chart {
        /// The heading.
        title: String,
        /// How it is drawn.
        kind: ChartKind,
        /// What each position stands for.
        labels: Vec<String>,
        /// What is measured; as many values as there are labels.
        series: Vec<Series>,
    },
    /// Rows and columns.
    Table {
        /// The heading.
        title: String,
        /// The columns.
        columns: Vec<Column>,
        /// The rows; as many cells as there are columns.
        rows: Vec<Vec<Cell>>,
        /// The last row, when something is added up.
        #[serde(skip_serializing_if = "Option::is_none")]
        totals: Option<Vec<Cell>>,
    },
    /// A paragraph.
    Text {
        /// What it says.
        text: String,
    },
}

/// One key figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What programs call it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is.
    #[serde(rename = "type")]
    pub format: Format,
    /// How much it is.
    pub value: Cell,
}

/// How a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChartKind {
    /// Upright bars.
    Bar,
}

/// One measure of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What programs call it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is.
    #[serde(rename = "type")]
    pub format: Format,
    /// How much it is at each label.
    pub values: Vec<f64>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// What programs call it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What its cells are.
    #[serde(rename = "type")]
    pub format: Format,
    /// On which side its cells stand.
    pub align: Align,
}

/// A side of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Align {
    /// The side on which reading begins: text.
    Left,
    /// The side on which digits line up: numbers.
    Right,
}

/// One value: text, a number, or `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

impl Cell {
    /// The number that it is, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Integer(number) => Some(*number as f64),
            Cell::Decimal(number) => Some(*number),
            Cell::Nothing | Cell::Text(_) => None,
        }
    }

    /// The number in the form that `format` calls for.
    pub(super) fn of_number(number: f64, format: Format) -> Self {
        match format {
            Format::Integer => Cell::Integer(number.round() as i64),
            Format::Money => Cell::Decimal(round(number, 2)),
            Format::Percent | Format::Decimal | Format::Text => Cell::Decimal(round(number, 1)),
        }
    }
}

impl Column {
    /// The column of the model for a column of the page.
    pub(super) fn of(column: &crate::catalog::Column) -> Self {
        let align = if column.format == Format::Text { Align::Left } else { Align::Right };
        Self { name: column.name.clone(), title: column.title.clone(), format: column.format, align }
    }
}

/// Adding up amounts in binary leaves a trace in the twelfth digit, which has no place in a document.
pub(super) fn round(number: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (number * scale).round() / scale
}
