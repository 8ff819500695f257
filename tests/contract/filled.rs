//! A folder with everything in it that there can be, and everything that can be seen of a store.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use reportwire::{
    moving::{Moved, Moving, MovingError},
    report::{
        Channel, Deliver, EndpointId, EventType, NewReport, Owner, Progress, Proof, ReportId, Scopes,
        StartWhen,
    },
    store::{
        Endpoints as _, Filter, Keys as _, Message, NewEndpoint, NewKey, Outbox as _, Outcome, Replay, Room,
        Shares, Store as _, TaskKind, Then,
        archive::Sink,
        postgres::{PostgresStore, Settings, TestClock},
        sqlite::{Export, SqliteStore},
    },
    vault::{Folder, NAMES, Sealed, Sealer, Vault},
};
use tempfile::TempDir;

use super::{
    Engine, HandClock, LEASE, done, keyed,
    messaging::{attempted, endpoint, room},
    owning::of,
    problem, receipt, report,
};
use crate::postgres_server::PostgresServer;

const MASTER: &str = "0123456789abcdef0123456789abcdef";

/// A folder with everything in it that there can be, and the clock by which it was filled.
pub(crate) struct Filled {
    pub(crate) folder: TempDir,
    pub(crate) clock: HandClock,
    pub(crate) reports: Vec<ReportId>,
    pub(crate) endpoints: Vec<EndpointId>,
    /// How many tasks are claimed at a time.
    pub(crate) claims: usize,
}

fn owners() -> [Owner; 3] {
    [Owner::anonymous(), "acme".parse().unwrap(), "beta".parse().unwrap()]
}

pub(crate) fn open(folder: &Path, clock: &HandClock) -> SqliteStore {
    SqliteStore::open(folder, clock.as_clock(), Shares::default()).unwrap()
}

impl Filled {
    /// Everything, and so many reports more.
    pub(crate) async fn new(more: usize) -> Self {
        let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
        let vault = Folder::new(folder.path());
        for name in NAMES {
            vault.keep(name, format!("what {name} is").into_bytes()).await.unwrap();
        }
        let store = open(folder.path(), &clock);
        let claims = if more > 0 { 100 } else { 1 };
        let mut filled = Self { folder, clock, reports: Vec::new(), endpoints: Vec::new(), claims };
        filled.keys(&store).await;
        filled.told(&store).await;
        filled.worked(&store).await;
        let creates = join_all((0..more).map(|turn| store.create(of(["acme", "beta"][turn % 2])))).await;
        filled.reports.extend(creates.into_iter().map(|created| created.unwrap().record.id));
        filled
    }

    async fn keys(&self, store: &SqliteStore) {
        let key = |mark: u8, scopes: Scopes| NewKey {
            hash: [mark; 32],
            owner: owners()[1].clone(),
            scopes,
            expires_at: (mark == 2).then(|| self.clock.now() + LEASE),
        };
        store.create_key(key(1, Scopes::usual())).await.unwrap();
        store.create_key(key(2, Scopes::default())).await.unwrap();
        let revoked = store.create_key(key(3, Scopes::usual())).await.unwrap();
        store.revoke_key(revoked.id).await.unwrap();
    }

    /// Endpoints in every state, with messages in every state: the last of these are under way, due later, and waiting.
    async fn told(&mut self, store: &SqliteStore) {
        let mut names = ["active", "paused", "gone", "rotated"].map(|name| NewEndpoint {
            url: format!("https://{name}.example/hook"),
            description: format!("the \0 {name} one"),
            ..endpoint(&EventType::ENDS)
        });
        names[3].secret = "sealed-once".into();
        for new in names {
            self.endpoints.push(store.register(new).await.unwrap().id);
        }
        self.settle(store, |_| Then::Delivered).await;
        let nobody = Owner::anonymous();
        let [active, paused, gone, rotated] = self.endpoints[..] else { panic!("there are four") };
        store.rotate(&nobody, rotated, "sealed-twice".into(), LEASE).await.unwrap();
        self.ended(store, report(), done()).await;
        self.settle(store, |to| match to {
            Some(to) if to == gone => Then::SwitchOff,
            Some(to) if to == rotated => Then::GiveUp,
            _ => Then::Delivered,
        })
        .await;
        store.pause(&nobody, paused).await.unwrap();
        let called_back = NewReport { callback_url: Some("https://client.example/done".into()), ..report() };
        self.ended(store, called_back, Outcome::Failed(problem())).await;
        let later = self.clock.now() + 2 * LEASE;
        self.settle(store, |to| if to == Some(rotated) { Then::RetryAt(later) } else { Then::Delivered })
            .await;
        let fallback = NewReport {
            callback_url: Some("https://client.example/done".into()),
            deliver: Deliver {
                email: Some("who@example.com".into()),
                prefer: vec![Channel::Websocket, Channel::Email],
                ..Deliver::default()
            },
            ..report()
        };
        let end = self.ended(store, fallback, done()).await;
        store.delivered(end, 3, receipt(Proof::Acked)).await.unwrap();
        store.test(&nobody, active).await.unwrap();
        // and one is under way
        let one = Room { limit: 1, per_lane: 1, ..room() };
        assert_eq!(store.claim_messages(LEASE, &one).await.unwrap().messages.len(), 1);
    }

