//! The messages that are due, and the claims on them. Each public function is one job of the writer.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::{
    endpoints, lanes,
    queries::{fetch, fetch_even_gone},
    rows::{Count, Id, Json, Kept, Millis, Word, save},
    writer::Unit,
};
use crate::{
    report::{Channel, EndpointId, EventType, Record, ReportId, Status},
    store::{
        Attempted, ClaimedMessages, Message, MessageClaim, Result, Room, StoreError, Target, Then,
        announce::KEPT,
        told::{self, Fate, Noted, PROBATION, Verdict},
        transitions::{later, stored_time},
    },
};

/// Frees every lease, and counts the attempt that was under it as none: it ended with its process, and the
/// receiver may never have heard of it.
pub(super) fn free_all(connection: &Connection, now: Timestamp) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE message SET token = NULL, state = 'failed', due_at = NULL WHERE token IS NOT NULL
             AND endpoint IN (SELECT id FROM endpoint WHERE state = 'disabled') AND report IS NOT NULL",
        [],
    )?;
    let freed = connection.execute(
        "UPDATE message SET token = NULL, due_at = ?1, attempt = attempt - 1 WHERE token IS NOT NULL",
        [Millis(stored_time(now))],
    )?;
    lanes::rebuild(connection)?;
    Ok(freed)
}

/// Takes messages that are due, lane by lane.
pub(super) fn claim(unit: &mut Unit<'_>, lease: Duration, room: &Room) -> Result<ClaimedMessages> {
    let mut claimed = ClaimedMessages { next_due: lanes::next_due(unit)?, ..ClaimedMessages::default() };
    for lane in lanes::due(unit, &room.after)? {
        let whole = room.limit.saturating_sub(claimed.messages.len());
        if whole == 0 {
            claimed.crowded = true;
            break;
        }
        let busy = room.busy.get(&lane.name).copied().unwrap_or(0);
        let most = if lane.silent { room.per_lane.min(PROBATION) } else { room.per_lane };
        let left = whole.min(most.saturating_sub(busy));
        if left == 0 {
            claimed.crowded = true;
            continue;
        }
        let found = due(unit, &lane.name, left)?;
        let is_more = found.len() == left;
        let before = claimed.messages.len();
        for (id, message) in found {
            match message {
                Ok(message) => claimed.messages.extend(take(unit, message, lease)?),
                // one row that cannot be read must not keep all others from being sent
                Err(error) => {
                    tracing::error!(message = id, %error, "a message cannot be read and is given up");
                    end(unit, id, "failed")?;
                }
            }
        }
        lanes::put_right(unit, &lane.name)?;
        if is_more && claimed.messages.len() - before < left {
            // some were needless, and others stand behind them
            claimed.next_due = Some(unit.now);
        }
        claimed.crowded |= is_more;
    }
    Ok(claimed)
}

type Found = (i64, rusqlite::Result<Message>);

