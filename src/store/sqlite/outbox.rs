//! The messages that are due, and the claims on them. Each public function is one job of the writer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::{
    endpoints,
    queries::fetch,
    rows::{Count, Id, Json, Kept, Millis, Word, save},
    writer::Unit,
};
use crate::{
    report::{Attempt, Channel, EndpointId, EndpointState, EventId, EventType, Proof, Record, ReportId},
    store::{
        Attempted, ClaimedMessages, Message, MessageClaim, Result, Room, StoreError, Target, Then,
        announce::{KEPT, PATIENCE},
        transitions::{self, later, stored_time},
    },
};

/// Frees every lease, and counts the attempt that was under it as none: it ended with its process, and the
/// receiver may never have heard of it.
pub(super) fn free_all(connection: &Connection, now: Timestamp) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE message SET token = NULL, due_at = ?1, attempt = attempt - 1 WHERE token IS NOT NULL",
        [Millis(stored_time(now))],
    )
}

/// Takes messages that are due, lane by lane.
pub(super) fn claim(unit: &mut Unit<'_>, lease: Duration, room: &Room) -> Result<ClaimedMessages> {
    let mut claimed = ClaimedMessages::default();
    let lanes = lanes(unit.connection)?;
    let first = lanes.partition_point(|lane| *lane <= room.after);
    for lane in lanes[first..].iter().chain(&lanes[..first]) {
        let busy = room.busy.get(lane).copied().unwrap_or(0);
        let left = room.limit.saturating_sub(claimed.messages.len()).min(room.per_lane.saturating_sub(busy));
        if left == 0 {
            continue;
        }
        let due = due(unit, lane, left)?;
        for (message, paused) in due {
            if paused && message.record.is_some() {
                continue;
            }
            if let Some(message) = take(unit, message, lease)? {
                claimed.messages.push(message);
            }
        }
        let next: Option<Millis> = unit
            .connection
            .prepare_cached("SELECT min(due_at) FROM message WHERE lane = ?1 AND due_at > ?2")?
            .query_row(params![lane, Millis(unit.now)], |row| row.get(0))?;
        let next = next.map(|next| next.0);
        claimed.next_due = claimed.next_due.into_iter().chain(next).min();
    }
    Ok(claimed)
}

/// Every lane in which something waits. A walk that skips from one to the next over the index, because a
/// dead endpoint may have a hundred thousand messages in its lane.
fn lanes(connection: &Connection) -> Result<Vec<String>> {
    let mut next = connection.prepare_cached(
        "SELECT lane FROM message WHERE due_at IS NOT NULL AND lane > ?1 ORDER BY lane LIMIT 1",
    )?;
    let mut lanes: Vec<String> = Vec::new();
    while let Some(lane) =
        next.query_row([lanes.last().map_or("", String::as_str)], |row| row.get(0)).optional()?
    {
        lanes.push(lane);
    }
    Ok(lanes)
}

/// Those of a lane that have been due for longest, each with whether its endpoint is paused.
fn due(unit: &Unit<'_>, lane: &str, limit: usize) -> Result<Vec<(Message, bool)>> {
    let due = unit
        .connection
        .prepare_cached(
            "SELECT message.id, event, event_id, message.created_at, attempt, channel, endpoint, address, record,
                 fallback, report, endpoint.url, endpoint.secrets, endpoint.state
             FROM message LEFT JOIN endpoint ON endpoint.id = message.endpoint
             WHERE lane = ?1 AND due_at IS NOT NULL AND due_at <= ?2 ORDER BY due_at, message.id LIMIT ?3",
        )?
        .query_map(params![lane, Millis(unit.now), Count(limit as u64)], |row| read(row, lane, unit.now))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(due)
}

fn read(row: &Row<'_>, lane: &str, now: Timestamp) -> rusqlite::Result<(Message, bool)> {
    let url: Option<String> = row.get(11)?;
    let secrets =
        row.get::<_, Option<Json<Vec<endpoints::Secret>>>>(12)?.map_or_else(Vec::new, |json| json.0);
    let state = row.get::<_, Option<Word<EndpointState>>>(13)?;
    let address: Option<String> = row.get(7)?;
    let message = Message {
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
    };
    Ok((message, state.is_some_and(|state| state.0 == EndpointState::Paused)))
}