    /// Reports in every state, of several owners who have had turns.
    async fn worked(&mut self, store: &SqliteStore) {
        // whoever waits all the while has as many turns to catch up on
        let held = NewReport { start_when: StartWhen::Connected, ..of("beta") };
        self.reports.push(store.create(held).await.unwrap().record.id);
        for turn in 0..3 {
            self.ended(store, of("acme"), if turn > 0 { done() } else { Outcome::Failed(problem()) }).await;
        }
        let cancelled = store.create(of("beta")).await.unwrap().record.id;
        store.cancel(cancelled).await.unwrap();
        let removed = store.create(keyed("removed", 7)).await.unwrap().record.id;
        store.remove(removed).await.unwrap();
        let expired = self.ended(store, NewReport { keep: LEASE, ..report() }, done()).await;
        self.clock.pass(LEASE);
        store.sweep().await.unwrap();
        assert!(store.load(expired).await.is_err());
        let data = Some(Bytes::from_static(br#"{"items": [{"a": 1}]}"#));
        let leased = store.create(NewReport { data: data.clone(), ..of("acme") }).await.unwrap().record.id;
        let claimed = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
        let progress = Progress { phase: "querying".into(), percent: 40 };
        store.renew(&claimed.claim, LEASE, Some(progress)).await.unwrap();
        self.reports.extend([cancelled, removed, leased]);
        for new in [keyed("known", 1), NewReport { data, ..of("beta") }, of("beta"), of("acme"), of("beta")] {
            self.clock.pass(Duration::from_millis(5));
            self.reports.push(store.create(new).await.unwrap().record.id);
        }
        let postponed = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
        store.settle(&postponed.claim, Outcome::RetryIn(LEASE)).await.unwrap();
    }

    /// A report that is the only one that is due, and ends so.
    pub(crate) async fn ended(&mut self, store: &SqliteStore, new: NewReport, outcome: Outcome) -> ReportId {
        let id = store.create(new).await.unwrap().record.id;
        let claimed = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
        assert_eq!(claimed.claim.report, id);
        store.settle(&claimed.claim, outcome).await.unwrap();
        self.reports.push(id);
        id
    }

    /// Ends whatever is due.
    async fn settle(&self, store: &SqliteStore, then: impl Fn(Option<EndpointId>) -> Then) {
        // a receiver that has not answered is sent two at a time
        loop {
            let messages = store.claim_messages(LEASE, &room()).await.unwrap().messages;
            if messages.is_empty() {
                return;
            }
            for message in messages {
                let how = attempted(200, then(message.target.endpoint));
                store.settle_message(&message.claim, how).await.unwrap();
            }
        }
    }

    pub(crate) async fn target(&self, server: &PostgresServer) -> Arc<PostgresStore> {
        let clock = Some(TestClock(self.clock.as_clock()));
        let settings = Settings { clock, ..Settings::default() };
        Arc::new(PostgresStore::open(&server.url(), settings).await.unwrap())
    }

    pub(crate) async fn copy(&self, store: &Arc<PostgresStore>) -> Moved {
        self.copy_into(store, &**store).await.unwrap()
    }

    pub(crate) async fn copy_into(
        &self,
        store: &Arc<PostgresStore>,
        sink: &dyn Sink,
    ) -> Result<Moved, MovingError> {
        let from = Export::open(self.folder.path(), self.clock.now()).unwrap();
        let (ours, theirs) = (Folder::new(self.folder.path()), sealed(store));
        Moving { from: &from, to: sink, secrets: (&ours, &theirs), files: None }.copy(&mut |_, _, _| {}).await
    }

    /// Everything that can be seen of a store, and what comes of using it.
    async fn seen(&self, store: &dyn Engine) -> Vec<String> {
        let mut seen = Vec::new();
        for id in &self.reports {
            seen.push(format!("{:?} {:?}", store.load(*id).await, store.model(*id).await));
        }
        for owner in owners() {
            let mut filter = Filter::of(owner.clone(), 3);
            loop {
                let page = store.list(&filter).await.unwrap();
                seen.push(format!("{:?}", page.records));
                filter.cursor = page.next;
                if filter.cursor.is_none() {
                    break;
                }
            }
            for one in store.endpoints(&owner).await.unwrap() {
                seen.push(format!("{one:?}"));
                let mut before = None;
                loop {
                    let page = store.attempts(&owner, one.id, before, 2).await.unwrap();
                    let Some(last) = page.last() else { break };
                    before = Some(last.number);
                    seen.push(format!("{page:?}"));
                }
            }
        }
        seen.push(format!("{:?}", store.keys().await.unwrap()));
        for mark in 0..5 {
            seen.push(format!("{:?}", store.key_of([mark; 32]).await.unwrap()));
        }
        for (key, mark) in [("known", 1), ("known", 2), ("removed", 7)] {
            let created = store.create(keyed(key, mark)).await;
            seen.push(format!("{:?}", created.map(|created| (created.record, created.replayed))));
        }
        seen.extend(self.told_by(store).await);
        seen.extend(worked_by(store, self.claims).await);
        self.clock.pass(4 * LEASE);
        seen.extend(self.told_by(store).await);
        // engines count turns in their own ways from where they begin
        let mut again = worked_by(store, self.claims).await;
        again.sort();
        seen.extend(again);
        let nobody = Owner::anonymous();
        for endpoint in &self.endpoints {
            seen.push(format!("{:?}", store.replay(&nobody, *endpoint, Replay::Failed).await));
            seen.push(format!("{:?}", store.resume(&nobody, *endpoint).await));
            seen.extend(self.told_by(store).await);
        }
        seen
    }

    /// What is due is told.
    pub(crate) async fn told_by(&self, store: &dyn Engine) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let messages = store.claim_messages(LEASE, &room()).await.unwrap().messages;
            if messages.is_empty() {
                return told;
            }
            for message in messages {
                let Message { claim, event, event_id, created_at, attempt, lane, target, record } = message;
                // trials have a name of their own
                told.push(format!(
                    "{} {event:?} {event_id} {created_at} {attempt} {lane} {target:?} {:?} {record:?}",
                    claim.message, target.secrets
                ));
                store.settle_message(&claim, attempted(200, Then::Delivered)).await.unwrap();
            }
        }
    }
}

/// Tasks in the order in which they are handed out.
async fn worked_by(store: &dyn Engine, limit: usize) -> Vec<String> {
    let mut worked = Vec::new();
    loop {
        let claimed = store.claim(TaskKind::Generate, LEASE, limit).await.unwrap();
        if claimed.is_empty() {
            return worked;
        }
        worked.extend(claimed.into_iter().map(|one| {
            format!("{} {} {:?} {:?}", one.claim.report, one.claim.attempt, one.data, one.record)
        }));
    }
}

pub(crate) fn sealed(store: &Arc<PostgresStore>) -> Sealed<Arc<PostgresStore>> {
    Sealed::new(Arc::clone(store), Sealer::from_master(MASTER))
}

/// Looks at two stores that start at one moment, which each look moves on.
pub(crate) async fn assert_alike(filled: &Filled, store: &PostgresStore) {
    let begin = filled.clock.now();
    let expected = filled.seen(&open(filled.folder.path(), &filled.clock)).await;
    filled.clock.set(begin);
    let seen = filled.seen(store).await;
    for (at, (seen, expected)) in seen.iter().zip(&expected).enumerate() {
        assert_eq!(seen, expected, "{at}");
    }
    assert_eq!(seen.len(), expected.len());
}
