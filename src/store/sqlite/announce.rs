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
    pub(super) news: Option<News>,
    pub(super) channel: Channel,
    pub(super) endpoint: Option<EndpointId>,
    pub(super) address: Option<&'a str>,
    pub(super) lane: &'a str,
    pub(super) fallback: bool,
    pub(super) due_at: Timestamp,
}

/// What a message tells of a report.
#[derive(Clone, Copy)]
pub(super) struct News {
    report: Id,
    /// The row that holds the record.
    row: i64,
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
    let listening = endpoints::listening(unit, &record.owner, event)?;
    let planned = planned(record, event, unit.now);
    if listening.is_empty() && planned.is_empty() {
        return Ok(());
    }
    unit.connection.prepare_cached("INSERT INTO news (record) VALUES (?1)")?.execute([Json(record)])?;
    let news = Some(News { report: Id(record.id), row: unit.connection.last_insert_rowid() });
    for Registered { id, url, .. } in listening {
        let (channel, lane) = endpoint_way(id, &url);
        let new = New {
            event,
            event_id: &event_id,
            news,
            channel,
            endpoint: Some(id),
            address: None,
            lane: &lane,
            fallback: false,
            due_at: unit.now,
        };
        put(unit, new)?;
    }
    for own in planned {
        let new = New {
            event,
            event_id: &event_id,
            news,
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
            "INSERT INTO message (event, event_id, report, news, channel, endpoint, address, lane, fallback,
                 state, created_at, due_at, token, attempt)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', ?10, ?11, NULL, ?12)",
        )?
        .execute(params![
            new.event.name(),
            new.event_id,
            new.news.map(|news| news.report),
            new.news.map(|news| news.row),
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
    let report = new.news.map(|news| news.report);
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
