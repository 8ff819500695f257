//! What the loop asks of whoever does the work.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::Monitor;
use crate::{
    report::{Artifact, Problem, Record, ReportId},
    store::Claim,
};

/// One piece of work and everything that belongs to it.
#[derive(Debug)]
pub struct Task {
    /// The right to do it. Its token makes names that no other attempt uses.
    pub claim: Claim,
    /// The report that it is for.
    pub record: Record,
    /// The rows that came with its request, as JSON text.
    pub data: Option<Bytes>,
    /// When it is cut off, if it is not done.
    pub deadline: Instant,
    /// The line to whoever watches.
    pub monitor: Monitor,
    /// The capacity that it takes, shared with the job, which holds it until it has settled. Move it to where
    /// the work is really done: a blocking closure that outlives its caller still holds it.
    pub permit: Arc<OwnedSemaphorePermit>,
}

/// What good work leaves behind.
#[derive(Debug)]
pub struct Finished {
    /// The file, durable in the artifact store.
    pub artifact: Artifact,
    /// The model as JSON text.
    pub model: Bytes,
}

/// Why the work was not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// It was told to stop, and stopped.
    #[error("stopped")]
    Stopped,
    /// It may go better next time: a disk that is full, a file that is locked, a panic.
    #[error("{problem}")]
    Transient {
        /// What the reader is told should every attempt fail.
        problem: Problem,
        /// What the operator is told.
        #[source]
        cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// It will never go better.
    #[error("{0}")]
    Permanent(Problem),
}

/// Does the work of one kind of task.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Does the work. Dropping the future must leave nothing that matters behind; blocking work that goes
    /// on after it stops at its next look at the monitor.
    ///
    /// # Errors
    ///
    /// [`WorkError`].
    async fn handle(&self, task: Task) -> Result<Finished, WorkError>;

    /// Throws away what an attempt left behind that was not the one that counts.
    async fn discard(&self, finished: Finished);

    /// `counts` is what the report has now. Throws away what attempts before it may have left behind that died.
    async fn tidy(&self, report: ReportId, counts: &Artifact) {
        let (_, _) = (report, counts);
    }
}
