//! What can be followed.

use std::{mem, sync::Arc, time::Duration};

use async_graphql::{Context, ID, Result, Subscription as Root};
use futures_util::{Stream, stream};
use tokio::time::sleep;

use super::{
    Reports,
    query::{report_id, reports},
    report::Report,
};
use crate::{
    delivery,
    metrics::{Listening, Way},
    report::{Channel, Fault, Problem, Proof, Receipt, Record},
    store::StoreError,
    token::Action,
};

/// How long a listener whose record could not be read waits before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Subscription;

/// What can be followed.
#[Root]
impl Subscription {
    /// A report: its state now, then each newer one; who reads slowly skips to the newest. Ends after the state in
    /// which the work has ended. Every state is whole, and its `version` is a cursor on every channel.
    async fn report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The report's id, a UUID.")] id: ID,
        #[graphql(
            desc = "The version that is known already: only newer states follow. At the end or behind it nothing does, and the report is known to be delivered."
        )]
        since: Option<i64>,
        #[graphql(desc = "The token of the report's links. None is needed, but a wrong one is refused.")]
        token: Option<String>,
    ) -> Result<impl Stream<Item = Result<Report>> + use<>> {
        let reports = Arc::clone(reports(ctx)?);
        let id = report_id(&id)?;
        if let Some(token) = token {
            reports.linker.check(&token, Action::Follow, id)?;
        }
        reports.metrics.asked(Way::Graphql);
        let (place, mut record, frame) = reports.rendezvous.meet(id).await?;
        if record.held {
            // its place is taken: nothing that happens from here can pass it by
            record = reports.store.release(id).await?;
        }
        if frame.version > record.version {
            record = reports.store.load(id).await?;
        }
        let since = since.map(seen).transpose()?.filter(|since| *since <= record.version).unwrap_or(0);
        let listening = reports.metrics.listening(Way::Graphql);
        let step = Step::Look(Box::new(record));
        let following = Following { reports, _listening: listening, place, seen: since, step };
        Ok(stream::unfold(following, |mut following| async { Some((following.next().await?, following)) }))
    }
}

/// The version in a cursor. Whether there is such a version is for the record to say: one that never was is none, as
/// on every channel, because whoever trusted it would miss the end.
fn seen(since: i64) -> Result<u64, Problem> {
    let detail = "must not be negative; it is the version of a state";
    u64::try_from(since).map_err(|_| Problem::bad_request(vec![Fault::at("since", detail)]))
}

/// One listener, its place at the hub and what it has been told. The hub says when to look; what is told is always
/// the newest record.
struct Following {
    reports: Arc<Reports>,
    // before the place: who sees the place free finds nobody counted
    _listening: Listening,
    place: delivery::Subscription,
    /// Up to which version everything is known.
    seen: u64,
    step: Step,
}

enum Step {
    /// This is the state at the moment of the place.
    Look(Box<Record>),
    /// Everything was told.
    Wait,
    /// The end was told. Who asks for more has written it.
    Told(Box<Record>),
    Over,
}

impl Following {
    async fn next(&mut self) -> Option<Result<Report>> {
        match mem::replace(&mut self.step, Step::Wait) {
            Step::Look(record) => match record.settled_version {
                // who comes back with the end in hand has received it
                Some(end) if self.seen >= end => {
                    self.prove(&record, Proof::Acked).await;
                    return None;
                }
                _ if record.version > self.seen => return Some(Ok(self.tell(*record))),
                _ => {}
            },
            Step::Told(record) => {
                self.prove(&record, Proof::Flushed).await;
                return None;
            }
            Step::Over => return None,
            Step::Wait => {}
        }
        loop {
            self.place.changed().await;
            // taken before the look: what comes after it wakes again
            self.place.latest();
            match self.load().await {
                Ok(record) if record.version > self.seen => return Some(Ok(self.tell(record))),
                Ok(_) => {}
                Err(gone) => {
                    self.step = Step::Over;
                    return Some(Err(gone.into()));
                }
            }
        }
    }

    /// The newest record. A store that fails is asked until it answers: there may be no other hint.
    async fn load(&self) -> Result<Record, StoreError> {
        loop {
            match self.reports.store.load(self.place.id()).await {
                Err(error)
                    if !matches!(error, StoreError::Gone | StoreError::NotFound | StoreError::Closed) =>
                {
                    tracing::warn!(report = %self.place.id(), error = &error as &dyn std::error::Error, "cannot look at the report");
                    sleep(LOOK_AGAIN).await;
                }
                answer => return answer,
            }
        }
    }

    fn tell(&mut self, record: Record) -> Report {
        self.seen = record.version;
        if record.settled_version.is_some() {
            self.step = Step::Told(Box::new(record.clone()));
        }
        self.reports.show(record)
    }

    async fn prove(&self, record: &Record, proof: Proof) {
        if record.delivery.state.is_known() {
            return;
        }
        let receipt = Receipt::over(Channel::Graphql, proof);
        if let Err(error) = self.reports.store.delivered(record.id, self.seen, receipt).await {
            tracing::warn!(report = %record.id, error = &error as &dyn std::error::Error, "a proof of delivery was not stored");
        }
    }
}
