//! Files that were read, kept as databases: a large file is read once, and again when it has changed.
//!
//! The name of a database says what is in it: the source (folder, pattern, and how it is read), and the state of its
//! files (path, length, time, inode). So a lookup is a `stat` of the files and one of the database, and a database
//! is never changed once it has its name. Several processes may share the folder.

use std::{
    collections::HashSet,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, ErrorCode, config::DbConfig};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    DataError, folder, json,
    progress::{Deadline, Reading},
    separated::Separated,
    table::{Objects, quoted},
};
use crate::{
    catalog::{Data, Limits, Origin},
    work::Monitor,
};

/// Raised when what is in a database changes its form.
const FORMAT: u32 = 1;
/// How much all databases may take; beyond it those that were not used for longest go.
const MOST_BYTES: u64 = 2 << 30;
/// What a process left half-written is certainly abandoned after this time.
const ABANDONED: Duration = Duration::from_secs(3600);
/// How often the monitor is asked while another one builds.
const LOOK: Duration = Duration::from_millis(50);
/// Rows of one kind beside each other: larger pages read faster, and a page is the least that is read.
const PAGE: u32 = 16 * 1024;

/// The folder of databases.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    /// What is being built: a second one waits and finds it done.
    building: Mutex<HashSet<String>>,
    built: Condvar,
}

