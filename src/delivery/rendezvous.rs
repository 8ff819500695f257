//! Where a result and a client meet, whoever comes first.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::{
    sync::{
        Notify,
        broadcast::{Receiver, error::RecvError},
    },
    time,
};
use tokio_util::sync::CancellationToken;

use super::{Crowded, Frame, Hub, Subscription, frame::MODEL_IN_FRAME};
use crate::{
    links::{Linker, Reader},
    report::{Record, ReportId, Status},
    store::{Hint, Result, Store, StoreError},
};

/// How many records are looked at together. More than this many hints wait for their turn.
const TOGETHER: usize = 256;

/// How many are read at once: a database elsewhere takes its time for each.
const AT_ONCE: usize = 8;

/// Why a client has no place.
#[derive(Debug, thiserror::Error)]
pub enum Unmet {
    /// There is nothing to wait for, or it cannot be seen.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// As many listen as may.
    #[error(transparent)]
    Crowded(#[from] Crowded),
}

/// Turns records into frames and brings them to those who listen.
#[derive(Clone)]
pub struct Rendezvous {
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    linker: Linker,
    look_again: Duration,
}

impl Rendezvous {
    /// A rendezvous of the reports in `store` with the listeners of `hub`, which looks at everything that
    /// somebody listens to every `look_again`, whatever the hints said. A hint is speed; this is what
    /// correctness stands on.
    pub fn new(store: Arc<dyn Store>, hub: Arc<Hub>, linker: Linker, look_again: Duration) -> Self {
        Self { store, hub, linker, look_again }
    }

    /// The client's half: subscribes, then looks, which is to await `look`. Returns the place and the state of now; every
    /// later state arrives at the place.
    ///
    /// # Errors
    ///
    /// What `look` says: there is nothing to wait for. [`Unmet::Crowded`], and then nobody has looked.
    pub async fn meet(
        &self,
        id: ReportId,
        look: impl Future<Output = Result<Record>>,
    ) -> Result<(Subscription, Record, Arc<Frame>), Unmet> {
        let mut place = self.hub.subscribe(id)?;
        let record = look.await?;
        let now = self.linker.now();
        let good = |frame: &Arc<Frame>| frame.version == record.version && now < frame.good_until;
        if let Some(frame) = place.latest().filter(good) {
            return Ok((place, record, frame));
        }
        let frame = Arc::new(self.frame(&record).await?);
        // whoever comes next finds it made
        self.hub.publish(&frame);
        // a newer one may have come meanwhile; taking it marks it as seen, so it must not be lost here
        let newest = place.latest().filter(|newest| newest.version > frame.version).unwrap_or(frame);
        Ok((place, record, newest))
    }

    /// The result's half: follows the hints and hands on what changed, until `stop`.
    pub async fn follow(&self, stop: CancellationToken) {
        // beside the hints, because a look at everything takes long where many listen
        let missed = Notify::new();
        let both = async { tokio::join!(self.follow_hints(&missed), self.look_again(&missed)) };
        stop.run_until_cancelled(both).await;
    }

    async fn follow_hints(&self, missed: &Notify) {
        let mut hints = self.store.hints();
        while let Some(changed) = self.heard(&mut hints, missed).await {
            self.refresh(changed).await;
        }
    }

    /// What changed of all that somebody listens to, as far as it was said by now; none once the store is closed: then
    /// nothing can change any more.
    async fn heard(&self, hints: &mut Receiver<Hint>, missed: &Notify) -> Option<BTreeSet<ReportId>> {
        let mut changed = BTreeSet::new();
        let mut next = Some(hints.recv().await);
        while let Some(hint) = next {
            match hint {
                Ok(Hint::Changed(id)) if self.hub.is_awaited(id) => drop(changed.insert(id)),
                Ok(Hint::Changed(_) | Hint::Due) => {}
                Ok(Hint::Missed) | Err(RecvError::Lagged(_)) => missed.notify_one(),
                Err(RecvError::Closed) => return None,
            }
            next = if changed.len() < TOGETHER { hints.recv().now_or_never() } else { None };
        }
        Some(changed)
    }

    async fn look_again(&self, missed: &Notify) {
        loop {
            let _ = time::timeout(self.look_again, missed.notified()).await;
            self.refresh(self.hub.awaited()).await;
        }
    }

    async fn refresh(&self, reports: impl IntoIterator<Item = ReportId>) {
        stream::iter(reports).for_each_concurrent(AT_ONCE, |id| self.refresh_one(id)).await;
    }

    /// Looks at one report and publishes what it finds.
    async fn refresh_one(&self, id: ReportId) {
        let frame = match self.store.load(id).await {
            Ok(record) if self.hub.has(id, record.version) => return,
            Ok(record) => self.frame(&record).await,
            Err(StoreError::Gone | StoreError::NotFound) => Ok(Frame::gone(id)),
            Err(error) => Err(error),
        };
        match frame {
            Ok(frame) => self.hub.publish(&Arc::new(frame)),
            // the next look comes by itself
            Err(error) => {
                tracing::warn!(report = %id, error = &error as &dyn std::error::Error, "cannot look at the report")
            }
        }
    }

    async fn frame(&self, record: &Record) -> Result<Frame> {
        let small = record.artifact.as_ref().is_some_and(|artifact| artifact.model_size <= MODEL_IN_FRAME);
        let model = match record.status {
            Status::Completed if small => self.store.model(record.id).await?,
            _ => None,
        };
        let now = self.linker.now();
        let links = self.linker.links(record, Reader::Follower);
        let frame = Frame::of(record, &links, model.as_ref());
        frame
            .map(|frame| Frame { good_until: self.linker.good_until(now), ..frame })
            .map_err(|error| StoreError::Engine(Box::new(error)))
    }
}
