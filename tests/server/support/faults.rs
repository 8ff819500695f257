//! A store that misbehaves on demand, around one that does not.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use reportwire::{
    report::{NewReport, Owner, Progress, Receipt, Record, ReportId},
    store::{
        Claim, Claimed, Created, Duty, Filter, Hint, Outcome, Page, Result, Store, StoreError, Swept,
        TaskKind,
    },
};
use tokio::sync::{broadcast, oneshot, watch};

use super::patiently;

/// The calls that can be made to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Create,
    Load,
    Find,
    Claim,
    Renew,
    Settle,
    Release,
    Cancel,
    Delivered,
    List,
}

/// On which side of the real call a trap stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// What becomes of the hints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hints {
    #[default]
    Honest,
    Lost,
    Thrice,
}

/// The switches of a faulty store. Kept apart from it, so that whoever holds them does not keep it open.
#[derive(Debug)]
pub(crate) struct Faults {
    traps: Mutex<Vec<Trap>>,
    failures: Mutex<HashMap<Call, usize>>,
    losses: Mutex<HashMap<Call, usize>>,
    frozen: watch::Sender<bool>,
}

#[derive(Debug)]
struct Trap {
    call: Call,
    side: Side,
    sprung: oneshot::Sender<()>,
    open: oneshot::Receiver<()>,
}

/// One call that is caught in a trap, or will be.
#[derive(Debug)]
pub(crate) struct Caught {
    sprung: Option<oneshot::Receiver<()>>,
    open: oneshot::Sender<()>,
}

impl Caught {
    /// Waits until the call is in the trap.
    pub(crate) async fn here(&mut self) {
        let sprung = self.sprung.take().expect("one call is caught once");
        patiently("a call goes into the trap", sprung).await.expect("the trap is still set");
    }

    pub(crate) fn let_go(self) {
        self.open.send(()).expect("the caught call still waits");
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            traps: Mutex::default(),
            failures: Mutex::default(),
            losses: Mutex::default(),
            frozen: watch::Sender::new(false),
        }
    }
}

impl Faults {
    /// Catches the next such call, and only that one.
    pub(crate) fn catch(&self, call: Call, side: Side) -> Caught {
        let ((sprung, here), (let_go, open)) = (oneshot::channel(), oneshot::channel());
        self.traps.lock().unwrap().push(Trap { call, side, sprung, open });
        Caught { sprung: Some(here), open: let_go }
    }

    /// The next `times` such calls fail, and write nothing.
    pub(crate) fn fail(&self, call: Call, times: usize) {
        self.failures.lock().unwrap().insert(call, times);
    }

    /// The next `times` such calls do what they should, and say that they failed.
    pub(crate) fn lose(&self, call: Call, times: usize) {
        self.losses.lock().unwrap().insert(call, times);
    }

    /// Until it is thawed every call waits, as in a process that is stopped.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    async fn pass(&self, call: Call, side: Side) {
        let _ = self.frozen.subscribe().wait_for(|frozen| !frozen).await;
        let trap = {
            let mut traps = self.traps.lock().unwrap();
            let found = traps.iter().position(|trap| trap.call == call && trap.side == side);
            found.map(|found| traps.swap_remove(found))
        };
        if let Some(trap) = trap {
            let _ = trap.sprung.send(());
            let _ = trap.open.await;
        }
    }

    fn fails(&self, call: Call) -> bool {
        takes_one(&self.failures, call)
    }

    fn loses(&self, call: Call) -> bool {
        takes_one(&self.losses, call)
    }
}

fn takes_one(counts: &Mutex<HashMap<Call, usize>>, call: Call) -> bool {
    let mut counts = counts.lock().unwrap();
    let left = counts.get_mut(&call).filter(|left| **left > 0);
    left.map(|left| *left -= 1).is_some()
}

/// The store behind the switches.
pub(crate) struct Faulty {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
    // `None` while hints are honest
    hints: Option<broadcast::Sender<Hint>>,
}

impl Faulty {
    pub(crate) fn new(inner: Arc<dyn Store>, faults: Arc<Faults>, hints: Hints) -> Self {
        let sender = (hints != Hints::Honest).then(|| broadcast::Sender::new(64));
        if let (Hints::Thrice, Some(sender)) = (hints, sender.clone()) {
            let mut honest = inner.hints();
            tokio::spawn(async move {
                while let Ok(id) = honest.recv().await {
                    (0..3).for_each(|_| drop(sender.send(id)));
                }
            });
        }
        Self { inner, faults, hints: sender }
    }

    async fn around<T: Send>(&self, call: Call, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.faults.pass(call, Side::Before).await;
        if self.faults.fails(call) {
            return Err(StoreError::Engine("the disk is full".into()));
        }
        let answer = work.await;
        self.faults.pass(call, Side::After).await;
        if self.faults.loses(call) {
            return Err(StoreError::Engine("the connection is gone".into()));
        }
        answer
    }
}

#[async_trait]
impl Store for Faulty {
    async fn create(&self, report: NewReport) -> Result<Created> {
        self.around(Call::Create, self.inner.create(report)).await
    }

    async fn find(&self, owner: &Owner, id: ReportId) -> Result<Record> {
        self.around(Call::Find, self.inner.find(owner, id)).await
    }

    async fn load(&self, id: ReportId) -> Result<Record> {
        self.around(Call::Load, self.inner.load(id)).await
    }

    async fn model(&self, id: ReportId) -> Result<Option<Bytes>> {
        self.inner.model(id).await
    }

    async fn claim(&self, kind: TaskKind, lease: Duration, limit: usize) -> Result<Vec<Claimed>> {
        self.around(Call::Claim, self.inner.claim(kind, lease, limit)).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration, progress: Option<Progress>) -> Result<()> {
        self.around(Call::Renew, self.inner.renew(claim, lease, progress)).await
    }

    async fn settle(&self, claim: &Claim, outcome: Outcome) -> Result<Record> {
        self.around(Call::Settle, self.inner.settle(claim, outcome)).await
    }

    async fn release(&self, id: ReportId) -> Result<Record> {
        self.around(Call::Release, self.inner.release(id)).await
    }

    async fn cancel(&self, id: ReportId) -> Result<Record> {
        self.around(Call::Cancel, self.inner.cancel(id)).await
    }

    async fn retry(&self, id: ReportId) -> Result<Record> {
        self.inner.retry(id).await
    }

    async fn remove(&self, id: ReportId) -> Result<()> {
        self.inner.remove(id).await
    }

    async fn delivered(&self, id: ReportId, version: u64, receipt: Receipt) -> Result<Record> {
        self.around(Call::Delivered, self.inner.delivered(id, version, receipt)).await
    }

    async fn list(&self, filter: &Filter) -> Result<Page> {
        self.around(Call::List, self.inner.list(filter)).await
    }

    async fn sweep(&self) -> Result<Swept> {
        self.inner.sweep().await
    }

    async fn forget_artifacts(&self, ids: &[ReportId]) -> Result<()> {
        self.inner.forget_artifacts(ids).await
    }

    async fn files(&self, ids: &[ReportId]) -> Result<HashMap<ReportId, Option<String>>> {
        self.inner.files(ids).await
    }

    async fn take_duty(&self, duty: Duty, term: Duration) -> Result<bool> {
        self.inner.take_duty(duty, term).await
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.as_ref().map_or_else(|| self.inner.hints(), broadcast::Sender::subscribe)
    }
}
