//! Why data could not be had: in words for the reader of a report, and in words for its author.

use crate::work::Stopped;

/// Why data could not be had.
///
/// The reader is told which source or query, which row and column, and which limit; never a path, a statement or
/// a secret. The author, who reads the log, is told all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{author}")]
pub struct DataError {
    kind: Kind,
    reader: String,
    author: String,
    query: Option<String>,
    offset: Option<usize>,
}

/// What the caller should do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nobody waits for the result.
    Stopped,
    /// It may pass.
    Transient,
    /// It will not pass.
    Permanent,
}

impl DataError {
    /// It will not pass.
    pub(super) fn permanent(reader: impl Into<String>, author: impl Into<String>) -> Self {
        Self {
            kind: Kind::Permanent,
            reader: reader.into(),
            author: author.into(),
            query: None,
            offset: None,
        }
    }

    /// It may pass: worth another attempt.
    pub(super) fn transient(reader: impl Into<String>, author: impl Into<String>) -> Self {
        Self { kind: Kind::Transient, ..Self::permanent(reader, author) }
    }

    /// Something about the data `name`, which is said to the author only.
    pub(super) fn of_source(name: &str, author: impl std::fmt::Display) -> Self {
        Self::permanent(format!("the data “{name}” could not be read"), format!("data {name}: {author}"))
    }

    /// A limit that was reached. Its reader may know its name.
    pub(super) fn limit(what: &str, limit: &str, value: impl std::fmt::Display) -> Self {
        let text = format!("{what}; the limit is {limit} = {value}");
        Self::permanent(text.clone(), format!("{text}, and can be set in [limits]"))
    }

    /// The same error, about a query and a byte of its statement.
    pub(super) fn in_query(self, name: &str, offset: Option<usize>) -> Self {
        Self { query: Some(name.to_owned()), offset, ..self }
    }

    /// Whether the work was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.kind == Kind::Stopped
    }

    /// Whether another attempt may go better.
    pub fn is_transient(&self) -> bool {
        self.kind == Kind::Transient
    }

    /// What happened, for the reader of the report.
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// What happened, for the author of the report type.
    pub fn author(&self) -> &str {
        &self.author
    }

    /// The name of the query that it is about.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The byte of the query's statement that it is about.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl From<Stopped> for DataError {
    fn from(_: Stopped) -> Self {
        Self { kind: Kind::Stopped, ..Self::permanent("stopped", "stopped") }
    }
}
