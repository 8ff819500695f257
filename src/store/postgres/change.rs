//! What a call does to what was read: pure, as all of `transitions` is. A call that is refused changes nothing.

use std::time::Duration;

use uuid::Uuid;

use super::unit::{New, Row, Task, Unit};
use crate::{
    report::{NewReport, Progress, Receipt, Record, ReportId, Status},
    store::{
        Claim, Created, Outcome, Result, StoreError,
        transitions::{self, later, stored_time},
    },
};

/// One call that writes, as it waits for its group.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Create(Box<NewReport>),
    Change(ReportId, Change),
}

impl Call {
    /// How many bytes of a model or of rows it brings.
    pub(super) fn weight(&self) -> usize {
        match self {
            Call::Create(report) => report.data.as_ref().map_or(0, bytes::Bytes::len),
            Call::Change(_, Change::Settle(_, outcome)) => match &**outcome {
                Outcome::Completed { model, .. } => model.len(),
                _ => 0,
            },
            Call::Change(..) => 0,
        }
    }
}

/// What is to become of a report that is there.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Release,
    Cancel,
    Retry,
    Remove,
    Deliver(u64, Receipt),
    Renew {
        token: Uuid,
        lease: Duration,
        progress: Option<Progress>,
    },
    Settle(Claim, Box<Outcome>),
    /// The time for its client is over.
    Unclaim,
    /// Its own time is over.
    Expire,
    /// Its file is deleted.
    ForgetArtifact,
}

impl Unit {
    /// Does what the call asks for, in memory.
    pub(super) fn apply(&mut self, call: &Call) -> Result<Created> {
        match call {
            Call::Create(report) => self.create(report),
            Call::Change(id, change) => {
                let record = self.change(*id, change)?;
                Ok(Created { record, replayed: false })
            }
        }
    }

    fn create(&mut self, report: &NewReport) -> Result<Created> {
        if let Some(known) = &report.idempotency
            && let Some((fingerprint, first)) = self.first_of_key(&report.owner, &known.key)
        {
            return match first.status {
                _ if fingerprint != known.fingerprint => Err(StoreError::KeyReused),
                Status::Expired => Err(StoreError::Gone),
                _ => Ok(Created { record: first, replayed: true }),
            };
        }
        if self.rows.contains_key(&report.id) {
            return Err(StoreError::Engine("the id of the report is in use".into()));
        }
        self.make_room(&report.owner)?;
        let record = transitions::created(report.clone(), self.now);
        let new =
            New { keep: report.keep, idempotency: report.idempotency.clone(), sent: report.data.clone() };
        self.insert(record.clone(), new);
        Ok(Created { record, replayed: false })
    }

    fn change(&mut self, id: ReportId, change: &Change) -> Result<Record> {
        let now = self.now;
        let Some(row) = self.rows.get(&id) else {
            return Err(match change {
                Change::Renew { .. } | Change::Settle(..) => StoreError::ClaimLost,
                _ => StoreError::NotFound,
            });
        };
        let (record, keep) = (row.kept.record.clone(), row.kept.keep);
        let gone = record.status == Status::Expired;
        match change {
            // whoever holds no claim hears that, whatever became of the report
            Change::Renew { token, lease, progress } => {
                let mut task = row.held_by(*token)?;
                task.due_at = Some(later(now, *lease));
                let record = match progress
                    .clone()
                    .and_then(|progress| transitions::progressed(record.clone(), progress))
                {
                    Some(record) => self.save(record),
                    None => record,
                };
                self.row(id).task = Some(task);
                Ok(record)
            }
            Change::Settle(claim, outcome) => self.settle(claim, outcome),
            Change::ForgetArtifact => {
                if gone {
                    let row = self.row(id);
                    row.kept.record.artifact = None;
                    row.is_dirty = true;
                }
                Ok(record)
            }
            Change::Remove | Change::Expire | Change::Unclaim if gone => Ok(record),
            _ if gone => Err(StoreError::Gone),
            Change::Release => match transitions::let_begin(record.clone()) {
                None => Ok(record),
                Some(record) => {
                    if let Some(task) = self.row(id).task.as_mut().filter(|task| task.due_at.is_none()) {
                        task.due_at = Some(now);
                    }
                    Ok(self.save(record))
                }
            },
            Change::Cancel => match transitions::cancelled(record.clone(), now, keep)? {
                None => Ok(record),
                Some(record) => {
                    self.row(id).task = None;
                    Ok(self.save(record))
                }
            },
            Change::Retry => {
                let record = transitions::retried(record, now, keep)?;
                self.make_room(&record.owner)?;
                self.row(id).task = Some(Task::of(&record, now));
                Ok(self.save(record))
            }
            Change::Remove => {
                self.silence(id);
                self.bury(record)
            }
            Change::Deliver(version, receipt) => {
                let news = transitions::proved(record.clone(), *version, *receipt, now);
                Ok(news.map_or(record, |record| self.save(record)))
            }
            Change::Unclaim => {
                let news = transitions::unclaimed(record.clone(), now);
                Ok(news.map_or(record, |record| self.save(record)))
            }
            // it may have been retried since the sweep saw it
            Change::Expire if record.expires_at > now => Ok(record),
            Change::Expire if record.status.is_terminal() => self.bury(record),
            Change::Expire => {
                let record = transitions::overdue(record, now, keep)?;
                self.row(id).task = None;
                Ok(self.save(record))
            }
        }
    }

    fn settle(&mut self, claim: &Claim, outcome: &Outcome) -> Result<Record> {
        let (id, now) = (claim.report, self.now);
        let row = self.row(id);
        row.held_by(claim.token)?;
        let (record, keep) = (row.kept.record.clone(), row.kept.keep);
        let free = |due_at, attempt| Some(Task { due_at: Some(stored_time(due_at)), token: None, attempt });
        let (record, task) = match outcome {
            Outcome::Completed { artifact, model } => {
                let record = transitions::completed(record, artifact.clone(), now, keep)?;
                let row = self.row(id);
                row.model = Some(model.clone());
                // a completed report is not tried again
                row.drops_sent = true;
                (record, None)
            }
            Outcome::Failed(problem) => (transitions::failed(record, problem.clone(), now, keep)?, None),
            Outcome::RetryIn(wait) => {
                (transitions::requeued(record)?, free(later(now, *wait), claim.attempt))
            }
            Outcome::Released => (transitions::requeued(record)?, free(now, claim.attempt.saturating_sub(1))),
        };
        self.row(id).task = task;
        Ok(self.save(record))
    }

    /// The task, the model, the rows that were sent and the parameters go; what is left is the memory that it was.
    fn bury(&mut self, record: Record) -> Result<Record> {
        let id = record.id;
        let record = transitions::expired(record, self.now)?;
        let row = self.row(id);
        (row.task, row.model) = (None, None);
        (row.drops_model, row.drops_sent) = (true, true);
        Ok(self.save(record))
    }
}

impl Row {
    /// The task, if `token` is its claim's.
    fn held_by(&self, token: Uuid) -> Result<Task> {
        self.task.clone().filter(|task| task.token == Some(token)).ok_or(StoreError::ClaimLost)
    }
}
