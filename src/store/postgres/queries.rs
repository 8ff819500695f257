//! What is read. Each is one statement on a connection of the pool.

use std::collections::HashMap;

use bytes::Bytes;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    connect::Database,
    row::{count, id, kind_name, record, uuid},
};
use crate::{
    report::{Owner, Record, ReportId, Status},
    store::{COUNTED, Filter, Page, Result, StoreError, TaskKind},
};

/// The report, if it is there and not gone.
pub(super) async fn load(database: &Database, id: ReportId) -> Result<Record> {
    let found = database
        .read(async |connection| {
            let statement = connection.prepare_cached("SELECT record FROM report WHERE id = $1").await?;
            let row = connection.query_opt(&statement, &[&uuid(id)]).await?;
            row.map(|row| record(&row, 0)).transpose()
        })
        .await?;
    living(found)
}

/// … and this owner's. The owner is asked for with the id: whoever asks for another's report waits as long as for one
/// that there never was.
pub(super) async fn find(database: &Database, owner: &Owner, id: ReportId) -> Result<Record> {
    let found = database
        .read(async |connection| {
            let statement =
                connection.prepare_cached("SELECT record FROM report WHERE owner = $1 AND id = $2").await?;
            let row = connection.query_opt(&statement, &[&owner.name(), &uuid(id)]).await?;
            row.map(|row| record(&row, 0)).transpose()
        })
        .await?;
    living(found)
}

fn living(found: Option<Record>) -> Result<Record> {
    match found {
        None => Err(StoreError::NotFound),
        Some(record) if record.status == Status::Expired => Err(StoreError::Gone),
        Some(record) => Ok(record),
    }
}

/// The model. One statement, so that the status and the model are of the same moment.
pub(super) async fn model(database: &Database, id: ReportId) -> Result<Option<Bytes>> {
    let row = database
        .read(async |connection| {
            let statement = connection
                .prepare_cached(
                    "SELECT report.status = 'expired', model.json FROM report
                         LEFT JOIN model ON model.report = report.id
                     WHERE report.id = $1",
                )
                .await?;
            Ok(connection.query_opt(&statement, &[&uuid(id)]).await?)
        })
        .await?;
    match row {
        None => Err(StoreError::NotFound),
        Some(row) if row.try_get(0)? => Err(StoreError::Gone),
        Some(row) => Ok(row.try_get::<_, Option<Vec<u8>>>(1)?.map(Bytes::from)),
    }
}

/// The newest of each status, and of all those the newest. The id is written as the index has it.
macro_rules! newest {
    ($filter:literal, $id:literal) => {
        concat!(
            "SELECT record FROM unnest($1::text[]) AS wanted (status) CROSS JOIN LATERAL (
                 SELECT record, id FROM report
                 WHERE ",
            $filter,
            "report.status = wanted.status AND owner = $2 AND ",
            $id,
            " < $3
                 ORDER BY ",
            $id,
            " DESC LIMIT $4) AS newest
             ORDER BY id DESC LIMIT $4"
        )
    };
}

/// A page. The cursor is the id of the last report on the page before: ids never change and never come again, so it
/// stays valid even when that report is gone.
pub(super) async fn list(database: &Database, filter: &Filter) -> Result<Page> {
    let before = match &filter.cursor {
        Some(text) => text.parse().map_err(|_| StoreError::BadCursor)?,
        None => ReportId::from_bytes([0xff; 16]),
    };
    // PostgreSQL has no text with a NUL in it, and there is no such type
    if filter.report_type.as_ref().is_some_and(|name| name.contains('\0')) {
        return Ok(Page { records: Vec::new(), next: None });
    }
    let limit = filter.limit.clamp(1, 100);
    let statuses: Vec<&str> = filter.statuses().map(Status::name).collect();
    let before = before.as_bytes().as_slice();
    // one more than asked for tells whether there is a next page
    let (owner, more) = (filter.owner.name(), count(limit as u64 + 1));
    let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&statuses, &owner, &before, &more];
    let sql = match &filter.report_type {
        None => newest!("", "uuid_send(id)"),
        Some(_) => newest!("report_type = $5 AND ", "substr(uuid_send(id), 1)"),
    };
    parameters.extend(filter.report_type.as_ref().map(|name| name as &(dyn ToSql + Sync)));
    let rows = database
        .read(async |connection| {
            let statement = connection.prepare_cached(sql).await?;
            Ok(connection.query(&statement, &parameters).await?)
        })
        .await?;
    let mut records = rows.iter().map(|row| record(row, 0)).collect::<Result<Vec<_>>>()?;
    let more = records.len() > limit;
    records.truncate(limit);
    let next = records.last().filter(|_| more).map(|record| record.id.to_string());
    Ok(Page { records, next })
}

