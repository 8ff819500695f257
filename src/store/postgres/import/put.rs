//! One statement for each table, however many rows. A row whose key is in use is left as it is.

use std::collections::{BTreeMap, HashSet};

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use uuid::Uuid;

use super::news_uuid;
use crate::store::{
    Result, TaskKind,
    archive::{
        Kind, StoredEndpoint, StoredEntry, StoredKey, StoredLane, StoredMessage, StoredReport, StoredTurn,
    },
    postgres::{
        announce::endpoint_uuid,
        endpoints::Secret,
        row::{Columns, count, kind_name, millis, to_json, uuid},
        write::execute,
    },
};

/// Each of these values of all rows: a column.
fn column<'r, R, T>(rows: &'r [R], value: impl FnMut(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// … which may not be had.
fn try_column<'r, R, T>(rows: &'r [R], value: impl FnMut(&'r R) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(value).collect()
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) async fn keys(transaction: &Transaction<'_>, keys: &[StoredKey]) -> Result<u64> {
    execute(
        transaction,
        "INSERT INTO api_key (id, hash, owner, scopes, created_at, expires_at, revoked_at)
         SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
         ON CONFLICT DO NOTHING",
        &[
            &column(keys, |row| Uuid::from_bytes(*row.key.id.as_bytes())),
            &column(keys, |row| row.hash.as_slice()),
            &column(keys, |row| row.key.owner.name()),
            &column(keys, |row| row.key.scopes.to_string()),
            &column(keys, |row| row.key.created_at.as_millisecond()),
            &column(keys, |row| row.key.expires_at.map(Timestamp::as_millisecond)),
            &column(keys, |row| row.key.revoked_at.map(Timestamp::as_millisecond)),
        ],
    )
    .await
}

/// The secrets of an endpoint in their column.
pub(super) fn secrets(row: &StoredEndpoint) -> Result<String> {
    let secrets = row.secrets.iter().map(|one| Secret { secret: one.secret.clone(), until: one.until });
    to_json(&secrets.collect::<Vec<_>>())
}

pub(super) async fn endpoints(transaction: &Transaction<'_>, endpoints: &[StoredEndpoint]) -> Result<u64> {
    execute(
        transaction,
        "INSERT INTO endpoint (id, owner, url, description, events, state, reason, consented, secrets, created_at,
             failing_since)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::bool[], $9::text[], $10::bigint[], $11::bigint[])
         ON CONFLICT DO NOTHING",
        &[
            &column(endpoints, |row| endpoint_uuid(row.endpoint.id)),
            &column(endpoints, |row| row.owner.name()),
            &column(endpoints, |row| row.endpoint.url.as_str()),
            &try_column(endpoints, |row| to_json(&row.endpoint.description))?,
            &try_column(endpoints, |row| to_json(&row.endpoint.events))?,
            &column(endpoints, |row| row.endpoint.state.name()),
            &column(endpoints, |row| row.endpoint.reason.as_deref()),
            &column(endpoints, |row| row.endpoint.consented),
            &try_column(endpoints, secrets)?,
            &column(endpoints, |row| row.endpoint.created_at.as_millisecond()),
            &column(endpoints, |row| row.endpoint.failing_since.map(Timestamp::as_millisecond)),
        ],
    )
    .await
}

pub(super) async fn lanes(transaction: &Transaction<'_>, lanes: &[StoredLane]) -> Result<u64> {
    execute(
        transaction,
        "INSERT INTO lane (name, paused, silent) SELECT * FROM unnest($1::text[], $2::bool[], $3::bool[])
         ON CONFLICT DO NOTHING",
        &[
            &column(lanes, |row| row.name.as_str()),
            &column(lanes, |row| row.paused),
            &column(lanes, |row| row.silent),
        ],
    )
    .await
}

