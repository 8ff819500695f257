//! The sections of a model.

use serde::{Deserialize, Serialize};

use super::Cell;
use crate::catalog::{Align, ChartKind, Format};

/// One part of the content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Section {
    /// A heading.
    Heading {
        /// What it says.
        text: String,
        /// 1 for a chapter, 2 for a part of one.
        level: u8,
    },
    /// Paragraphs.
    Text {
        /// Each paragraph, as pieces that follow each other without a gap.
        paragraphs: Vec<Vec<Span>>,
    },
    /// A few numbers that matter most.
    KeyFigures {
        /// The figures.
        figures: Vec<Figure>,
    },
    /// Numbers to be compared by eye.
    Chart(Chart),
    /// Rows and columns.
    Table(Table),
    /// A picture.
    Image(Image),
    /// What follows begins a new page.
    PageBreak,
}

/// A piece of text in one style.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Span {
    /// What it says.
    pub text: String,
    /// Whether it stands out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bold: bool,
    /// Where it leads: an absolute URL with the scheme `https`, `http` or `mailto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

/// One key figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Figure {
    /// What programs call it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is.
    #[serde(flatten)]
    pub format: Format,
    /// How much it is.
    pub value: Cell,
}

/// Numbers to be compared by eye.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Chart {
    /// The heading; empty when there is none.
    pub title: String,
    /// How it is drawn.
    pub kind: ChartKind,
    /// What each position, or each slice, stands for.
    pub labels: Vec<String>,
    /// What is measured; as many values as there are labels. A pie has one series.
    pub series: Vec<Series>,
}

/// One measure of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Series {
    /// What programs call it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is.
    #[serde(flatten)]
    pub format: Format,
    /// How much it is at each label; `null` where nothing is known.
    pub values: Vec<Option<f64>>,
}

/// Rows and columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Table {
    /// The heading; empty when there is none.
    pub title: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// Rows that belong together, in the order of their first rows, an outer group before those in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// The last row, when something is added up; as many cells as there are columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Vec<Cell>>,
}

/// Rows of a table that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Group {
    /// 0 for an outermost group, 1 for one within it.
    pub level: u8,
    /// What they have in common, ready to be shown.
    pub title: String,
    /// The first row, counted from 0.
    pub first: usize,
    /// How many rows.
    pub rows: usize,
    /// Their sums, when something is added up; as many cells as there are columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtotals: Option<Vec<Cell>>,
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Column {
    /// What programs call it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What its cells are.
    #[serde(flatten)]
    pub format: Format,
    /// On which side its cells stand.
    pub align: Align,
    /// Its share of the width, in percent; as wide as it needs when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f32>,
    /// Its value is the title of a group: a page shows it there and not in each row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grouped: bool,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Image {
    /// What it shows, for those who hear the report; empty when it only decorates.
    pub alt: String,
    /// The picture: a `data:` URL (RFC 2397) of a PNG or a JPEG.
    pub source: String,
    /// Its width in millimetres; that of the content when there is none, but no larger than at 150 dpi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f32>,
    /// What stands below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

impl Group {
    /// The row behind the last one, counted from 0.
    pub fn end(&self) -> usize {
        self.first.saturating_add(self.rows)
    }
}

impl Section {
    /// One paragraph of plain text.
    pub fn paragraph(text: impl Into<String>) -> Self {
        Section::Text { paragraphs: vec![vec![Span { text: text.into(), ..Span::default() }]] }
    }
}

impl Format {
    /// The side on which its values stand unless told.
    pub(in crate::generate) fn align(self) -> Align {
        if self.is_number() { Align::Right } else { Align::Left }
    }
}

impl Column {
    /// A column that stands where its format has it stand.
    pub fn new(name: impl Into<String>, title: impl Into<String>, format: Format) -> Self {
        let align = format.align();
        Self { name: name.into(), title: title.into(), format, align, width: None, grouped: false }
    }
}
