//! What goes into the store's calls and what comes out.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::report::{Artifact, Owner, Problem, Record, ReportId, Status};

/// What a task is for. Each kind has its own loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// Make the model and the file of a report.
    Generate,
}

/// The right to work on one task, until the lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The report that the task belongs to.
    pub report: ReportId,
    /// Unique to this claim: the fence that keeps late calls out.
    pub token: Uuid,
    /// Which attempt this is, from 1. Counts the attempts that died without a word, too.
    pub attempt: u32,
}

/// A claim and the record to work from.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The right to work on it.
    pub claim: Claim,
    /// The report, already `generating`.
    pub record: Record,
    /// The rows that came with its request, as JSON text.
    pub data: Option<Bytes>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The file is durable in the artifact store, and this is the model.
    Completed {
        /// The finished file.
        artifact: Artifact,
        /// The model as JSON text.
        model: Bytes,
    },
    /// It cannot be made.
    Failed(Problem),
    /// This attempt failed, and another is due after so long by the store's clock.
    RetryIn(Duration),
    /// The worker stops and gives the task back unfinished; this attempt does not count.
    Released,
}

/// What became of a create call.
#[derive(Clone, Debug)]
pub struct Created {
    /// The report that now stands for the request.
    pub record: Record,
    /// The idempotency key was known: the report is the first one, and nothing was written.
    pub replayed: bool,
}

/// Which reports to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only those of this owner.
    pub owner: Owner,
    /// Only those in this status. Removed and expired reports are never listed.
    pub status: Option<Status>,
    /// Only those of this report type.
    pub report_type: Option<String>,
    /// Go on after the page that named this cursor.
    pub cursor: Option<String>,
    /// At most this many, from 1 to 100.
    pub limit: usize,
}

impl Filter {
    /// The first page of everything that is `owner`'s, at most `limit` reports long.
    pub fn of(owner: Owner, limit: usize) -> Self {
        Self { owner, status: None, report_type: None, cursor: None, limit }
    }

    /// The statuses of which some are listed: each has its own newest, and a list is put together from them.
    pub(super) fn statuses(&self) -> impl Iterator<Item = Status> {
        let listed = Status::ALL.into_iter().filter(|status| *status != Status::Expired);
        listed.filter(|status| self.status.is_none_or(|wanted| wanted == *status))
    }
}

/// How much of the work one owner may have. It does not bind [`Owner::anonymous`]: that is everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Reports that are queued or generating.
    pub unfinished: usize,
    /// Reports that are generating.
    pub running: usize,
}

impl Default for Shares {
    fn default() -> Self {
        Self { unfinished: usize::MAX, running: usize::MAX }
    }
}

/// A page of reports.
#[derive(Clone, Debug)]
pub struct Page {
    /// The newest first.
    pub records: Vec<Record>,
    /// Names the next page, if there is one.
    pub next: Option<String>,
}

/// What one process is enough for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Moving on what time alone moves on.
    Sweep,
    /// Looking for files that no report names.
    Search,
}

impl Duty {
    /// Its name in a database.
    pub fn name(self) -> &'static str {
        match self {
            Duty::Sweep => "sweep",
            Duty::Search => "search",
        }
    }
}

/// What a sweep found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files to delete: the report that is gone, and the artifact's key.
    pub artifacts: Vec<(ReportId, String)>,
}
