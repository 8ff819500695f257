//! Registered endpoints and the log of what they were told.

use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;

use super::{
    PostgresStore,
    announce::{New, endpoint_uuid, put},
    connect::Connection,
    fault::persistently,
    log,
    moment::moment,
    row::{count, from_json, time, to_json},
    sweep::BATCH,
    write::execute,
};
use crate::{
    report::{Endpoint, EndpointId, EndpointState, EventType, Owner},
    store::{
        Endpoints, Logged, MOST_ENDPOINTS, NewEndpoint, Replay, Result, StoreError,
        announce::{endpoint_way, own_event_id, own_lane},
        hint::Wake,
        transitions::later,
    },
};

/// A secret, and until when it is valid; the newest one without end.
#[derive(Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) secret: String,
    pub(super) until: Option<Timestamp>,
}

impl Secret {
    pub(super) fn is_valid(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

const COLUMNS: &str = "id, url, description, events, state, reason, consented, created_at, failing_since";

fn read(row: &Row) -> Result<Endpoint> {
    let state: &str = row.try_get(4)?;
    Ok(Endpoint {
        id: EndpointId::from_bytes(row.try_get::<_, uuid::Uuid>(0)?.into_bytes()),
        url: row.try_get(1)?,
        description: from_json(row.try_get(2)?)?,
        events: from_json(row.try_get(3)?)?,
        state: from_json(&format!("\"{state}\""))?,
        reason: row.try_get(5)?,
        consented: row.try_get(6)?,
        created_at: time(row.try_get(7)?)?,
        failing_since: row.try_get::<_, Option<i64>>(8)?.map(time).transpose()?,
    })
}

/// The endpoint, if it is `owner`'s; locked until the transaction ends.
async fn own(transaction: &Transaction<'_>, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
    let statement = transaction
        .prepare_cached(&format!("SELECT {COLUMNS} FROM endpoint WHERE owner = $1 AND id = $2 FOR UPDATE"))
        .await?;
    let row = transaction.query_opt(&statement, &[&owner.name(), &endpoint_uuid(id)]).await?;
    read(row.as_ref().ok_or(StoreError::NotFound)?)
}

/// The endpoint for whoever only looks.
async fn find(connection: &Connection, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
    let statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM endpoint WHERE owner = $1 AND id = $2"))
        .await?;
    let row = connection.query_opt(&statement, &[&owner.name(), &endpoint_uuid(id)]).await?;
    read(row.as_ref().ok_or(StoreError::NotFound)?)
}

/// Asks for its consent, unless it has been asked or has no ears for the question.
async fn ask(transaction: &Transaction<'_>, now: Timestamp, endpoint: &Endpoint) -> Result<()> {
    if endpoint.consented.is_none() && !endpoint.url.starts_with("mailto:") {
        send(transaction, now, endpoint, EventType::Consent).await?;
    }
    Ok(())
}

/// Writes a message that is about the endpoint itself.
async fn send(
    transaction: &Transaction<'_>,
    now: Timestamp,
    endpoint: &Endpoint,
    event: EventType,
) -> Result<String> {
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
        due_at: now,
    };
    put(transaction, now, new).await?;
    Ok(event_id)
}

impl PostgresStore {
    /// Changes an endpoint in a transaction; then whoever sends is told to look.
    async fn endpoint_changed<T>(
        &self,
        change: impl AsyncFnOnce(&Transaction<'_>, Timestamp) -> Result<T>,
    ) -> Result<T> {
        let done = self
            .database
            .transact(async |transaction| {
                let statement = transaction.prepare_cached(concat!("SELECT ", moment!("$1"))).await?;
                let now = transaction.query_one(&statement, &[&self.moments.parameter()]).await?;
                let done = change(transaction, time(now.try_get(0)?)?).await?;
                self.voice.announce(transaction, &Wake::MESSAGE).await?;
                Ok(done)
            })
            .await?;
        self.voice.speak(&Wake::MESSAGE);
        Ok(done)
    }

    /// Lets events wait, or lets them go. A disabled endpoint begins anew when it is resumed.
    async fn set_state(&self, owner: &Owner, id: EndpointId, state: EndpointState) -> Result<Endpoint> {
        self.endpoint_changed(async |transaction, _| {
            let before = own(transaction, owner, id).await?;
            if before.state == state
                || (before.state == EndpointState::Disabled && state == EndpointState::Paused)
            {
                return Ok(before);
            }
            let sql = "UPDATE endpoint SET state = $2, reason = NULL, failing_since = NULL WHERE id = $1";
            execute(transaction, sql, &[&endpoint_uuid(id), &state.name()]).await?;
            let (_, lane) = endpoint_way(id, &before.url);
            execute(
                transaction,
                "INSERT INTO lane (name, paused, silent) VALUES ($1, $2, true)
                 ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
                &[&lane, &(state == EndpointState::Paused)],
            )
            .await?;
            own(transaction, owner, id).await
        })
        .await
    }
}

#[async_trait]
impl Endpoints for PostgresStore {
    async fn register(&self, new: NewEndpoint) -> Result<Endpoint> {
        let id = EndpointId::generate();
        self.endpoint_changed(async |transaction, now| {
            // of two that are registered at once each must see the other
            execute(transaction, "SELECT pg_advisory_xact_lock(hashtext($1))", &[&new.owner.name()]).await?;
            let statement =
                transaction.prepare_cached("SELECT count(*) FROM endpoint WHERE owner = $1").await?;
            let count: i64 = transaction.query_one(&statement, &[&new.owner.name()]).await?.try_get(0)?;
            if usize::try_from(count).unwrap_or(usize::MAX) >= MOST_ENDPOINTS {
                return Err(StoreError::TooMany);
            }
            let secrets = [Secret { secret: new.secret.clone(), until: None }];
            execute(
                transaction,
                "INSERT INTO endpoint (id, url, description, events, state, secrets, created_at, owner)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &[
                    &endpoint_uuid(id),
                    &new.url,
                    &to_json(&new.description)?,
                    &to_json(&new.events)?,
                    &EndpointState::Active.name(),
                    &to_json(&secrets)?,
                    &now.as_millisecond(),
                    &new.owner.name(),
                ],
            )
            .await?;
            let endpoint = own(transaction, &new.owner, id).await?;
            ask(transaction, now, &endpoint).await?;
            Ok(endpoint)
        })
        .await
    }

