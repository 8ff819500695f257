//! Messages that are written with the state that they tell.

use rusqlite::params;

use super::{
    endpoints::{self, Registered},
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
    pub(super) due_at: jiff::Timestamp,
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

/// Writes a message. Progress takes the place of progress that was not told yet: the last word counts.
pub(super) fn put(unit: &mut Unit<'_>, new: New<'_>) -> Result<()> {
    *unit.due = true;
    let record = new.record.map(Json);
    if new.event == EventType::Progress {
        let replaced = unit
            .connection
            .prepare_cached(
                "UPDATE message SET event_id = ?5, record = ?6, created_at = ?7, attempt = 0
                 WHERE report = ?1 AND event = ?2 AND endpoint IS ?3 AND address IS ?4 AND token IS NULL
                   AND due_at IS NOT NULL",
            )?
            .execute(params![
                new.record.map(|record| Id(record.id)),
                new.event.name(),
                new.endpoint.map(|id| id.as_bytes().to_vec()),
                new.address,
                new.event_id,
                record,
                Millis(unit.now),
            ])?;
        if replaced > 0 {
            return Ok(());
        }
    }
    unit.connection
        .prepare_cached(
            "INSERT INTO message (event, event_id, report, record, channel, endpoint, address, lane, fallback,
                 state, created_at, due_at, token, attempt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', ?10, ?11, NULL, 0)",
        )?
        .execute(params![
            new.event.name(),
            new.event_id,
            new.record.map(|record| Id(record.id)),
            record,
            Json(new.channel),
            new.endpoint.map(|id| id.as_bytes().to_vec()),
            new.address,
            new.lane,
            new.fallback,
            Millis(unit.now),
            Millis(new.due_at),
        ])?;
    Ok(())
}
