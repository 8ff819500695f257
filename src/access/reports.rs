//! The reports, for whoever has leave. Nothing that a client says reaches the store in another way.

use std::{num::NonZeroU32, sync::Arc};

use bytes::Bytes;
use governor::{Quota, RateLimiter, clock::Clock as _, clock::DefaultClock, state::keyed::HashMapStateStore};

use super::{By, Crowd, Denied, Pass, Place, Proved, Refused};
use crate::{
    audit::{Act, Audit, Entry},
    config::Limits,
    delivery::{Frame, Rendezvous, Subscription, Unmet},
    metrics::{Limit, Metrics},
    report::{NewReport, Owner, Receipt, Record, ReportId},
    store::{Created, Filter, Page, Store, StoreError},
};

type Pace = RateLimiter<Owner, HashMapStateStore<Owner>, DefaultClock>;

/// The reports, for whoever has leave.
pub struct Reports {
    store: Arc<dyn Store>,
    rendezvous: Rendezvous,
    audit: Audit,
    metrics: Arc<Metrics>,
    /// How fast each owner asks for reports.
    pace: Pace,
    /// The sockets and streams of each owner.
    crowd: Crowd<Owner>,
}

/// With so many owners it is worth looking for those who have not asked for long.
const MANY: usize = 1024;

impl Reports {
    /// The reports of `store`, whose followers meet them at `rendezvous`.
    pub fn new(
        store: Arc<dyn Store>,
        rendezvous: Rendezvous,
        audit: Audit,
        metrics: Arc<Metrics>,
        limits: &Limits,
    ) -> Self {
        let pace = u32::try_from(limits.creates_per_minute).ok().and_then(NonZeroU32::new);
        let pace = RateLimiter::hashmap(Quota::per_minute(pace.unwrap_or(NonZeroU32::MAX)));
        Self { store, rendezvous, audit, metrics, pace, crowd: Crowd::new(limits.connections_per_owner) }
    }

    /// Stores a report, which will be the pass's owner's.
    ///
    /// # Errors
    ///
    /// [`Refused::TooFast`], and as [`Store::create`].
    pub async fn create(&self, pass: &Pass, report: NewReport) -> Result<Created, Refused> {
        self.counted(self.try_create(pass, report).await)
    }

    async fn try_create(&self, pass: &Pass, report: NewReport) -> Result<Created, Refused> {
        let owner = pass.owner().ok_or(Denied::Missing)?;
        if !owner.is_anonymous() {
            if self.pace.len() > MANY {
                self.pace.retain_recent();
            }
            if let Err(not_yet) = self.pace.check_key(owner) {
                return Err(Refused::TooFast(not_yet.wait_time_from(DefaultClock::default().now())));
            }
        }
        let created = self.store.create(NewReport { owner: owner.clone(), ..report }).await?;
        self.note(pass, Act::Created, Some(created.record.id));
        Ok(created)
    }

    /// The report as it is now, for somebody who looks at it.
    ///
    /// # Errors
    ///
    /// As [`Store::find`].
    pub async fn read(&self, pass: &Pass, id: ReportId) -> Result<Record, Refused> {
        let record = self.load(pass, id).await?;
        self.note(pass, Act::Read, Some(id));
        Ok(record)
    }

    /// The same, for somebody who fetches what was made.
    ///
    /// # Errors
    ///
    /// As [`Store::find`].
    pub async fn fetch(&self, pass: &Pass, id: ReportId) -> Result<Record, Refused> {
        let record = self.load(pass, id).await?;
        self.note(pass, Act::Fetched, Some(id));
        Ok(record)
    }

    /// The same, for somebody who was noted already and looks again.
    ///
    /// # Errors
    ///
    /// As [`Store::find`].
    pub async fn load(&self, pass: &Pass, id: ReportId) -> Result<Record, StoreError> {
        match pass.owner() {
            Some(owner) => self.store.find(owner, id).await,
            None if pass.covers(id) => self.store.load(id).await,
            None => Err(StoreError::NotFound),
        }
    }

    /// The model.
    ///
    /// # Errors
    ///
    /// As [`Store::model`].
    pub async fn model(&self, pass: &Pass, id: ReportId) -> Result<Option<Bytes>, StoreError> {
        self.load(pass, id).await?;
        self.store.model(id).await
    }

    /// A page of the owner's reports.
    ///
    /// # Errors
    ///
    /// As [`Store::list`].
    pub async fn list(&self, pass: &Pass, filter: Filter) -> Result<Page, Refused> {
        let owner = pass.owner().ok_or(Denied::Missing)?.clone();
        let page = self.store.list(&Filter { owner, ..filter }).await?;
        self.note(pass, Act::Read, None);
        Ok(page)
    }

