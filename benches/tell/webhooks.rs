//! How many webhooks a second are sent, signed, settled and logged.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reportwire::{
    config::Config,
    delivery::webhook::{Secret, Sender, body},
    links::{Linker, Reader},
    report::{EventType, StartWhen},
    store::{Shares, Store as _, sqlite::SqliteStore, system_clock},
    token::Signer,
    vault::Folder,
};
use tokio::{runtime::Runtime, task::JoinSet};

use super::{
    figure::{Figure, median},
    inside,
    machine::SCRATCH,
    outbox, receiver,
};

pub(crate) const WORKLOAD: &str = "10,000 cancelled reports wait for one endpoint that is paused; from its resumption until all are \
     delivered to a receiver on loopback, settled and logged; 3 rounds, each beside the same bodies sent with nothing but the signature";

const MESSAGES: u64 = 10_000;

/// How many attempts at one endpoint are under way at once, as in the server.
const TOGETHER: u64 = 32;

pub(crate) fn measure() -> Vec<Figure> {
    let url = receiver::thankful();
    let mut rates = Vec::new();
    let mut bare = Vec::new();
    for _ in 0..3 {
        rates.push(outbox::rate(MESSAGES, &url, &[]));
        bare.push(without_store(&url));
    }
    let mut shares: Vec<f64> = rates.iter().zip(&bare).map(|(rate, bare)| 100.0 * rate / bare).collect();
    vec![
        Figure::new("webhooks signed, delivered, settled and logged", median(&mut rates), "/s")
            .at_least(2_000.0),
        Figure::new("the same POSTs, signed, with no store", median(&mut bare), "/s"),
        Figure::new("the first as a share of the second", median(&mut shares), "%"),
    ]
}

/// POSTs the body of such a message over and over, with the sender that the server has.
fn without_store(url: &str) -> f64 {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    Runtime::new().unwrap().block_on(async {
        let store = SqliteStore::open(folder.path(), system_clock(), Shares::default()).unwrap();
        let record = store.create(inside::request(StartWhen::Connected)).await.unwrap().record;
        let record = store.cancel(record.id).await.unwrap();
        let signer = Signer::open(Arc::new(Folder::new(folder.path()))).await.unwrap();
        let linker = Linker::new(signer, system_clock(), Duration::from_secs(3600));
        let links = linker.links(&record, Reader::Follower);
        let body = body(EventType::Cancelled, &record, &links, record.created_at);
        let policy = Config::of(outbox::layer()).unwrap().webhooks;
        let sender = Sender::new(policy, "reportwire".into());
        let (url, secret) = (url::Url::parse(url).unwrap(), Secret::generate());
        let began = Instant::now();
        let mut senders = JoinSet::new();
        for _ in 0..TOGETHER {
            let (sender, url, secret, body) = (sender.clone(), url.clone(), secret.clone(), body.clone());
            senders.spawn(async move {
                for number in 0..MESSAGES / TOGETHER {
                    let id = format!("{number}");
                    let secrets = std::slice::from_ref(&secret);
                    let sent = sender.post(&url, &id, jiff::Timestamp::now(), secrets, body.clone()).await;
                    assert_eq!(sent.result.unwrap().status, 204);
                }
            });
        }
        senders.join_all().await;
        store.close().await;
        MESSAGES as f64 / began.elapsed().as_secs_f64()
    })
}
