//! Places in a file, what stands there, and what is wrong with it.

use std::fmt;

/// A place in a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, counted from 1; 0 when the place is in no file.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
}

/// A name that an author wrote, and where: whether it names anything is known only when a query has run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// What was written.
    pub text: String,
    /// Where.
    pub at: Place,
}

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {detail}")]
pub struct Mistake {
    /// Where.
    pub at: Place,
    /// What is wrong and what was expected.
    pub detail: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Name {
    /// A name that stands in no file.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), at: Place::default() }
    }
}
