//! The messages that are due, and the claims on them.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    PostgresStore,
    connect::Database,
    endpoints::Secret,
    fault::persistently,
    moment::{Moments, moment},
    row::{count, from_json, millis, time, uuid},
    sweep::BATCH,
    told,
    write::execute,
};
use crate::{
    report::{EndpointId, EventType, Record},
    store::{
        Attempted, ClaimedMessages, Message, MessageClaim, Outbox, Result, Room, Target,
        announce::KEPT,
        hint::Wake,
        told::{PROBATION, is_old},
        transitions::later,
    },
};

/// Lanes in which something is due, so many, beginning with the one behind the last that was served; and when something
/// will be due in any of the others. All in which something waits are walked, from name to name over the index.
const LANES: &str = concat!(
    "WITH RECURSIVE moment AS (SELECT ",
    moment!("$1"),
    " AS now), lanes AS (
        (SELECT lane, due_at FROM message WHERE due_at IS NOT NULL ORDER BY lane, due_at, id LIMIT 1)
        UNION ALL
        SELECT next.lane, next.due_at FROM lanes CROSS JOIN LATERAL (
            SELECT lane, due_at FROM message WHERE due_at IS NOT NULL AND lane > lanes.lane
            ORDER BY lane, due_at, id LIMIT 1) AS next
    ), open AS MATERIALIZED (
        SELECT lanes.lane, lanes.due_at, coalesce(lane.silent, true) AS silent
        FROM lanes LEFT JOIN lane ON lane.name = lanes.lane WHERE NOT coalesce(lane.paused, false)
    )
    SELECT moment.now, (SELECT min(due_at) FROM open WHERE due_at > moment.now), due.lane, due.silent
    FROM moment LEFT JOIN LATERAL (
        SELECT lane, silent FROM open WHERE due_at <= moment.now ORDER BY lane <= $2, lane LIMIT $3
    ) AS due ON true
    ORDER BY due.lane <= $2, due.lane"
);

/// The first of each of these lanes, and locked, those that another node has locked left out.
const FIRST: &str = "
    SELECT message.id, message.event, message.event_id, message.created_at, message.attempt, message.channel,
        message.endpoint, message.address, news.record, endpoint.url, endpoint.secrets, message.lane, message.fallback,
        endpoint.state = 'disabled'
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS wanted (lane, most, place) CROSS JOIN LATERAL (
            SELECT * FROM message WHERE message.lane = wanted.lane AND due_at IS NOT NULL AND due_at <= $3
            ORDER BY due_at, id LIMIT wanted.most FOR UPDATE SKIP LOCKED
        ) AS message
        LEFT JOIN endpoint ON endpoint.id = message.endpoint
        LEFT JOIN news ON news.id = message.news
    ORDER BY wanted.place, message.due_at, message.id";

#[async_trait]
impl Outbox for PostgresStore {
    async fn claim_messages(&self, lease: Duration, room: &Room) -> Result<ClaimedMessages> {
        let moment = self.moments.parameter();
        persistently!(
            self.database.transact(async |transaction| claim(transaction, moment, lease, room).await).await
        )
    }

    async fn settle_message(&self, claim: &MessageClaim, attempted: Attempted) -> Result<()> {
        let moment = self.moments.parameter();
        let wake = persistently!(
            self.database
                .transact(async |transaction| {
                    let wake = told::settle(transaction, moment, claim, &attempted).await?.wake;
                    // what is due again is found by this node, which knows when, and by the others when they look
                    if !wake.changed.is_empty() {
                        self.voice.announce(transaction, &wake).await?;
                    }
                    Ok(wake)
                })
                .await
        );
        // it may have been committed, and this node does not hear itself
        let wake = wake.inspect_err(|_| self.voice.missed())?;
        self.voice.speak(&Wake { message: true, ..wake });
        Ok(())
    }

    async fn message_hint(&self) {
        self.voice.due.notified().await;
    }
}

