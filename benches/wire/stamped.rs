//! A store that notes when a settlement was committed.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use reportwire::{
    report::{NewReport, Owner, Progress, Receipt, Record, ReportId},
    store::{Claim, Claimed, Created, Duty, Filter, Hint, Outcome, Page, Result, Store, Swept, TaskKind},
};
use tokio::sync::broadcast;

/// When a settlement was asked for, and when it was on disk and said so.
#[derive(Clone, Copy)]
pub(crate) struct Settled {
    pub(crate) asked: Instant,
    pub(crate) committed: Instant,
}

/// The store within, and where the notes go.
pub(crate) struct Stamped {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) notes: mpsc::Sender<Settled>,
}

#[async_trait]
impl Store for Stamped {
    async fn settle(&self, claim: &Claim, outcome: Outcome) -> Result<Record> {
        let asked = Instant::now();
        let settled = self.inner.settle(claim, outcome).await;
        let _ = self.notes.send(Settled { asked, committed: Instant::now() });
        settled
    }

    async fn create(&self, report: NewReport) -> Result<Created> {
        self.inner.create(report).await
    }
    async fn find(&self, owner: &Owner, id: ReportId) -> Result<Record> {
        self.inner.find(owner, id).await
    }

    async fn load(&self, id: ReportId) -> Result<Record> {
        self.inner.load(id).await
    }
    async fn model(&self, id: ReportId) -> Result<Option<Bytes>> {
        self.inner.model(id).await
    }
    async fn claim(&self, kind: TaskKind, lease: Duration, limit: usize) -> Result<Vec<Claimed>> {
        self.inner.claim(kind, lease, limit).await
    }
    async fn renew(&self, claim: &Claim, lease: Duration, progress: Option<Progress>) -> Result<()> {
        self.inner.renew(claim, lease, progress).await
    }
    async fn release(&self, id: ReportId) -> Result<Record> {
        self.inner.release(id).await
    }
    async fn cancel(&self, id: ReportId) -> Result<Record> {
        self.inner.cancel(id).await
    }
    async fn retry(&self, id: ReportId) -> Result<Record> {
        self.inner.retry(id).await
    }
    async fn remove(&self, id: ReportId) -> Result<()> {
        self.inner.remove(id).await
    }
    async fn delivered(&self, id: ReportId, version: u64, receipt: Receipt) -> Result<Record> {
        self.inner.delivered(id, version, receipt).await
    }
    async fn list(&self, filter: &Filter) -> Result<Page> {
        self.inner.list(filter).await
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
        self.inner.hints()
    }
}
