//! Messages that are written with the state that they tell.

use std::collections::BTreeSet;

use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::{from_json, to_json, uuid};
use crate::{
    report::{Channel, EndpointId, EventId, EventType, Record},
    store::{
        Result,
        announce::{endpoint_way, planned},
    },
};

/// A message that is to be written.
pub(super) struct New<'a> {
    pub(super) event: EventType,
    pub(super) event_id: &'a str,
    /// The report, and the row that holds the record that is told.
    pub(super) news: Option<(Uuid, Uuid)>,
    pub(super) channel: Channel,
    pub(super) endpoint: Option<EndpointId>,
    pub(super) address: Option<&'a str>,
    pub(super) lane: &'a str,
    pub(super) fallback: bool,
    pub(super) due_at: Timestamp,
}

/// An endpoint that is told something.
struct Listening {
    id: EndpointId,
    owner: String,
    url: String,
    events: Vec<EventType>,
}

impl Listening {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: EndpointId::from_bytes(row.try_get::<_, Uuid>(0)?.into_bytes()),
            owner: row.try_get(1)?,
            url: row.try_get(2)?,
            events: from_json(row.try_get(3)?)?,
        })
    }
}

/// Writes the messages that these records, which were just saved, give rise to. Returns whether there were any.
pub(super) async fn announce(
    transaction: &Transaction<'_>,
    now: Timestamp,
    news: &[(EventType, Record)],
) -> Result<bool> {
    if news.is_empty() {
        return Ok(false);
    }
    let ended = news.iter().filter(|(event, _)| *event != EventType::Progress);
    let ended: Vec<Uuid> = ended.map(|(_, record)| uuid(record.id)).collect();
    if !ended.is_empty() {
        // the end says more than any progress before it
        let statement = transaction
            .prepare_cached("DELETE FROM message WHERE report = ANY($1) AND event = $2 AND token IS NULL")
            .await?;
        transaction.execute(&statement, &[&ended, &EventType::Progress.name()]).await?;
    }
    let owners: BTreeSet<&str> = news.iter().map(|(_, record)| record.owner.name()).collect();
    let owners: Vec<&str> = owners.into_iter().collect();
    let statement = transaction
        .prepare_cached(
            "SELECT id, owner, url, events FROM endpoint WHERE owner = ANY($1) AND state <> 'disabled' ORDER BY id",
        )
        .await?;
    let rows = transaction.query(&statement, &[&owners]).await?;
    let listening = rows.iter().map(Listening::read).collect::<Result<Vec<_>>>()?;
    let mut told = false;
    for (event, record) in news {
        told |= tell(transaction, now, *event, record, &listening).await?;
    }
    Ok(told)
}

/// Writes the messages of one event.
async fn tell(
    transaction: &Transaction<'_>,
    now: Timestamp,
    event: EventType,
    record: &Record,
    listening: &[Listening],
) -> Result<bool> {
    let listening: Vec<&Listening> = listening
        .iter()
        .filter(|endpoint| endpoint.owner == record.owner.name() && endpoint.events.contains(&event))
        .collect();
    let planned = planned(record, event, now);
    if listening.is_empty() && planned.is_empty() {
        return Ok(false);
    }
    let event_id = EventId::of(record).to_string();
    let row = Uuid::now_v7();
    let statement = transaction.prepare_cached("INSERT INTO news (id, record) VALUES ($1, $2)").await?;
    transaction.execute(&statement, &[&row, &to_json(record)?]).await?;
    let news = Some((uuid(record.id), row));
    for endpoint in listening {
        let (channel, lane) = endpoint_way(endpoint.id, &endpoint.url);
        let new = New {
            event,
            event_id: &event_id,
            news,
            channel,
            endpoint: Some(endpoint.id),
            address: None,
            lane: &lane,
            fallback: false,
            due_at: now,
        };
        put(transaction, now, new).await?;
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
        put(transaction, now, new).await?;
    }
    Ok(true)
}

/// Writes a message. Progress takes the place of progress that was not told yet, and its turn, too: the last word
/// counts, and one at a time is on its way.
pub(super) async fn put(transaction: &Transaction<'_>, now: Timestamp, new: New<'_>) -> Result<()> {
    let (due_at, attempts) = match new.event {
        EventType::Progress => {
            take_place(transaction, &new).await?.unwrap_or((new.due_at.as_millisecond(), 0))
        }
        _ => (new.due_at.as_millisecond(), 0),
    };
    let statement = transaction
        .prepare_cached(
            "INSERT INTO message (event, event_id, report, news, channel, endpoint, address, lane, fallback, state,
                 created_at, due_at, token, attempt)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', $10, $11, NULL, $12)",
        )
        .await?;
    transaction
        .execute(
            &statement,
            &[
                &new.event.name(),
                &new.event_id,
                &new.news.map(|(report, _)| report),
                &new.news.map(|(_, row)| row),
                &to_json(&new.channel)?,
                &new.endpoint.map(endpoint_uuid),
                &new.address,
                &new.lane,
                &new.fallback,
                &now.as_millisecond(),
                &due_at,
                &attempts,
            ],
        )
        .await?;
    Ok(())
}

/// The id of an endpoint as the database knows it.
pub(super) fn endpoint_uuid(id: EndpointId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

/// Removes the progress that waits for the same target, and returns its turn: when it was due, after how many attempts.
/// While one is on its way, the turn comes when that has ended.
async fn take_place(transaction: &Transaction<'_>, new: &New<'_>) -> Result<Option<(i64, i32)>> {
    let (report, endpoint) = (new.news.map(|(report, _)| report), new.endpoint.map(endpoint_uuid));
    let target: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&report, &new.event.name(), &endpoint, &new.address];
    let statement = transaction
        .prepare_cached(
            "SELECT due_at, attempt FROM message
             WHERE report = $1 AND event = $2 AND endpoint IS NOT DISTINCT FROM $3
                 AND address IS NOT DISTINCT FROM $4 AND due_at IS NOT NULL
             ORDER BY due_at DESC LIMIT 1 FOR UPDATE",
        )
        .await?;
    let turn = transaction.query_opt(&statement, &target).await?;
    let turn =
        turn.map(|row| Ok::<_, tokio_postgres::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?;
    let statement = transaction
        .prepare_cached(
            "DELETE FROM message WHERE report = $1 AND event = $2 AND endpoint IS NOT DISTINCT FROM $3
                 AND address IS NOT DISTINCT FROM $4 AND token IS NULL",
        )
        .await?;
    transaction.execute(&statement, &target).await?;
    Ok(turn)
}