/// The right to build the database of a source, which one at a time has.
struct Turn<'a> {
    cache: &'a Cache,
    source: &'a str,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.cache.locked().remove(self.source);
        self.cache.built.notify_all();
    }
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, building: Mutex::default(), built: Condvar::new() }
    }

    /// The database with the rows of `data`, which lie in files of `folder`. Built if it is not there.
    pub(super) fn database(
        &self,
        data: &Data,
        folder: &Path,
        limits: &Limits,
        monitor: &Monitor,
        deadline: Deadline,
    ) -> Result<PathBuf, DataError> {
        let (Origin::Separated { pattern, .. } | Origin::Json { pattern } | Origin::Ndjson { pattern }) =
            &data.origin
        else {
            return Err(DataError::of_source(&data.name, "it does not lie in files"));
        };
        let files =
            folder::matching(folder, pattern).map_err(|error| DataError::of_source(&data.name, error))?;
        let (source, state) = (source(data, folder, limits), state(&data.name, &files)?);
        let path = self.folder.join(format!("{}-{source}-{state}.db", data.name));
        if path.is_file() {
            return Ok(path);
        }
        let _turn = self.turn(&source, monitor, deadline)?;
        if !path.is_file() {
            let broken = |error: io::Error| {
                let detail = format!("the cache {}: {error}", self.folder.display());
                DataError::transient(
                    format!("the data “{}” could not be read at the moment", data.name),
                    detail,
                )
            };
            make_folder(&self.folder).map_err(broken)?;
            let fresh = Fresh(self.folder.join(format!(".{}.new", Uuid::new_v4().simple())));
            build(&fresh.0, data, &files, limits, monitor, deadline)?;
            if self::state(&data.name, &files)? != state {
                let text = format!("the data “{}” changed while it was read", data.name);
                return Err(DataError::transient(text.clone(), text));
            }
            fs::rename(&fresh.0, &path).map_err(broken)?;
            self.tidy(&path, &format!("{}-{source}-", data.name));
        }
        Ok(path)
    }

    /// Waits for as long as another one builds it, and as long as anyone waits for this one.
    fn turn<'a>(
        &'a self,
        source: &'a str,
        monitor: &Monitor,
        deadline: Deadline,
    ) -> Result<Turn<'a>, DataError> {
        let mut building = self.locked();
        while building.contains(source) {
            monitor.check()?;
            deadline.check()?;
            let waited = self.built.wait_timeout(building, LOOK);
            building = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        building.insert(source.to_owned());
        Ok(Turn { cache: self, source })
    }

    fn locked(&self) -> MutexGuard<'_, HashSet<String>> {
        self.building.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes earlier states of the same source, what others left half-written, and what is too much. A database
    /// that is still open somewhere stays readable there. Nothing depends on any of it, so errors are passed over.
    fn tidy(&self, kept: &Path, same: &str) {
        let now = SystemTime::now();
        let mut others = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let Ok(metadata) = entry.metadata() else { continue };
            let used = metadata.accessed().or_else(|_| metadata.modified()).unwrap_or(now);
            let is_old = now.duration_since(used).is_ok_and(|age| age > ABANDONED);
            if path == kept {
            } else if name.starts_with(same) || (name.starts_with('.') && name.ends_with(".new") && is_old) {
                let _ = fs::remove_file(&path);
            } else if name.ends_with(".db") {
                others.push((used, metadata.len(), path));
            }
        }
        let mut whole = fs::metadata(kept).map_or(0, |metadata| metadata.len());
        others.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
        for (_, length, path) in others {
            whole += length;
            if whole > MOST_BYTES {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Makes the folder for its owner alone: it holds copies of data that may be nobody else's business.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// A file that goes when it was not renamed.
struct Fresh(PathBuf);

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn build(
    path: &Path,
    data: &Data,
    files: &[PathBuf],
    limits: &Limits,
    monitor: &Monitor,
    deadline: Deadline,
) -> Result<(), DataError> {
    let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
        // a file has no limit in memory: here a full disk is a full disk
        Some(ErrorCode::DiskFull) => DataError::transient(
            format!("the data “{}” could not be read at the moment", data.name),
            format!("data {}: the disk of the cache is full", data.name),
        ),
        _ => super::failure::loading(&data.name, &error),
    };
    let connection = Connection::open(path).map_err(failed)?;
    // else an index on a column that is not there would be one on its name as a text
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false).map_err(failed)?;
    // it has no name yet: a crash leaves a file that nobody reads
    connection
        .execute_batch(&format!(
            "PRAGMA page_size = {PAGE}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -16384; BEGIN"
        ))
        .map_err(failed)?;
    let most = limits.source_rows;
    let objects = || Objects::new(&connection, &data.name, &data.columns, most);
    match &data.origin {
        Origin::Separated { separator, .. } => {
            let rows =
                Separated { name: &data.name, files, separator: *separator, said: &data.columns, most };
            rows.load(&connection, &mut Reading::new(monitor, deadline, files, 2))?;
        }
        Origin::Json { .. } => {
            json::arrays(&data.name, files, objects(), &mut Reading::new(monitor, deadline, files, 1))?;
        }
        _ => json::lines(&data.name, files, objects(), &mut Reading::new(monitor, deadline, files, 1))?,
    }
    for (at, column) in data.index.iter().enumerate() {
        let statement = format!(
            "CREATE INDEX {} ON {} ({})",
            quoted(&format!("{}_{at}", data.name)),
            quoted(&data.name),
            quoted(column)
        );
        connection.execute_batch(&statement).map_err(failed)?;
    }
    connection.execute_batch("COMMIT").map_err(failed)?;
    connection.close().map_err(|(_, error)| failed(error))
}

/// What is read, and how.
fn source(data: &Data, folder: &Path, limits: &Limits) -> String {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let Data { origin, columns, index, .. } = data;
    // the limit is part of it: what was read under a higher one is not what may be read now
    let most = limits.source_rows;
    digest(&format!("{FORMAT} {} {origin:?} {columns:?} {index:?} {most}", folder.display()))
}

/// In which state its files are.
fn state(name: &str, files: &[PathBuf]) -> Result<String, DataError> {
    let mut text = String::new();
    for path in files {
        let metadata = fs::metadata(path)
            .map_err(|error| DataError::of_source(name, format!("{}: {error}", path.display())))?;
        let (seconds, nanos) = (metadata.mtime(), metadata.mtime_nsec());
        text += &format!("{} {} {seconds}.{nanos} {}\n", path.display(), metadata.len(), metadata.ino());
    }
    Ok(digest(&text))
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}
