//! The world of a contract test: a fresh store, and a clock that the test moves by hand.

pub(crate) mod claiming;
pub(crate) mod copying;
pub(crate) mod creating;
pub(crate) mod delivering;
pub(crate) mod ending;
pub(crate) mod filled;
pub(crate) mod hinting;
pub(crate) mod keying;
pub(crate) mod listing;
pub(crate) mod messaging;
pub(crate) mod owning;
pub(crate) mod postgres;
pub(crate) mod progressing;
pub(crate) mod registering;
pub(crate) mod sqlite;
pub(crate) mod sweeping;

use std::{
    any::Any,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reportwire::{
    report::{
        Artifact, Channel, Deliver, IdempotencyKey, NewReport, Owner, Problem, Proof, Receipt, Record,
        ReportId, StartWhen,
    },
    store::{Claimed, Clock, Endpoints, Keys, Outbox, Outcome, Shares, Store, TaskKind},
};

/// How long a test report is kept.
pub(crate) const KEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a test's lease is.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// How long a test report waits for its client.
pub(crate) const WAIT: Duration = Duration::from_secs(60);

/// What one owner may have.
pub(crate) const SHARES: Shares = Shares { unfinished: 50, running: 2 };

/// A store, and whatever must live as long as it does.
pub(crate) type Opened = (Arc<dyn Engine>, Box<dyn Any + Send>);

/// Everything that an engine promises.
pub(crate) trait Engine: Store + Outbox + Endpoints + Keys {}

impl<T: Store + Outbox + Endpoints + Keys> Engine for T {}

/// What a sentence is tested in.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Engine>,
    pub(crate) clock: HandClock,
    _home: Box<dyn Any + Send>,
}

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub(crate) struct HandClock(Arc<Mutex<Timestamp>>);

impl HandClock {
    /// A clock that shows more digits than any store keeps.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Timestamp::new(1_800_000_000, 123_456_789).unwrap())))
    }

    pub(crate) fn pass(&self, span: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::try_from(span).unwrap()).unwrap();
    }

    /// Back to a moment, or ahead to it.
    pub(crate) fn set(&self, moment: Timestamp) {
        *self.0.lock().unwrap() = moment;
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    pub(crate) fn as_clock(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}

impl World {
    pub(crate) fn new(open: impl FnOnce(Clock, Shares) -> Opened) -> Self {
        let clock = HandClock::new();
        let (store, home) = open(clock.as_clock(), SHARES);
        Self { store, clock, _home: home }
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.clock.pass(span);
    }

    /// `span` from now, as a store shows it.
    pub(crate) fn stored(&self, span: Duration) -> Timestamp {
        let then = self.clock.now().checked_add(SignedDuration::try_from(span).unwrap()).unwrap();
        Timestamp::from_millisecond(then.as_millisecond()).unwrap()
    }

    pub(crate) async fn create(&self) -> Record {
        self.store.create(report()).await.unwrap().record
    }

    pub(crate) async fn create_held(&self) -> Record {
        let held = NewReport { start_when: StartWhen::Connected, ..report() };
        self.store.create(held).await.unwrap().record
    }

    /// Claims the one task that is due.
    pub(crate) async fn claim(&self) -> Claimed {
        let mut claimed = self.claims(2).await;
        assert_eq!(claimed.len(), 1, "one task is due");
        claimed.remove(0)
    }

    pub(crate) async fn claims(&self, limit: usize) -> Vec<Claimed> {
        self.store.claim(TaskKind::Generate, LEASE, limit).await.unwrap()
    }

    /// A report that is claimed; nothing else may be due.
    pub(crate) async fn generating(&self) -> Claimed {
        self.create().await;
        self.claim().await
    }

    /// A report that is completed; nothing else may be due.
    pub(crate) async fn completed(&self) -> Record {
        let claimed = self.generating().await;
        self.store.settle(&claimed.claim, done()).await.unwrap()
    }

    pub(crate) async fn load(&self, id: ReportId) -> Record {
        self.store.load(id).await.unwrap()
    }
}

/// A report that is due at once.
pub(crate) fn report() -> NewReport {
    NewReport {
        id: ReportId::generate(),
        owner: Owner::anonymous(),
        report_type: "COFFEE_SALES".into(),
        parameters: serde_json::from_str(r#"{"reportDate": "2021-01-01", "top": 5}"#).unwrap(),
        data: None,
        deliver: Deliver::default(),
        callback_url: None,
        start_when: StartWhen::Now,
        origin: "http://127.0.0.1:8080".into(),
        keep: KEEP,
        idempotency: None,
    }
}

/// A report under `key`, with a fingerprint made of `mark`.
pub(crate) fn keyed(key: &str, mark: u8) -> NewReport {
    NewReport { idempotency: Some(IdempotencyKey { key: key.into(), fingerprint: [mark; 32] }), ..report() }
}

pub(crate) fn artifact() -> Artifact {
    Artifact {
        key: "2027/one.pdf".into(),
        size: 38_000,
        sha256: "ab".repeat(32),
        file_name: "coffee sales.pdf".into(),
        model_size: 12,
    }
}

pub(crate) const MODEL: &[u8] = br#"{"rows": []}"#;

pub(crate) fn done() -> Outcome {
    Outcome::Completed { artifact: artifact(), model: Bytes::from_static(MODEL) }
}

/// A receipt over the WebSocket.
pub(crate) fn receipt(proof: Proof) -> Receipt {
    Receipt::over(Channel::Websocket, proof)
}

pub(crate) fn problem() -> Problem {
    Problem::new("generation-failed", 500, "The report could not be made", "the query divides by zero")
}

/// Asserts that a result is the error of this shape.
macro_rules! assert_refused {
    ($result:expr, $error:pat) => {
        match $result {
            Err($error) => {}
            other => panic!("expected {}, got {other:?}", stringify!($error)),
        }
    };
}
pub(crate) use assert_refused;
