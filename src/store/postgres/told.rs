//! What becomes of a message after an attempt: the log, when it is sent again, the health of its endpoint, and what the
//! report says of it, in one transaction.

use deadpool_postgres::Transaction;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    announce::endpoint_uuid,
    log,
    row::{from_json, id, uuid},
    unit::Unit,
    write::execute,
};
use crate::{
    report::{Attempt, Channel, EndpointId, EventId, EventType, Proof, ReportId, Status},
    store::{
        Attempted, MessageClaim, Result, Shares, StoreError, Then,
        announce::PATIENCE,
        transitions::{self, stored_time},
    },
};

/// What is known of a message whose attempt has ended.
pub(super) struct Held {
    pub(super) event: EventType,
    pub(super) event_id: String,
    report: Option<ReportId>,
    channel: Channel,
    endpoint: Option<EndpointId>,
    pub(super) attempt: i32,
    lane: String,
    address: Option<String>,
    is_disabled: bool,
}

impl Held {
    fn read(row: &Row) -> Result<Self> {
        let event: &str = row.try_get(0)?;
        let endpoint: Option<Uuid> = row.try_get(4)?;
        Ok(Self {
            event: from_json(&format!("\"{event}\""))?,
            event_id: row.try_get(1)?,
            report: row.try_get::<_, Option<Uuid>>(2)?.map(id),
            channel: from_json(row.try_get(3)?)?,
            endpoint: endpoint.map(|id| EndpointId::from_bytes(id.into_bytes())),
            attempt: row.try_get(5)?,
            lane: row.try_get(6)?,
            address: row.try_get(7)?,
            is_disabled: row.try_get(8)?,
        })
    }
}

const HELD: &str = "
    SELECT event, event_id, report, channel, endpoint, attempt, lane, address,
        coalesce((SELECT state = 'disabled' FROM endpoint WHERE endpoint.id = message.endpoint), false)
    FROM message WHERE message.id = $1 AND token = $2";

/// Ends the claim. Returns what it changed of the report.
pub(super) async fn settle(
    transaction: &Transaction<'_>,
    moment: Option<i64>,
    claim: &MessageClaim,
    attempted: &Attempted,
) -> Result<Unit> {
    let statement = transaction.prepare_cached(HELD).await?;
    let held = async || {
        let row = transaction.query_opt(&statement, &[&claim.message, &claim.token]).await?;
        Held::read(row.as_ref().ok_or(StoreError::ClaimLost)?)
    };
    // the report is locked before its messages are, here as everywhere
    let report = held().await?.report;
    let ids = report.into_iter().map(uuid).collect();
    let mut unit = Unit::lock(transaction, moment, Shares::default(), ids, Default::default()).await?;
    execute(transaction, "SELECT 1 FROM message WHERE id = $1 FOR UPDATE", &[&claim.message]).await?;
    let held = held().await?;
    let now = unit.now;
    if attempted.status.is_some() {
        let sql = "INSERT INTO lane (name, paused, silent) VALUES ($1, false, false)
             ON CONFLICT (name) DO UPDATE SET silent = false WHERE lane.silent";
        execute(transaction, sql, &[&held.lane]).await?;
    } else {
        execute(transaction, "UPDATE lane SET silent = true WHERE name = $1 AND NOT silent", &[&held.lane])
            .await?;
    }
    if held.event == EventType::Progress {
        let works = report.is_some_and(|id| {
            unit.rows.get(&id).is_some_and(|row| row.kept.record.status == Status::Generating)
        });
        progressed(transaction, claim.message, &held, attempted.then, now, works).await?;
    } else {
        ended(transaction, claim.message, &held, attempted.then).await?;
    }
    if let Some(endpoint) = held.endpoint {
        log::write(transaction, endpoint, now, &held, attempted).await?;
        judge(transaction, endpoint, &held, attempted, now).await?;
    }
    note(&mut unit, held, attempted);
    unit.write(transaction).await?;
    Ok(unit)
}

/// What becomes of a message.
async fn ended(transaction: &Transaction<'_>, message: i64, held: &Held, then: Then) -> Result<()> {
    match then {
        // it was under way when its endpoint was switched off
        Then::RetryAt(_) if held.is_disabled => end(transaction, message, "failed").await,
        Then::RetryAt(time) => again(transaction, message, stored_time(time)).await,
        // only what an endpoint was told of a report can be replayed; the rest need not be kept
        _ if held.endpoint.is_none() || held.report.is_none() => delete(transaction, message).await,
        Then::Delivered => end(transaction, message, "delivered").await,
        Then::GiveUp | Then::SwitchOff => end(transaction, message, "failed").await,
    }
}

