//! Registered endpoints and the log of what they were told. Each public function is one job of the writer, part
//! of one, or a query.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, types::ToSqlOutput};
use serde::{Deserialize, Serialize};

use super::{
    announce::{New, put},
    lanes,
    outbox::Held,
    rows::{Count, Json, Millis, Word},
    sweep::BATCH,
    writer::Unit,
};
use crate::{
    report::{Endpoint, EndpointId, EndpointState, EventType, Owner},
    store::{
        Attempted, Logged, MOST_ENDPOINTS, NewEndpoint, Replay, Result, StoreError,
        announce::{endpoint_way, own_event_id, own_lane},
        archive::StoredSecret,
        transitions::later,
    },
};

/// A secret, and until when it is valid; the newest one without end.
#[derive(Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) secret: String,
    until: Option<Timestamp>,
}

impl Secret {
    pub(super) fn is_valid(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl From<Secret> for StoredSecret {
    fn from(Secret { secret, until }: Secret) -> Self {
        Self { secret, until }
    }
}

/// An endpoint that is to be told something.
pub(super) struct Registered {
    pub(super) id: EndpointId,
    pub(super) url: String,
    events: Vec<EventType>,
}

struct Key(EndpointId);

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_bytes().as_slice().into())
    }
}

const COLUMNS: &str =
    "SELECT id, url, description, events, state, reason, consented, created_at, failing_since FROM endpoint";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Endpoint> {
    Ok(Endpoint {
        id: EndpointId::from_bytes(row.get(0)?),
        url: row.get(1)?,
        description: row.get(2)?,
        events: row.get::<_, Json<_>>(3)?.0,
        state: row.get::<_, Word<EndpointState>>(4)?.0,
        reason: row.get(5)?,
        consented: row.get(6)?,
        created_at: row.get::<_, Millis>(7)?.0,
        failing_since: row.get::<_, Option<Millis>>(8)?.map(|time| time.0),
    })
}

/// The endpoint.
pub(super) fn fetch(connection: &Connection, id: EndpointId) -> Result<Endpoint> {
    connection
        .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_row([Key(id)], read)
        .optional()?
        .ok_or(StoreError::NotFound)
}

/// Refuses whoever is not its owner, with the word for what there is not.
pub(super) fn check(connection: &Connection, owner: &Owner, id: EndpointId) -> Result<()> {
    connection
        .prepare_cached("SELECT 1 FROM endpoint WHERE id = ?1 AND owner = ?2")?
        .query_row(params![Key(id), owner.name()], |_| Ok(()))
        .optional()?
        .ok_or(StoreError::NotFound)
}

