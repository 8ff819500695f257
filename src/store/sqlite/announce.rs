//! Messages that are written with the state that they tell.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{
    endpoints::{self, Registered},
    lanes,
    rows::{Id, Json, Millis},
    writer::Unit,
};
use crate::{
    report::{Channel, EndpointId, EventId, EventType, Record},
    store::{
        Result,
        announce::{endpoint_way, news, planned},
    },
};

/// A message that is to be written.
pub(super) struct New<'a> {
    pub(super) event: EventType,
    pub(super) event_id: &'a str,
    pub(super) record: Option<&'a Record>,
    pub(super) channel: Channel,
    pub(super) endpoint: Option<EndpointId>,
    pub(super) address: Option<&'a str>,
    pub(super) lane: &'a str,
    pub(super) fallback: bool,
    pub(super) due_at: Timestamp,
}

/// Writes the messages that `record`, which was just saved, gives rise to.
pub(super) fn announce(unit: &mut Unit<'_>, record: &Record) -> Result<()> {
    let Some(event) = news(record) else { return Ok(()) };
    let event_id = EventId::of(record).to_string();
    if event != EventType::Progress {
        // the end says more than any progress before it
        unit.connection
            .prepare_cached("DELETE FROM message WHERE report = ?1 AND event = ?2 AND token IS NULL")?
            .execute(params![Id(record.id), EventType::Progress.name()])?;
    }
    for Registered { id, url, .. } in endpoints::listening(unit, event)? {
        let (channel, lane) = endpoint_way(id, &url);
        let new = New {
            event,
            event_id: &event_id,
            record: Some(record),
            channel,
            endpoint: Some(id),
            address: None,
            lane: &lane,
            fallback: false,
            due_at: unit.now,
        };
        put(unit, new)?;
    }
    for own in planned(record, event, unit.now) {
        let new = New {
            event,
            event_id: &event_id,
            record: Some(record),
            channel: own.channel,
            endpoint: None,
            address: Some(&own.address),
            lane: &own.lane,
            fallback: own.fallback,
            due_at: own.due_at,
        };
        put(unit, new)?;
    }
    Ok(())
}

/// Writes a message. Progress takes the place of progress that was not told yet, and its turn, too: the last word
/// counts, and one at a time is on its way.
pub(super) fn put(unit: &mut Unit<'_>, new: New<'_>) -> Result<()> {
    let (due_at, attempts) = match new.event {
        EventType::Progress => take_place(unit, &new)?.unwrap_or((new.due_at, 0)),
        _ => (new.due_at, 0),
    };
    unit.connection
        .prepare_cached(
            "INSERT INTO message (event, event_id, report, record, channel, endpoint, address, lane, fallback,
                 state, created_at, due_at, token, attempt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', ?10, ?11, NULL, ?12)",
        )?
        .execute(params![
            new.event.name(),
            new.event_id,
            new.record.map(|record| Id(record.id)),
            new.record.map(Json),
            Json(new.channel),
            new.endpoint.map(|id| id.as_bytes().to_vec()),
            new.address,
            new.lane,
            new.fallback,
            Millis(unit.now),
            Millis(due_at),
            attempts,
        ])?;
    lanes::put(unit, new.lane, due_at)
}

/// Removes the progress that waits for the same target, and returns its turn: when it was due, after how many
/// attempts. While one is on its way, the turn comes when that has ended.
fn take_place(unit: &Unit<'_>, new: &New<'_>) -> Result<Option<(Timestamp, u32)>> {
    let report = new.record.map(|record| Id(record.id));
    let endpoint = new.endpoint.map(|id| id.as_bytes().to_vec());
    let turn = unit
        .connection
        .prepare_cached(
            "SELECT due_at, attempt FROM message WHERE report = ?1 AND event = ?2 AND endpoint IS ?3
                 AND address IS ?4 AND due_at IS NOT NULL ORDER BY due_at DESC LIMIT 1",
        )?
        .query_row(params![report, new.event.name(), endpoint, new.address], |row| {
            Ok((row.get::<_, Millis>(0)?.0, row.get(1)?))
        })
        .optional()?;
    unit.connection
        .prepare_cached(
            "DELETE FROM message WHERE report = ?1 AND event = ?2 AND endpoint IS ?3 AND address IS ?4
                 AND token IS NULL",
        )?
        .execute(params![report, new.event.name(), endpoint, new.address])?;
    Ok(turn)
}
