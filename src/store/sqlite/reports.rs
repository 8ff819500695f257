//! What clients do to a report. Each function is one job of the writer.

use rusqlite::{OptionalExtension, params};

use super::{
    queries::{fetch, fetch_even_gone},
    rows::{self, Count, Id, Kept, columns, save},
    tasks, tenants,
    writer::Unit,
};
use crate::{
    report::{IdempotencyKey, NewReport, Owner, Receipt, Record, ReportId, Status},
    store::{Created, Result, StoreError, transitions},
};

/// Stores a report and its first task, or finds the report that its idempotency key stands for.
pub(super) fn create(unit: &mut Unit<'_>, mut report: NewReport) -> Result<Created> {
    let idempotency = report.idempotency.take();
    let owner = report.owner.clone();
    let first = idempotency.as_ref().map(|known| first_of_key(unit, &owner, known)).transpose()?.flatten();
    if let Some(record) = first {
        return Ok(Created { record, replayed: true });
    }
    tenants::make_room(unit, &owner)?;
    let data = report.data.take();
    let keep = u64::try_from(report.keep.as_millis()).unwrap_or(u64::MAX);
    let record = transitions::created(report, unit.now);
    let mut insert = unit.connection.prepare_cached(concat!(
        "INSERT INTO report (",
        columns!(),
        ", idempotency_key, fingerprint) VALUES \
         (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
         ?22, ?23, ?24, ?25, ?26, ?27)"
    ))?;
    rows::bind(&mut insert, &record)?;
    insert.raw_bind_parameter(24, Count(keep))?;
    insert.raw_bind_parameter(25, record.owner.name())?;
    insert.raw_bind_parameter(26, idempotency.as_ref().map(|known| known.key.as_str()))?;
    insert.raw_bind_parameter(27, idempotency.as_ref().map(|known| known.fingerprint.as_slice()))?;
    insert.raw_execute()?;
    if let Some(data) = data {
        unit.connection
            .prepare_cached("INSERT INTO sent (report, json) VALUES (?1, ?2)")?
            .execute(params![Id(record.id), data.as_ref()])?;
    }
    unit.wake.note(&record, unit.shares);
    tasks::insert(unit, &record)?;
    Ok(Created { record, replayed: false })
}

fn first_of_key(unit: &Unit<'_>, owner: &Owner, known: &IdempotencyKey) -> Result<Option<Record>> {
    let first = unit
        .connection
        .prepare_cached("SELECT id, fingerprint FROM report WHERE owner = ?1 AND idempotency_key = ?2")?
        .query_row(params![owner.name(), known.key], |row| {
            Ok((row.get::<_, Id>(0)?.0, row.get::<_, [u8; 32]>(1)?))
        })
        .optional()?;
    match first {
        None => Ok(None),
        Some((_, fingerprint)) if fingerprint != known.fingerprint => Err(StoreError::KeyReused),
        Some((id, _)) => fetch(unit.connection, id).map(|kept| Some(kept.record)),
    }
}

/// Lets a report that is held back begin.
pub(super) fn release(unit: &mut Unit<'_>, id: ReportId) -> Result<Record> {
    let Kept { record, .. } = fetch(unit.connection, id)?;
    match transitions::let_begin(record.clone()) {
        None => Ok(record),
        Some(record) => {
            tasks::let_due(unit, id)?;
            save(unit, record)
        }
    }
}

/// Ends the work because nobody wants it.
pub(super) fn cancel(unit: &mut Unit<'_>, id: ReportId) -> Result<Record> {
    let Kept { record, keep } = fetch(unit.connection, id)?;
    match transitions::cancelled(record.clone(), unit.now, keep)? {
        None => Ok(record),
        Some(record) => {
            tasks::delete(unit, id)?;
            save(unit, record)
        }
    }
}

/// Queues it again, with a task of its own: attempts are counted anew.
pub(super) fn retry(unit: &mut Unit<'_>, id: ReportId) -> Result<Record> {
    let Kept { record, keep } = fetch(unit.connection, id)?;
    let record = transitions::retried(record, unit.now, keep)?;
    tenants::make_room(unit, &record.owner)?;
    tasks::insert(unit, &record)?;
    save(unit, record)
}

/// Makes a tombstone of it.
pub(super) fn remove(unit: &mut Unit<'_>, id: ReportId) -> Result<()> {
    let Kept { record, .. } = fetch_even_gone(unit.connection, id)?;
    if record.status == Status::Expired {
        return Ok(());
    }
    // nobody is told of what its owner removed
    unit.connection.prepare_cached("DELETE FROM message WHERE report = ?1")?.execute([Id(id)])?;
    bury(unit, record)
}

/// Notes a proof.
pub(super) fn delivered(unit: &mut Unit<'_>, id: ReportId, version: u64, receipt: Receipt) -> Result<Record> {
    let Kept { record, .. } = fetch(unit.connection, id)?;
    match transitions::proved(record.clone(), version, receipt, unit.now) {
        None => Ok(record),
        Some(record) => save(unit, record),
    }
}

/// The task, the model, the rows that were sent and the parameters go; what is left is the memory that it was.
pub(super) fn bury(unit: &mut Unit<'_>, record: Record) -> Result<()> {
    tasks::delete(unit, record.id)?;
    unit.connection.prepare_cached("DELETE FROM model WHERE report = ?1")?.execute([Id(record.id)])?;
    unit.connection.prepare_cached("DELETE FROM sent WHERE report = ?1")?.execute([Id(record.id)])?;
    let record = transitions::expired(record, unit.now)?;
    save(unit, record).map(drop)
}

/// The files of these tombstones are deleted. Nobody can see it, so no version is raised.
pub(super) fn forget_artifacts(unit: &mut Unit<'_>, ids: &[ReportId]) -> Result<()> {
    let mut update = unit
        .connection
        .prepare_cached("UPDATE report SET artifact = NULL WHERE id = ?1 AND status = 'expired'")?;
    for id in ids {
        update.execute(params![Id(*id)])?;
    }
    Ok(())
}
