//! The loop: arm, take permits, claim, hand out; and when there is nothing, wait for a hint or a while.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Estimator, Handler, job::Job};
use crate::store::{Claimed, Hint, Store, TaskKind};

/// How much at once, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many tasks are worked on at once.
    pub workers: usize,
    /// How long a claim lasts without a renewal. Renewed three times in that time.
    pub lease: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often to look for due tasks when no hint came: this bounds how late a retry is.
    pub poll: Duration,
    /// Progress is stored at most this often.
    pub progress: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            lease: Duration::from_secs(30),
            timeout: Duration::from_secs(300),
            poll: Duration::from_secs(1),
            progress: Duration::from_millis(200),
        }
    }
}

/// Works on the tasks of one kind.
pub struct Runner {
    store: Arc<dyn Store>,
    handler: Arc<dyn Handler>,
    kind: TaskKind,
    limits: Limits,
    estimator: Option<Arc<Estimator>>,
}

impl Runner {
    /// A runner that does tasks of `kind` with `handler`.
    pub fn new(store: Arc<dyn Store>, handler: Arc<dyn Handler>, kind: TaskKind, limits: Limits) -> Self {
        Self { store, handler, kind, limits, estimator: None }
    }

    /// … which tells `estimator` how long they took.
    pub fn teaching(self, estimator: Arc<Estimator>) -> Self {
        Self { estimator: Some(estimator), ..self }
    }

    /// Works until `stop`; then claims nothing more, has the running jobs give their tasks back and
    /// returns when they have.
    pub async fn run(self, stop: CancellationToken) {
        let capacity = Arc::new(Semaphore::new(self.limits.workers));
        let jobs = TaskTracker::new();
        // armed before the first look: a task that is queued after a look wakes the next one
        let mut hints = self.store.hints();
        while let Some(permits) = stop.run_until_cancelled(take(&capacity)).await {
            forget(&mut hints);
            match self.store.claim(self.kind, self.limits.lease, permits.len()).await {
                Ok(claimed) if claimed.is_empty() => {
                    drop(permits);
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = due(&mut hints) => {}
                        () = sleep(self.limits.poll) => {}
                    }
                }
                Ok(claimed) => {
                    for (claimed, permit) in claimed.into_iter().zip(permits) {
                        self.start(&jobs, claimed, permit, &stop);
                    }
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "cannot claim work");
                    stop.run_until_cancelled(sleep(self.limits.poll)).await;
                }
            }
        }
        jobs.close();
        jobs.wait().await;
    }

    fn start(
        &self,
        jobs: &TaskTracker,
        claimed: Claimed,
        permit: OwnedSemaphorePermit,
        stop: &CancellationToken,
    ) {
        let job = Job {
            store: Arc::clone(&self.store),
            handler: Arc::clone(&self.handler),
            limits: self.limits,
            estimator: self.estimator.clone(),
            claim: claimed.claim,
            record: claimed.record,
            data: claimed.data,
            drain: stop.clone(),
        };
        jobs.spawn(job.run(permit));
    }
}

/// Waits for one permit and takes whatever else is free.
async fn take(capacity: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    let first = Arc::clone(capacity).acquire_owned().await.expect("the semaphore is never closed");
    let more = std::iter::from_fn(|| Arc::clone(capacity).try_acquire_owned().ok());
    std::iter::once(first).chain(more).collect()
}

/// Waits for the hint that a task may be due; one that was lost may have been it.
async fn due(hints: &mut broadcast::Receiver<Hint>) {
    while let Ok(Hint::Changed(_)) = hints.recv().await {}
}

/// Drops the hints that came before the look that follows.
fn forget(hints: &mut broadcast::Receiver<Hint>) {
    use broadcast::error::TryRecvError::{Closed, Empty};
    while !matches!(hints.try_recv(), Err(Empty | Closed)) {}
}