/// All of an owner's, the oldest first.
pub(super) fn all(connection: &Connection, owner: &Owner) -> Result<Vec<Endpoint>> {
    let all = connection
        .prepare_cached(&format!("{COLUMNS} WHERE owner = ?1 ORDER BY id"))?
        .query_map([owner.name()], read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(all)
}

/// Those of an owner for whom events of this kind are written down.
pub(super) fn listening(unit: &Unit<'_>, owner: &Owner, event: EventType) -> Result<Vec<Registered>> {
    let mut listening = unit
        .connection
        .prepare_cached("SELECT id, url, events FROM endpoint WHERE owner = ?1 AND state <> 'disabled'")?
        .query_map([owner.name()], |row| {
            Ok(Registered {
                id: EndpointId::from_bytes(row.get(0)?),
                url: row.get(1)?,
                events: row.get::<_, Json<_>>(2)?.0,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    listening.retain(|endpoint| endpoint.events.contains(&event));
    Ok(listening)
}

/// Registers an endpoint, and asks for its consent if it is one that can be asked.
pub(super) fn register(unit: &mut Unit<'_>, new: NewEndpoint) -> Result<Endpoint> {
    let count: u64 = unit
        .connection
        .prepare_cached("SELECT count(*) FROM endpoint WHERE owner = ?1")?
        .query_row([new.owner.name()], |row| row.get::<_, Count>(0))?
        .0;
    if count >= MOST_ENDPOINTS as u64 {
        return Err(StoreError::TooMany);
    }
    let id = EndpointId::generate();
    unit.connection
        .prepare_cached(
            "INSERT INTO endpoint (id, url, description, events, state, secrets, created_at, owner)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            Key(id),
            new.url,
            new.description,
            Json(new.events),
            EndpointState::Active.name(),
            Json([Secret { secret: new.secret, until: None }]),
            Millis(unit.now),
            new.owner.name(),
        ])?;
    let endpoint = fetch(unit.connection, id)?;
    ask(unit, &endpoint)?;
    Ok(endpoint)
}

/// Asks for its consent, unless it has been asked or has no ears for the question.
fn ask(unit: &mut Unit<'_>, endpoint: &Endpoint) -> Result<()> {
    if endpoint.consented.is_none() && !endpoint.url.starts_with("mailto:") {
        send(unit, endpoint, EventType::Consent)?;
    }
    Ok(())
}

/// Writes a message that is about the endpoint itself.
fn send(unit: &mut Unit<'_>, endpoint: &Endpoint, event: EventType) -> Result<String> {
    let (channel, lane) = endpoint_way(endpoint.id, &endpoint.url);
    let lane = own_lane(&lane);
    let event_id = own_event_id(event);
    let new = New {
        event,
        event_id: &event_id,
        news: None,
        channel,
        endpoint: Some(endpoint.id),
        address: None,
        lane: &lane,
        fallback: false,
        due_at: unit.now,
    };
    put(unit, new)?;
    Ok(event_id)
}

/// Lets events wait, or lets them go. A disabled endpoint begins anew when it is resumed.
pub(super) fn set_state(unit: &mut Unit<'_>, id: EndpointId, state: EndpointState) -> Result<Endpoint> {
    let before = fetch(unit.connection, id)?;
    if before.state == state || (before.state == EndpointState::Disabled && state == EndpointState::Paused) {
        return Ok(before);
    }
    unit.connection
        .prepare_cached("UPDATE endpoint SET state = ?2, reason = NULL, failing_since = NULL WHERE id = ?1")?
        .execute(params![Key(id), state.name()])?;
    let (_, lane) = endpoint_way(id, &before.url);
    lanes::pause(unit, &lane, state == EndpointState::Paused)?;
    fetch(unit.connection, id)
}

/// Switches it off; what waits for it has failed.
pub(super) fn disable(unit: &mut Unit<'_>, id: EndpointId, reason: &str) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE endpoint SET state = ?2, reason = ?3 WHERE id = ?1")?
        .execute(params![Key(id), EndpointState::Disabled.name(), reason])?;
    unit.connection
        .prepare_cached(
            "UPDATE message SET state = 'failed', due_at = NULL
             WHERE endpoint = ?1 AND state = 'pending' AND token IS NULL",
        )?
        .execute([Key(id)])?;
    Ok(())
}

/// An attempt went well.
pub(super) fn healthy(unit: &Unit<'_>, id: EndpointId) -> Result<()> {
    unit.connection
        .prepare_cached(
            "UPDATE endpoint SET failing_since = NULL WHERE id = ?1 AND failing_since IS NOT NULL",
        )?
        .execute([Key(id)])?;
    Ok(())
}

/// An attempt failed. Returns since when all of them did.
pub(super) fn failing(unit: &Unit<'_>, id: EndpointId) -> Result<Option<Timestamp>> {
    let since = unit
        .connection
        .prepare_cached(
            "UPDATE endpoint SET failing_since = coalesce(failing_since, ?2) WHERE id = ?1 RETURNING failing_since",
        )?
        .query_row(params![Key(id), Millis(unit.now)], |row| row.get::<_, Millis>(0))
        .optional()?;
    Ok(since.map(|time| time.0))
}

/// It was asked for its consent.
pub(super) fn consented(unit: &Unit<'_>, id: EndpointId, consented: bool) -> Result<()> {
    unit.connection
        .prepare_cached("UPDATE endpoint SET consented = ?2 WHERE id = ?1")?
        .execute(params![Key(id), consented])?;
    Ok(())
}

/// Signs with another secret from now on. Of the ones before it the newest stays valid for a while: with more
/// of them a leaked one could be kept alive by rotating.
pub(super) fn rotate(
    unit: &mut Unit<'_>,
    id: EndpointId,
    secret: String,
    overlap: Duration,
) -> Result<Endpoint> {
    let Json(mut secrets): Json<Vec<Secret>> = unit
        .connection
        .prepare_cached("SELECT secrets FROM endpoint WHERE id = ?1")?
        .query_row([Key(id)], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound)?;
    secrets.truncate(1);
    for old in &mut secrets {
        old.until = Some(later(unit.now, overlap));
    }
    secrets.insert(0, Secret { secret, until: None });
    unit.connection
        .prepare_cached("UPDATE endpoint SET secrets = ?2 WHERE id = ?1")?
        .execute(params![Key(id), Json(secrets)])?;
    fetch(unit.connection, id)
}

/// Removes it: from here on it is told nothing.
pub(super) fn unregister(unit: &mut Unit<'_>, id: EndpointId) -> Result<()> {
    let endpoint = fetch(unit.connection, id)?;
    unit.connection.prepare_cached("DELETE FROM endpoint WHERE id = ?1")?.execute([Key(id)])?;
    let (_, lane) = endpoint_way(id, &endpoint.url);
    lanes::remove(unit, &lane)?;
    lanes::remove(unit, &own_lane(&lane))?;
    Ok(())
}

/// Deletes what belonged to an endpoint that was removed, a batch at a time. Says whether there may be more.
pub(super) fn clear(unit: &mut Unit<'_>, id: EndpointId) -> Result<bool> {
    let batch = Count(BATCH as u64);
    let mut cleared = 0;
    for statement in [
        "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE endpoint = ?1 LIMIT ?2)",
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE endpoint = ?1 LIMIT ?2)",
    ] {
        cleared += unit.connection.prepare_cached(statement)?.execute(params![Key(id), &batch])?;
    }
    Ok(cleared >= BATCH)
}

/// Sends a test.
pub(super) fn test(unit: &mut Unit<'_>, id: EndpointId) -> Result<String> {
    let endpoint = fetch(unit.connection, id)?;
    ask(unit, &endpoint)?;
    send(unit, &endpoint, EventType::Test)
}

/// Sends again what has ended.
pub(super) fn replay(unit: &mut Unit<'_>, id: EndpointId, which: Replay) -> Result<usize> {
    let endpoint = fetch(unit.connection, id)?;
    let again = match which {
        Replay::Failed => unit
            .connection
            .prepare_cached(
                "UPDATE message SET state = 'pending', due_at = ?2, attempt = 0
                 WHERE endpoint = ?1 AND state = 'failed' AND report IS NOT NULL",
            )?
            .execute(params![Key(id), Millis(unit.now)])?,
        Replay::Event(event_id) => unit
            .connection
            .prepare_cached(
                "UPDATE message SET state = 'pending', due_at = ?2, attempt = 0
                 WHERE endpoint = ?1 AND state IN ('failed', 'delivered') AND report IS NOT NULL AND event_id = ?3",
            )?
            .execute(params![Key(id), Millis(unit.now), event_id])?,
    };
    if again > 0 {
        let now = unit.now;
        lanes::put(unit, &endpoint_way(id, &endpoint.url).1, now)?;
    }
    Ok(again)
}

/// Writes the log.
pub(super) fn log(unit: &Unit<'_>, id: EndpointId, held: &Held, attempted: &Attempted) -> Result<()> {
    unit.connection
        .prepare_cached(
            "INSERT INTO attempt (endpoint, event, event_id, number, at, took_ms, status, answer, error)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            Key(id),
            held.event.name(),
            held.event_id,
            held.attempt,
            Millis(unit.now),
            Count(u64::try_from(attempted.took.as_millis()).unwrap_or(u64::MAX)),
            attempted.status,
            attempted.answer,
            attempted.error,
        ])?;
    Ok(())
}

/// Reads the log, the newest entry first.
pub(super) fn attempts(
    connection: &Connection,
    id: EndpointId,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Logged>> {
    fetch(connection, id)?;
    let entries = connection
        .prepare_cached(
            "SELECT id, event, event_id, number, at, took_ms, status, answer, error FROM attempt
             WHERE endpoint = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        )?
        .query_map(params![Key(id), before.unwrap_or(i64::MAX), Count(limit as u64)], logged)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(entries)
}

/// Reads the columns id, event, event_id, number, at, took_ms, status, answer and error, which come first.
pub(super) fn logged(row: &Row<'_>) -> rusqlite::Result<Logged> {
    Ok(Logged {
        number: row.get(0)?,
        event: row.get::<_, Word<EventType>>(1)?.0,
        event_id: row.get(2)?,
        attempt: row.get(3)?,
        at: row.get::<_, Millis>(4)?.0,
        took_ms: row.get::<_, Count>(5)?.0,
        status: row.get(6)?,
        answer: row.get(7)?,
        error: row.get(8)?,
    })
}
