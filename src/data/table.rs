//! Making a table and filling it.

use std::collections::BTreeMap;

use rusqlite::{Connection, types::ToSqlOutput, types::Value as SqlValue};
use serde_json::{Map, Value};

use super::DataError;
use crate::{catalog::ColumnType, value};

/// How many rows are looked at before the table is made: enough to see what its columns are.
const HEAD: usize = 500;
/// … or how many bytes of them: they are in memory until then.
const HEAD_BYTES: usize = 16 * 1024 * 1024;
/// More than any table of people has, and well below what SQLite takes.
pub(super) const MOST_COLUMNS: usize = 500;

/// A name as a part of a statement.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Makes an empty table.
pub(super) fn make(
    connection: &Connection,
    table: &str,
    columns: &[(String, ColumnType)],
) -> rusqlite::Result<()> {
    let columns: Vec<String> =
        columns.iter().map(|(name, kind)| format!("{} {}", quoted(name), declaration(*kind))).collect();
    connection.execute_batch(&format!("CREATE TABLE {} ({})", quoted(table), columns.join(", ")))
}

/// The statement that adds a row.
pub(super) fn insert(table: &str, columns: usize) -> String {
    let places = vec!["?"; columns].join(", ");
    format!("INSERT INTO {} VALUES ({places})", quoted(table))
}

/// How a type stands in the schema.
fn declaration(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "TEXT",
        ColumnType::Integer => "INTEGER",
        ColumnType::Decimal => "REAL",
        ColumnType::Date => "DATE",
        ColumnType::Boolean => "BOOLEAN",
    }
}

/// The type that stands in a schema.
pub(super) fn declared(declaration: &str) -> Option<ColumnType> {
    Some(match declaration {
        "TEXT" => ColumnType::Text,
        "INTEGER" => ColumnType::Integer,
        "REAL" => ColumnType::Decimal,
        "DATE" => ColumnType::Date,
        "BOOLEAN" => ColumnType::Boolean,
        _ => return None,
    })
}

/// A value of JSON as a column of this type has it, or what was expected.
pub(super) fn fitted(value: &Value, kind: ColumnType) -> Result<SqlValue, &'static str> {
    let text = match value {
        Value::Null => return Ok(SqlValue::Null),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text_fitted(&text, kind)
}

/// A text as a column of this type has it, or what was expected.
pub(super) fn text_fitted(text: &str, kind: ColumnType) -> Result<SqlValue, &'static str> {
    match kind {
        ColumnType::Text => Ok(SqlValue::Text(text.to_owned())),
        ColumnType::Integer => text.parse().map(SqlValue::Integer).map_err(|_| "a whole number"),
        ColumnType::Decimal => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(SqlValue::Real(number)),
            _ => Err("a number"),
        },
        ColumnType::Date if value::date(text).is_some() => Ok(SqlValue::Text(text.to_owned())),
        ColumnType::Date => Err("a date in the form 2021-01-31"),
        ColumnType::Boolean => match text {
            "true" | "1" => Ok(SqlValue::Integer(1)),
            "false" | "0" => Ok(SqlValue::Integer(0)),
            _ => Err("true or false"),
        },
    }
}

/// Fills a table with rows that are objects, one after another: a member is a column, in the order in which they
/// first come; what a row lacks is NULL, and what is nested is kept as JSON text.
pub(super) struct Objects<'a> {
    connection: &'a Connection,
    name: &'a str,
    said: &'a BTreeMap<String, ColumnType>,
    most: u64,
    columns: Vec<(String, ColumnType)>,
    head: Vec<Map<String, Value>>,
    head_bytes: usize,
    insert: String,
    rows: u64,
}

impl<'a> Objects<'a> {
    /// A table `name` in the main database of `connection`, of at most `most` rows. `said` are the types that the
    /// report type names.
    pub(super) fn new(
        connection: &'a Connection,
        name: &'a str,
        said: &'a BTreeMap<String, ColumnType>,
        most: u64,
    ) -> Self {
        Self {
            connection,
            name,
            said,
            most,
            columns: Vec::new(),
            head: Vec::new(),
            head_bytes: 0,
            insert: String::new(),
            rows: 0,
        }
    }

    /// How many rows have come.
    pub(super) fn count(&self) -> u64 {
        self.rows
    }

    /// One more row.
    pub(super) fn add(&mut self, row: Map<String, Value>) -> Result<(), DataError> {
        self.rows += 1;
        if self.rows > self.most {
            let what = format!("the data “{}” has more than {} rows", self.name, self.most);
            return Err(DataError::limit(&what, "source-rows", self.most));
        }
        // before it is kept: what is looked at first is in memory
        if row.len() > MOST_COLUMNS {
            return Err(self.too_wide());
        }
        if !self.insert.is_empty() {
            return self.put(&row, self.rows);
        }
        self.head_bytes += row.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>();
        self.head.push(row);
        if self.head.len() == HEAD || self.head_bytes > HEAD_BYTES { self.begin() } else { Ok(()) }
    }

