//! What can be followed.

use std::{mem, sync::Arc, time::Duration};

use async_graphql::{Context, ID, Result, Subscription as Root};
use futures_util::{Stream, stream};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    Reports, Sender,
    query::{pass, report_id, reports},
    report::Report,
};
use crate::{
    access::{Met, Pass, Place},
    delivery::{self, Stay},
    links::Reader,
    metrics::{Listening, Way},
    report::{Channel, Fault, Problem, Proof, Receipt, Record, Scope},
    store::StoreError,
    token::Action,
};

/// A listener without an end looks again after this.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

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
        #[graphql(
            desc = "The token of the report's links, for who may not read it otherwise. A wrong one is refused."
        )]
        token: Option<String>,
    ) -> Result<impl Stream<Item = Result<Report>> + use<>> {
        let reports = Arc::clone(reports(ctx)?);
        let id = report_id(&id)?;
        let pass = match token {
            None => pass(ctx, Scope::Read)?,
            Some(token) => {
                let from = ctx.data::<Sender>()?.caller.address;
                Pass::link(&reports.gate, id, reports.linker.check(&token, Action::Follow, id)?, from)
            }
        };
        reports.metrics.asked(Way::Graphql);
        let met = reports.reports.meet(&pass, id).await.map_err(Problem::from)?;
        let Met { subscription: place, record, place: held, .. } = met;
        let since = since.map(seen).transpose()?.filter(|since| *since <= record.version).unwrap_or(0);
        let listening = reports.metrics.listening(Way::Graphql);
        let step = Step::Look(Box::new(record));
        let stay = Stay::new(pass.leave().clone(), pass.until(), reports.gate.now());
        let held = (listening, held);
        let following = Following { reports, pass, stay, _held: held, place, seen: since, step };
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
    pass: Pass,
    stay: Stay,
    // before the place: who sees the place free finds nobody counted
    _held: (Listening, Option<Place>),
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
            if !self.may_stay().await {
                self.step = Step::Over;
                return Some(Err(delivery::over().into()));
            }
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

    /// Waits for news. Whether its leave is not over before there is any; a drain takes none away.
    async fn may_stay(&mut self) -> bool {
        let far = Instant::now() + FAR;
        tokio::select! {
            biased;
            () = self.stay.called(), if !self.reports.gate.is_leaving() => self.reports.gate.is_leaving(),
            () = self.place.changed() => true,
            () = sleep_until(self.stay.until().unwrap_or(far)) => !self.stay.is_over(),
        }
    }

    /// The newest record. A store that fails is asked until it answers: there may be no other hint.
    async fn load(&self) -> Result<Record, StoreError> {
        loop {
            match self.reports.reports.load(&self.pass, self.place.id()).await {
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
        self.reports.show(record, Reader::Follower, &self.pass)
    }

    async fn prove(&self, record: &Record, proof: Proof) {
        if record.delivery.state.is_known() {
            return;
        }
        let receipt = Receipt::over(Channel::Graphql, proof);
        if let Err(error) = self.reports.reports.delivered(&self.pass, record.id, self.seen, receipt).await {
            tracing::warn!(report = %record.id, error = &error as &dyn std::error::Error, "a proof of delivery was not stored");
        }
    }
}
