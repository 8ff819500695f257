//! The truth: one small trait, and the engines that keep its promises.
//!
//! A report is a [`Record`]; the work it needs is a task, in the same database and written with it, so
//! there is no moment at which one exists without the other. The queue is the set of tasks that are due.
//!
//! Every call that changes a record raises its version, and returns only after the change is synced to
//! disk. After that the engine sends a hint. A hint says no more than "look again": it may come twice,
//! late or never, and nothing may depend on it but speed.
//!
//! Work is fenced. [`Store::claim`] hands out a [`Claim`] whose token is unique to that claim; every later
//! word about the work needs it, and is refused with [`StoreError::ClaimLost`] once the lease has gone to
//! somebody else or the report has ended in another way.

mod announce;
pub mod archive;
mod endpoints;
mod error;
mod fleet;
mod hint;
mod keys;
mod outbox;
pub mod postgres;
mod queue;
pub mod sqlite;
mod told;
mod transitions;
mod types;

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::report::{NewReport, Owner, Progress, Receipt, Record, ReportId};

pub use endpoints::{Endpoints, Logged, MOST_ENDPOINTS, NewEndpoint, Replay};
pub use error::StoreError;
pub use fleet::{Fleet, Muster};
pub use hint::Hint;
pub use keys::{ApiKey, Keys, NewKey};
pub use outbox::{Attempted, ClaimedMessages, Message, MessageClaim, Outbox, Room, Target, Then};
pub use queue::{COUNTED, Queue};
pub use types::{Claim, Claimed, Created, Duty, Filter, Outcome, Page, Shares, Swept, TaskKind};

/// The result of a store call.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The promises that every engine keeps. Each sentence has a test in the contract suite.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Stores a report and its first task in one write. Durable when it returns. With an idempotency key
    /// that is known, returns the first report and writes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Backlog`] when the owner has as many unfinished reports as one may have;
    /// [`StoreError::KeyReused`] when the key is known with another fingerprint; [`StoreError::Gone`] when
    /// the first report of that key is gone.
    async fn create(&self, report: NewReport) -> Result<Created>;

    /// The newest committed record, if it is `owner`'s: to others it is [`StoreError::NotFound`], even when it is gone.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    async fn find(&self, owner: &Owner, id: ReportId) -> Result<Record>;

    /// The newest committed record, whosever it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], or [`StoreError::Gone`] for a report that expired or was removed.
    async fn load(&self, id: ReportId) -> Result<Record>;

    /// The model of a completed report as JSON text, or `None` while there is none.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    async fn model(&self, id: ReportId) -> Result<Option<Bytes>>;

    /// Takes up to `limit` tasks of this kind that are due, oldest first, each for the length of `lease`,
    /// and moves their reports on. At most one holder per task; never waits for work to appear; a task
    /// whose lease ran out is due again, and a report that is held back is not due.
    async fn claim(&self, kind: TaskKind, lease: Duration, limit: usize) -> Result<Vec<Claimed>>;

    /// Extends the lease, counted from now, and stores the progress if there is any.
    ///
    /// # Errors
    ///
    /// [`StoreError::ClaimLost`] when the claim is no longer the caller's.
    async fn renew(&self, claim: &Claim, lease: Duration, progress: Option<Progress>) -> Result<()>;

    /// Ends the claim: the new status, the model, the artifact and the end of the task in one write.
    /// Returns the new record.
    ///
    /// # Errors
    ///
    /// [`StoreError::ClaimLost`] when the claim is no longer the caller's; then nothing was written.
    async fn settle(&self, claim: &Claim, outcome: Outcome) -> Result<Record>;

    /// Lets a report that is held back begin: its first client is there. Idempotent.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    async fn release(&self, id: ReportId) -> Result<Record>;

    /// Ends the work because nobody wants it. A report that has ended already keeps its end and is
    /// returned as it is.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    async fn cancel(&self, id: ReportId) -> Result<Record>;

    /// Queues a failed or cancelled report again, with a new first attempt and a delivery that waits anew.
    ///
    /// # Errors
    ///
    /// As [`Store::load`], and [`StoreError::Illegal`] in any other status.
    async fn retry(&self, id: ReportId) -> Result<Record>;

    /// Cancels the report if need be and removes it. From then on it is gone. Idempotent while it is
    /// remembered.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`].
    async fn remove(&self, id: ReportId) -> Result<()>;

    /// Notes that a client knows the end of the report as of `version`. Idempotent; a better proof
    /// replaces a weaker one, and one that convinces nobody is noted as long as nobody knows. A proof of a version before the end proves nothing and changes nothing.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    async fn delivered(&self, id: ReportId, version: u64, receipt: Receipt) -> Result<Record>;

    /// A page of reports, the newest first. A cursor stays valid however much is created or removed.
    async fn list(&self, filter: &Filter) -> Result<Page>;

    /// Moves on what time alone moves on: deliveries that nobody came for, reports that expired (an
    /// unfinished one fails first, so that it has an end), tombstones that need no longer be remembered. The files that it names are to be deleted; each is
    /// named again by every sweep until [`Store::forget_artifacts`] says that it is gone.
    async fn sweep(&self) -> Result<Swept>;

    /// The files of these reports are deleted.
    async fn forget_artifacts(&self, ids: &[ReportId]) -> Result<()>;

    /// Which file each of these reports names, if it names one. A report that is gone names none; one that was never heard
    /// of, or is forgotten, is not in the answer.
    async fn files(&self, ids: &[ReportId]) -> Result<HashMap<ReportId, Option<String>>>;

    /// Whether this process is the one that does what one is enough for, from now on and for the length of `term`. It
    /// keeps the duty by asking again; when it asks no more, another has it after that. One for whom there can be no
    /// other always has it.
    async fn take_duty(&self, duty: Duty, term: Duration) -> Result<bool>;

    /// Which reports changed, and when work may have become due, on any node. May merge, repeat or lose; a receiver that
    /// lags has missed some.
    fn hints(&self) -> broadcast::Receiver<Hint>;
}

/// Where an engine reads the time. Tests hand in a clock that they move by hand.
pub type Clock = std::sync::Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of the machine.
pub fn system_clock() -> Clock {
    std::sync::Arc::new(Timestamp::now)
}
