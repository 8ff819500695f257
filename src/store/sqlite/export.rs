//! Everything that is in a folder, for another engine. Nothing is changed: whoever wants to go on here, can.

use std::{fs::File, path::Path};

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use uuid::Uuid;

use super::{
    FILE, OpenError, endpoints, keys, lock,
    rows::{Count, Id, Json, Kept, Millis, Word, columns, kind_name},
    schema,
};
use crate::{
    report::{Channel, EndpointId, EventType, IdempotencyKey, Owner, ReportId},
    store::{
        Result, StoreError, TaskKind,
        archive::{
            Batch, Kind, Mark, Numbers, Rows, StoredEndpoint, StoredEntry, StoredFile, StoredKey, StoredLane,
            StoredMessage, StoredNews, StoredReport, StoredTask, StoredTurn,
        },
        transitions::stored_time,
    },
};

/// How many rows a batch has at most.
const BATCH: i64 = 500;

/// After how many bytes of models and sent rows a batch ends before that: it is in memory whole, and one write.
const HEAVY: usize = 8 << 20;

/// A folder in which no server runs, and in which none can start while this is open.
pub struct Export {
    connection: Connection,
    now: Timestamp,
    _lock: File,
}

/// A row that is not as this release writes it.
#[derive(Debug, thiserror::Error)]
#[error("one of the {kind}, {name}, cannot be read")]
struct Unreadable {
    kind: &'static str,
    name: String,
    #[source]
    cause: rusqlite::Error,
}