/// Whoever has had the fewest turns is where everybody is who comes anew.
pub(super) async fn turns(transaction: &Transaction<'_>, turns: &[StoredTurn]) -> Result<u64> {
    execute(
        transaction,
        "INSERT INTO tenant (name, turn) SELECT name, served + ahead
         FROM unnest($1::text[], $2::bigint[]) AS given (name, ahead) CROSS JOIN turn
         ON CONFLICT DO NOTHING",
        &[&column(turns, |row| row.owner.name()), &column(turns, |row| count(row.ahead))],
    )
    .await
}

/// Reports with all that is theirs. What belongs to one whose key is in use is left out with it.
pub(super) async fn reports(
    transaction: &Transaction<'_>,
    reports: &[StoredReport],
) -> Result<Vec<(Kind, u64)>> {
    let mut columns = Columns::default();
    for report in reports {
        columns.push(&report.record)?;
    }
    let statement = transaction
        .prepare_cached(
            "INSERT INTO report (id, owner, report_type, keep_ms, idempotency_key, fingerprint, status, version,
                 expires_at, waits_until, artifact, record)
             SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],
                 $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[])
             ON CONFLICT DO NOTHING RETURNING id",
        )
        .await?;
    let put = transaction
        .query(
            &statement,
            &[
                &columns.ids,
                &column(reports, |row| row.record.owner.name()),
                &column(reports, |row| row.record.report_type.as_str()),
                &column(reports, |row| millis(row.keep)),
                &column(reports, |row| row.idempotency.as_ref().map(|known| known.key.as_str())),
                &column(reports, |row| row.idempotency.as_ref().map(|known| known.fingerprint.as_slice())),
                &columns.statuses,
                &columns.versions,
                &columns.expires,
                &columns.waits,
                &columns.artifacts,
                &columns.records,
            ],
        )
        .await?;
    let put: HashSet<Uuid> = put.iter().map(|row| row.get(0)).collect();
    let fresh: Vec<&StoredReport> = reports.iter().filter(|row| put.contains(&uuid(row.record.id))).collect();
    Ok(vec![
        (Kind::Reports, put.len() as u64),
        (Kind::Tasks, tasks(transaction, &fresh).await?),
        (Kind::Models, models(transaction, &fresh).await?),
        (Kind::Sent, sent(transaction, &fresh).await?),
    ])
}

async fn tasks(transaction: &Transaction<'_>, reports: &[&StoredReport]) -> Result<u64> {
    let tasks: Vec<_> = reports.iter().filter_map(|row| Some((&row.record, row.task.as_ref()?))).collect();
    execute(
        transaction,
        "INSERT INTO task (report, kind, owner, due_at, token, attempt)
         SELECT report, $1, owner, due_at, NULL, attempt
         FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::int[]) AS given (report, owner, due_at, attempt)
         ON CONFLICT DO NOTHING",
        &[
            &kind_name(TaskKind::Generate),
            &column(&tasks, |(record, _)| uuid(record.id)),
            &column(&tasks, |(record, _)| record.owner.name()),
            &column(&tasks, |(_, task)| task.due_at.map(Timestamp::as_millisecond)),
            &column(&tasks, |(_, task)| number(task.attempt)),
        ],
    )
    .await
}

async fn models(transaction: &Transaction<'_>, reports: &[&StoredReport]) -> Result<u64> {
    let (ids, models): (Vec<_>, Vec<_>) =
        reports.iter().filter_map(|row| Some((uuid(row.record.id), row.model.as_deref()?))).unzip();
    let sql = "INSERT INTO model (report, json) SELECT * FROM unnest($1::uuid[], $2::bytea[])
         ON CONFLICT DO NOTHING";
    execute(transaction, sql, &[&ids, &models]).await
}

async fn sent(transaction: &Transaction<'_>, reports: &[&StoredReport]) -> Result<u64> {
    let (ids, sent): (Vec<_>, Vec<_>) =
        reports.iter().filter_map(|row| Some((uuid(row.record.id), row.sent.as_deref()?))).unzip();
    let sql = "INSERT INTO sent (report, json) SELECT * FROM unnest($1::uuid[], $2::bytea[])
         ON CONFLICT DO NOTHING";
    execute(transaction, sql, &[&ids, &sent]).await
}

