//! What endpoints were told, and what it says about them.

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;

use super::{
    announce::endpoint_uuid,
    row::{count, from_json, time, to_json},
    told::Held,
    write::execute,
};
use crate::{
    report::{EndpointId, EndpointState},
    store::{Attempted, Logged, Result},
};

/// Switches it off; what waits for it has failed. The messages first, as whoever settles one locks them.
pub(super) async fn disable(transaction: &Transaction<'_>, id: EndpointId, reason: &str) -> Result<()> {
    let (key, state) = (endpoint_uuid(id), EndpointState::Disabled.name());
    execute(
        transaction,
        "UPDATE message SET state = 'failed', due_at = NULL
         WHERE endpoint = $1 AND state = 'pending' AND token IS NULL",
        &[&key],
    )
    .await?;
    let sql = "UPDATE endpoint SET state = $2, reason = $3 WHERE id = $1";
    execute(transaction, sql, &[&key, &state, &reason]).await.map(drop)
}

/// An attempt went well.
pub(super) async fn healthy(transaction: &Transaction<'_>, id: EndpointId) -> Result<()> {
    let sql = "UPDATE endpoint SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
    execute(transaction, sql, &[&endpoint_uuid(id)]).await.map(drop)
}

/// An attempt failed. Returns since when all of them did.
pub(super) async fn failing(
    transaction: &Transaction<'_>,
    id: EndpointId,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let statement = transaction
        .prepare_cached(
            "UPDATE endpoint SET failing_since = coalesce(failing_since, $2) WHERE id = $1 RETURNING failing_since",
        )
        .await?;
    let row = transaction.query_opt(&statement, &[&endpoint_uuid(id), &now.as_millisecond()]).await?;
    row.map(|row| time(row.try_get(0)?)).transpose()
}

/// It was asked for its consent.
pub(super) async fn consented(transaction: &Transaction<'_>, id: EndpointId, consented: bool) -> Result<()> {
    let sql = "UPDATE endpoint SET consented = $2 WHERE id = $1";
    execute(transaction, sql, &[&endpoint_uuid(id), &consented]).await.map(drop)
}

/// Writes an entry. What was answered may be anything, and is kept as JSON text.
pub(super) async fn write(
    transaction: &Transaction<'_>,
    id: EndpointId,
    now: Timestamp,
    held: &Held,
    attempted: &Attempted,
) -> Result<()> {
    execute(
        transaction,
        "INSERT INTO attempt (endpoint, event, event_id, number, at, took_ms, status, answer, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &endpoint_uuid(id),
            &held.event.name(),
            &held.event_id,
            &held.attempt,
            &now.as_millisecond(),
            &count(u64::try_from(attempted.took.as_millis()).unwrap_or(u64::MAX)),
            &attempted.status.map(i32::from),
            &to_json(&attempted.answer)?,
            &attempted.error.as_ref().map(to_json).transpose()?,
        ],
    )
    .await
    .map(drop)
}

pub(super) fn logged(row: &Row) -> Result<Logged> {
    let event: &str = row.try_get(1)?;
    Ok(Logged {
        number: row.try_get(0)?,
        event: from_json(&format!("\"{event}\""))?,
        event_id: row.try_get(2)?,
        attempt: u32::try_from(row.try_get::<_, i32>(3)?).unwrap_or(0),
        at: time(row.try_get(4)?)?,
        took_ms: u64::try_from(row.try_get::<_, i64>(5)?).unwrap_or(0),
        status: row.try_get::<_, Option<i32>>(6)?.and_then(|status| u16::try_from(status).ok()),
        answer: from_json(row.try_get(7)?)?,
        error: row.try_get::<_, Option<&str>>(8)?.map(from_json).transpose()?,
    })
}
