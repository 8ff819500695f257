//! Thousands of orders in which clients, hints and the settlement can meet, and no client misses the end.
//!
//! One thread, paused time: the clock moves only when every task waits. The search gives up on a client
//! long before the slow poll would rescue it, so that it is the order of subscribing and reading alone
//! that is on trial; with that order swapped, the same search has to find a client that waits for ever.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fastrand::Rng;
use jiff::Timestamp;
use reportwire::{
    delivery::{Frame, Hub, Rendezvous, Subscription},
    links::{Linker, Reader},
    report::{
        Artifact, Deliver, Delivery, NewReport, Owner, Parameters, Progress, Receipt, Record, ReportId,
        StartWhen, Status,
    },
    store::{
        Claim, Claimed, Created, Duty, Filter, Hint, Outcome, Page, Result, Store, Swept, TaskKind,
        system_clock,
    },
    token::Signer,
};
use tokio::{
    sync::broadcast,
    task::{JoinSet, yield_now},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

const SEEDS: u64 = 10_000;
/// How often the rendezvous looks again, and how long before that a client counts as forgotten.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
const FORGOTTEN: Duration = Duration::from_secs(1);

/// One record in memory. Before and after each look and each write other tasks may come in between.
struct Memory {
    record: Mutex<Record>,
    hints: broadcast::Sender<Hint>,
    rng: Mutex<Rng>,
}

impl Memory {
    async fn pause(&self) {
        let turns = self.rng.lock().unwrap().u8(..4);
        for _ in 0..turns {
            yield_now().await;
        }
    }

    async fn look(&self) -> Record {
        self.pause().await;
        let record = self.record.lock().unwrap().clone();
        self.pause().await;
        record
    }

    async fn write(&self, change: impl FnOnce(&mut Record) + Send) {
        self.pause().await;
        let id = {
            let mut record = self.record.lock().unwrap();
            record.version += 1;
            change(&mut record);
            record.id
        };
        self.pause().await;
        let _ = self.hints.send(Hint::Changed(id));
    }
}

#[async_trait]
impl Store for Memory {
    async fn load(&self, _: ReportId) -> Result<Record> {
        Ok(self.look().await)
    }

    async fn find(&self, _: &Owner, _: ReportId) -> Result<Record> {
        Ok(self.look().await)
    }

    async fn model(&self, _: ReportId) -> Result<Option<Bytes>> {
        self.pause().await;
        Ok(Some(Bytes::from_static(b"{}")))
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }

    // the life of the one report is written by `life`, below; nobody asks for the rest
    async fn create(&self, _: NewReport) -> Result<Created> {
        unreachable!()
    }
    async fn claim(&self, _: TaskKind, _: Duration, _: usize) -> Result<Vec<Claimed>> {
        unreachable!()
    }
    async fn renew(&self, _: &Claim, _: Duration, _: Option<Progress>) -> Result<()> {
        unreachable!()
    }
    async fn settle(&self, _: &Claim, _: Outcome) -> Result<Record> {
        unreachable!()
    }
    async fn release(&self, _: ReportId) -> Result<Record> {
        unreachable!()
    }
    async fn cancel(&self, _: ReportId) -> Result<Record> {
        unreachable!()
    }
    async fn retry(&self, _: ReportId) -> Result<Record> {
        unreachable!()
    }
    async fn remove(&self, _: ReportId) -> Result<()> {
        unreachable!()
    }
    async fn delivered(&self, _: ReportId, _: u64, _: Receipt) -> Result<Record> {
        unreachable!()
    }
    async fn list(&self, _: &Filter) -> Result<Page> {
        unreachable!()
    }
    async fn sweep(&self) -> Result<Swept> {
        unreachable!()
    }
    async fn forget_artifacts(&self, _: &[ReportId]) -> Result<()> {
        unreachable!()
    }
    async fn files(&self, _: &[ReportId]) -> Result<HashMap<ReportId, Option<String>>> {
        unreachable!()
    }
    async fn take_duty(&self, _: Duty, _: Duration) -> Result<bool> {
        unreachable!()
    }
}

fn queued() -> Record {
    Record {
        id: ReportId::generate(),
        owner: Owner::anonymous(),
        version: 1,
        status: Status::Queued,
        report_type: "T".into(),
        parameters: Parameters::new(),
        deliver: Deliver::default(),
        callback_url: None,
        start_when: StartWhen::Now,
        held: false,
        origin: "http://h".into(),
        progress: None,
        created_at: Timestamp::UNIX_EPOCH,
        started_at: None,
        completed_at: None,
        expires_at: Timestamp::UNIX_EPOCH,
        delivery: Delivery::waiting(),
        deliveries: Vec::new(),
        settled_version: None,
        artifact: None,
        error: None,
    }
}

/// Claimed, perhaps some progress, completed.
async fn life(store: Arc<Memory>, progress: u8) {
    store.write(|record| record.status = Status::Generating).await;
    for percent in 0..progress {
        store.write(|record| record.progress = Some(Progress { phase: "p".into(), percent })).await;
    }
    let artifact = Artifact {
        key: "k".into(),
        size: 1,
        sha256: "ab".repeat(32),
        file_name: "f.pdf".into(),
        model_size: 2,
    };
    let settle = |record: &mut Record| {
        record.status = Status::Completed;
        record.settled_version = Some(record.version);
        record.artifact = Some(artifact);
    };
    store.write(settle).await;
}

/// In which order a client does its two things.
#[derive(Clone, Copy, Debug)]
enum Order {
    SubscribeThenRead,
    /// The mistake: what happens between the two is seen by neither.
    ReadThenSubscribe,
}

#[derive(Clone)]
struct Place {
    order: Order,
    store: Arc<Memory>,
    hub: Arc<Hub>,
    linker: Linker,
    rendezvous: Rendezvous,
    id: ReportId,
}

impl Place {
    async fn meet(&self) -> (Subscription, Arc<Frame>) {
        match self.order {
            Order::SubscribeThenRead => {
                let (place, _, frame) =
                    self.rendezvous.meet(self.id, self.store.load(self.id)).await.unwrap();
                (place, frame)
            }
            Order::ReadThenSubscribe => {
                let record = self.store.look().await;
                let mut place = self.hub.subscribe(self.id).unwrap();
                let frame = Arc::new(
                    Frame::of(&record, &self.linker.links(&record, Reader::Follower), None).unwrap(),
                );
                self.hub.publish(&frame);
                let newest = place.latest().unwrap_or(frame);
                (place, newest)
            }
        }
    }

    /// A client: comes at some moment, perhaps leaves and comes again, and stays until it knows the end.
    async fn follow(self, late: u8, mut leaves: u8) -> u64 {
        for _ in 0..late {
            yield_now().await;
        }
        loop {
            let (mut place, mut frame) = self.meet().await;
            let mut known = frame.version;
            while !frame.is_terminal() {
                if leaves > 0 {
                    break;
                }
                place.changed().await;
                frame = place.latest().expect("it changed");
                assert!(frame.version > known, "a version only grows");
                known = frame.version;
            }
            if frame.is_terminal() {
                return frame.version;
            }
            leaves -= 1;
        }
    }
}

/// Whether every client of this interleaving learned the end.
async fn all_learn(seed: u64, order: Order, linker: &Linker) -> bool {
    let mut rng = Rng::with_seed(seed);
    let record = queued();
    let id = record.id;
    let store = Arc::new(Memory {
        record: Mutex::new(record),
        // so short that it overflows now and then
        hints: broadcast::Sender::new(rng.usize(1..5)),
        rng: Mutex::new(rng.fork()),
    });
    let hub = Arc::new(Hub::default());
    let rendezvous =
        Rendezvous::new(Arc::clone(&store) as Arc<dyn Store>, Arc::clone(&hub), linker.clone(), LOOK_AGAIN);
    let stop = CancellationToken::new();
    let follower = {
        let (rendezvous, stop) = (rendezvous.clone(), stop.clone());
        tokio::spawn(async move { rendezvous.follow(stop).await })
    };
    let place = Place {
        order,
        store: Arc::clone(&store),
        hub: Arc::clone(&hub),
        linker: linker.clone(),
        rendezvous,
        id,
    };
    let mut clients = JoinSet::new();
    for _ in 0..rng.u8(1..5) {
        clients.spawn(place.clone().follow(rng.u8(..30), rng.u8(..3)));
    }
    let progress = rng.u8(..3);
    clients.spawn(async move {
        life(store, progress).await;
        u64::from(progress) + 3
    });
    let end = u64::from(progress) + 3;
    let learned = timeout(FORGOTTEN, async {
        while let Some(version) = clients.join_next().await {
            assert_eq!(version.unwrap(), end, "seed {seed}");
        }
    })
    .await
    .is_ok();
    clients.shutdown().await;
    stop.cancel();
    follower.await.unwrap();
    assert_eq!(hub.awaited(), [], "seed {seed}: nothing is left behind");
    learned
}

/// The first seed at which a client misses the end.
fn first_miss(order: Order) -> Option<u64> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let linker = Linker::new(Signer::new(&[7; 32]), system_clock(), Duration::from_secs(3600));
    runtime.block_on(async {
        for seed in 0..SEEDS {
            if !all_learn(seed, order, &linker).await {
                return Some(seed);
            }
        }
        None
    })
}

#[test]
fn in_ten_thousand_interleavings_no_client_misses_the_end() {
    assert_eq!(first_miss(Order::SubscribeThenRead), None);
}

#[test]
fn the_same_search_finds_the_client_that_reads_before_it_subscribes() {
    assert!(first_miss(Order::ReadThenSubscribe).is_some());
}
