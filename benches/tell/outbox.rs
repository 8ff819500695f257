//! A server with an outbox full of webhooks, and the time that it takes to empty it.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures_util::future::join_all;
use reportwire::{
    config::Layer,
    delivery::webhook::Secret,
    report::{EndpointId, EventType, Owner, StartWhen},
    store::{
        Attempted, ClaimedMessages, Endpoints, MessageClaim, NewEndpoint, Outbox, Result, Room, Store, Then,
    },
};
use tokio::{sync::Notify, time::timeout};

use super::{
    client,
    inside::{self, Inside},
    machine::SCRATCH,
};

/// How many messages are under way to an endpoint that has not answered.
const UNANSWERED: usize = 2;

/// How many calls of the store are under way at once while the outbox is filled.
const TOGETHER: usize = 256;

/// How long emptying it may take.
const LONGEST: Duration = Duration::from_secs(300);

/// Settings with which webhooks may go to this machine.
pub(crate) fn layer() -> Layer {
    Layer {
        webhook_allow_http: Some(true),
        webhook_allow: Some(vec![IpAddr::from([127, 0, 0, 1]).into()]),
        ..Layer::default()
    }
}

/// Sends `messages` cancellations to `url`, and returns how many a second were delivered, settled and logged. As many
/// go to each of `silent`, and their lanes are full before the time begins.
pub(crate) fn rate(messages: u64, url: &str, silent: &[&str]) -> f64 {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let settled = Arc::new(Settled::default());
    let mut parts = None;
    let _inside = Inside::with(folder.path(), layer(), |opened| {
        parts = Some((Arc::clone(&opened.store), Arc::clone(&opened.endpoints)));
        opened.outbox =
            Arc::new(Counting { inner: Arc::clone(&opened.outbox), settled: Arc::clone(&settled) });
    });
    let (store, endpoints) = parts.unwrap();
    client::runtime().block_on(async {
        let endpoint = register(endpoints.as_ref(), url).await;
        let mut dead = Vec::new();
        for url in silent {
            dead.push(register(endpoints.as_ref(), url).await);
        }
        fill(store.as_ref(), messages).await;
        for id in &dead {
            endpoints.resume(&Owner::anonymous(), *id).await.unwrap();
        }
        // each was asked for its consent, and those who never answered hold what such a lane may hold
        settled.until_claimed(1 + (UNANSWERED * dead.len()) as u64).await;
        let began = Instant::now();
        endpoints.resume(&Owner::anonymous(), endpoint).await.unwrap();
        settled.until_delivered(messages).await;
        let rate = messages as f64 / began.elapsed().as_secs_f64();
        // what was counted is what stands in the log
        let logged = endpoints.attempts(&Owner::anonymous(), endpoint, None, 1).await.unwrap();
        assert_eq!(logged[0].status, Some(204), "{logged:?}");
        rate
    })
}

/// Registers an endpoint that is paused.
async fn register(endpoints: &dyn Endpoints, url: &str) -> EndpointId {
    let new = NewEndpoint {
        owner: Owner::anonymous(),
        url: url.to_owned(),
        description: String::new(),
        events: EventType::ENDS.into(),
        secret: Secret::generate().expose(),
    };
    let id = endpoints.register(new).await.unwrap().id;
    endpoints.pause(&Owner::anonymous(), id).await.unwrap();
    id
}

/// Cancels reports that nobody has connected to.
async fn fill(store: &dyn Store, messages: u64) {
    let mut left = messages as usize;
    while left > 0 {
        let now = left.min(TOGETHER);
        join_all((0..now).map(|_| async {
            let created = store.create(inside::request(StartWhen::Connected)).await.unwrap();
            store.cancel(created.record.id).await.unwrap();
        }))
        .await;
        left -= now;
    }
}

/// How many messages were claimed, and how many settled as delivered: those who are silent add nothing to these.
#[derive(Default)]
struct Settled {
    claimed: AtomicU64,
    delivered: AtomicU64,
    changed: Notify,
}

impl Settled {
    async fn until_claimed(&self, count: u64) {
        self.until(&self.claimed, count).await;
    }

    async fn until_delivered(&self, count: u64) {
        self.until(&self.delivered, count).await;
    }

    async fn until(&self, counted: &AtomicU64, count: u64) {
        let there = async {
            while counted.load(Relaxed) < count {
                self.changed.notified().await;
            }
        };
        timeout(LONGEST, there).await.unwrap();
    }

    fn add(&self, counted: &AtomicU64, count: usize) {
        counted.fetch_add(count as u64, Relaxed);
        self.changed.notify_one();
    }
}

/// An outbox that counts what it settles.
struct Counting {
    inner: Arc<dyn Outbox>,
    settled: Arc<Settled>,
}

#[async_trait]
impl Outbox for Counting {
    async fn settle_message(&self, claim: &MessageClaim, attempted: Attempted) -> Result<()> {
        let delivered = attempted.then == Then::Delivered;
        self.inner.settle_message(claim, attempted).await?;
        if delivered {
            self.settled.add(&self.settled.delivered, 1);
        }
        Ok(())
    }

    async fn claim_messages(&self, lease: Duration, room: &Room) -> Result<ClaimedMessages> {
        let claimed = self.inner.claim_messages(lease, room).await?;
        self.settled.add(&self.settled.claimed, claimed.messages.len());
        Ok(claimed)
    }

    async fn message_hint(&self) {
        self.inner.message_hint().await;
    }
}