/// Takes messages that are due, lane by lane.
async fn claim(
    transaction: &Transaction<'_>,
    moment: Option<i64>,
    lease: Duration,
    room: &Room,
) -> Result<ClaimedMessages> {
    let statement = transaction.prepare_cached(LANES).await?;
    // those that have no room of their own must not hide the others, and one more tells that there is one
    let looked_at = room.limit + room.busy.len() + 1;
    let lanes = transaction.query(&statement, &[&moment, &room.after, &count(looked_at as u64)]).await?;
    let Some(first) = lanes.first() else { return Ok(ClaimedMessages::default()) };
    let now = time(first.try_get(0)?)?;
    let next_due = first.try_get::<_, Option<i64>>(1)?.map(time).transpose()?;
    let mut claimed = ClaimedMessages { next_due, ..ClaimedMessages::default() };
    let (mut wanted, mut most, mut left) = (Vec::new(), Vec::new(), room.limit);
    for row in &lanes {
        let Some(lane) = row.try_get::<_, Option<String>>(2)? else { break };
        let silent = row.try_get::<_, Option<bool>>(3)?.unwrap_or(true);
        let busy = room.busy.get(&lane).copied().unwrap_or(0);
        let share = if silent { room.per_lane.min(PROBATION) } else { room.per_lane };
        let share = left.min(share.saturating_sub(busy));
        if share == 0 {
            claimed.crowded = true;
            continue;
        }
        left -= share;
        wanted.push(lane);
        most.push(count(share as u64));
    }
    if wanted.is_empty() {
        return Ok(claimed);
    }
    let statement = transaction.prepare_cached(FIRST).await?;
    let found = transaction.query(&statement, &[&wanted, &most, &now.as_millisecond()]).await?;
    let mut given: HashMap<&str, i64> = HashMap::new();
    let (mut needless, mut over) = (Vec::new(), Vec::new());
    for row in &found {
        let number: i64 = row.try_get(0)?;
        *given.entry(row.try_get(11)?).or_default() += 1;
        match read(row, now) {
            // it was written while its endpoint was being switched off
            Ok(_) if row.try_get::<_, Option<bool>>(13)?.unwrap_or(false) => over.push(number),
            Ok(message) if is_needless(transaction, row, &message).await? => needless.push(number),
            Ok(message) => claimed.messages.push(message),
            // one row that cannot be read must not keep all others from being sent
            Err(error) => {
                tracing::error!(message = number, %error, "a message cannot be read and is given up");
                over.push(number);
            }
        }
    }
    // a lane that gave as many as were wanted may have more
    let more = wanted.iter().zip(&most).any(|(lane, most)| given.get(lane.as_str()) == Some(most));
    claimed.crowded |= more;
    if !needless.is_empty() || !over.is_empty() {
        if more {
            // others stand behind them
            claimed.next_due = Some(now);
        }
        execute(transaction, "DELETE FROM message WHERE id = ANY($1)", &[&needless]).await?;
        let sql = "UPDATE message SET state = 'failed', due_at = NULL, token = NULL WHERE id = ANY($1)";
        execute(transaction, sql, &[&over]).await?;
    }
    let numbers: Vec<i64> = claimed.messages.iter().map(|message| message.claim.message).collect();
    let tokens: Vec<Uuid> = claimed.messages.iter().map(|message| message.claim.token).collect();
    execute(
        transaction,
        "UPDATE message SET due_at = $3, token = taken.token, attempt = attempt + 1
         FROM unnest($1::bigint[], $2::uuid[]) AS taken (id, token) WHERE message.id = taken.id",
        &[&numbers, &tokens, &later(now, lease).as_millisecond()],
    )
    .await?;
    Ok(claimed)
}

/// The message, already claimed.
fn read(row: &Row, now: Timestamp) -> Result<Message> {
    let url: Option<String> = row.try_get(9)?;
    let secrets: Vec<Secret> =
        row.try_get::<_, Option<&str>>(10)?.map(from_json).transpose()?.unwrap_or_default();
    let (event, endpoint): (&str, Option<Uuid>) = (row.try_get(1)?, row.try_get(6)?);
    let address: Option<String> = row.try_get(7)?;
    Ok(Message {
        claim: MessageClaim { message: row.try_get(0)?, token: Uuid::new_v4() },
        event: from_json(&format!("\"{event}\""))?,
        event_id: row.try_get(2)?,
        created_at: time(row.try_get(3)?)?,
        attempt: u32::try_from(row.try_get::<_, i32>(4)?).unwrap_or(0) + 1,
        lane: row.try_get(11)?,
        target: Target {
            channel: from_json(row.try_get(5)?)?,
            endpoint: endpoint.map(|id| EndpointId::from_bytes(id.into_bytes())),
            address: url.or(address).unwrap_or_default(),
            secrets: secrets.into_iter().filter(|one| one.is_valid(now)).map(|one| one.secret).collect(),
        },
        record: row.try_get::<_, Option<&str>>(8)?.map(from_json).transpose()?,
    })
}

/// Whether it is for an endpoint that is gone, or tells what need not be told any more.
async fn is_needless(transaction: &Transaction<'_>, row: &Row, message: &Message) -> Result<bool> {
    if message.target.endpoint.is_some() && row.try_get::<_, Option<&str>>(9)?.is_none() {
        return Ok(true);
    }
    let fallback: bool = row.try_get(12)?;
    let Some(told) = message.record.as_ref().filter(|_| fallback || message.event == EventType::Progress)
    else {
        return Ok(false);
    };
    let statement = transaction.prepare_cached("SELECT record FROM report WHERE id = $1").await?;
    let row = transaction.query_opt(&statement, &[&uuid(told.id)]).await?;
    let record: Option<Record> = row.map(|row| from_json(row.try_get(0)?)).transpose()?;
    Ok(is_old(message.event, told, record.as_ref()))
}

/// Messages and log entries that are too old to be of use, and what is known of lanes that are empty.
pub(super) async fn forget(database: &Database, moments: &Moments) -> Result<()> {
    let (batch, kept) = (count(BATCH as u64), millis(KEPT));
    for sql in [
        concat!(
            "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE created_at <= ",
            moment!("$1"),
            " - $3 AND token IS NULL AND
                 (due_at IS NULL OR endpoint IN (SELECT id FROM endpoint WHERE state = 'paused')
                  OR (endpoint IS NOT NULL AND endpoint NOT IN (SELECT id FROM endpoint))) LIMIT $2)"
        ),
        concat!(
            "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE at <= ",
            moment!("$1"),
            " - $3 LIMIT $2)"
        ),
    ] {
        let moment = moments.parameter();
        let forget = async || {
            database
                .transact(async |transaction| execute(transaction, sql, &[&moment, &batch, &kept]).await)
                .await
        };
        while forget().await? >= BATCH as u64 {}
    }
    let sql = "DELETE FROM lane WHERE NOT paused AND NOT EXISTS (
        SELECT 1 FROM message WHERE message.lane = lane.name AND due_at IS NOT NULL)";
    database.transact(async |transaction| execute(transaction, sql, &[]).await).await.map(drop)
}
