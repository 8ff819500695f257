//! What a query returned.

use super::Cell;
use crate::catalog::ColumnType;

/// What a query returned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The columns, in the order of the query.
    pub columns: Vec<RowColumn>,
    /// The rows; as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A column of what a query returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowColumn {
    /// Its name, as the query says it.
    pub name: String,
    /// Its type, when the query hands on a column of the data as it is.
    pub declared: Option<ColumnType>,
}

impl Rows {
    /// The place of the column with this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
