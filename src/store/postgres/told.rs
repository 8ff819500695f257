//! What becomes of a message after an attempt: the log, when it is sent again, the health of its endpoint, and what the
//! report says of it, in one transaction.

use deadpool_postgres::Transaction;
use jiff::Timestamp;
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
    report::{Channel, EndpointId, EventType, ReportId, Status},
    store::{
        Attempted, MessageClaim, Result, Shares, StoreError, Then,
        told::{self, Fate, Noted, Verdict},
        transitions::stored_time,
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
    note(&mut unit, &held, attempted);
    // behind the endpoint, as whoever pauses it does
    if attempted.status.is_some() {
        let sql = "INSERT INTO lane (name, paused, silent) VALUES ($1, false, false)
             ON CONFLICT (name) DO UPDATE SET silent = false WHERE lane.silent";
        execute(transaction, sql, &[&held.lane]).await?;
    } else {
        execute(transaction, "UPDATE lane SET silent = true WHERE name = $1 AND NOT silent", &[&held.lane])
            .await?;
    }
    unit.write(transaction).await?;
    Ok(unit)
}

/// What becomes of a message.
async fn ended(transaction: &Transaction<'_>, message: i64, held: &Held, then: Then) -> Result<()> {
    match told::fate(then, held.is_disabled, held.endpoint.is_some() && held.report.is_some()) {
        Fate::Again(time) => again(transaction, message, time).await,
        Fate::Kept(state) => end(transaction, message, state).await,
        Fate::Gone => delete(transaction, message).await,
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

/// What the attempt says about the endpoint.
async fn judge(
    transaction: &Transaction<'_>,
    id: EndpointId,
    held: &Held,
    attempted: &Attempted,
    now: Timestamp,
) -> Result<()> {
    match told::verdict(held.event, attempted) {
        Verdict::Nothing => Ok(()),
        Verdict::Consented(consented) => log::consented(transaction, id, consented).await,
        Verdict::Gone => log::disable(transaction, id, told::GONE).await,
        Verdict::Healthy => log::healthy(transaction, id).await,
        Verdict::Failing => {
            let since = log::failing(transaction, id, now).await?;
            if told::is_worn_out(since, now) {
                log::disable(transaction, id, told::WORN_OUT).await?;
            }
            Ok(())
        }
    }
}

/// Notes the attempt in the report.
fn note(unit: &mut Unit, held: &Held, attempted: &Attempted) {
    let row = held.report.and_then(|report| unit.rows.get(&report));
    let noted = Noted {
        event: held.event,
        event_id: &held.event_id,
        channel: held.channel,
        endpoint: held.endpoint,
        number: u32::try_from(held.attempt).unwrap_or(0),
        attempted,
    };
    if let Some(record) = row.and_then(|row| told::noted(&row.kept.record, &noted, unit.now)) {
        unit.save(record);
    }
}
