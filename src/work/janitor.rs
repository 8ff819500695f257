//! What time alone moves on: deliveries that nobody came for, reports that expire, files that nobody names.

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::sync::CancellationToken;

use crate::{
    artifact::{ArtifactError, Artifacts},
    report::ReportId,
    store::{Clock, Store, StoreError},
};

/// How often time is looked at: this bounds how late a delivery is called unclaimed.
const SWEEP: Duration = Duration::from_secs(1);

/// How often files are looked for that no record names: an attempt died between its file and its word.
const SEARCH: Duration = Duration::from_secs(3600);

/// A file younger than this may belong to an attempt that is about to settle.
const YOUNG: SignedDuration = SignedDuration::from_hours(1);

/// How long nothing is deleted in a bucket that was found to be away: each look at it takes seconds, and time does not wait.
const REST: Duration = Duration::from_secs(30);

/// Cleans up behind everybody.
pub struct Janitor {
    store: Arc<dyn Store>,
    artifacts: Artifacts,
    clock: Clock,
    /// Whether a file may be there before the report that names it.
    is_filled: bool,
    rests_until: Option<Instant>,
}

impl Janitor {
    /// A janitor of these reports and these files, by the store's clock: that of a node must not decide what is old.
    pub fn new(store: Arc<dyn Store>, artifacts: Artifacts, clock: Clock) -> Self {
        Self { store, artifacts, clock, is_filled: false, rests_until: None }
    }

    /// … of a store that another installation may be copied into while this one runs, files first: a file whose report
    /// was never heard of stays.
    pub fn of_a_shared_store(self) -> Self {
        Self { is_filled: true, ..self }
    }

    /// Cleans until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let now = (self.clock)();
        // whatever wrote to a folder of our own died with the process before this one; to another place somebody may be
        // writing, whose word is still to come
        let before = if self.artifacts.location().is_own() { now } else { now - YOUNG };
        if let Some(Err(error)) = stop.run_until_cancelled(self.search(before)).await {
            tracing::warn!(
                error = &*error as &dyn std::error::Error,
                "cannot look for files without a report"
            );
        }
        let mut sweeps = interval(SWEEP);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut searches = interval_at(Instant::now() + SEARCH, SEARCH);
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => return,
                _ = sweeps.tick() => stop.run_until_cancelled(self.sweep()).await,
                _ = searches.tick() => stop.run_until_cancelled(self.search((self.clock)() - YOUNG)).await,
            };
            if let Some(Err(error)) = done {
                tracing::warn!(error = &*error as &dyn std::error::Error, "cannot clean up");
            }
        }
    }

    /// One look at the time. A crash between the deletion and the note of it repeats the deletion.
    async fn sweep(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let swept = self.store.sweep().await?;
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        let mut deleted = Vec::with_capacity(swept.artifacts.len());
        for (id, key) in swept.artifacts {
            match self.delete(&key).await {
                Ok(()) => deleted.push(id),
                Err(ArtifactError::Away(_)) => {
                    self.rests_until = Some(Instant::now() + REST);
                    break;
                }
                // one file that cannot be deleted must not keep the others
                Err(_) => {}
            }
        }
        if !deleted.is_empty() {
            self.store.forget_artifacts(&deleted).await?;
        }
        Ok(())
    }

    /// Deletes files that were written before `before` and that no record names.
    async fn search(&self, before: Timestamp) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut files = std::pin::pin!(self.artifacts.list());
        while let Some(file) = files.try_next().await.map_err(|error: ArtifactError| Box::new(error))? {
            if file.written_at < before && !self.is_named(&file.key).await? {
                tracing::info!(file = file.key, "deleting a file that no report names");
                // what stays is found again
                let _ = self.delete(&file.key).await;
            }
        }
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), ArtifactError> {
        let deleted = self.artifacts.delete(key).await;
        if let Err(error) = &deleted {
            tracing::warn!(file = key, error = error as &dyn std::error::Error, "cannot delete a file");
        }
        deleted
    }

    async fn is_named(&self, key: &str) -> Result<bool, StoreError> {
        // a key begins with the id of its report
        let Some(id) = key.get(..36).and_then(|id| id.parse::<ReportId>().ok()) else {
            // not one of ours
            return Ok(true);
        };
        match self.store.load(id).await {
            Ok(record) => Ok(record.artifact.is_some_and(|artifact| artifact.key == key)),
            Err(StoreError::Gone) => Ok(false),
            Err(StoreError::NotFound) => Ok(self.is_filled),
            Err(error) => Err(error),
        }
    }
}
