//! The engine for more than one machine: any number of nodes over one PostgreSQL (15 or later).
//!
//! ```text
//!  create, settle, cancel, … ──► writer: calls that wait become one transaction ──► one NOTIFY ──► every node's LISTEN
//!  claim ────────────────────► candidates in turn, FOR UPDATE SKIP LOCKED
//!  load, list, … ─────────────► pool: a bounded number of connections
//! ```
//!
//! A group of calls is *read, changed in memory, written*: `unit` locks the rows of all reports of the group with one
//! statement, each call (`change`) is a pure transition of what was read, and the outcome of all is written with one
//! statement for each table. So a group of 200 costs as many round trips as a group of one.
//!
//! Locks are taken in one order: reports by id, then their tasks, then messages, then endpoints, then lanes. A transaction
//! that the database ends all the same, because of a deadlock or of a neighbour's fault, is run again (`fault`), a group call by
//! call if need be.
//!
//! The time is the database's and not the node's (`moment`), so that nodes whose clocks differ agree on leases and links.
//! A node that dies holds nothing: its leases run out, and a transaction that it froze in is ended by the database.

mod announce;
mod change;
mod claim;
mod connect;
mod endpoints;
mod fault;
mod fleet;
mod group;
mod hints;
mod import;
mod keys;
mod log;
mod moment;
mod outbox;
mod queries;
mod row;
mod schema;
mod sweep;
mod told;
mod unit;
mod vault;
mod write;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::broadcast;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use self::{
    change::{Call, Change},
    claim::Unreadable,
    connect::Database,
    group::Writer,
    hints::{Ear, Voice},
    moment::Moments,
};
use super::{
    Claim, Claimed, Clock, Created, Duty, Filter, Hint, Outcome, Page, Queue, Result, Shares, Store, Swept,
    TaskKind,
};
use crate::report::{NewReport, Owner, Progress, Receipt, Record, ReportId};

pub use connect::OpenError;
pub use schema::VERSION;

/// How many hints wait for a slow receiver before it lags and looks at everything.
const HINTS: usize = 4096;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How much of the work one owner may have.
    pub shares: Shares,
    /// How many connections this node has at most, from 4.
    pub connections: usize,
    /// The source of time; `None` for the database's own clock, which is what all but tests want.
    pub clock: Option<TestClock>,
}

/// A clock in place of the database's.
#[derive(Clone)]
pub struct TestClock(pub Clock);

impl std::fmt::Debug for TestClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TestClock")
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { shares: Shares::default(), connections: 12, clock: None }
    }
}

/// The store in a PostgreSQL database. Any number of them, in any number of processes, share one.
pub struct PostgresStore {
    database: Database,
    writer: Writer,
    moments: Moments,
    shares: Shares,
    voice: Voice,
    unreadable: Unreadable,
    _listening: AbortOnDropHandle<()>,
}

impl PostgresStore {
    /// Connects to the database that `url` names (`postgres://user:password@host/database`), and brings its tables to
    /// today's form. Whoever opens it meanwhile waits.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; then the database is as it was.
    pub async fn open(url: &str, settings: Settings) -> Result<Self, OpenError> {
        let database = Database::of(url, settings.connections)?;
        schema::migrate(&database).await?;
        let moments = Moments::new(settings.clock.map(|clock| clock.0));
        moments.learn(&database).await.map_err(OpenError::from)?;
        let voice = Voice { node: Uuid::new_v4(), hints: broadcast::Sender::new(HINTS), due: Arc::default() };
        let ear = Ear { database: database.clone(), moments: moments.clone(), voice: voice.clone() };
        let listening = AbortOnDropHandle::new(ear.listen().await?);
        let writer = Writer::start(group::Group {
            database: database.clone(),
            moments: moments.clone(),
            shares: settings.shares,
            voice: voice.clone(),
        });
        let unreadable = Unreadable::default();
        Ok(Self {
            database,
            writer,
            moments,
            shares: settings.shares,
            voice,
            unreadable,
            _listening: listening,
        })
    }

    /// The database's clock, as this node knows it: within a few milliseconds, whatever the node's own clock says.
    pub fn clock(&self) -> Clock {
        self.moments.clock()
    }

    /// Finishes every call that has begun. Later calls get [`StoreError::Closed`](super::StoreError::Closed).
    pub async fn close(&self) {
        self.writer.stop().await;
        self.database.close();
    }

    async fn change(&self, id: ReportId, change: Change) -> Result<Record> {
        Ok(self.writer.call(Call::Change(id, change)).await?.record)
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn create(&self, report: NewReport) -> Result<Created> {
        self.writer.call(Call::Create(Box::new(report))).await
    }

    async fn load(&self, id: ReportId) -> Result<Record> {
        queries::load(&self.database, id).await
    }

    async fn find(&self, owner: &Owner, id: ReportId) -> Result<Record> {
        queries::find(&self.database, owner, id).await
    }

    async fn model(&self, id: ReportId) -> Result<Option<Bytes>> {
        queries::model(&self.database, id).await
    }

    async fn claim(&self, kind: TaskKind, lease: Duration, limit: usize) -> Result<Vec<Claimed>> {
        let claiming = claim::Claiming {
            database: &self.database,
            moments: &self.moments,
            voice: &self.voice,
            running: self.shares.running,
            unreadable: &self.unreadable,
        };
        claiming.claim(kind, lease, limit).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration, progress: Option<Progress>) -> Result<()> {
        let change = Change::Renew { token: claim.token, lease, progress };
        self.change(claim.report, change).await.map(drop)
    }

    async fn settle(&self, claim: &Claim, outcome: Outcome) -> Result<Record> {
        self.change(claim.report, Change::Settle(claim.clone(), Box::new(outcome))).await
    }

    async fn release(&self, id: ReportId) -> Result<Record> {
        self.change(id, Change::Release).await
    }

    async fn cancel(&self, id: ReportId) -> Result<Record> {
        self.change(id, Change::Cancel).await
    }

    async fn retry(&self, id: ReportId) -> Result<Record> {
        self.change(id, Change::Retry).await
    }

    async fn remove(&self, id: ReportId) -> Result<()> {
        self.change(id, Change::Remove).await.map(drop)
    }

    async fn delivered(&self, id: ReportId, version: u64, receipt: Receipt) -> Result<Record> {
        self.change(id, Change::Deliver(version, receipt)).await
    }

    async fn list(&self, filter: &Filter) -> Result<Page> {
        queries::list(&self.database, filter).await
    }

    async fn sweep(&self) -> Result<Swept> {
        sweep::sweep(&self.database, &self.moments, &self.writer, self.voice.node).await
    }

    async fn forget_artifacts(&self, ids: &[ReportId]) -> Result<()> {
        sweep::forget_artifacts(&self.writer, ids).await
    }

    async fn files(&self, ids: &[ReportId]) -> Result<HashMap<ReportId, Option<String>>> {
        queries::files(&self.database, ids).await
    }

    async fn take_duty(&self, duty: Duty, term: Duration) -> Result<bool> {
        sweep::take_duty(&self.database, &self.moments, self.voice.node, duty, term).await
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.voice.hints.subscribe()
    }
}

#[async_trait]
impl Queue for PostgresStore {
    async fn ahead(&self, id: ReportId) -> Result<usize> {
        queries::ahead(&self.database, id).await
    }
}
