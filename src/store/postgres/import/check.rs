//! Whether rows are here as they were given. Times are not compared: what a dead process held is due when it is looked at.

use uuid::Uuid;

use super::put::secrets;
use crate::{
    report::Status,
    store::{
        Result, TaskKind,
        archive::{
            Difference, Kind, StoredEndpoint, StoredEntry, StoredKey, StoredLane, StoredMessage, StoredReport,
        },
        postgres::{
            announce::endpoint_uuid,
            connect::Connection,
            row::{count, kind_name, to_json, uuid},
        },
    },
};

type Parameters<'a> = &'a [&'a (dyn tokio_postgres::types::ToSql + Sync)];

/// The names that a query finds.
async fn names(connection: &Connection, sql: &str, parameters: Parameters<'_>) -> Result<Vec<String>> {
    let statement = connection.prepare_cached(sql).await?;
    let rows = connection.query(&statement, parameters).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// A key that was revoked must not open anything; one that has been revoked here since then may stay so.
pub(super) async fn keys(connection: &Connection, keys: &[StoredKey]) -> Result<Vec<String>> {
    let ids: Vec<Uuid> = keys.iter().map(|row| Uuid::from_bytes(*row.key.id.as_bytes())).collect();
    let hashes: Vec<&[u8]> = keys.iter().map(|row| row.hash.as_slice()).collect();
    let owners: Vec<&str> = keys.iter().map(|row| row.key.owner.name()).collect();
    let revoked: Vec<bool> = keys.iter().map(|row| row.key.revoked_at.is_some()).collect();
    names(
        connection,
        "SELECT given.id::text FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::bool[])
             AS given (id, hash, owner, revoked) LEFT JOIN api_key ON api_key.id = given.id
         WHERE api_key.hash IS DISTINCT FROM given.hash OR api_key.owner <> given.owner
             OR (given.revoked AND api_key.revoked_at IS NULL)",
        &[&ids, &hashes, &owners, &revoked],
    )
    .await
}

pub(super) async fn endpoints(connection: &Connection, endpoints: &[StoredEndpoint]) -> Result<Vec<String>> {
    let ids: Vec<Uuid> = endpoints.iter().map(|row| endpoint_uuid(row.endpoint.id)).collect();
    let urls: Vec<&str> = endpoints.iter().map(|row| row.endpoint.url.as_str()).collect();
    let states: Vec<&str> = endpoints.iter().map(|row| row.endpoint.state.name()).collect();
    let secrets = endpoints.iter().map(secrets).collect::<Result<Vec<String>>>()?;
    names(
        connection,
        "SELECT given.id::text FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
             AS given (id, url, state, secrets) LEFT JOIN endpoint ON endpoint.id = given.id
         WHERE endpoint.url IS DISTINCT FROM given.url OR endpoint.state <> given.state
             OR endpoint.secrets <> given.secrets",
        &[&ids, &urls, &states, &secrets],
    )
    .await
}

/// Only those that are paused must be there: others are made again as they are needed.
pub(super) async fn lanes(connection: &Connection, lanes: &[StoredLane]) -> Result<Vec<String>> {
    let paused: Vec<&str> = lanes.iter().filter(|row| row.paused).map(|row| row.name.as_str()).collect();
    names(
        connection,
        "SELECT given.name FROM unnest($1::text[]) AS given (name) LEFT JOIN lane ON lane.name = given.name
         WHERE lane.paused IS NOT TRUE",
        &[&paused],
    )
    .await
}

/// Of the file of a tombstone nobody hears, so it may be forgotten without a version.
pub(super) async fn reports(connection: &Connection, reports: &[StoredReport]) -> Result<Vec<Difference>> {
    let length = |json: &Option<bytes::Bytes>| json.as_ref().map(|json| count(json.len() as u64));
    let ids: Vec<Uuid> = reports.iter().map(|row| uuid(row.record.id)).collect();
    let versions: Vec<i64> = reports.iter().map(|row| count(row.record.version)).collect();
    let records = reports
        .iter()
        .map(|row| (row.record.status != Status::Expired).then(|| to_json(&row.record)).transpose())
        .collect::<Result<Vec<Option<String>>>>()?;
    let tasks: Vec<bool> = reports.iter().map(|row| row.task.is_some()).collect();
    let models: Vec<Option<i64>> = reports.iter().map(|row| length(&row.model)).collect();
    let sent: Vec<Option<i64>> = reports.iter().map(|row| length(&row.sent)).collect();
    let statement = connection
        .prepare_cached(
            "SELECT given.id::text, report.version IS NULL OR report.version < given.version
                     OR (report.version = given.version AND report.record <> given.record),
                 report.version = given.version AND given.task <> (task.report IS NOT NULL),
                 report.version = given.version AND octet_length(model.json) IS DISTINCT FROM given.model,
                 report.version = given.version AND octet_length(sent.json) IS DISTINCT FROM given.sent
             FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::bool[], $6::bigint[], $7::bigint[])
                 AS given (id, version, record, task, model, sent)
                 LEFT JOIN report ON report.id = given.id
                 LEFT JOIN task ON task.report = given.id AND task.kind = $1
                 LEFT JOIN model ON model.report = given.id
                 LEFT JOIN sent ON sent.report = given.id",
        )
        .await?;
    let kind = kind_name(TaskKind::Generate);
    let rows =
        connection.query(&statement, &[&kind, &ids, &versions, &records, &tasks, &models, &sent]).await?;
    let mut differing = Vec::new();
    for row in &rows {
        for (at, kind) in (1..).zip([Kind::Reports, Kind::Tasks, Kind::Models, Kind::Sent]) {
            if row.try_get::<_, Option<bool>>(at)?.unwrap_or(false) {
                differing.push((kind, row.try_get(0)?));
            }
        }
    }
    Ok(differing)
}

pub(super) async fn entries(connection: &Connection, entries: &[StoredEntry]) -> Result<Vec<String>> {
    let numbers: Vec<i64> = entries.iter().map(|row| row.entry.number).collect();
    let endpoints: Vec<Uuid> = entries.iter().map(|row| endpoint_uuid(row.endpoint)).collect();
    let events: Vec<&str> = entries.iter().map(|row| row.entry.event_id.as_str()).collect();
    names(
        connection,
        "SELECT given.id::text FROM unnest($1::bigint[], $2::uuid[], $3::text[]) AS given (id, endpoint, event_id)
             LEFT JOIN attempt ON attempt.id = given.id
         WHERE attempt.event_id IS DISTINCT FROM given.event_id OR attempt.endpoint <> given.endpoint",
        &[&numbers, &endpoints, &events],
    )
    .await
}

pub(super) async fn messages(connection: &Connection, messages: &[StoredMessage]) -> Result<Vec<String>> {
    let numbers: Vec<i64> = messages.iter().map(|row| row.number).collect();
    let events: Vec<&str> = messages.iter().map(|row| row.event_id.as_str()).collect();
    let lanes: Vec<&str> = messages.iter().map(|row| row.lane.as_str()).collect();
    let states: Vec<&str> = messages.iter().map(|row| row.state.as_str()).collect();
    let told: Vec<bool> = messages.iter().map(|row| row.news.is_some()).collect();
    names(
        connection,
        "SELECT given.id::text
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bool[])
             AS given (id, event_id, lane, state, told)
             LEFT JOIN message ON message.id = given.id
             LEFT JOIN news ON news.id = message.news
         WHERE message.event_id IS DISTINCT FROM given.event_id OR message.lane <> given.lane
             OR message.state <> given.state OR given.told <> (news.id IS NOT NULL)",
        &[&numbers, &events, &lanes, &states, &told],
    )
    .await
}
