//! What is on the pages of a report: sections, filled by queries.

use serde::{Deserialize, Serialize};

use super::{Format, Look, Name, Place};

/// A text that is a template (minijinja): parameters and the rows of named queries stand in it as
/// `{{ reportDate }}` and `{{ by_shop[0].revenue }}`.
pub type Template = String;

/// A statement in SQL. Parameters of the report are bound by name (`:reportDate`), those that are absent as
/// NULL; text is never put into the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What it is called: its name in `[queries]`, or the section that it stands in.
    pub name: String,
    /// The statement.
    pub sql: String,
    /// Where its text begins in the file.
    pub at: Place,
    /// Whether texts can name it: then its rows are kept for them.
    pub named: bool,
}

impl Query {
    /// The place in the file of the byte `offset` of the statement.
    pub fn place(&self, offset: usize) -> Place {
        let before = self.sql.get(..offset).unwrap_or(&self.sql);
        match before.rsplit_once('\n') {
            None => Place { column: self.at.column + before.chars().count(), ..self.at },
            Some((lines, last)) => Place {
                line: self.at.line + lines.matches('\n').count() + 1,
                column: last.chars().count() + 1,
            },
        }
    }
}

/// The content of a report, from top to bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What stands below the title; the parameters in words when there is none.
    pub subtitle: Option<Template>,
    /// What the report says instead when no query returned a row.
    pub nothing: Template,
    /// How it looks. Header and footer are templates.
    pub look: Look,
    /// A picture for the head of the first page, in the folder of the type file.
    pub logo: Option<Name>,
    /// Every statement, each once.
    pub queries: Vec<Query>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// One section. One whose query returns no rows is left out. `query` is a place in [`Page::queries`].
#[derive(Clone, Debug, PartialEq)]
pub enum Section {
    /// A heading.
    Heading {
        /// What it says.
        text: Template,
        /// 1 or 2.
        level: u8,
    },
    /// Paragraphs, in Markdown as far as bold text and links.
    Text {
        /// What they say.
        text: Template,
    },
    /// A few numbers, large: the columns of the query's first row.
    KeyFigures {
        /// The query.
        query: usize,
        /// What is said about its columns.
        columns: Vec<Column>,
    },
    /// A chart. The first column of the query says what each position is; each further one is a series.
    Chart {
        /// The heading.
        title: Template,
        /// How it is drawn.
        kind: ChartKind,
        /// The query.
        query: usize,
        /// The column whose values name the series: then the query returns a row for each value.
        by: Option<Name>,
        /// What is said about its columns.
        columns: Vec<Column>,
    },
    /// Rows as the query returns them.
    Table {
        /// The heading.
        title: Template,
        /// The query.
        query: usize,
        /// The columns whose values group the rows, the outermost first.
        groups: Vec<Name>,
        /// What is said about its columns.
        columns: Vec<Column>,
    },
    /// A cross table: one column of the query names the row, one the column, one is the number where they
    /// meet. Rows and columns get totals and are sorted by them, the largest first.
    Cross {
        /// The heading.
        title: Template,
        /// The query.
        query: usize,
        /// The column that names the rows.
        down: Name,
        /// The column that names the columns.
        across: Name,
        /// What is said about its columns.
        columns: Vec<Column>,
    },
    /// A picture in the folder of the type file.
    Image {
        /// Its path, a PNG or a JPEG.
        file: Name,
        /// Its width in millimetres.
        width: Option<f32>,
        /// What it shows, for those who hear the report.
        alt: String,
        /// What stands below it.
        caption: Option<Template>,
    },
    /// What follows begins a new page.
    PageBreak,
}

/// What the file says about a column of a query. All of it may be left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Its name in the query.
    pub name: Name,
    /// Its name on the page; made from the name in the query when there is none.
    pub title: Option<String>,
    /// How its values are written; found from the values when there is none.
    pub format: Option<Format>,
    /// On which side they stand.
    pub align: Option<Align>,
    /// Its share of the width, in percent.
    pub width: Option<f32>,
    /// What the rows of totals say.
    pub total: Option<Total>,
    /// The column of the query that has the address to which its values lead.
    pub link: Option<Name>,
    /// Whether the page leaves it out: it is there for a link only.
    pub hidden: bool,
}

/// What a row of totals says about a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// The sum.
    Sum,
    /// The average of the values that there are.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// How a chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ChartKind {
    /// Upright bars; those of several series stand side by side.
    Bar,
    /// Upright bars, those of several series on top of each other.
    StackedBar,
    /// A line for each series.
    Line,
    /// A slice for each label.
    Pie,
}

/// A side of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Align {
    /// The side on which reading begins: text.
    Left,
    /// In the middle.
    Center,
    /// The side on which digits line up: numbers.
    Right,
}
