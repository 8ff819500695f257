//! What is on the page of a report: sections, each filled by one query.

use super::Format;

/// The content of a report, from top to bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The parameters whose values stand below the title, in this order.
    pub subtitle: Vec<String>,
    /// The currency of every amount, as in `EUR` (ISO 4217).
    pub currency: Option<String>,
    /// What the report says instead when no query returned a row.
    pub nothing: String,
    /// The sections.
    pub sections: Vec<Section>,
}

/// A SQL query. Parameters of the report are bound by name (`:reportDate`), those that are absent as NULL;
/// text is never put into the statement.
pub type Query = String;

/// One section and the query that fills it. A section whose query returns no rows is left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Section {
    /// A few numbers, large. The query returns one row with one column for each figure.
    KeyFigures {
        /// The query.
        query: Query,
        /// The figures, in the order of the query's columns.
        figures: Vec<Figure>,
    },
    /// Upright bars. The query returns a label and a number in each row.
    Bars {
        /// The heading.
        title: String,
        /// The query.
        query: Query,
        /// What the bars measure.
        measure: Column,
    },
    /// Rows as the query returns them.
    Table {
        /// The heading.
        title: String,
        /// The query.
        query: Query,
        /// The columns, in the order of the query's.
        columns: Vec<Column>,
    },
    /// A cross table. The query returns the name of the row, the name of the column and a number, which may
    /// come in any order; rows and columns get totals and are sorted by them, the largest first.
    Cross {
        /// The heading.
        title: String,
        /// The query.
        query: Query,
        /// What the rows are.
        rows: Column,
        /// What the cells measure.
        cells: Column,
    },
}

/// One key figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in the model.
    pub name: String,
    /// Its name on the page.
    pub title: String,
    /// How its value is written.
    pub format: Format,
}

/// One column, or one measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in the model.
    pub name: String,
    /// Its name on the page.
    pub title: String,
    /// How its values are written.
    pub format: Format,
    /// Whether the last row adds them up.
    pub total: bool,
}

impl Figure {
    /// A key figure.
    pub fn new(name: &str, title: &str, format: Format) -> Self {
        Self { name: name.into(), title: title.into(), format }
    }
}

impl Column {
    /// A column without a total.
    pub fn new(name: &str, title: &str, format: Format) -> Self {
        Self { name: name.into(), title: title.into(), format, total: false }
    }

    /// The same column with a total.
    pub fn with_total(self) -> Self {
        Self { total: true, ..self }
    }
}