/// Claims one message; or drops it, when it was for the case that nobody knows and somebody does.
fn take(unit: &mut Unit<'_>, message: Message, lease: Duration) -> Result<Option<Message>> {
    if is_needless(unit, &message)? {
        unit.connection
            .prepare_cached("DELETE FROM message WHERE id = ?1")?
            .execute([message.claim.message])?;
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
    let Some(told) = message.record.as_ref().filter(|_| fallback) else { return Ok(false) };
    match fetch(unit.connection, told.id) {
        // another end has taken the place of the one that this message tells
        Ok(Kept { record, .. }) => {
            Ok(record.delivery.state.is_known() || record.settled_version != told.settled_version)
        }
        // the report expired while nobody knew: the news is still owed
        Err(StoreError::Gone | StoreError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Ends the claim.
pub(super) fn settle(unit: &mut Unit<'_>, claim: &MessageClaim, attempted: Attempted) -> Result<()> {
    let held = unit
        .connection
        .prepare_cached(
            "SELECT event, event_id, report, channel, endpoint, attempt FROM message WHERE id = ?1 AND token = ?2",
        )?
        .query_row(params![claim.message, claim.token.as_bytes().as_slice()], |row| {
            Ok(Held {
                event: row.get::<_, Word<EventType>>(0)?.0,
                event_id: row.get(1)?,
                report: row.get::<_, Option<Id>>(2)?.map(|id| id.0),
                channel: row.get::<_, Json<Channel>>(3)?.0,
                endpoint: row.get::<_, Option<[u8; 16]>>(4)?.map(EndpointId::from_bytes),
                attempt: row.get(5)?,
            })
        })
        .optional()?
        .ok_or(StoreError::ClaimLost)?;
    match attempted.then {
        Then::RetryAt(time) => finish(unit, claim, "pending", Some(stored_time(time)))?,
        Then::Delivered => finish(unit, claim, "delivered", None)?,
        Then::GiveUp | Then::SwitchOff => finish(unit, claim, "failed", None)?,
    }
    if let Some(endpoint) = held.endpoint {
        endpoints::log(unit, endpoint, &held, &attempted)?;
        judge(unit, endpoint, &held, &attempted)?;
    }
    note(unit, held, attempted)
}

/// What is known of a message whose attempt has ended.
pub(super) struct Held {
    pub(super) event: EventType,
    pub(super) event_id: String,
    report: Option<ReportId>,
    channel: Channel,
    endpoint: Option<EndpointId>,
    pub(super) attempt: u32,
}

fn finish(unit: &Unit<'_>, claim: &MessageClaim, state: &str, due: Option<Timestamp>) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE message SET state = ?2, due_at = ?3, token = NULL WHERE id = ?1")?
        .execute(params![claim.message, state, due.map(Millis)])?;
    Ok(())
}

/// What the attempt says about the endpoint. A trial says nothing: its owner is looking.
fn judge(unit: &mut Unit<'_>, id: EndpointId, held: &Held, attempted: &Attempted) -> Result<()> {
    match (held.event, attempted.then) {
        (EventType::Consent, then) => endpoints::consented(unit, id, then == Then::Delivered),
        (_, Then::SwitchOff) => endpoints::disable(unit, id, "it answered that it is gone (410)"),
        (EventType::Test, _) => Ok(()),
        (_, Then::Delivered) => endpoints::healthy(unit, id),
        _ => {
            let since = endpoints::failing(unit, id)?;
            let patience = SignedDuration::try_from(PATIENCE).unwrap_or(SignedDuration::MAX);
            if since.is_some_and(|since| unit.now.duration_since(since) >= patience) {
                endpoints::disable(unit, id, "nothing but failures for 120 hours")?;
            }
            Ok(())
        }
    }
}

/// Notes the attempt in the report, if the report still is where the message says.
fn note(unit: &mut Unit<'_>, held: Held, attempted: Attempted) -> Result<()> {
    let Some(report) = held.report.filter(|_| EventType::ENDS.contains(&held.event)) else { return Ok(()) };
    let record = match fetch(unit.connection, report) {
        Ok(Kept { record, .. }) => record,
        Err(StoreError::Gone | StoreError::NotFound) => return Ok(()),
        Err(error) => return Err(error),
    };
    if EventId::of(&record).to_string() != held.event_id {
        return Ok(());
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
        attempt: Some(held.attempt),
        status: attempted.status,
        proof,
        error: attempted.error,
    };
    let record = transitions::told(record, attempt, unit.now);
    save(unit, record).map(drop)
}

/// Messages and log entries that are too old to be of use. Says whether there may be more.
pub(super) fn forget(unit: &mut Unit<'_>) -> Result<bool> {
    let before =
        unit.now.as_millisecond().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX));
    let batch = Count(super::sweep::BATCH as u64);
    let mut forgotten = 0;
    for statement in [
        "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE created_at <= ?1 AND token IS NULL LIMIT ?2)",
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE at <= ?1 LIMIT ?2)",
    ] {
        forgotten += unit.connection.prepare_cached(statement)?.execute(params![before, &batch])?;
    }
    Ok(forgotten >= super::sweep::BATCH)
}
