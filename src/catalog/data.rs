//! Where the rows of a report type come from, as its file says. `data` fetches them.

use std::collections::BTreeMap;

/// One entry of `[data]`: rows under a name by which queries know them.
///
/// A table of this name can be queried, except with [`Origin::Sqlite`], whose tables are known as
/// `name.table`, and by their own names where those are unambiguous.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The name: a Latin letter, then letters, digits and underscores.
    pub name: String,
    /// Where the rows are.
    pub origin: Origin,
    /// The types of columns whose type is not to be found but is known.
    pub columns: BTreeMap<String, ColumnType>,
    /// The columns by which rows are looked up often: each gets an index when a file is read.
    pub index: Vec<String>,
}

/// Where rows come from. Paths are relative to the folder of the type file and may not leave it.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// Text with separators and a header line, in UTF-8 (RFC 4180).
    Separated {
        /// A path, or a pattern as in `sales-*.csv`; the rows of all files follow each other in the order
        /// of their names.
        pattern: String,
        /// What separates two values: a comma, or a tab in TSV.
        separator: u8,
    },
    /// A file that is one JSON array of objects.
    Json {
        /// A path or a pattern.
        pattern: String,
    },
    /// A file with a JSON object on each line.
    Ndjson {
        /// A path or a pattern.
        pattern: String,
    },
    /// An SQLite database, of which every table and view can be queried.
    Sqlite {
        /// The path of the file.
        path: String,
    },
    /// A query of a PostgreSQL server.
    Postgres {
        /// How to reach it.
        server: Server,
        /// The query; parameters of the report stand in it as `:name`.
        query: String,
    },
    /// Rows that come with the request: the member of this entry's name in `data`, an array of objects.
    Request,
    /// Rows that a program writes.
    Command {
        /// The program and its arguments. Started without a shell, in the folder of the type file; a name
        /// with a slash is a path in that folder, one without is looked up in `PATH`.
        program: Vec<String>,
    },
}

/// How to reach a PostgreSQL server.
#[derive(Clone, Debug, PartialEq)]
pub enum Server {
    /// By this connection string.
    Url(String),
    /// By the connection string in this environment variable.
    Variable(String),
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Text, even if it looks like a number: a postcode, a part number.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Decimal,
    /// A day, kept as text in the form `2021-01-31`.
    Date,
    /// Yes or no, kept as 1 and 0.
    Boolean,
}

/// How much one report may use. What goes beyond fails, with the limit named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long all data and queries may take together, in seconds.
    pub seconds: u32,
    /// How many rows a query may return.
    pub rows: usize,
    /// How many rows an entry of data may have.
    pub source_rows: u64,
    /// How much memory the data of one report may take that is not in files, in megabytes (2²⁰ bytes).
    pub megabytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { seconds: 60, rows: 50_000, source_rows: 20_000_000, megabytes: 256 }
    }
}