/// What becomes of a message that told progress. The newest word counts: one that failed is only offered again while
/// there is no newer one and the work goes on.
async fn progressed(
    transaction: &Transaction<'_>,
    message: i64,
    held: &Held,
    then: Then,
    now: Timestamp,
    works: bool,
) -> Result<()> {
    let next = match then {
        Then::RetryAt(time) => stored_time(time),
        _ => now,
    };
    let newer = execute(
        transaction,
        "UPDATE message SET due_at = $5 WHERE report = $1 AND event = $2 AND endpoint IS NOT DISTINCT FROM $3
             AND address IS NOT DISTINCT FROM $4 AND token IS NULL AND due_at IS NOT NULL",
        &[
            &held.report.map(uuid),
            &held.event.name(),
            &held.endpoint.map(endpoint_uuid),
            &held.address,
            &next.as_millisecond(),
        ],
    )
    .await?;
    match then {
        _ if newer > 0 => delete(transaction, message).await,
        Then::RetryAt(_) if works && !held.is_disabled => again(transaction, message, next).await,
        _ => delete(transaction, message).await,
    }
}

/// It is sent again.
async fn again(transaction: &Transaction<'_>, message: i64, due: Timestamp) -> Result<()> {
    let sql = "UPDATE message SET due_at = $2, token = NULL WHERE id = $1";
    execute(transaction, sql, &[&message, &due.as_millisecond()]).await.map(drop)
}

/// It is not sent again, unless it is replayed.
async fn end(transaction: &Transaction<'_>, message: i64, state: &str) -> Result<()> {
    let sql = "UPDATE message SET state = $2, due_at = NULL, token = NULL WHERE id = $1";
    execute(transaction, sql, &[&message, &state]).await.map(drop)
}

async fn delete(transaction: &Transaction<'_>, message: i64) -> Result<()> {
    execute(transaction, "DELETE FROM message WHERE id = $1", &[&message]).await.map(drop)
}

/// What the attempt says about the endpoint. A trial says nothing: its owner is looking.
async fn judge(
    transaction: &Transaction<'_>,
    id: EndpointId,
    held: &Held,
    attempted: &Attempted,
    now: Timestamp,
) -> Result<()> {
    match (held.event, attempted.then) {
        // who could not be asked has said nothing
        (EventType::Consent, _) if attempted.error.is_some() => Ok(()),
        (EventType::Consent, then) => log::consented(transaction, id, then == Then::Delivered).await,
        (_, Then::SwitchOff) => log::disable(transaction, id, "it answered that it is gone (410)").await,
        (EventType::Test, _) => Ok(()),
        (_, Then::Delivered) => log::healthy(transaction, id).await,
        _ => {
            let since = log::failing(transaction, id, now).await?;
            let patience = SignedDuration::try_from(PATIENCE).unwrap_or(SignedDuration::MAX);
            if since.is_some_and(|since| now.duration_since(since) >= patience) {
                log::disable(transaction, id, "nothing but failures for 120 hours").await?;
            }
            Ok(())
        }
    }
}

/// Notes the attempt in the report, if the report still is where the message says.
fn note(unit: &mut Unit, held: Held, attempted: &Attempted) {
    let Some(report) = held.report.filter(|_| EventType::ENDS.contains(&held.event)) else { return };
    let Some(row) = unit.rows.get(&report) else { return };
    let record = &row.kept.record;
    if record.status == Status::Expired || EventId::of(record).to_string() != held.event_id {
        return;
    }
    let received = attempted.then == Then::Delivered;
    let proof = received.then_some(match held.channel {
        Channel::Email => Proof::Flushed,
        _ => Proof::Http2xx,
    });
    let attempt = Attempt {
        channel: held.channel,
        event_id: held.event_id,
        at: unit.now,
        endpoint: held.endpoint.map(|id| id.to_string()),
        attempt: u32::try_from(held.attempt).ok(),
        status: attempted.status,
        proof,
        error: attempted.error.clone(),
    };
    let record = transitions::told(record.clone(), attempt, unit.now);
    unit.save(record);
}
