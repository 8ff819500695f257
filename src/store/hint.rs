//! Whom a commit wakes, and for what.

use super::Shares;
use crate::report::{Record, ReportId, Status};

/// A word that something may have changed. It says where to look, and nothing about what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// This report changed.
    Changed(ReportId),
    /// A task may have become due, or an owner may have more under way: whoever has nothing to do looks again.
    Due,
    /// Hints may have been lost: look at everything that you care for.
    Missed,
}

/// What is to be said of a write once it is committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wake {
    /// The reports that it changed.
    pub(super) changed: Vec<ReportId>,
    /// Whether a task may be due.
    pub(super) task: bool,
    /// Whether a message may be due.
    pub(super) message: bool,
}

impl Wake {
    /// A message may be due, and no report changed.
    pub(super) const MESSAGE: Self = Self { changed: Vec::new(), task: false, message: true };

    /// This is the new state of a report.
    pub(super) fn note(&mut self, record: &Record, shares: Shares) {
        self.changed.push(record.id);
        // an end makes room where the owner may have only so many under way
        let is_bound = shares.running != usize::MAX && !record.owner.is_anonymous();
        let makes_room = is_bound && record.status.is_terminal();
        self.task |= makes_room || (record.status == Status::Queued && !record.held);
    }

    /// Each report once, in the order of ids.
    pub(super) fn in_order(&self) -> Vec<ReportId> {
        let mut changed = self.changed.clone();
        changed.sort_unstable();
        changed.dedup();
        changed
    }
}