/// Those of a lane that have been due for longest.
fn due(unit: &Unit<'_>, lane: &str, limit: usize) -> Result<Vec<Found>> {
    let due = unit
        .connection
        .prepare_cached(
            "SELECT message.id, event, event_id, message.created_at, attempt, channel, endpoint, address, record,
                 endpoint.url, endpoint.secrets
             FROM message LEFT JOIN endpoint ON endpoint.id = message.endpoint
                 LEFT JOIN news ON news.id = message.news
             WHERE lane = ?1 AND due_at IS NOT NULL AND due_at <= ?2 ORDER BY due_at, message.id LIMIT ?3",
        )?
        .query_map(params![lane, Millis(unit.now), Count(limit as u64)], |row| {
            Ok((row.get(0)?, read(row, lane, unit.now)))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(due)
}

fn read(row: &Row<'_>, lane: &str, now: Timestamp) -> rusqlite::Result<Message> {
    let url: Option<String> = row.get(9)?;
    let secrets =
        row.get::<_, Option<Json<Vec<endpoints::Secret>>>>(10)?.map_or_else(Vec::new, |json| json.0);
    let address: Option<String> = row.get(7)?;
    Ok(Message {
        claim: MessageClaim { message: row.get(0)?, token: Uuid::nil() },
        event: row.get::<_, Word<EventType>>(1)?.0,
        event_id: row.get(2)?,
        created_at: row.get::<_, Millis>(3)?.0,
        attempt: row.get::<_, u32>(4)?,
        lane: lane.to_owned(),
        target: Target {
            channel: row.get::<_, Json<Channel>>(5)?.0,
            endpoint: row.get::<_, Option<[u8; 16]>>(6)?.map(EndpointId::from_bytes),
            address: url.or(address).unwrap_or_default(),
            secrets: secrets.into_iter().filter(|one| one.is_valid(now)).map(|one| one.secret).collect(),
        },
        record: row.get::<_, Option<Json<Record>>>(8)?.map(|json| json.0),
    })
}

/// Claims one message; or drops it, when it need not be sent any more.
fn take(unit: &mut Unit<'_>, message: Message, lease: Duration) -> Result<Option<Message>> {
    if is_needless(unit, &message)? {
        delete(unit, message.claim.message)?;
        return Ok(None);
    }
    let claim = MessageClaim { token: Uuid::new_v4(), ..message.claim };
    let attempt = message.attempt + 1;
    unit.connection
        .prepare_cached("UPDATE message SET due_at = ?2, token = ?3, attempt = ?4 WHERE id = ?1")?
        .execute(params![
            claim.message,
            Millis(later(unit.now, lease)),
            claim.token.as_bytes().as_slice(),
            attempt
        ])?;
    Ok(Some(Message { claim, attempt, ..message }))
}

fn is_needless(unit: &Unit<'_>, message: &Message) -> Result<bool> {
    let fallback: bool = unit
        .connection
        .prepare_cached("SELECT fallback FROM message WHERE id = ?1")?
        .query_row([message.claim.message], |row| row.get(0))?;
    let Some(told) = message.record.as_ref().filter(|_| fallback || message.event == EventType::Progress)
    else {
        return Ok(false);
    };
    match fetch_even_gone(unit.connection, told.id) {
        Ok(Kept { record, .. }) => Ok(told::is_old(message.event, told, Some(&record))),
        Err(StoreError::NotFound) => Ok(told::is_old(message.event, told, None)),
        Err(error) => Err(error),
    }
}

/// Ends the claim.
pub(super) fn settle(unit: &mut Unit<'_>, claim: &MessageClaim, attempted: Attempted) -> Result<()> {
    let held = unit
        .connection
        .prepare_cached(
            "SELECT event, event_id, report, channel, endpoint, attempt, lane, address,
                 endpoint.state IS 'disabled'
             FROM message LEFT JOIN endpoint ON endpoint.id = message.endpoint
             WHERE message.id = ?1 AND token = ?2",
        )?
        .query_row(params![claim.message, claim.token.as_bytes().as_slice()], |row| {
            Ok(Held {
                event: row.get::<_, Word<EventType>>(0)?.0,
                event_id: row.get(1)?,
                report: row.get::<_, Option<Id>>(2)?.map(|id| id.0),
                channel: row.get::<_, Json<Channel>>(3)?.0,
                endpoint: row.get::<_, Option<[u8; 16]>>(4)?.map(EndpointId::from_bytes),
                attempt: row.get(5)?,
                lane: row.get(6)?,
                address: row.get(7)?,
                is_disabled: row.get(8)?,
            })
        })
        .optional()?
        .ok_or(StoreError::ClaimLost)?;
    lanes::answered(unit, &held.lane, attempted.status.is_some())?;
    if held.event == EventType::Progress {
        progressed(unit, claim.message, &held, attempted.then)?;
    } else {
        ended(unit, claim.message, &held, attempted.then)?;
    }
    if let Some(endpoint) = held.endpoint {
        endpoints::log(unit, endpoint, &held, &attempted)?;
        judge(unit, endpoint, &held, &attempted)?;
    }
    lanes::put_right(unit, &held.lane)?;
    note(unit, &held, &attempted)
}

/// What becomes of a message.
fn ended(unit: &mut Unit<'_>, id: i64, held: &Held, then: Then) -> Result<()> {
    match told::fate(then, held.is_disabled, held.endpoint.is_some() && held.report.is_some()) {
        Fate::Again(time) => again(unit, id, &held.lane, time),
        Fate::Kept(state) => end(unit, id, state),
        Fate::Gone => delete(unit, id),
    }
}

/// What becomes of a message that told progress. The newest word counts: one that failed is only offered again
/// while there is no newer one and the work goes on.
fn progressed(unit: &mut Unit<'_>, id: i64, held: &Held, then: Then) -> Result<()> {
    let next = match then {
        Then::RetryAt(time) => stored_time(time),
        _ => unit.now,
    };
    let newer = unit
        .connection
        .prepare_cached(
            "UPDATE message SET due_at = ?5 WHERE report = ?1 AND event = ?2 AND endpoint IS ?3
                 AND address IS ?4 AND token IS NULL AND due_at IS NOT NULL",
        )?
        .execute(params![
            held.report.map(Id),
            held.event.name(),
            held.endpoint.map(|id| id.as_bytes().to_vec()),
            held.address,
            Millis(next),
        ])?;
    if newer > 0 {
        lanes::put(unit, &held.lane, next)?;
        return delete(unit, id);
    }
    let works = held.report.is_some_and(|report| {
        fetch(unit.connection, report).is_ok_and(|kept| kept.record.status == Status::Generating)
    });
    match then {
        Then::RetryAt(_) if works && !held.is_disabled => again(unit, id, &held.lane, next),
        _ => delete(unit, id),
    }
}

/// What is known of a message whose attempt has ended.
pub(super) struct Held {
    pub(super) event: EventType,
    pub(super) event_id: String,
    report: Option<ReportId>,
    channel: Channel,
    endpoint: Option<EndpointId>,
    pub(super) attempt: u32,
    lane: String,
    address: Option<String>,
    is_disabled: bool,
}

/// It is sent again.
fn again(unit: &mut Unit<'_>, id: i64, lane: &str, due: Timestamp) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE message SET due_at = ?2, token = NULL WHERE id = ?1")?
        .execute(params![id, Millis(due)])?;
    lanes::put(unit, lane, due)
}

/// It is not sent again, unless it is replayed.
fn end(unit: &Unit<'_>, id: i64, state: &str) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE message SET state = ?2, due_at = NULL, token = NULL WHERE id = ?1")?
        .execute(params![id, state])?;
    Ok(())
}

fn delete(unit: &Unit<'_>, id: i64) -> Result<()> {
    unit.connection.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// What the attempt says about the endpoint.
fn judge(unit: &mut Unit<'_>, id: EndpointId, held: &Held, attempted: &Attempted) -> Result<()> {
    match told::verdict(held.event, attempted) {
        Verdict::Nothing => Ok(()),
        Verdict::Consented(consented) => endpoints::consented(unit, id, consented),
        Verdict::Gone => endpoints::disable(unit, id, told::GONE),
        Verdict::Healthy => endpoints::healthy(unit, id),
        Verdict::Failing => {
            let since = endpoints::failing(unit, id)?;
            if told::is_worn_out(since, unit.now) {
                endpoints::disable(unit, id, told::WORN_OUT)?;
            }
            Ok(())
        }
    }
}

/// Notes the attempt in the report.
fn note(unit: &mut Unit<'_>, held: &Held, attempted: &Attempted) -> Result<()> {
    let Some(report) = held.report else { return Ok(()) };
    let record = match fetch(unit.connection, report) {
        Ok(Kept { record, .. }) => record,
        Err(StoreError::Gone | StoreError::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    let noted = Noted {
        event: held.event,
        event_id: &held.event_id,
        channel: held.channel,
        endpoint: held.endpoint,
        number: held.attempt,
        attempted,
    };
    match told::noted(&record, &noted, unit.now) {
        Some(record) => save(unit, record).map(drop),
        None => Ok(()),
    }
}

/// Messages and log entries that are too old to be of use. Says whether there may be more.
pub(super) fn forget(unit: &mut Unit<'_>) -> Result<bool> {
    let before =
        unit.now.as_millisecond().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
    let batch = Count(super::sweep::BATCH as u64);
    lanes::forget(unit)?;
    let mut forgotten = 0;
    for statement in [
        "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE created_at <= ?1 AND token IS NULL AND
             (due_at IS NULL OR endpoint IN (SELECT id FROM endpoint WHERE state = 'paused')
              OR (endpoint IS NOT NULL AND endpoint NOT IN (SELECT id FROM endpoint))) LIMIT ?2)",
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE at <= ?1 LIMIT ?2)",
    ] {
        forgotten += unit.connection.prepare_cached(statement)?.execute(params![before, &batch])?;
    }
    Ok(forgotten >= super::sweep::BATCH)
}