pub(super) async fn entries(transaction: &Transaction<'_>, entries: &[StoredEntry]) -> Result<u64> {
    execute(
        transaction,
        "INSERT INTO attempt (id, endpoint, event, event_id, number, at, took_ms, status, answer, error)
         OVERRIDING SYSTEM VALUE
         SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::bigint[], $7::bigint[],
             $8::int[], $9::text[], $10::text[])
         ON CONFLICT DO NOTHING",
        &[
            &column(entries, |row| row.entry.number),
            &column(entries, |row| endpoint_uuid(row.endpoint)),
            &column(entries, |row| row.entry.event.name()),
            &column(entries, |row| row.entry.event_id.as_str()),
            &column(entries, |row| number(row.entry.attempt)),
            &column(entries, |row| row.entry.at.as_millisecond()),
            &column(entries, |row| count(row.entry.took_ms)),
            &column(entries, |row| row.entry.status.map(i32::from)),
            &try_column(entries, |row| to_json(&row.entry.answer))?,
            &try_column(entries, |row| row.entry.error.as_ref().map(to_json).transpose())?,
        ],
    )
    .await
}

/// Messages with what they tell, which may be there already with those of an earlier batch.
pub(super) async fn messages(transaction: &Transaction<'_>, messages: &[StoredMessage]) -> Result<u64> {
    let statement = transaction
        .prepare_cached(
            "INSERT INTO message (id, event, event_id, report, news, channel, endpoint, address, lane, fallback, state,
                 created_at, due_at, token, attempt)
             OVERRIDING SYSTEM VALUE
             SELECT id, event, event_id, report, news, channel, endpoint, address, lane, fallback, state, created_at,
                 due_at, NULL, attempt
             FROM unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[],
                 $8::text[], $9::text[], $10::bool[], $11::text[], $12::bigint[], $13::bigint[], $14::int[])
                 AS given (id, event, event_id, report, news, channel, endpoint, address, lane, fallback, state,
                     created_at, due_at, attempt)
             ON CONFLICT DO NOTHING RETURNING id",
        )
        .await?;
    let put = transaction
        .query(
            &statement,
            &[
                &column(messages, |row| row.number),
                &column(messages, |row| row.event.name()),
                &column(messages, |row| row.event_id.as_str()),
                &column(messages, |row| row.report.map(uuid)),
                &column(messages, |row| row.news.as_ref().map(|news| news_uuid(news.number))),
                &try_column(messages, |row| to_json(&row.channel))?,
                &column(messages, |row| row.endpoint.map(endpoint_uuid)),
                &column(messages, |row| row.address.as_deref()),
                &column(messages, |row| row.lane.as_str()),
                &column(messages, |row| row.fallback),
                &column(messages, |row| row.state.as_str()),
                &column(messages, |row| row.created_at.as_millisecond()),
                &column(messages, |row| row.due_at.map(Timestamp::as_millisecond)),
                &column(messages, |row| number(row.attempt)),
            ],
        )
        .await?;
    let put: HashSet<i64> = put.iter().map(|row| row.get(0)).collect();
    // only of those that were put in: news that nobody tells would stay for ever
    let news: BTreeMap<Uuid, &str> = messages
        .iter()
        .filter(|row| put.contains(&row.number))
        .filter_map(|row| row.news.as_ref())
        .map(|news| (news_uuid(news.number), news.record.as_str()))
        .collect();
    let (ids, records): (Vec<Uuid>, Vec<&str>) = news.into_iter().unzip();
    let sql =
        "INSERT INTO news (id, record) SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING";
    execute(transaction, sql, &[&ids, &records]).await?;
    Ok(put.len() as u64)
}
