//! The data of a report: from what its type says about it to rows.
//!
//! ```text
//! files ──cache──► databases that are attached ┐
//! SQLite ──────────────────────────────────────┼──► one connection ──Database::query──► Rows
//! PostgreSQL, a program, the request ──► tables in memory ┘
//! ```
//!
//! Everything ends in one SQLite connection, so a type file has one language for all of it. What belongs to one
//! report (rows of a request, of a program, of a server) is in memory and gone with it; what lies in files is read
//! once and shared. After the connection is sealed nothing can be written, attached or loaded, whatever a statement
//! says. This module knows neither models nor pages.

mod answers;
mod bounded;
mod cache;
mod command;
mod database;
mod error;
mod failure;
mod folder;
mod found;
mod json;
mod postgres;
mod progress;
mod rows;
mod separated;
mod table;

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde_json::{Map, Value};

use self::{answers::Answers, cache::Cache, database::Opened, progress::Deadline, table::Objects};
use crate::{
    catalog::{Data, Limits, Origin, Parameter},
    report::Parameters,
    work::Monitor,
};

pub use crate::value::Cell;
pub use database::Database;
pub use error::DataError;
pub use folder::{PathError, within};
pub use rows::{RowColumn, Rows};

/// How many connections wait for the next report.
const MOST_IDLE: usize = 64;
/// How many databases one connection can hold beside its own (SQLITE_MAX_ATTACHED).
const MOST_FILES: usize = 10;

/// The data of all report types: what was read of it, and the connections that wait for the next report.
#[derive(Debug)]
pub struct Sources {
    cache: Cache,
    idle: Mutex<Vec<(String, Opened)>>,
    answers: Answers,
}

/// The data that a report needs.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The name of its type.
    pub report_type: &'a str,
    /// Where its rows are.
    pub data: &'a [Data],
    /// The folder in which its files are.
    pub folder: &'a Path,
    /// How much it may use.
    pub limits: &'a Limits,
    /// The parameters that queries may name.
    pub declared: &'a [Parameter],
    /// Their values.
    pub parameters: &'a Parameters,
    /// The rows that came with the request, by the name of their entry.
    pub rows: Option<&'a Map<String, Value>>,
}

impl Sources {
    /// Keeps what is read of files in the folder `cache`, which is made when it is needed.
    pub fn new(cache: PathBuf) -> Self {
        Self { cache: Cache::new(cache), idle: Mutex::default(), answers: Answers::default() }
    }

    /// Opens the data of a report. Blocks for as long as reading takes what was not read before.
    ///
    /// # Errors
    ///
    /// [`DataError`].
    pub fn open<'a>(&'a self, asked: &Asked<'a>, monitor: &Monitor) -> Result<Database<'a>, DataError> {
        let deadline = Deadline::after(asked.limits.seconds);
        let files = self.files(asked, monitor, deadline)?;
        // the type stands in it, because the statements that are prepared are those of its queries
        let key = files.iter().fold(
            format!("{} {} {}", asked.report_type, asked.limits.megabytes, asked.limits.rows),
            |key, file| {
                // a file of someone else's is replaced under its name, and a connection keeps the old one
                format!("{key}\n{} {} {:?}", file.name, file.path.display(), identity(&file.path))
            },
        );
        let is_shared = asked.data.iter().all(|data| is_file(&data.origin));
        let waiting = if is_shared { self.take(&key) } else { None };
        let opened = match waiting {
            Some(opened) => opened,
            None => self.connect(asked, &files, is_shared, monitor, deadline)?,
        };
        let opened = Some(opened);
        let is_settled = is_shared && files.iter().all(|file| file.is_ours);
        Ok(Database {
            is_settled,
            sources: self,
            key,
            opened,
            asked: *asked,
            monitor: monitor.clone(),
            deadline,
        })
    }

