//! A folder with data, a report type over it, and questions.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use reportwire::{
    catalog::{ColumnType, Mistake, ReportType, file},
    data::{Asked, Cell, DataError, Rows, Sources},
    work::Monitor,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Longer than anything takes on a machine that is busy with other things.
const FOREVER: Duration = Duration::from_secs(40);

/// Waits until it is so. Nothing announces it, so it is asked for again and again.
#[track_caller]
pub(crate) fn patiently(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < FOREVER, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// Data and who reads it.
pub(crate) struct Ground {
    pub(crate) folder: TempDir,
    pub(crate) sources: Sources,
    cache: TempDir,
}

impl Ground {
    /// A folder with these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ground = Self { sources: Sources::new(cache.path().join("made")), folder, cache };
        files.iter().for_each(|(name, content)| ground.write(name, content));
        ground
    }

    /// Puts a file there, or another in its place.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // renamed, so that it is another file even within the grain of its time
        let fresh = path.with_extension("fresh");
        fs::write(&fresh, content).unwrap();
        fs::rename(&fresh, &path).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What was read and kept.
    pub(crate) fn kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache_folder()).into_iter().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    pub(crate) fn cache_folder(&self) -> PathBuf {
        self.cache.path().join("made")
    }

    /// The report type with this beginning of a file.
    pub(crate) fn report_type(&self, text: &str) -> ReportType {
        let text = format!("{text}\n[[section]]\ntext = \"x\"\n");
        file::read(&text, &self.path("test.toml")).unwrap_or_else(|mistakes: Vec<Mistake>| {
            panic!("{mistakes:?} in\n{text}");
        })
    }

    /// What a query over these data returns.
    pub(crate) fn ask(&self, text: &str, sql: &str) -> Result<Rows, DataError> {
        self.ask_with(text, sql, &json!({}), None, &Monitor::detached())
    }

    /// The same with parameters, rows of the request, and somebody who watches.
    pub(crate) fn ask_with(
        &self,
        text: &str,
        sql: &str,
        parameters: &Value,
        rows: Option<&Value>,
        monitor: &Monitor,
    ) -> Result<Rows, DataError> {
        let report_type = self.report_type(text);
        let rows = rows.map(|rows| rows.as_object().unwrap());
        let mut database =
            self.sources.open(&asked(&report_type, parameters.as_object().unwrap(), rows), monitor)?;
        database.query("test", sql).map(std::sync::Arc::unwrap_or_clone)
    }

    /// Why a query over these data returns nothing.
    #[track_caller]
    pub(crate) fn refusal(&self, text: &str, sql: &str) -> DataError {
        match self.ask(text, sql) {
            Err(error) => error,
            Ok(rows) => panic!("{sql} returned {rows:?}"),
        }
    }
}

pub(crate) fn asked<'a>(
    report_type: &'a ReportType,
    parameters: &'a Map<String, Value>,
    rows: Option<&'a Map<String, Value>>,
) -> Asked<'a> {
    Asked {
        report_type: &report_type.name,
        data: &report_type.data,
        folder: &report_type.folder,
        limits: &report_type.limits,
        declared: &report_type.parameters,
        parameters,
        rows,
    }
}

/// The columns with their types, as in `a:integer b`.
pub(crate) fn columns(rows: &Rows) -> String {
    let column = |column: &reportwire::data::RowColumn| match column.declared {
        None => column.name.clone(),
        Some(kind) => {
            let kind = match kind {
                ColumnType::Text => "text",
                ColumnType::Integer => "integer",
                ColumnType::Decimal => "decimal",
                ColumnType::Date => "date",
                ColumnType::Boolean => "boolean",
            };
            format!("{}:{kind}", column.name)
        }
    };
    rows.columns.iter().map(column).collect::<Vec<_>>().join(" ")
}

/// The rows, as in `1 'a' - | 2.5 'b' 'c'`.
pub(crate) fn cells(rows: &Rows) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Nothing => "-".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Decimal(number) => format!("{number:?}"),
        Cell::Text(text) => format!("'{text}'"),
        Cell::Link { .. } => panic!("no query returns a link"),
    };
    let row = |row: &Vec<Cell>| row.iter().map(cell).collect::<Vec<_>>().join(" ");
    rows.rows.iter().map(row).collect::<Vec<_>>().join(" | ")
}

/// Asserts that the reader is told nothing that is not for readers.
#[track_caller]
pub(crate) fn assert_discreet(reader: &str, secrets: &[&str], folder: &Path) {
    let folder = folder.to_string_lossy();
    for secret in secrets.iter().copied().chain([&*folder, "SELECT", "/tmp"]) {
        assert!(!reader.contains(secret), "{secret} is in {reader}");
    }
}
