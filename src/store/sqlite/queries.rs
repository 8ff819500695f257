//! What is read: on a reader's connection for callers, on the writer's before it changes something.

use std::collections::HashMap;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{Count, Id, Json, Kept, Word, columns, kind_name};
use crate::{
    report::{Artifact, Owner, Record, ReportId, Status},
    store::{COUNTED, Filter, Page, Result, StoreError, TaskKind},
};

/// The report, if it is there and not gone.
pub(super) fn fetch(connection: &Connection, id: ReportId) -> Result<Kept> {
    let kept = fetch_even_gone(connection, id)?;
    if kept.record.status == Status::Expired { Err(StoreError::Gone) } else { Ok(kept) }
}

/// The report, if it is there, not gone, and this owner's. The owner is looked at before anything is read: whoever asks
/// for another's report waits as long as for one that there never was.
pub(super) fn find(connection: &Connection, owner: &Owner, id: ReportId) -> Result<Record> {
    let kept = connection
        .prepare_cached(concat!("SELECT ", columns!(), " FROM report WHERE owner = ?1 AND id = ?2"))?
        .query_row(params![owner.name(), Id(id)], Kept::read)
        .optional()?
        .ok_or(StoreError::NotFound)?;
    if kept.record.status == Status::Expired { Err(StoreError::Gone) } else { Ok(kept.record) }
}

/// The report or its tombstone.
pub(super) fn fetch_even_gone(connection: &Connection, id: ReportId) -> Result<Kept> {
    connection
        .prepare_cached(concat!("SELECT ", columns!(), " FROM report WHERE id = ?1"))?
        .query_row([Id(id)], Kept::read)
        .optional()?
        .ok_or(StoreError::NotFound)
}

/// The model. One statement, so that the status and the model are of the same moment.
pub(super) fn model(connection: &Connection, id: ReportId) -> Result<Option<Bytes>> {
    let row = connection
        .prepare_cached(
            "SELECT report.status, model.json FROM report LEFT JOIN model ON model.report = report.id
             WHERE report.id = ?1",
        )?
        .query_row([Id(id)], |row| Ok((row.get::<_, Word<Status>>(0)?.0, row.get::<_, Option<Vec<u8>>>(1)?)))
        .optional()?;
    match row {
        None => Err(StoreError::NotFound),
        Some((Status::Expired, _)) => Err(StoreError::Gone),
        Some((_, json)) => Ok(json.map(Bytes::from)),
    }
}

/// A page. The cursor is the id of the last report on the page before: ids never change and never come
/// again, so it stays valid even when that report is gone.
pub(super) fn list(connection: &Connection, filter: &Filter) -> Result<Page> {
    let before = match &filter.cursor {
        Some(text) => text.parse().map_err(|_| StoreError::BadCursor)?,
        None => ReportId::from_bytes([0xff; 16]),
    };
    let limit = filter.limit.clamp(1, 100);
    // one more than asked for tells whether there is a next page
    let most = limit + 1;
    // what changes its status meanwhile is neither left out nor there twice
    let moment = connection.unchecked_transaction()?;
    let mut newest = moment.prepare_cached(match &filter.report_type {
        None => {
            "SELECT id FROM report INDEXED BY report_status
             WHERE owner = ?1 AND status = ?2 AND id < ?3 AND ?5 IS NULL ORDER BY id DESC LIMIT ?4"
        }
        Some(_) => {
            "SELECT id FROM report INDEXED BY report_typed
             WHERE owner = ?1 AND status = ?2 AND id < ?3 AND report_type = ?5 ORDER BY id DESC LIMIT ?4"
        }
    })?;
    let mut ids = Vec::new();
    for status in filter.statuses() {
        let found = newest.query_map(
            params![filter.owner.name(), status.name(), Id(before), Count(most as u64), filter.report_type],
            |row| row.get::<_, Id>(0),
        )?;
        for id in found {
            ids.push(id?.0);
        }
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    let ids = ids.into_iter().take(most);
    let mut records = ids.map(|id| Ok(fetch(&moment, id)?.record)).collect::<Result<Vec<Record>>>()?;
    let more = records.len() > limit;
    records.truncate(limit);
    let next = records.last().filter(|_| more).map(|record| record.id.to_string());
    Ok(Page { records, next })
}

/// The files that these reports name.
pub(super) fn files(connection: &Connection, ids: &[ReportId]) -> Result<HashMap<ReportId, Option<String>>> {
    let mut statement =
        connection.prepare_cached("SELECT artifact, status = 'expired' FROM report WHERE id = ?1")?;
    let mut files = HashMap::with_capacity(ids.len());
    for id in ids {
        let file = statement.query_row([Id(*id)], |row| {
            let artifact: Option<Json<Artifact>> = row.get(0)?;
            let is_gone: bool = row.get(1)?;
            Ok(artifact.filter(|_| !is_gone).map(|artifact| artifact.0.key))
        });
        if let Some(file) = file.optional()? {
            files.insert(*id, file);
        }
    }
    Ok(files)
}

/// How many tasks are in the queue before that of this report: of its owner those that are due earlier, and of each
/// other owner as many, or as many as they have. A task that is leased is not in it, although it is due when its lease
/// ends; one that is held back would come last.
const AHEAD: &str = "
    WITH own AS (
        SELECT owner, coalesce(due_at, 9223372036854775807) AS due_at, report FROM task
        WHERE report = ?1 AND kind = ?2 AND token IS NULL
    ), earlier AS (
        SELECT count(*) AS count FROM (
            SELECT 1 FROM own JOIN task ON task.kind = ?2 AND task.owner = own.owner
            WHERE task.due_at IS NOT NULL AND task.token IS NULL
              AND (task.due_at, task.report) < (own.due_at, own.report)
            LIMIT ?3
        )
    )
    SELECT min(?3, earlier.count + coalesce((
        SELECT sum(min(tenant.unfinished, earlier.count + 1)) FROM tenant, own
        WHERE tenant.unfinished > 0 AND tenant.name <> own.owner
    ), 0)) FROM earlier";

/// The place in the queue, as [`Queue::ahead`](crate::store::Queue::ahead) says.
pub(super) fn ahead(connection: &Connection, id: ReportId) -> Result<usize> {
    let kind = kind_name(TaskKind::Generate);
    let count: u64 = connection
        .prepare_cached(AHEAD)?
        .query_row(params![Id(id), kind, Count(COUNTED as u64)], |row| Ok(row.get::<_, Count>(0)?.0))?;
    Ok(usize::try_from(count).unwrap_or(COUNTED))
}

/// The files that tombstones still name. Not bounded: a file that cannot be deleted must not stand in the
/// way of the others, and a name is short.
pub(super) fn leftover_artifacts(connection: &Connection) -> Result<Vec<(ReportId, String)>> {
    let found = connection
        .prepare_cached(
            "SELECT id, artifact ->> 'key' FROM report WHERE status = 'expired' AND artifact IS NOT NULL",
        )?
        .query_map([], |row| Ok((row.get::<_, Id>(0)?.0, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}
