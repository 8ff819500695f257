//! The embedded engine: one file, one process, nothing installed beside it.
//!
//! ```text
//!  create, claim, settle, … ──job──► writer: one thread, one transaction and one sync a group ──► hints
//!  load, model, list ──────query───► readers: a few connections, opened when they are needed
//! ```
//!
//! `reports`, `tasks` and `sweep` are what the writer does to reports, `queries` is what is read, `rows` and `schema`
//! say how a record is kept. Whoever is to be told of it is written down by `announce` with the record itself;
//! `outbox` hands the messages out, lane by lane (`lanes`), and `endpoints` keeps who registered for them. What may happen to a record they ask of `transitions`, as any engine does.
//!
//! The folder belongs to one process, and a lock proves it. So on opening, every lease in the file was
//! held by a process that is dead, and its task is due at once.

mod announce;
mod endpoints;
mod lanes;
mod outbox;
mod queries;
mod readers;
mod reports;
mod rows;
mod schema;
mod sweep;
mod tasks;
mod writer;

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Notify, broadcast};

use self::{readers::Readers, writer::Writer};
use super::{
    Attempted, Claim, Claimed, ClaimedMessages, Clock, Created, Endpoints, Filter, Logged, MessageClaim,
    NewEndpoint, Outbox, Outcome, Page, Queue, Replay, Result, Room, Store, StoreError, Swept, TaskKind,
};
use crate::report::{Endpoint, EndpointId, EndpointState, NewReport, Progress, Receipt, Record, ReportId};

/// How many hints wait for a slow receiver before it lags and looks at everything.
const HINTS: usize = 1024;

/// The store in one SQLite database. Dropping it finishes what was called; so does
/// [`SqliteStore::close`], without blocking the thread.
pub struct SqliteStore {
    // Fields drop in this order: the writer after the readers, because the last connection to close puts the
    // log back into the database; the lock last, when nobody uses the folder any more.
    readers: Readers,
    writer: Writer,
    hints: broadcast::Sender<ReportId>,
    due: Arc<Notify>,
    _lock: File,
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made, or its lock file cannot be opened.
    #[error("the folder cannot be used")]
    Folder(#[from] io::Error),
    /// A process that lives holds the folder.
    #[error("another reportwire process uses this folder")]
    Locked,
    /// The database was written by a later release.
    #[error("the database has schema version {found}, and this release knows {known} at most")]
    NewerSchema {
        /// The version of the database.
        found: i64,
        /// The newest version that this release reads.
        known: i64,
    },
    /// The database cannot be opened, or is damaged.
    #[error("the database cannot be opened")]
    Database(#[from] rusqlite::Error),
}

impl SqliteStore {
    /// Opens `reportwire.db` in `folder`, making both if need be, and frees the leases of the process that
    /// had it before. `clock` is the only source of time.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; then the database is as it was.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, OpenError> {
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join("reportwire.lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::Locked,
            TryLockError::Error(error) => OpenError::Folder(error),
        })?;
        let file = folder.join("reportwire.db");
        let connection = schema::open_writer(&file)?;
        let freed = tasks::free_all(&connection, clock())? + outbox::free_all(&connection, clock())?;
        if freed > 0 {
            tracing::info!(claims = freed, "taking up the work of the process before");
        }
        let hints = broadcast::Sender::new(HINTS);
        let due = Arc::new(Notify::new());
        let writer = Writer::start(connection, clock, hints.clone(), Arc::clone(&due))?;
        Ok(Self { writer, due, readers: Readers::new(file), hints, _lock: lock })
    }

