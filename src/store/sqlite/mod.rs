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
mod export;
mod key_book;
mod keys;
mod lanes;
mod outbox;
mod queries;
mod readers;
mod reports;
mod rows;
mod schema;
mod sweep;
mod tasks;
mod tenants;
mod writer;

use std::{
    collections::HashMap,
    fs::{self, File, TryLockError},
    io,
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Notify, broadcast};

use self::{
    readers::Readers,
    writer::{Unit, Writer},
};
use super::{
    ApiKey, Attempted, Claim, Claimed, ClaimedMessages, Clock, Created, Duty, Endpoints, Filter, Hint, Keys,
    Logged, MessageClaim, NewEndpoint, NewKey, Outbox, Outcome, Page, Queue, Replay, Result, Room, Shares,
    Store, StoreError, Swept, TaskKind,
};
use crate::report::{
    Endpoint, EndpointId, EndpointState, KeyId, NewReport, Owner, Progress, Receipt, Record, ReportId,
};
pub use export::Export;
pub use key_book::KeyBook;

/// The database in the folder.
const FILE: &str = "reportwire.db";

/// How many hints wait for a slow receiver before it lags and looks at everything.
const HINTS: usize = 1024;

/// The store in one SQLite database. Dropping it finishes what was called; so does
/// [`SqliteStore::close`], without blocking the thread.
pub struct SqliteStore {
    // Fields drop in this order: the writer after the readers, because the last connection to close puts the
    // log back into the database; the lock last, when nobody uses the folder any more.
    readers: Readers,
    writer: Writer,
    hints: broadcast::Sender<Hint>,
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
    /// A server of an earlier release runs in the folder.
    #[error("the server that runs in this folder is of an earlier release; stop it first")]
    OlderServer,
    /// There is no database in the folder. Made by [`Export`] alone: others make one.
    #[error("there is no {FILE} in this folder")]
    Missing,
    /// The database is of an earlier release, and is not to be changed. Made by [`Export`] alone.
    #[error("the database is of an earlier release; run a server of this release on it once")]
    OlderSchema,
    /// The database cannot be opened, or is damaged.
    #[error("the database cannot be opened")]
    Database(#[from] rusqlite::Error),
}

impl SqliteStore {
    /// Opens `reportwire.db` in `folder`, making both if need be, and frees the leases of the process that
    /// had it before. `clock` is the only source of time, and `shares` bind every owner.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; then the database is as it was.
    pub fn open(folder: &Path, clock: Clock, shares: Shares) -> Result<Self, OpenError> {
        fs::create_dir_all(folder)?;
        let lock = lock(folder)?;
        let file = folder.join(FILE);
        let connection = schema::open_writer(&file)?;
        let freed = tasks::free_all(&connection, clock())? + outbox::free_all(&connection, clock())?;
        if freed > 0 {
            tracing::info!(claims = freed, "taking up the work of the process before");
        }
        let hints = broadcast::Sender::new(HINTS);
        let due = Arc::new(Notify::new());
        let writer = Writer::start(connection, clock, shares, hints.clone(), Arc::clone(&due))?;
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

    async fn find(&self, owner: &Owner, id: ReportId) -> Result<Record> {
        let owner = owner.clone();
        self.readers.read(move |connection| queries::find(connection, &owner, id)).await
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
        while self.writer.call(tenants::forget).await? {}
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

    async fn files(&self, ids: &[ReportId]) -> Result<HashMap<ReportId, Option<String>>> {
        let ids = ids.to_vec();
        self.readers.read(move |connection| queries::files(connection, &ids)).await
    }

    /// The lock on the folder says that there is no other.
    async fn take_duty(&self, _: Duty, _: Duration) -> Result<bool> {
        Ok(true)
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
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

    async fn endpoint(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
        let owner = owner.clone();
        self.readers
            .read(move |connection| {
                endpoints::check(connection, &owner, id)?;
                endpoints::fetch(connection, id)
            })
            .await
    }

    async fn endpoints(&self, owner: &Owner) -> Result<Vec<Endpoint>> {
        let owner = owner.clone();
        self.readers.read(move |connection| endpoints::all(connection, &owner)).await
    }

    async fn pause(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
        self.own(owner, id, move |unit| endpoints::set_state(unit, id, EndpointState::Paused)).await
    }

    async fn resume(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint> {
        self.own(owner, id, move |unit| endpoints::set_state(unit, id, EndpointState::Active)).await
    }

    async fn rotate(
        &self,
        owner: &Owner,
        id: EndpointId,
        secret: String,
        overlap: Duration,
    ) -> Result<Endpoint> {
        self.own(owner, id, move |unit| endpoints::rotate(unit, id, secret, overlap)).await
    }

    async fn unregister(&self, owner: &Owner, id: EndpointId) -> Result<()> {
        self.own(owner, id, move |unit| endpoints::unregister(unit, id)).await?;
        while self.writer.call(move |unit| endpoints::clear(unit, id)).await? {}
        Ok(())
    }

    async fn test(&self, owner: &Owner, id: EndpointId) -> Result<String> {
        self.own(owner, id, move |unit| endpoints::test(unit, id)).await
    }

    async fn replay(&self, owner: &Owner, id: EndpointId, which: Replay) -> Result<usize> {
        self.own(owner, id, move |unit| endpoints::replay(unit, id, which)).await
    }

    async fn attempts(
        &self,
        owner: &Owner,
        id: EndpointId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Logged>> {
        let owner = owner.clone();
        self.readers
            .read(move |connection| {
                endpoints::check(connection, &owner, id)?;
                endpoints::attempts(connection, id, before, limit)
            })
            .await
    }
}

impl SqliteStore {
    /// Changes an endpoint, if it is `owner`'s.
    async fn own<T: Send + 'static>(
        &self,
        owner: &Owner,
        id: EndpointId,
        change: impl FnOnce(&mut Unit<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let owner = owner.clone();
        self.writer
            .call(move |unit| {
                endpoints::check(unit.connection, &owner, id)?;
                change(unit)
            })
            .await
    }
}

#[async_trait]
impl Keys for SqliteStore {
    async fn create_key(&self, key: NewKey) -> Result<ApiKey> {
        self.writer.call(move |unit| keys::create(unit.connection, &key, unit.now)).await
    }

    async fn key_of(&self, hash: [u8; 32]) -> Result<Option<ApiKey>> {
        self.readers.read(move |connection| keys::of_hash(connection, hash)).await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>> {
        self.readers.read(keys::all).await
    }

    async fn revoke_key(&self, id: KeyId) -> Result<ApiKey> {
        self.writer.call(move |unit| keys::revoke(unit.connection, id, unit.now)).await
    }
}

#[async_trait]
impl Queue for SqliteStore {
    async fn ahead(&self, id: ReportId) -> Result<usize> {
        self.readers.read(move |connection| queries::ahead(connection, id)).await
    }
}

/// Takes the folder for this process.
fn lock(folder: &Path) -> Result<File, OpenError> {
    let lock = File::create(folder.join("reportwire.lock"))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::Locked,
        TryLockError::Error(error) => OpenError::Folder(error),
    })?;
    Ok(lock)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Engine(Box::new(error))
    }
}
