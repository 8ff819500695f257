//! One claimed task, from the claim to the settlement.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast, watch},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{Estimator, Finished, Handler, Limits, Monitor, Task, WorkError, retry};
use crate::{
    report::{Problem, Progress, Record, Status},
    store::{Claim, Hint, Outcome, Store, StoreError},
};

pub(super) struct Job {
    pub(super) store: Arc<dyn Store>,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) limits: Limits,
    pub(super) estimator: Option<Arc<Estimator>>,
    pub(super) claim: Claim,
    pub(super) record: Record,
    pub(super) data: Option<Bytes>,
    pub(super) drain: CancellationToken,
}

/// How the work ended, as the job sees it.
enum End {
    Handled(Result<Finished, WorkError>),
    TimedOut,
    /// The server drains: the task goes back.
    Drained,
    /// It is no longer ours: cancelled, removed, or taken over by another.
    Lost,
}

impl Job {
    pub(super) async fn run(self, permit: OwnedSemaphorePermit) {
        let id = self.claim.report;
        // more attempts than there are means that earlier ones died without a word: it kills its workers
        if self.claim.attempt > retry::ATTEMPTS {
            let detail = "every attempt to make this report ended the program that tried";
            return self.settle(Outcome::Failed(Problem::new("failed", 500, "Report failed", detail))).await;
        }
        // whatever way this function ends, the work is told to stop
        let stop = CancellationToken::new();
        let _stopped = stop.clone().drop_guard();
        let monitor = Monitor::new(stop);
        let progress = monitor.subscribe();
        let permit = Arc::new(permit);
        let deadline = Instant::now() + self.limits.timeout;
        let task = Task {
            claim: self.claim.clone(),
            record: self.record.clone(),
            data: self.data.clone(),
            deadline,
            monitor,
            // ours stays until this function ends: a settlement that waits is work, too
            permit: Arc::clone(&permit),
        };
        let end = tokio::select! {
            handled = std::panic::AssertUnwindSafe(self.handler.handle(task)).catch_unwind() => {
                End::Handled(handled.unwrap_or_else(|_| Err(panicked())))
            }
            () = sleep_until(deadline) => End::TimedOut,
            () = self.drain.cancelled() => End::Drained,
            () = self.tend(progress) => End::Lost,
        };
        match end {
            End::Handled(Ok(finished)) => self.complete(finished).await,
            End::Handled(Err(WorkError::Permanent(problem))) => self.settle(Outcome::Failed(problem)).await,
            End::Handled(Err(WorkError::Transient { problem, cause })) => {
                self.log_failure(&problem, cause.as_deref());
                let outcome = match retry::delay(self.claim.attempt, fastrand::f32()) {
                    Some(delay) => Outcome::RetryIn(delay),
                    None => Outcome::Failed(problem),
                };
                self.settle(outcome).await;
            }
            End::TimedOut => {
                let detail =
                    format!("the report was not ready after {} seconds", self.limits.timeout.as_secs());
                self.settle(Outcome::Failed(Problem::new("report-timeout", 504, "Report timed out", detail)))
                    .await;
            }
            End::Handled(Err(WorkError::Stopped)) | End::Drained => self.settle(Outcome::Released).await,
            End::Lost => tracing::info!(report = %id, "the report is no longer wanted from us"),
        }
    }