    /// Takes a place among those who follow the report, and looks. A report that was held back for its first client
    /// begins.
    ///
    /// # Errors
    ///
    /// [`Refused::Full`] when the owner, or the report, has as many followers as it may, and as [`Store::find`].
    pub async fn meet(&self, pass: &Pass, id: ReportId) -> Result<Met, Refused> {
        self.counted(self.try_meet(pass, id).await)
    }

    async fn try_meet(&self, pass: &Pass, id: ReportId) -> Result<Met, Refused> {
        let (subscription, mut record, frame) = match self.rendezvous.meet(id, self.load(pass, id)).await {
            Ok(met) => met,
            Err(crowded @ Unmet::Crowded(_)) => {
                // whoever may not know of the report is not told that it is crowded
                self.load(pass, id).await?;
                return Err(crowded.into());
            }
            Err(unmet) => return Err(unmet.into()),
        };
        self.note(pass, Act::Read, Some(id));
        // where nobody is asked who they are, everybody is the same owner
        let place = match record.owner.is_anonymous() {
            true => None,
            false => {
                let place = self.crowd.enter(record.owner.clone());
                Some(place.ok_or(Refused::Full(Limit::ConnectionsPerOwner))?)
            }
        };
        if record.held {
            record = self.store.release(id).await?;
        }
        // what came between the look and the frame does not come again
        if frame.version > record.version {
            record = self.store.load(id).await?;
        }
        Ok(Met { subscription, record, frame, place })
    }

    /// Ends the work because nobody wants it.
    ///
    /// # Errors
    ///
    /// As [`Store::cancel`].
    pub async fn cancel(&self, pass: &Pass, id: ReportId) -> Result<Record, Refused> {
        self.load(pass, id).await?;
        let record = self.store.cancel(id).await?;
        self.note(pass, Act::Cancelled, Some(id));
        Ok(record)
    }

    /// Queues it again.
    ///
    /// # Errors
    ///
    /// As [`Store::retry`].
    pub async fn retry(&self, pass: &Pass, id: ReportId) -> Result<Record, Refused> {
        self.load(pass, id).await?;
        let record = self.counted(self.store.retry(id).await.map_err(Refused::from))?;
        self.note(pass, Act::Retried, Some(id));
        Ok(record)
    }

    /// Removes it. One that is gone already is removed.
    ///
    /// # Errors
    ///
    /// As [`Store::remove`].
    pub async fn remove(&self, pass: &Pass, id: ReportId) -> Result<(), Refused> {
        match self.load(pass, id).await {
            Ok(_) => {}
            Err(StoreError::Gone) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        self.store.remove(id).await?;
        self.note(pass, Act::Removed, Some(id));
        Ok(())
    }

    /// Notes that somebody knows.
    ///
    /// # Errors
    ///
    /// As [`Store::delivered`].
    pub async fn delivered(
        &self,
        pass: &Pass,
        id: ReportId,
        version: u64,
        receipt: Receipt,
    ) -> Result<Record, StoreError> {
        self.load(pass, id).await?;
        self.store.delivered(id, version, receipt).await
    }

    /// Whether the store answers.
    ///
    /// # Errors
    ///
    /// As [`Store::list`].
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.store.list(&Filter::of(Owner::anonymous(), 1)).await.map(drop)
    }

    /// Counts a refusal, if it is for want of room.
    fn counted<T>(&self, answer: Result<T, Refused>) -> Result<T, Refused> {
        if let Some(limit) = answer.as_ref().err().and_then(Refused::limit) {
            self.metrics.refused(limit);
        }
        answer
    }

    fn note(&self, pass: &Pass, act: Act, report: Option<ReportId>) {
        let by = match pass.by() {
            // where nobody is asked, there is nobody to name
            By::Identity(Proved::Nothing) => return,
            By::Identity(Proved::Token) => "token".into(),
            By::Identity(Proved::Key(id)) => format!("key {id}"),
            By::Link => "link".into(),
        };
        let owner = pass.owner().filter(|owner| !owner.is_anonymous()).map(Owner::name);
        self.audit.note(&Entry { act, report, owner, by, from: pass.from() });
    }
}

/// A follower's place, and the state at the moment of it.
pub struct Met {
    /// Every later state arrives here.
    pub subscription: Subscription,
    /// The state: that of the frame, or a later one.
    pub record: Record,
    /// The state, ready to send.
    pub frame: Arc<Frame>,
    /// The place among the owner's sockets and streams.
    pub place: Option<Place>,
}