    async fn endpoint(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
        self.database.read(async |connection| find(connection, owner, id).await).await
    }

    async fn endpoints(&self, owner: &Owner) -> Result<Vec<Endpoint>> {
        self.database
            .read(async |connection| {
                let statement = connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM endpoint WHERE owner = $1 ORDER BY id"))
                    .await?;
                connection.query(&statement, &[&owner.name()]).await?.iter().map(read).collect()
            })
            .await
    }

    async fn pause(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
        persistently!(self.set_state(owner, id, EndpointState::Paused).await)
    }

    async fn resume(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
        persistently!(self.set_state(owner, id, EndpointState::Active).await)
    }

    /// Of the secrets before it the newest stays valid for a while: with more of them a leaked one could be kept alive by
    /// rotating.
    async fn rotate(
        &self,
        owner: &Owner,
        id: EndpointId,
        secret: String,
        overlap: Duration,
    ) -> Result<Endpoint> {
        self.endpoint_changed(async |transaction, now| {
            let endpoint = own(transaction, owner, id).await?;
            let key = endpoint_uuid(id);
            let statement = transaction.prepare_cached("SELECT secrets FROM endpoint WHERE id = $1").await?;
            let row = transaction.query_one(&statement, &[&key]).await?;
            let mut secrets: Vec<Secret> = from_json(row.try_get(0)?)?;
            secrets.truncate(1);
            for old in &mut secrets {
                old.until = Some(later(now, overlap));
            }
            secrets.insert(0, Secret { secret, until: None });
            let sql = "UPDATE endpoint SET secrets = $2 WHERE id = $1";
            execute(transaction, sql, &[&key, &to_json(&secrets)?]).await?;
            Ok(endpoint)
        })
        .await
    }

    async fn unregister(&self, owner: &Owner, id: EndpointId) -> Result<()> {
        let key = endpoint_uuid(id);
        persistently!(
            self.endpoint_changed(async |transaction, _| {
                let endpoint = own(transaction, owner, id).await?;
                let (_, lane) = endpoint_way(id, &endpoint.url);
                execute(transaction, "DELETE FROM endpoint WHERE id = $1", &[&key]).await?;
                let lanes = [own_lane(&lane), lane];
                execute(transaction, "DELETE FROM lane WHERE name = ANY($1)", &[&lanes.as_slice()]).await
            })
            .await
        )?;
        let batch = count(BATCH as u64);
        for sql in [
            "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE endpoint = $1 LIMIT $2)",
            "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE endpoint = $1 LIMIT $2)",
        ] {
            let clear = async || {
                self.database
                    .transact(async |transaction| execute(transaction, sql, &[&key, &batch]).await)
                    .await
            };
            while clear().await? >= BATCH as u64 {}
        }
        Ok(())
    }

    async fn test(&self, owner: &Owner, id: EndpointId) -> Result<String> {
        self.endpoint_changed(async |transaction, now| {
            let endpoint = own(transaction, owner, id).await?;
            ask(transaction, now, &endpoint).await?;
            send(transaction, now, &endpoint, EventType::Test).await
        })
        .await
    }

    async fn replay(&self, owner: &Owner, id: EndpointId, which: Replay) -> Result<usize> {
        // PostgreSQL has no text with a NUL in it, and there is no such event
        if matches!(&which, Replay::Event(name) if name.contains('\0')) {
            return self.endpoint(owner, id).await.map(|_| 0);
        }
        persistently!(self.endpoint_changed(async |transaction, now| {
            own(transaction, owner, id).await?;
            let (key, now) = (endpoint_uuid(id), now.as_millisecond());
            let again = match &which {
                Replay::Failed => {
                    let sql = "UPDATE message SET state = 'pending', due_at = $2, attempt = 0
                         WHERE endpoint = $1 AND state = 'failed' AND report IS NOT NULL";
                    execute(transaction, sql, &[&key, &now]).await?
                }
                Replay::Event(event_id) => {
                    let sql = "UPDATE message SET state = 'pending', due_at = $2, attempt = 0
                         WHERE endpoint = $1 AND state IN ('failed', 'delivered') AND report IS NOT NULL AND event_id = $3";
                    execute(transaction, sql, &[&key, &now, event_id]).await?
                }
            };
            Ok(usize::try_from(again).unwrap_or(usize::MAX))
        }).await)
    }

    async fn attempts(
        &self,
        owner: &Owner,
        id: EndpointId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Logged>> {
        self.database
            .read(async |connection| {
                find(connection, owner, id).await?;
                let statement = connection
                    .prepare_cached(
                        "SELECT id, event, event_id, number, at, took_ms, status, answer, error FROM attempt
                         WHERE endpoint = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                    )
                    .await?;
                let (before, limit) = (before.unwrap_or(i64::MAX), count(limit as u64));
                let rows = connection.query(&statement, &[&endpoint_uuid(id), &before, &limit]).await?;
                rows.iter().map(log::logged).collect()
            })
            .await
    }
}