    /// Finishes every call that has begun. Later calls get [`StoreError::Closed`].
    pub async fn close(&self) {
        self.readers.stop().await;
        self.writer.stop().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create(&self, report: NewReport) -> Result<Created> {
        self.writer.call(move |unit| reports::create(unit, report)).await
    }

    async fn load(&self, id: ReportId) -> Result<Record> {
        self.readers.read(move |connection| Ok(queries::fetch(connection, id)?.record)).await
    }

    async fn model(&self, id: ReportId) -> Result<Option<Bytes>> {
        self.readers.read(move |connection| queries::model(connection, id)).await
    }

    async fn claim(&self, kind: TaskKind, lease: Duration, limit: usize) -> Result<Vec<Claimed>> {
        self.writer.call(move |unit| tasks::claim(unit, kind, lease, limit)).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration, progress: Option<Progress>) -> Result<()> {
        let claim = claim.clone();
        self.writer.call(move |unit| tasks::renew(unit, &claim, lease, progress)).await
    }

    async fn settle(&self, claim: &Claim, outcome: Outcome) -> Result<Record> {
        let claim = claim.clone();
        self.writer.call(move |unit| tasks::settle(unit, &claim, outcome)).await
    }

    async fn release(&self, id: ReportId) -> Result<Record> {
        self.writer.call(move |unit| reports::release(unit, id)).await
    }

    async fn cancel(&self, id: ReportId) -> Result<Record> {
        self.writer.call(move |unit| reports::cancel(unit, id)).await
    }

    async fn retry(&self, id: ReportId) -> Result<Record> {
        self.writer.call(move |unit| reports::retry(unit, id)).await
    }

    async fn remove(&self, id: ReportId) -> Result<()> {
        self.writer.call(move |unit| reports::remove(unit, id)).await
    }

    async fn delivered(&self, id: ReportId, version: u64, receipt: Receipt) -> Result<Record> {
        self.writer.call(move |unit| reports::delivered(unit, id, version, receipt)).await
    }

    async fn list(&self, filter: &Filter) -> Result<Page> {
        let filter = filter.clone();
        self.readers.read(move |connection| queries::list(connection, &filter)).await
    }

    async fn sweep(&self) -> Result<Swept> {
        while self.writer.call(sweep::unclaimed).await? {}
        while self.writer.call(sweep::expired).await? {}
        while self.writer.call(sweep::forgotten).await? {}
        while self.writer.call(outbox::forget).await? {}
        let artifacts = self.readers.read(queries::leftover_artifacts).await?;
        Ok(Swept { artifacts })
    }

    async fn forget_artifacts(&self, ids: &[ReportId]) -> Result<()> {
        for batch in ids.chunks(sweep::BATCH) {
            let batch = batch.to_vec();
            self.writer.call(move |unit| reports::forget_artifacts(unit, &batch)).await?;
        }
        Ok(())
    }

    fn hints(&self) -> broadcast::Receiver<ReportId> {
        self.hints.subscribe()
    }
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim_messages(&self, lease: Duration, room: &Room) -> Result<ClaimedMessages> {
        let room = room.clone();
        self.writer.call(move |unit| outbox::claim(unit, lease, &room)).await
    }

    async fn settle_message(&self, claim: &MessageClaim, attempted: Attempted) -> Result<()> {
        let claim = claim.clone();
        self.writer.call(move |unit| outbox::settle(unit, &claim, attempted)).await
    }

    async fn message_hint(&self) {
        self.due.notified().await;
    }
}

#[async_trait]
impl Endpoints for SqliteStore {
    async fn register(&self, endpoint: NewEndpoint) -> Result<Endpoint> {
        self.writer.call(move |unit| endpoints::register(unit, endpoint)).await
    }

    async fn endpoint(&self, id: EndpointId) -> Result<Endpoint> {
        self.readers.read(move |connection| endpoints::fetch(connection, id)).await
    }

    async fn endpoints(&self) -> Result<Vec<Endpoint>> {
        self.readers.read(endpoints::all).await
    }

    async fn pause(&self, id: EndpointId) -> Result<Endpoint> {
        self.writer.call(move |unit| endpoints::set_state(unit, id, EndpointState::Paused)).await
    }

    async fn resume(&self, id: EndpointId) -> Result<Endpoint> {
        self.writer.call(move |unit| endpoints::set_state(unit, id, EndpointState::Active)).await
    }

    async fn rotate(&self, id: EndpointId, secret: String, overlap: Duration) -> Result<Endpoint> {
        self.writer.call(move |unit| endpoints::rotate(unit, id, secret, overlap)).await
    }

    async fn unregister(&self, id: EndpointId) -> Result<()> {
        self.writer.call(move |unit| endpoints::unregister(unit, id)).await?;
        while self.writer.call(move |unit| endpoints::clear(unit, id)).await? {}
        Ok(())
    }

    async fn test(&self, id: EndpointId) -> Result<String> {
        self.writer.call(move |unit| endpoints::test(unit, id)).await
    }

    async fn replay(&self, id: EndpointId, which: Replay) -> Result<usize> {
        self.writer.call(move |unit| endpoints::replay(unit, id, which)).await
    }

    async fn attempts(&self, id: EndpointId, before: Option<i64>, limit: usize) -> Result<Vec<Logged>> {
        self.readers.read(move |connection| endpoints::attempts(connection, id, before, limit)).await
    }
}

#[async_trait]
impl Queue for SqliteStore {
    async fn ahead(&self, id: ReportId) -> Result<usize> {
        self.readers.read(move |connection| queries::ahead(connection, id)).await
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Engine(Box::new(error))
    }
}