    /// The last row has come.
    pub(super) fn finish(mut self) -> Result<(), DataError> {
        if self.insert.is_empty() { self.begin() } else { Ok(()) }
    }

    fn begin(&mut self) -> Result<(), DataError> {
        let head = std::mem::take(&mut self.head);
        for name in head.iter().flat_map(Map::keys) {
            if !self.columns.iter().any(|(known, _)| known == name) {
                // at once: of millions of names none would ever be found again in time
                self.check_columns(1)?;
                let kind = self.said.get(name).copied().unwrap_or_else(|| found(&head, name));
                self.columns.push((name.clone(), kind));
            }
        }
        // a column that is said to be there is there, also when no row has it: queries name it
        for (name, kind) in self.said {
            if !self.columns.iter().any(|(known, _)| known == name) {
                self.columns.push((name.clone(), *kind));
            }
        }
        if self.columns.is_empty() {
            self.columns.push(("nothing".into(), ColumnType::Text));
        }
        self.check_columns(0)?;
        make(self.connection, self.name, &self.columns).map_err(|error| self.failed(&error))?;
        self.insert = insert(self.name, self.columns.len());
        let first = self.rows - head.len() as u64;
        for (at, row) in head.iter().enumerate() {
            self.put(row, first + at as u64 + 1)?;
        }
        Ok(())
    }

    /// Whether there is room for so many more.
    fn check_columns(&self, more: usize) -> Result<(), DataError> {
        if self.columns.len() + more > MOST_COLUMNS {
            return Err(self.too_wide());
        }
        Ok(())
    }

    fn too_wide(&self) -> DataError {
        DataError::of_source(self.name, format!("it has more than {MOST_COLUMNS} columns"))
    }

    fn put(&mut self, row: &Map<String, Value>, number: u64) -> Result<(), DataError> {
        for name in row.keys() {
            if !self.columns.iter().any(|(known, _)| known == name) {
                self.widen(name)?;
            }
        }
        let mut statement =
            self.connection.prepare_cached(&self.insert).map_err(|error| self.failed(&error))?;
        for (at, (name, kind)) in self.columns.iter().enumerate() {
            let value = row.get(name).unwrap_or(&Value::Null);
            let wrong = |detail: String| {
                let place = format!("row {number}, column {name}: {detail}");
                DataError::permanent(
                    format!("the data “{}” is not as it should be: {place}", self.name),
                    format!("data {}: {place}", self.name),
                )
            };
            let bound = if self.said.contains_key(name) {
                let value =
                    fitted(value, *kind).map_err(|expected| wrong(format!("{value} is not {expected}")))?;
                ToSqlOutput::Owned(value)
            } else if *kind != ColumnType::Text && is_number_in_text(value) {
                // SQLite would make the postcode "01234" the number 1234, and say nothing
                let detail = "is text, and the rows before it have something else; say the type in columns";
                return Err(wrong(format!("{value} {detail}")));
            } else {
                sql(value)
            };
            statement.raw_bind_parameter(at + 1, bound).map_err(|error| self.failed(&error))?;
        }
        statement.raw_execute().map(drop).map_err(|error| self.failed(&error))
    }

    /// A column that no earlier row had.
    fn widen(&mut self, name: &str) -> Result<(), DataError> {
        self.check_columns(1)?;
        self.columns.push((name.to_owned(), ColumnType::Text));
        let change = format!("ALTER TABLE {} ADD COLUMN {}", quoted(self.name), quoted(name));
        self.connection.execute_batch(&change).map_err(|error| self.failed(&error))?;
        self.insert = insert(self.name, self.columns.len());
        Ok(())
    }

    fn failed(&self, error: &rusqlite::Error) -> DataError {
        super::failure::loading(self.name, error)
    }
}

/// About how much memory a value takes.
fn weight(value: &Value) -> usize {
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    };
    inner + std::mem::size_of::<Value>()
}

/// Whether it is a text that a column of numbers would take for a number.
fn is_number_in_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok())
}

/// A value of JSON as SQLite keeps it.
fn sql(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Owned(match value {
        Value::Null => SqlValue::Null,
        Value::Bool(yes) => SqlValue::Integer((*yes).into()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => SqlValue::Integer(whole),
            (None, Some(number)) => SqlValue::Real(number),
            (None, None) => SqlValue::Text(number.to_string()),
        },
        Value::String(text) => return ToSqlOutput::from(text.as_str()),
        nested => SqlValue::Text(nested.to_string()),
    })
}

/// What the values of a column have in common.
fn found(head: &[Map<String, Value>], name: &str) -> ColumnType {
    let values = || head.iter().filter_map(|row| row.get(name)).filter(|value| !value.is_null());
    let all = |is: fn(&Value) -> bool| values().all(is);
    if values().next().is_none() {
        ColumnType::Text
    } else if all(Value::is_boolean) {
        ColumnType::Boolean
    } else if all(Value::is_i64) {
        ColumnType::Integer
    } else if all(Value::is_number) {
        ColumnType::Decimal
    } else if all(|value| value.as_str().is_some_and(|text| value::date(text).is_some())) {
        ColumnType::Date
    } else {
        ColumnType::Text
    }
}