    /// The databases to attach.
    fn files<'a>(
        &self,
        asked: &Asked<'a>,
        monitor: &Monitor,
        deadline: Deadline,
    ) -> Result<Vec<File<'a>>, DataError> {
        let data = asked.data.iter().filter(|data| is_file(&data.origin));
        let files = data.map(|data| match &data.origin {
            Origin::Sqlite { path } => {
                let path = within(asked.folder, Path::new(path))
                    .map_err(|error| DataError::of_source(&data.name, error))?;
                Ok(File { name: &data.name, path, is_ours: false })
            }
            _ => {
                let path = self.cache.database(data, asked.folder, asked.limits, monitor, deadline)?;
                Ok(File { name: &data.name, path, is_ours: true })
            }
        });
        let files: Vec<File<'a>> = files.collect::<Result<_, DataError>>()?;
        if files.len() > MOST_FILES {
            let text = format!("{} entries of data are files, and {MOST_FILES} can be", files.len());
            return Err(DataError::permanent("the data could not be read", text));
        }
        Ok(files)
    }

    fn connect(
        &self,
        asked: &Asked<'_>,
        files: &[File<'_>],
        is_shared: bool,
        monitor: &Monitor,
        deadline: Deadline,
    ) -> Result<Opened, DataError> {
        let failed = |name: &str, error: rusqlite::Error| failure::loading(name, &error);
        let mut opened = Opened::new(asked.limits.megabytes).map_err(|error| failed("memory", error))?;
        opened.is_shared = is_shared;
        for file in files {
            opened.attach(file.name, &file.path, file.is_ours).map_err(|error| failed(file.name, error))?;
        }
        for data in asked.data {
            let objects =
                Objects::new(&opened.connection, &data.name, &data.columns, asked.limits.source_rows);
            match &data.origin {
                Origin::Request => sent(&data.name, asked.rows, objects)?,
                Origin::Command { program } => {
                    command::rows(&data.name, program, asked, objects, monitor, deadline)?
                }
                Origin::Postgres { server, query } => {
                    postgres::rows(&data.name, server, query, asked, objects, monitor, deadline)?;
                }
                Origin::Separated { .. }
                | Origin::Json { .. }
                | Origin::Ndjson { .. }
                | Origin::Sqlite { .. } => {}
            }
        }
        opened.seal().map_err(|error| failed("memory", error))?;
        Ok(opened)
    }

    fn take(&self, key: &str) -> Option<Opened> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.iter().rposition(|(known, _)| known == key)?;
        Some(idle.swap_remove(at).1)
    }

    /// Keeps a connection for the next report. Those over an earlier state of the same data go.
    fn give_back(&self, key: String, opened: Opened) {
        let first = |key: &str| key.split('\n').next().map(str::to_owned);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(known, _)| *known == key || first(known) != first(&key));
        if idle.len() >= MOST_IDLE {
            idle.remove(0);
        }
        idle.push((key, opened));
    }
}

/// A database that is attached.
struct File<'a> {
    name: &'a str,
    path: PathBuf,
    is_ours: bool,
}

/// Which file it is, whatever its name.
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn is_file(origin: &Origin) -> bool {
    match origin {
        Origin::Separated { .. } | Origin::Json { .. } | Origin::Ndjson { .. } | Origin::Sqlite { .. } => {
            true
        }
        Origin::Postgres { .. } | Origin::Request | Origin::Command { .. } => false,
    }
}

/// The rows that came with the request.
fn sent(name: &str, rows: Option<&Map<String, Value>>, mut objects: Objects<'_>) -> Result<(), DataError> {
    let wrong = |detail: &str| {
        let text = format!("the rows “{name}” of the request: {detail}");
        DataError::permanent(text.clone(), text)
    };
    let rows = rows.and_then(|rows| rows.get(name)).ok_or_else(|| wrong("they are missing"))?;
    for row in rows.as_array().ok_or_else(|| wrong("expected an array of objects"))? {
        let row = row.as_object().ok_or_else(|| wrong("expected an array of objects"))?;
        objects.add(row.clone())?;
    }
    objects.finish()
}
