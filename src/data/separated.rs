//! CSV and TSV: read twice, once to see what the columns are and once to fill the table.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use csv::{ByteRecord, Reader, ReaderBuilder};
use rusqlite::Connection;

use super::{
    DataError,
    bounded::Bounded,
    found::Found,
    progress::Reading,
    table::{self, MOST_COLUMNS, text_fitted},
};
use crate::catalog::ColumnType;

/// What Excel and others put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The longest row, in bytes.
const ROW: u64 = 16 * 1024 * 1024;

/// Files with the same columns, whose rows follow each other.
pub(super) struct Separated<'a> {
    /// What the data is called.
    pub(super) name: &'a str,
    /// The files, by name.
    pub(super) files: &'a [PathBuf],
    /// What separates two values.
    pub(super) separator: u8,
    /// The types that the report type names.
    pub(super) said: &'a BTreeMap<String, ColumnType>,
    /// At most this many rows.
    pub(super) most: u64,
}

impl Separated<'_> {
    /// Makes the table and fills it.
    pub(super) fn load(&self, connection: &Connection, reading: &mut Reading<'_>) -> Result<(), DataError> {
        let columns = self.columns(reading)?;
        table::make(connection, self.name, &columns)
            .map_err(|error| super::failure::loading(self.name, &error))?;
        self.fill(connection, &columns, reading)
    }

    /// The columns with their types: said, or found in all values.
    fn columns(&self, reading: &mut Reading<'_>) -> Result<Vec<(String, ColumnType)>, DataError> {
        let mut names: Vec<String> = Vec::new();
        let mut found: Vec<Found> = Vec::new();
        let mut rows = 0;
        let mut record = ByteRecord::new();
        for path in self.files {
            let (mut reader, places) = self.open(path, &mut names)?;
            found.resize(names.len(), Found::NOTHING);
            while self.next(&mut reader, path, &mut record)? {
                rows += 1;
                if rows > self.most {
                    let what = format!("the data “{}” has more than {} rows", self.name, self.most);
                    return Err(DataError::limit(&what, "source-rows", self.most));
                }
                for (value, place) in record.iter().zip(&places) {
                    found[*place].see(value);
                }
                reading.row(record.position().map_or(0, csv::Position::byte))?;
            }
            reading.done(path);
        }
        let said = |name: &String| self.said.get(name).copied();
        if let Some(missing) = self.said.keys().find(|name| !names.contains(name)) {
            let hint = crate::catalog::nearest(missing, names.iter().map(String::as_str)).map_or_else(
                || format!("it has {}", names.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            return Err(DataError::of_source(self.name, format!("there is no column {missing}; {hint}")));
        }
        let columns = names.iter().zip(&found);
        Ok(columns.map(|(name, found)| (name.clone(), said(name).unwrap_or(found.column_type()))).collect())
    }

    fn fill(
        &self,
        connection: &Connection,
        columns: &[(String, ColumnType)],
        reading: &mut Reading<'_>,
    ) -> Result<(), DataError> {
        let failed = |error: rusqlite::Error| super::failure::loading(self.name, &error);
        let mut insert = connection.prepare(&table::insert(self.name, columns.len())).map_err(failed)?;
        let mut names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        let checked: Vec<bool> = columns.iter().map(|(name, _)| self.said.contains_key(name)).collect();
        let mut record = ByteRecord::new();
        for path in self.files {
            let (mut reader, places) = self.open(path, &mut names)?;
            while self.next(&mut reader, path, &mut record)? {
                for (value, &place) in record.iter().zip(&places) {
                    let column = place + 1;
                    let bad = |detail: &str| self.at(path, &record, Some(&names[place]), detail);
                    let text = std::str::from_utf8(value)
                        .map_err(|_| bad("it is not UTF-8; save the file in that encoding"))?;
                    let kind = columns[place].1;
                    let bound = match kind {
                        _ if text.is_empty() => insert.raw_bind_parameter(column, rusqlite::types::Null),
                        _ if checked[place] => {
                            let value = text_fitted(text, kind)
                                .map_err(|expected| bad(&format!("“{text}” is not {expected}")))?;
                            insert.raw_bind_parameter(column, value)
                        }
                        ColumnType::Integer => insert.raw_bind_parameter(column, text.parse::<i64>().ok()),
                        ColumnType::Decimal => insert.raw_bind_parameter(column, text.parse::<f64>().ok()),
                        ColumnType::Boolean => insert.raw_bind_parameter(column, text == "true"),
                        ColumnType::Text | ColumnType::Date => insert.raw_bind_parameter(column, text),
                    };
                    bound.map_err(failed)?;
                }
                insert.raw_execute().map_err(failed)?;
                reading.row(record.position().map_or(0, csv::Position::byte))?;
            }
            reading.done(path);
        }
        Ok(())
    }

    /// Opens a file, and says which of the columns each of its own is. The first one decides what the columns are.
    fn open(
        &self,
        path: &Path,
        names: &mut Vec<String>,
    ) -> Result<(Reader<Bounded<File>>, Vec<usize>), DataError> {
        let file = File::open(path).map_err(|error| self.in_file(path, &error.to_string()))?;
        let mut reader = ReaderBuilder::new()
            .delimiter(self.separator)
            .buffer_capacity(1 << 18)
            .from_reader(Bounded::new(file, ROW));
        let header = reader.byte_headers().map_err(|error| self.broken(path, &error))?;
        let mut own = Vec::with_capacity(header.len());
        for (at, name) in header.iter().enumerate() {
            let name = if at == 0 { name.strip_prefix(BYTE_ORDER_MARK).unwrap_or(name) } else { name };
            let name = std::str::from_utf8(name)
                .map_err(|_| {
                    self.in_file(path, "its first line is not UTF-8; save the file in that encoding")
                })?
                .trim()
                .to_owned();
            if name.is_empty() {
                return Err(self.in_file(path, &format!("column {} has no name in the first line", at + 1)));
            }
            if own.iter().any(|other: &String| other.eq_ignore_ascii_case(&name)) {
                return Err(self.in_file(path, &format!("two columns are named {name}")));
            }
            own.push(name);
        }
        if own.is_empty() {
            return Err(
                self.in_file(path, "it is empty; expected a first line with the names of the columns")
            );
        }
        if own.len() > MOST_COLUMNS {
            return Err(self.in_file(path, &format!("it has more than {MOST_COLUMNS} columns")));
        }
        if names.is_empty() {
            names.clone_from(&own);
        }
        let place = |name: &String| names.iter().position(|known| known == name);
        let places: Option<Vec<usize>> = own.iter().map(place).collect();
        match places {
            Some(places) if places.len() == names.len() => Ok((reader, places)),
            _ => {
                let detail = format!(
                    "its columns are {}, and those of the file before it {}",
                    own.join(", "),
                    names.join(", ")
                );
                Err(self.in_file(path, &detail))
            }
        }
    }

    fn next(
        &self,
        reader: &mut Reader<Bounded<File>>,
        path: &Path,
        record: &mut ByteRecord,
    ) -> Result<bool, DataError> {
        reader.get_ref().allowance().renew();
        let line = reader.position().line();
        reader.read_byte_record(record).map_err(|error| match error.kind() {
            csv::ErrorKind::Io(_) if reader.get_ref().allowance().is_spent() => {
                self.wrong(path, &format!("line {line} is longer than {ROW} bytes; is a quote not closed?"))
            }
            _ => self.broken(path, &error),
        })
    }

    fn broken(&self, path: &Path, error: &csv::Error) -> DataError {
        match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let line = pos.as_ref().map_or(0, csv::Position::line);
                let detail = format!("line {line} has {len} values and the first line {expected_len}");
                self.wrong(path, &detail)
            }
            _ => self.in_file(path, &error.to_string()),
        }
    }

    fn in_file(&self, path: &Path, detail: &str) -> DataError {
        DataError::of_source(self.name, format!("{}: {detail}", path.display()))
    }

    /// A value that cannot be read: the reader may know where it stands, the author what it is.
    fn at(&self, path: &Path, record: &ByteRecord, column: Option<&str>, detail: &str) -> DataError {
        let line = record.position().map_or(0, csv::Position::line);
        let column = column.map(|name| format!(", column {name}")).unwrap_or_default();
        self.wrong(path, &format!("line {line}{column}: {detail}"))
    }

    fn wrong(&self, path: &Path, place: &str) -> DataError {
        DataError::permanent(
            format!("the data “{}” is not as it should be: {place}", self.name),
            format!("data {}: {}: {place}", self.name, path.display()),
        )
    }
}
