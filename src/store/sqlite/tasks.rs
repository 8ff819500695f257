//! The queue: tasks that are due, and the claims on them. Each public function is one job of the writer,
//! or part of one.
//!
//! A task is there as long as its report is unfinished. It is leased while it has a token; the token is
//! the fence, so a claim is lost exactly when no task has its token any more.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::{
    queries::fetch,
    rows::{Id, Kept, Millis, kind_name, save},
    tenants,
    writer::Unit,
};
use crate::{
    report::{Progress, Record, ReportId},
    store::{
        Claim, Claimed, Outcome, Result, StoreError, TaskKind,
        transitions::{self, later, stored_time},
    },
};

/// The task of a report that was queued by a client; without a due time while the report is held back.
pub(super) fn insert(unit: &Unit<'_>, record: &Record) -> Result<()> {
    let due = (!record.held).then_some(Millis(unit.now));
    unit.connection
        .prepare_cached(
            "INSERT INTO task (report, kind, owner, due_at, token, attempt) VALUES (?1, ?2, ?3, ?4, NULL, 0)",
        )?
        .execute(params![Id(record.id), kind_name(TaskKind::Generate), record.owner.name(), due])?;
    Ok(())
}

/// The report is no longer held back.
pub(super) fn let_due(unit: &Unit<'_>, report: ReportId) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE task SET due_at = ?2 WHERE report = ?1 AND due_at IS NULL")?
        .execute(params![Id(report), Millis(unit.now)])?;
    Ok(())
}

/// The report has ended; whoever holds its task has lost it.
pub(super) fn delete(unit: &Unit<'_>, report: ReportId) -> Result<()> {
    unit.connection.prepare_cached("DELETE FROM task WHERE report = ?1")?.execute([Id(report)])?;
    Ok(())
}

/// Frees every lease. Only for a process that has the folder to itself: then whoever held one is dead.
pub(super) fn free_all(connection: &Connection, now: Timestamp) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE task SET token = NULL, due_at = ?1 WHERE token IS NOT NULL",
        [Millis(stored_time(now))],
    )
}

/// Takes tasks that are due: owner by owner, and of each the one that has been due for longest.
pub(super) fn claim(
    unit: &mut Unit<'_>,
    kind: TaskKind,
    lease: Duration,
    limit: usize,
) -> Result<Vec<Claimed>> {
    let mut claimed = Vec::new();
    while claimed.len() < limit
        && let Some((report, attempts)) = tenants::next(unit, kind)?
    {
        claimed.push(take(unit, kind, report, attempts, lease)?);
    }
    Ok(claimed)
}

fn take(
    unit: &mut Unit<'_>,
    kind: TaskKind,
    report: ReportId,
    attempts: u32,
    lease: Duration,
) -> Result<Claimed> {
    let claim = Claim { report, token: Uuid::new_v4(), attempt: attempts + 1 };
    unit.connection
        .prepare_cached(
            "UPDATE task SET due_at = ?3, token = ?4, attempt = ?5 WHERE report = ?1 AND kind = ?2",
        )?
        .execute(params![
            Id(report),
            kind_name(kind),
            Millis(later(unit.now, lease)),
            claim.token.as_bytes().as_slice(),
            claim.attempt
        ])?;
    let Kept { record, .. } = fetch(unit.connection, report)?;
    tenants::served(unit, &record.owner)?;
    let record = save(unit, transitions::claimed(record, unit.now)?)?;
    let data = unit
        .connection
        .prepare_cached("SELECT json FROM sent WHERE report = ?1")?
        .query_row([Id(report)], |row| row.get::<_, Vec<u8>>(0))
        .optional()?;
    Ok(Claimed { claim, record, data: data.map(Bytes::from) })
}

/// Extends the lease, and stores progress that is news.
pub(super) fn renew(
    unit: &mut Unit<'_>,
    claim: &Claim,
    lease: Duration,
    progress: Option<Progress>,
) -> Result<()> {
    let held = unit
        .connection
        .prepare_cached("UPDATE task SET due_at = ?3 WHERE report = ?1 AND token = ?2")?
        .execute(params![
            Id(claim.report),
            claim.token.as_bytes().as_slice(),
            Millis(later(unit.now, lease))
        ])?;
    if held == 0 {
        return Err(StoreError::ClaimLost);
    }
    if let Some(progress) = progress {
        let Kept { record, .. } = fetch(unit.connection, claim.report)?;
        if let Some(record) = transitions::progressed(record, progress) {
            save(unit, record)?;
        }
    }
    Ok(())
}

/// Ends the claim.
pub(super) fn settle(unit: &mut Unit<'_>, claim: &Claim, outcome: Outcome) -> Result<Record> {
    check(unit, claim)?;
    let Kept { record, keep } = fetch(unit.connection, claim.report)?;
    let record = match outcome {
        Outcome::Completed { artifact, model } => {
            delete(unit, claim.report)?;
            store_model(unit, claim.report, &model)?;
            // a completed report is not tried again
            unit.connection
                .prepare_cached("DELETE FROM sent WHERE report = ?1")?
                .execute([Id(claim.report)])?;
            transitions::completed(record, artifact, unit.now, keep)?
        }
        Outcome::Failed(problem) => {
            delete(unit, claim.report)?;
            transitions::failed(record, problem, unit.now, keep)?
        }
        Outcome::RetryIn(wait) => {
            hand_back(unit, claim, later(unit.now, wait), claim.attempt)?;
            transitions::requeued(record)?
        }
        Outcome::Released => {
            hand_back(unit, claim, unit.now, claim.attempt.saturating_sub(1))?;
            transitions::requeued(record)?
        }
    };
    save(unit, record)
}

fn check(unit: &Unit<'_>, claim: &Claim) -> Result<()> {
    unit.connection
        .prepare_cached("SELECT 1 FROM task WHERE report = ?1 AND token = ?2")?
        .query_row(params![Id(claim.report), claim.token.as_bytes().as_slice()], |_| Ok(()))
        .optional()?
        .ok_or(StoreError::ClaimLost)
}

fn hand_back(unit: &Unit<'_>, claim: &Claim, due: Timestamp, attempts: u32) -> Result<()> {
    unit.connection
        .prepare_cached(
            "UPDATE task SET due_at = ?3, token = NULL, attempt = ?4 WHERE report = ?1 AND token = ?2",
        )?
        .execute(params![Id(claim.report), claim.token.as_bytes().as_slice(), Millis(due), attempts])?;
    Ok(())
}

fn store_model(unit: &Unit<'_>, report: ReportId, model: &Bytes) -> Result<()> {
    unit.connection
        .prepare_cached("INSERT INTO model (report, json) VALUES (?1, ?2)")?
        .execute(params![Id(report), model.as_ref()])?;
    Ok(())
}