/// The files that these reports name, and none for those that are gone.
pub(super) async fn files(
    database: &Database,
    ids: &[ReportId],
) -> Result<HashMap<ReportId, Option<String>>> {
    let ids: Vec<Uuid> = ids.iter().copied().map(uuid).collect();
    let rows = database
        .read(async |connection| {
            let statement = connection
                .prepare_cached(
                    "SELECT id, CASE WHEN status <> 'expired' THEN artifact END FROM report WHERE id = ANY($1)",
                )
                .await?;
            Ok(connection.query(&statement, &[&ids]).await?)
        })
        .await?;
    rows.iter().map(|row| Ok((id(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// How many tasks are in the queue before that of this report: of its owner those that are due earlier, and of each
/// other owner as many, or as many as they have; [`COUNTED`] at most. A task that is leased is not in it, although it is
/// due when its lease ends; one that is held back would come last. Owners are walked from name to name over the index.
const AHEAD: &str = "
    WITH RECURSIVE own AS (
        SELECT owner, coalesce(due_at, 9223372036854775807) AS due_at, report FROM task
        WHERE report = $1 AND kind = $2 AND token IS NULL
    ), earlier AS (
        SELECT count(*) AS count FROM (
            SELECT 1 FROM own CROSS JOIN LATERAL (
                SELECT 1 FROM task
                WHERE kind = $2 AND owner = own.owner AND due_at IS NOT NULL AND token IS NULL
                  AND (due_at, report) < (own.due_at, own.report)
                LIMIT $3) AS before
        ) AS found
    ), owners AS (
        (SELECT owner FROM task WHERE kind = $2 AND due_at IS NOT NULL AND EXISTS (SELECT 1 FROM own)
         ORDER BY owner LIMIT 1)
        UNION ALL
        SELECT (SELECT owner FROM task WHERE kind = $2 AND due_at IS NOT NULL AND owner > owners.owner
                ORDER BY owner LIMIT 1)
        FROM owners WHERE owners.owner IS NOT NULL
    ), others AS (
        SELECT count(*) AS count FROM (
            SELECT 1 FROM earlier, own, owners CROSS JOIN LATERAL (
                SELECT 1 FROM task
                WHERE kind = $2 AND task.owner = owners.owner AND due_at IS NOT NULL AND token IS NULL
                LIMIT earlier.count + 1) AS theirs
            WHERE owners.owner <> own.owner
            LIMIT $3
        ) AS found
    )
    SELECT least($3, earlier.count + others.count) FROM earlier, others";

/// The place in the queue, as [`Queue::ahead`](crate::store::Queue::ahead) says.
pub(super) async fn ahead(database: &Database, id: ReportId) -> Result<usize> {
    let ahead: i64 = database
        .read(async |connection| {
            let statement = connection.prepare_cached(AHEAD).await?;
            let (kind, most) = (kind_name(TaskKind::Generate), count(COUNTED as u64));
            Ok(connection.query_one(&statement, &[&uuid(id), &kind, &most]).await?.try_get(0)?)
        })
        .await?;
    Ok(usize::try_from(ahead).unwrap_or(COUNTED))
}

/// The files that tombstones still name. Not bounded: a file that cannot be deleted must not stand in the way of the
/// others, and a name is short.
pub(super) async fn leftover_artifacts(database: &Database) -> Result<Vec<(ReportId, String)>> {
    let rows = database
        .read(async |connection| {
            let statement = connection
                .prepare_cached(
                    "SELECT id, artifact FROM report WHERE status = 'expired' AND artifact IS NOT NULL ORDER BY id",
                )
                .await?;
            Ok(connection.query(&statement, &[]).await?)
        })
        .await?;
    rows.iter().map(|row| Ok((id(row.try_get::<_, Uuid>(0)?), row.try_get(1)?))).collect()
}