    fn log_failure(
        &self,
        problem: &Problem,
        cause: Option<&(dyn std::error::Error + Send + Sync + 'static)>,
    ) {
        let cause = cause.map(|cause| cause as &dyn std::error::Error);
        let Claim { report, attempt, .. } = self.claim;
        tracing::warn!(%report, attempt, %problem, cause, "attempt failed");
    }

    /// Renews the lease and stores the progress, until the claim is lost.
    async fn tend(&self, mut progress: watch::Receiver<Option<Progress>>) {
        let mut hints = self.store.hints();
        let mut renewed = Instant::now();
        loop {
            let changed = tokio::select! {
                () = sleep_until(renewed + self.limits.lease / 3) => progress.borrow_and_update().clone(),
                () = due(&mut progress, renewed + self.limits.progress) => progress.borrow_and_update().clone(),
                () = self.ended(&mut hints) => return,
            };
            match self.store.renew(&self.claim, self.limits.lease, changed).await {
                Ok(()) => renewed = Instant::now(),
                Err(StoreError::ClaimLost | StoreError::Gone | StoreError::NotFound) => return,
                // tried again; if it stays so, the lease runs out and the settlement is refused
                Err(error) => {
                    tracing::warn!(report = %self.claim.report, error = &error as &dyn std::error::Error, "cannot renew the lease");
                    sleep(self.limits.poll).await;
                }
            }
        }
    }

    /// Waits until a hint leads to a record that is no longer being generated.
    async fn ended(&self, hints: &mut broadcast::Receiver<Hint>) {
        loop {
            match hints.recv().await {
                Ok(Hint::Due) => continue,
                Ok(Hint::Changed(id)) if id != self.claim.report => continue,
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return std::future::pending().await,
            }
            match self.store.load(self.claim.report).await {
                Ok(record) if record.status == Status::Generating => {}
                Ok(_) | Err(StoreError::Gone | StoreError::NotFound) => return,
                // the next renewal finds out
                Err(_) => {}
            }
        }
    }

    async fn complete(&self, finished: Finished) {
        let Finished { artifact, model } = &finished;
        let outcome = Outcome::Completed { artifact: artifact.clone(), model: model.clone() };
        match self.try_settle(outcome).await {
            Ok(()) if self.claim.attempt > 1 => self.handler.tidy(self.claim.report, artifact).await,
            Ok(()) => {}
            Err(StoreError::ClaimLost | StoreError::Gone | StoreError::NotFound) => {
                // it may have been settled by a call of ours whose answer was lost
                match self.store.load(self.claim.report).await {
                    Ok(record) if record.artifact.as_ref() == Some(artifact) => {}
                    Ok(_) | Err(StoreError::Gone | StoreError::NotFound) => {
                        self.handler.discard(finished).await
                    }
                    Err(_) => {}
                }
            }
            // the outcome may count all the same: then the janitor finds out
            Err(_) => {}
        }
    }

    async fn settle(&self, outcome: Outcome) {
        let _ = self.try_settle(outcome).await;
    }

    /// Settles. A store that fails for a moment is asked again for as
    /// long as the lease lasts; after that the task is another's.
    async fn try_settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        let id = self.claim.report;
        let deadline = Instant::now() + self.limits.lease;
        loop {
            match self.store.settle(&self.claim, outcome.clone()).await {
                Ok(record) => {
                    tracing::info!(report = %id, status = record.status.name(), attempt = self.claim.attempt, "settled");
                    if let Some(estimator) = self.estimator.as_ref().filter(|_| record.status.is_terminal()) {
                        estimator.ended(&record);
                    }
                    return Ok(());
                }
                Err(StoreError::Engine(error)) if Instant::now() < deadline => {
                    tracing::warn!(report = %id, error = &*error as &dyn std::error::Error, "cannot settle yet");
                    sleep(self.limits.poll).await;
                }
                Err(error) => {
                    tracing::warn!(report = %id, error = &error as &dyn std::error::Error, "the outcome was refused");
                    return Err(error);
                }
            }
        }
    }
}

/// Waits for new progress, and then until it may be stored.
async fn due(progress: &mut watch::Receiver<Option<Progress>>, not_before: Instant) {
    match progress.changed().await {
        Ok(()) => sleep_until(not_before).await,
        // the work has ended; its result is on its way
        Err(_) => std::future::pending().await,
    }
}

fn panicked() -> WorkError {
    let problem =
        Problem::new("failed", 500, "Report failed", "the report could not be made; the log says why");
    WorkError::Transient { problem, cause: None }
}
