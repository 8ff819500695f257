//! What time alone moves on: deliveries that nobody came for, reports that expire, files that nobody names.

use std::{future::ready, sync::Arc, time::Duration};

use futures_util::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, TryChunksError},
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::artifact_key;
use crate::{
    artifact::{ArtifactError, Artifacts},
    report::ReportId,
    store::{Clock, Duty, Store},
};

/// How often time is looked at: this bounds how late a delivery is called unclaimed.
const SWEEP: Duration = Duration::from_secs(1);

/// How often files are looked for that no record names: an attempt died between its file and its word.
const SEARCH: Duration = Duration::from_secs(3600);

/// A file younger than this may belong to an attempt that is about to settle.
const YOUNG: SignedDuration = SignedDuration::from_hours(1);

/// How long nothing is deleted in a bucket that was found to be away: each look at it takes seconds, and time does not wait.
const REST: Duration = Duration::from_secs(30);

/// How many files are asked about, or are noted as deleted, at a time.
const BATCH: usize = 500;

/// How many files are deleted at once.
const AT_ONCE: usize = 128;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Cleans up behind everybody.
pub struct Janitor {
    store: Arc<dyn Store>,
    artifacts: Artifacts,
    clock: Clock,
    /// Whether a file may be there before the report that names it.
    is_filled: bool,
}

impl Janitor {
    /// A janitor of these reports and these files, by the store's clock: that of a node must not decide what is old.
    pub fn new(store: Arc<dyn Store>, artifacts: Artifacts, clock: Clock) -> Self {
        Self { store, artifacts, clock, is_filled: false }
    }

    /// … of a store that another installation may be copied into while this one runs, files first: a file whose report
    /// was never heard of stays.
    pub fn of_a_shared_store(self) -> Self {
        Self { is_filled: true, ..self }
    }

    /// Cleans until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        // a search through many files must not keep time waiting
        stop.run_until_cancelled(async { tokio::join!(self.sweeps(), self.searches()) }).await;
    }

    async fn sweeps(&self) {
        let mut looks = interval(SWEEP);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut rests_until = None;
        loop {
            looks.tick().await;
            if let Err(error) = self.sweep(&mut rests_until).await {
                tracing::warn!(error = &*error as &dyn std::error::Error, "cannot clean up");
            }
        }
    }

    async fn searches(&self) {
        // whatever wrote to a folder of our own died with the process before this one; to another place somebody may be
        // writing, whose word is still to come
        let mut is_first = self.artifacts.location().is_own();
        let mut looks = interval(SEARCH);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let now = (self.clock)();
            let before = if std::mem::take(&mut is_first) { now } else { now - YOUNG };
            if let Err(error) = self.search(before).await {
                tracing::warn!(
                    error = &*error as &dyn std::error::Error,
                    "cannot look for files without a report"
                );
            }
        }
    }

    /// One look at the time. A crash between the deletion and the note of it repeats the deletion.
    async fn sweep(&self, rests_until: &mut Option<Instant>) -> Result<(), Failure> {
        let swept = self.store.sweep().await?;
        if rests_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        for files in swept.artifacts.chunks(BATCH) {
            // a bucket takes its time for each, and takes many at once
            let deleting: Vec<_> = files.iter().map(|(id, key)| self.delete_of(*id, key)).collect();
            let done: Vec<_> = stream::iter(deleting).buffer_unordered(AT_ONCE).collect().await;
            let deleted: Vec<ReportId> =
                done.iter().filter(|(_, done)| done.is_ok()).map(|(id, _)| *id).collect();
            if !deleted.is_empty() {
                self.store.forget_artifacts(&deleted).await?;
            }
            // one file that cannot be deleted must not keep the others, but no file can where the bucket is away
            if done.iter().any(|(_, done)| matches!(done, Err(ArtifactError::Away(_)))) {
                *rests_until = Some(Instant::now() + REST);
                break;
            }
        }
        Ok(())
    }

    /// Deletes files that were written before `before` and that no record names. One of many processes does it.
    async fn search(&self, before: Timestamp) -> Result<(), Failure> {
        if !self.store.take_duty(Duty::Search, SEARCH).await? {
            return Ok(());
        }
        // what is not one of ours stays
        let old = self.artifacts.list().try_filter_map(move |file| {
            let id = artifact_key::report_of(&file.key);
            ready(Ok(id.filter(|_| file.written_at < before).map(|id| (id, file.key))))
        });
        let mut batches = std::pin::pin!(old.try_chunks(BATCH));
        while let Some(files) = batches.try_next().await.map_err(|TryChunksError(_, error)| error)? {
            let ids: Vec<ReportId> = files.iter().map(|(id, _)| *id).collect();
            let named = self.store.files(&ids).await?;
            for (id, key) in files {
                let is_named = match named.get(&id) {
                    Some(file) => file.as_ref() == Some(&key),
                    None => self.is_filled,
                };
                if !is_named {
                    tracing::info!(file = key, "deleting a file that no report names");
                    // what stays is found again
                    let _ = self.delete(&key).await;
                }
            }
        }
        Ok(())
    }

    async fn delete_of(&self, id: ReportId, key: &str) -> (ReportId, Result<(), ArtifactError>) {
        (id, self.delete(key).await)
    }

    async fn delete(&self, key: &str) -> Result<(), ArtifactError> {
        let deleted = self.artifacts.delete(key).await;
        if let Err(error) = &deleted {
            tracing::warn!(file = key, error = error as &dyn std::error::Error, "cannot delete a file");
        }
        deleted
    }
}
