//! Who did what to which report: one line of JSON for each act, in files by day.
//!
//! ```text
//! {"at":"2026-11-25T05:30:00.123Z","act":"fetched","report":"0193…","owner":"acme","by":"key 0193…","from":"10.1.2.3"}
//! ```
//!
//! It names keys by their ids and tells nothing that a key, a token or a link is made of.

use std::{io, net::IpAddr, path::Path};

use jiff::Timestamp;
use serde::Serialize;
use tracing_appender::{
    non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard},
    rolling::{RollingFileAppender, Rotation},
};

use crate::report::ReportId;

/// How many days are kept.
const KEPT: usize = 90;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    /// A report was asked for.
    Created,
    /// Its state was looked at or followed, or it stood in a list.
    Read,
    /// Its file, its model or an export of it was fetched.
    Fetched,
    /// It was cancelled.
    Cancelled,
    /// It was queued again.
    Retried,
    /// It was removed.
    Removed,
}

/// One act.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    /// What was done.
    pub act: Act,
    /// To which report; none for a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportId>,
    /// By whom, as far as a name is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<&'a str>,
    /// What let them in: `token`, `link`, or `key` and its id.
    pub by: String,
    /// From where.
    pub from: IpAddr,
}

/// Where acts are written down.
#[derive(Clone, Debug)]
pub struct Audit {
    lines: Option<NonBlocking>,
}

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    #[serde(flatten)]
    entry: &'a Entry<'a>,
}

impl Audit {
    /// Nothing is written down.
    pub fn none() -> Self {
        Self { lines: None }
    }

    /// Acts are written to `folder`, a file a day, of which the last ninety are kept. A thread of its own writes, until
    /// the guard is dropped; who acts waits for it when it falls behind.
    ///
    /// # Errors
    ///
    /// When there can be no file in the folder.
    pub fn open(folder: &Path) -> io::Result<(Self, WorkerGuard)> {
        std::fs::create_dir_all(folder)?;
        let files = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("audit")
            .filename_suffix("jsonl")
            .max_log_files(KEPT)
            .build(folder)
            .map_err(io::Error::other)?;
        let (lines, guard) = NonBlockingBuilder::default().lossy(false).finish(files);
        Ok((Self { lines: Some(lines) }, guard))
    }

    /// Writes it down.
    pub fn note(&self, entry: &Entry<'_>) {
        let Some(lines) = &self.lines else { return };
        let Ok(mut line) = serde_json::to_vec(&Line { at: Timestamp::now(), entry }) else { return };
        line.push(b'\n');
        // the handle writes to a queue, which takes everything
        let _ = io::Write::write_all(&mut lines.clone(), &line);
    }
}