impl Export {
    /// Opens the database in `folder` to be read. Whoever held leases is dead: what they held is due at `now`.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::Locked`] while a server runs there.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, OpenError> {
        let file = folder.join(FILE);
        // before the lock, which would leave a file of ours in a folder that is not
        if !file.is_file() {
            return Err(OpenError::Missing);
        }
        let lock = lock(folder)?;
        Ok(Self { connection: schema::open_still(&file)?, now: stored_time(now), _lock: lock })
    }

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// [`StoreError::Engine`], here and below.
    pub fn count(&self, kind: Kind) -> Result<u64> {
        self.number(match kind {
            Kind::Keys => "SELECT count(*) FROM api_key",
            Kind::Endpoints => "SELECT count(*) FROM endpoint",
            Kind::Lanes => "SELECT count(*) FROM lane",
            Kind::Turns => "SELECT count(*) FROM tenant WHERE unfinished > 0",
            Kind::Reports => "SELECT count(*) FROM report",
            Kind::Tasks => "SELECT count(*) FROM task",
            Kind::Models => "SELECT count(*) FROM model",
            Kind::Sent => "SELECT count(*) FROM sent",
            Kind::Entries => "SELECT count(*) FROM attempt",
            Kind::Messages => "SELECT count(*) FROM message",
        })
    }

    /// How many files living reports name.
    ///
    /// # Errors
    ///
    /// As [`Export::count`].
    pub fn count_files(&self) -> Result<u64> {
        self.number("SELECT count(*) FROM report WHERE artifact IS NOT NULL AND status <> 'expired'")
    }

    /// The highest numbers that were given out.
    ///
    /// # Errors
    ///
    /// As [`Export::count`].
    pub fn numbers(&self) -> Result<Numbers> {
        let highest = |sql| self.connection.query_row(sql, [], |row| row.get(0));
        Ok(Numbers {
            messages: highest("SELECT coalesce(max(id), 0) FROM message")?,
            entries: highest("SELECT coalesce(max(id), 0) FROM attempt")?,
        })
    }

    /// The next files after that of a report, or the first.
    ///
    /// # Errors
    ///
    /// As [`Export::count`].
    pub fn files(&self, after: Option<ReportId>) -> Result<Vec<StoredFile>> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        self.all(
            "SELECT id, artifact FROM report WHERE id > ?1 AND artifact IS NOT NULL AND status <> 'expired'
             ORDER BY id LIMIT ?2",
            params![after, BATCH],
            |row| Ok(StoredFile { report: row.get::<_, Id>(0)?.0, artifact: row.get::<_, Json<_>>(1)?.0 }),
        )
    }

    /// The next rows after a mark, or the first.
    ///
    /// # Errors
    ///
    /// As [`Export::count`]. A report or a message that cannot be read is named.
    pub fn batch(&self, kind: Kind, after: Option<&Mark>) -> Result<Option<Batch>> {
        Ok(match kind {
            Kind::Keys => batch(self.keys(after)?, |row| row.key.id.to_string(), Rows::Keys),
            Kind::Endpoints => {
                batch(self.endpoints(after)?, |row| row.endpoint.id.to_string(), Rows::Endpoints)
            }
            Kind::Lanes => batch(self.lanes(after)?, |row| row.name.clone(), Rows::Lanes),
            Kind::Turns => batch(self.turns(after)?, |row| row.owner.name().to_owned(), Rows::Turns),
            Kind::Reports => batch(self.reports(after)?, |row| row.record.id.to_string(), Rows::Reports),
            Kind::Entries => batch(self.entries(after)?, |row| row.entry.number.to_string(), Rows::Entries),
            Kind::Messages => batch(self.messages(after)?, |row| row.number.to_string(), Rows::Messages),
            // these come with their reports
            Kind::Tasks | Kind::Models | Kind::Sent => None,
        })
    }

    fn keys(&self, after: Option<&Mark>) -> Result<Vec<StoredKey>> {
        self.all(
            "SELECT id, owner, scopes, created_at, expires_at, revoked_at, hash FROM api_key
             WHERE id > ?1 ORDER BY id LIMIT ?2",
            params![id(after)?, BATCH],
            |row| Ok(StoredKey { key: keys::read(row)?, hash: row.get(6)? }),
        )
    }

    fn endpoints(&self, after: Option<&Mark>) -> Result<Vec<StoredEndpoint>> {
        self.all(
            "SELECT id, url, description, events, state, reason, consented, created_at, failing_since, owner, secrets
             FROM endpoint WHERE id > ?1 ORDER BY id LIMIT ?2",
            params![id(after)?, BATCH],
            |row| {
                let secrets = row.get::<_, Json<Vec<endpoints::Secret>>>(10)?.0;
                Ok(StoredEndpoint {
                    endpoint: endpoints::read(row)?,
                    owner: Owner::stored(row.get(9)?),
                    secrets: secrets.into_iter().map(Into::into).collect(),
                })
            },
        )
    }

    fn lanes(&self, after: Option<&Mark>) -> Result<Vec<StoredLane>> {
        self.all(
            "SELECT name, paused, silent FROM lane WHERE (?1 IS NULL OR name > ?1) ORDER BY name LIMIT ?2",
            params![after.map(|mark| &mark.0), BATCH],
            |row| Ok(StoredLane { name: row.get(0)?, paused: row.get(1)?, silent: row.get(2)? }),
        )
    }

    /// Whoever has no work has no turn to wait for.
    fn turns(&self, after: Option<&Mark>) -> Result<Vec<StoredTurn>> {
        self.all(
            "SELECT name, turn - (SELECT min(turn) FROM tenant WHERE unfinished > 0) FROM tenant
             WHERE unfinished > 0 AND (?1 IS NULL OR name > ?1) ORDER BY name LIMIT ?2",
            params![after.map(|mark| &mark.0), BATCH],
            |row| Ok(StoredTurn { owner: Owner::stored(row.get(0)?), ahead: row.get::<_, Count>(1)?.0 }),
        )
    }

    fn reports(&self, after: Option<&Mark>) -> Result<Vec<StoredReport>> {
        let mut statement = self.connection.prepare_cached(concat!(
            "SELECT ",
            columns!(),
            ", idempotency_key, fingerprint FROM report WHERE id > ?1 ORDER BY id LIMIT ?2"
        ))?;
        let mut rows = statement.query(params![id(after)?, BATCH])?;
        let (mut reports, mut weight) = (Vec::new(), 0);
        while weight < HEAVY
            && let Some(row) = rows.next()?
        {
            let id = row.get::<_, Id>(0)?.0;
            let report = self.report(id, row).map_err(unreadable(Kind::Reports, id))?;
            weight +=
                report.model.as_ref().map_or(0, Bytes::len) + report.sent.as_ref().map_or(0, Bytes::len);
            reports.push(report);
        }
        Ok(reports)
    }

    fn report(&self, id: ReportId, row: &Row<'_>) -> rusqlite::Result<StoredReport> {
        let Kept { record, keep } = Kept::read(row)?;
        let key: Option<String> = row.get(25)?;
        let fingerprint: Option<[u8; 32]> = row.get(26)?;
        let json = |sql| -> rusqlite::Result<Option<Bytes>> {
            let found = self.connection.prepare_cached(sql)?.query_row([Id(id)], |row| row.get(0)).optional();
            found.map(|json: Option<Vec<u8>>| json.map(Bytes::from))
        };
        let task = self
            .connection
            .prepare_cached(
                "SELECT due_at, token IS NOT NULL, attempt FROM task WHERE report = ?1 AND kind = ?2",
            )?
            .query_row(params![Id(id), kind_name(TaskKind::Generate)], |row| {
                let (due_at, is_leased) = (row.get::<_, Option<Millis>>(0)?, row.get(1)?);
                let due_at = if is_leased { Some(self.now) } else { due_at.map(|time| time.0) };
                Ok(StoredTask { due_at, attempt: row.get(2)? })
            })
            .optional()?;
        Ok(StoredReport {
            record,
            keep,
            idempotency: key.zip(fingerprint).map(|(key, fingerprint)| IdempotencyKey { key, fingerprint }),
            task,
            model: json("SELECT json FROM model WHERE report = ?1")?,
            sent: json("SELECT json FROM sent WHERE report = ?1")?,
        })
    }

    fn entries(&self, after: Option<&Mark>) -> Result<Vec<StoredEntry>> {
        self.all(
            "SELECT id, event, event_id, number, at, took_ms, status, answer, error, endpoint FROM attempt
             WHERE id > ?1 ORDER BY id LIMIT ?2",
            params![number(after)?, BATCH],
            |row| {
                let endpoint = EndpointId::from_bytes(row.get(9)?);
                Ok(StoredEntry { entry: endpoints::logged(row)?, endpoint })
            },
        )
    }

    fn messages(&self, after: Option<&Mark>) -> Result<Vec<StoredMessage>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT message.id, event, event_id, report, news, record, channel, endpoint, address, lane, fallback,
                 message.state, message.created_at, due_at, token IS NOT NULL, attempt, endpoint.state IS 'disabled'
             FROM message LEFT JOIN news ON news.id = message.news
                 LEFT JOIN endpoint ON endpoint.id = message.endpoint
             WHERE message.id > ?1 ORDER BY message.id LIMIT ?2",
        )?;
        let mut rows = statement.query(params![number(after)?, BATCH])?;
        let mut messages = Vec::new();
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            messages.push(self.message(number, row).map_err(unreadable(Kind::Messages, number))?);
        }
        Ok(messages)
    }

    fn message(&self, number: i64, row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
        let news: Option<i64> = row.get(4)?;
        let record: Option<String> = row.get(5)?;
        let message = StoredMessage {
            number,
            event: row.get::<_, Word<EventType>>(1)?.0,
            event_id: row.get(2)?,
            report: row.get::<_, Option<Id>>(3)?.map(|id| id.0),
            news: news.zip(record).map(|(number, record)| StoredNews { number, record }),
            channel: row.get::<_, Json<Channel>>(6)?.0,
            endpoint: row.get::<_, Option<[u8; 16]>>(7)?.map(EndpointId::from_bytes),
            address: row.get(8)?,
            lane: row.get(9)?,
            fallback: row.get(10)?,
            state: row.get(11)?,
            created_at: row.get::<_, Millis>(12)?.0,
            due_at: row.get::<_, Option<Millis>>(13)?.map(|time| time.0),
            attempt: row.get(15)?,
        };
        let (is_leased, is_disabled): (bool, bool) = (row.get(14)?, row.get(16)?);
        // as a start in this folder would have it: see `outbox::free_all`
        Ok(match is_leased {
            true if is_disabled && message.report.is_some() => {
                StoredMessage { state: "failed".into(), due_at: None, ..message }
            }
            true => {
                let attempt = message.attempt.saturating_sub(1);
                StoredMessage { due_at: Some(self.now), attempt, ..message }
            }
            false => message,
        })
    }

    fn number(&self, sql: &str) -> Result<u64> {
        Ok(self.connection.query_row(sql, [], |row| row.get::<_, Count>(0))?.0)
    }

    fn all<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map(parameters, read)?.collect::<rusqlite::Result<_>>()?)
    }
}

fn batch<T>(rows: Vec<T>, key: impl Fn(&T) -> String, of: impl Fn(Vec<T>) -> Rows) -> Option<Batch> {
    let upto = Mark(key(rows.last()?));
    Some(Batch { rows: of(rows), upto })
}

/// The id in a mark as its bytes; without a mark, what is before all of them.
fn id(mark: Option<&Mark>) -> Result<Vec<u8>> {
    let Some(Mark(text)) = mark else { return Ok(Vec::new()) };
    let id: Uuid = text.parse().map_err(|_| strange(text))?;
    Ok(id.as_bytes().to_vec())
}

/// The number in a mark.
fn number(mark: Option<&Mark>) -> Result<i64> {
    mark.map_or(Ok(i64::MIN), |Mark(text)| text.parse().map_err(|_| strange(text)))
}

fn strange(mark: &str) -> StoreError {
    StoreError::Engine(format!("{mark:?} is not a mark of this store").into())
}

fn unreadable(kind: Kind, name: impl ToString) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |cause| StoreError::Engine(Box::new(Unreadable { kind: kind.name(), name: name.to_string(), cause }))
}
