//! What the PostgreSQL engine promises beyond the contract: any number of stores are one.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use reportwire::{
    report::{EventType, Owner, ReportId, Status},
    store::{
        Clock, Endpoints, Fleet, Hint, Outbox, Outcome, Replay, Shares, Store, StoreError, TaskKind, Then,
        postgres::{OpenError, PostgresStore, Settings, TestClock, VERSION},
        system_clock,
    },
};
use tokio::sync::broadcast::Receiver;

use super::{
    HandClock, KEEP, LEASE, Opened, assert_refused, done, keyed,
    messaging::{attempted, endpoint, room},
    owning::of,
    problem, report,
};
use crate::postgres_server::{PASSWORD, PostgresServer};

/// A store in a server of its own.
pub(crate) fn fresh(clock: Clock, shares: Shares) -> Opened {
    let server = PostgresServer::start();
    let store = wait(open(&server, clock, shares));
    (Arc::new(store), Box::new(server))
}

async fn open(server: &PostgresServer, clock: Clock, shares: Shares) -> PostgresStore {
    let settings = Settings { shares, clock: Some(TestClock(clock)), ..Settings::default() };
    PostgresStore::open(&server.url(), settings).await.unwrap()
}

/// Waits in the middle of a runtime of several threads.
fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
}

async fn heard(hints: &mut Receiver<Hint>, id: ReportId) {
    while hints.recv().await.unwrap() != Hint::Changed(id) {}
}

/// So many stores over one server, each as a node has it.
async fn nodes(count: usize) -> (PostgresServer, Vec<Arc<PostgresStore>>) {
    let server = PostgresServer::start();
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(Arc::new(open(&server, system_clock(), Shares::default()).await));
    }
    (server, nodes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_does_another_hears_of_and_sees() {
    let (_server, nodes) = nodes(2).await;
    let mut hints = nodes[1].hints();
    for _ in 0..20 {
        let created = nodes[0].create(report()).await.unwrap().record;
        heard(&mut hints, created.id).await;
        assert_eq!(nodes[1].load(created.id).await.unwrap(), created);
        let claimed = nodes[1].claim(TaskKind::Generate, LEASE, 9).await.unwrap().remove(0);
        let end = nodes[1].settle(&claimed.claim, done()).await.unwrap();
        assert_eq!(nodes[0].load(created.id).await.unwrap(), end);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_on_many_nodes_never_get_one_task_and_leave_none() {
    const TASKS: usize = 400;
    let (_server, nodes) = nodes(3).await;
    let names = ["", "a", "b", "c"];
    let mut creates = Vec::new();
    for turn in 0..TASKS {
        let node = Arc::clone(&nodes[turn % nodes.len()]);
        creates.push(tokio::spawn(async move {
            let mut new = of(names[1 + turn % 3]);
            if turn % 4 == 0 {
                new.owner = Owner::anonymous();
            }
            node.create(new).await.unwrap()
        }));
    }
    for create in creates {
        create.await.unwrap();
    }
    let claimers: Vec<_> = (0..9)
        .map(|turn| {
            let node = Arc::clone(&nodes[turn % nodes.len()]);
            tokio::spawn(async move {
                let mut all = Vec::new();
                loop {
                    let claimed = node.claim(TaskKind::Generate, LEASE, 7).await.unwrap();
                    if claimed.is_empty() {
                        return all;
                    }
                    for one in claimed {
                        node.settle(&one.claim, done()).await.unwrap();
                        all.push((one.claim.report, one.claim.token, one.claim.attempt));
                    }
                }
            })
        })
        .collect();
    let (mut reports, mut tokens) = (HashSet::new(), HashSet::new());
    for claimer in claimers {
        for (report, token, attempt) in claimer.await.unwrap() {
            assert_eq!(attempt, 1);
            assert!(reports.insert(report), "{report} was handed out twice");
            assert!(tokens.insert(token));
        }
    }
    assert_eq!(reports.len(), TASKS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_makes_one_report_however_many_nodes_are_asked_at_once() {
    let (_server, nodes) = nodes(3).await;
    for round in 0..10_u8 {
        let calls: Vec<_> = (0..12)
            .map(|turn| {
                let node = Arc::clone(&nodes[turn % nodes.len()]);
                tokio::spawn(async move { node.create(keyed(&format!("k{round}"), 1)).await.unwrap() })
            })
            .collect();
        let mut made = Vec::new();
        for call in calls {
            made.push(call.await.unwrap());
        }
        let ids: HashSet<_> = made.iter().map(|created| created.record.id).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(made.iter().filter(|created| !created.replayed).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_change_one_report_at_once_leave_one_version_for_each_change() {
    let (_server, nodes) = nodes(3).await;
    for _ in 0..10 {
        let id = nodes[0].create(report()).await.unwrap().record.id;
        let ends: Vec<_> = (0..9)
            .map(|turn| {
                let node = Arc::clone(&nodes[turn % nodes.len()]);
                tokio::spawn(async move { node.cancel(id).await.unwrap().version })
            })
            .collect();
        for end in ends {
            assert_eq!(end.await.unwrap(), 2, "the first cancelled it, and the others found that");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_work_of_a_node_that_is_gone_is_taken_over_when_its_lease_is() {
    let server = PostgresServer::start();
    let clock = HandClock::new();
    let (dead, other) = (
        open(&server, clock.as_clock(), Shares::default()).await,
        open(&server, clock.as_clock(), Shares::default()).await,
    );
    dead.create(report()).await.unwrap();
    let lost = dead.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
    clock.pass(LEASE - Duration::from_millis(1));
    assert!(other.claim(TaskKind::Generate, LEASE, 1).await.unwrap().is_empty());
    clock.pass(Duration::from_millis(1));
    let taken = other.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
    assert_eq!((taken.claim.report, taken.claim.attempt), (lost.claim.report, 2));
    assert_refused!(dead.settle(&lost.claim, done()).await, StoreError::ClaimLost);
    assert_eq!(other.settle(&taken.claim, done()).await.unwrap().status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_restarted_is_used_again_and_everything_is_looked_at() {
    let (mut server, nodes) = nodes(2).await;
    let before = nodes[0].create(report()).await.unwrap().record;
    server.stop();
    assert_refused!(nodes[0].create(report()).await, StoreError::Engine(_));
    assert_refused!(nodes[1].load(before.id).await, StoreError::Engine(_));
    let mut hints = nodes[1].hints();
    server.start_again();
    while hints.recv().await.unwrap() != Hint::Missed {}
    assert_eq!(nodes[1].load(before.id).await.unwrap(), before);
    let after = nodes[0].create(report()).await.unwrap().record;
    heard(&mut hints, after.id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_answered_as_it_was() {
    let server = PostgresServer::start();
    // the fast shutdown of the server ends connections wherever they are: over many tries, also behind a commit
    let mut server = server;
    for _ in 0..3 {
        let store = Arc::new(open(&server, system_clock(), Shares::default()).await);
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
                tokio::spawn(async move {
                    let mut made = Vec::new();
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let new = report();
                        let id = new.id;
                        made.push((id, store.create(new).await.is_ok()));
                    }
                    made
                })
            })
            .collect();
        while server.say("SELECT count(*) FROM reportwire.report").parse::<usize>().unwrap() < 50 {}
        server.say("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'reportwire'");
        server.stop();
        server.start_again();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for caller in callers {
            for (id, answered) in caller.await.unwrap() {
                let there = store.load(id).await.is_ok();
                assert_eq!(there, answered, "{id}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_elsewhere_is_counted_until_their_node_is_gone() {
    let server = PostgresServer::start();
    let clock = HandClock::new();
    let (here, there) = (
        open(&server, clock.as_clock(), Shares::default()).await,
        open(&server, clock.as_clock(), Shares::default()).await,
    );
    let id = ReportId::generate();
    assert!(there.report_in(3, &[(id, 2)]).await.unwrap().is_new);
    let muster = here.report_in(2, &[(id, 5)]).await.unwrap();
    assert_eq!((muster.is_new, muster.workers), (true, 5));
    assert_eq!(here.elsewhere(id).await.unwrap(), 2);
    assert_eq!(there.elsewhere(id).await.unwrap(), 5);
    there.report_in(3, &[(id, 0)]).await.unwrap();
    assert_eq!(here.elsewhere(id).await.unwrap(), 0);
    there.report_in(3, &[(id, 1)]).await.unwrap();
    clock.pass(Duration::from_secs(11));
    assert_eq!(here.elsewhere(id).await.unwrap(), 0, "it has not been heard of");
    assert_eq!(here.report_in(2, &[]).await.unwrap().workers, 2);
    assert!(there.report_in(3, &[]).await.unwrap().is_new, "it is told to say everything anew");
    there.leave().await.unwrap();
    assert_eq!(here.report_in(2, &[]).await.unwrap().workers, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_later_release_adds_does_not_disturb_this_one_unless_it_says_so() {
    let server = PostgresServer::start();
    let store = open(&server, system_clock(), Shares::default()).await;
    let before = store.create(report()).await.unwrap().record;
    let next = VERSION + 1;
    server.say(&format!(
        "SET search_path = reportwire; BEGIN;
         ALTER TABLE report ADD COLUMN priority integer NOT NULL DEFAULT 7;
         ALTER TABLE task ADD COLUMN queue text NOT NULL DEFAULT 'usual';
         CREATE TABLE later (id uuid PRIMARY KEY);
         UPDATE schema_version SET version = {next}, oldest = {VERSION}; COMMIT"
    ));
    // one that runs goes on, and one that starts is let in
    let second = open(&server, system_clock(), Shares::default()).await;
    for node in [&store, &second] {
        node.create(report()).await.unwrap();
        let claimed = node.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
        node.settle(&claimed.claim, Outcome::Released).await.unwrap();
    }
    assert_eq!(second.load(before.id).await.unwrap().id, before.id);
    assert_eq!(server.say("SELECT DISTINCT priority FROM reportwire.report"), "7");
    server.say(&format!("UPDATE reportwire.schema_version SET oldest = {next}"));
    let refused = PostgresStore::open(&server.url(), Settings::default()).await;
    assert_refused!(refused.map(drop), OpenError::NewerSchema { .. });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_make_the_tables_once() {
    let server = PostgresServer::start();
    let url = server.url();
    let opening = (0..6).map(|_| PostgresStore::open(&url, Settings::default()));
    let opened = join_all(opening).await;
    for store in opened {
        store.unwrap().create(report()).await.unwrap();
    }
    assert_eq!(server.say("SELECT count(*) FROM reportwire.report"), "6");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_node_from_its_database_is_said() {
    let server = PostgresServer::start();
    let refused = async |url: String| match PostgresStore::open(&url, Settings::default()).await {
        Ok(_) => panic!("it was let in"),
        Err(error) => error,
    };
    let error = refused(server.url_with("wrong-password-here")).await;
    assert!(matches!(error, OpenError::Connect(..)), "{error:?}");
    assert!(!format!("{error:?}").contains("wrong-password-here"));
    let error = refused(server.url().replace("/postgres?", "/nowhere?")).await;
    assert!(matches!(error, OpenError::Connect(..)), "{error:?}");
    let error = refused("postgres://reader:secret@127.0.0.1:1/postgres?sslmode=disable".into()).await;
    assert!(matches!(error, OpenError::Connect(..)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_paused_while_what_it_was_told_is_settled() {
    let (_server, nodes) = nodes(2).await;
    let id = nodes[0].register(endpoint(&EventType::ENDS)).await.unwrap().id;
    for _ in 0..60 {
        let report = nodes[0].create(report()).await.unwrap().record;
        nodes[0].cancel(report.id).await.unwrap();
    }
    // one answer, and it is no longer on probation
    let first = nodes[0].claim_messages(LEASE, &room()).await.unwrap().messages;
    for message in &first {
        nodes[0].settle_message(&message.claim, attempted(200, Then::Delivered)).await.unwrap();
    }
    let messages = nodes[0].claim_messages(LEASE, &room()).await.unwrap().messages;
    assert!(messages.len() > 40, "{}", messages.len());
    let settling: Vec<_> = messages
        .into_iter()
        .map(|message| {
            let node = Arc::clone(&nodes[0]);
            tokio::spawn(async move {
                node.settle_message(&message.claim, attempted(500, Then::GiveUp)).await.unwrap();
            })
        })
        .collect();
    let other = Arc::clone(&nodes[1]);
    let pausing = tokio::spawn(async move {
        let owner = Owner::anonymous();
        for _ in 0..40 {
            other.pause(&owner, id).await.unwrap();
            other.resume(&owner, id).await.unwrap();
        }
    });
    for settled in settling {
        settled.await.unwrap();
    }
    pausing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_listen_starts_all_the_same() {
    let server = PostgresServer::start();
    // enough for one that writes and one that reads
    server.say(&format!(
        "CREATE ROLE few LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 2; GRANT CREATE ON DATABASE postgres TO few"
    ));
    let url = server.url().replace("reader:", "few:");
    let opening = PostgresStore::open(&url, Settings::default());
    let store = tokio::time::timeout(Duration::from_secs(60), opening).await.unwrap().unwrap();
    let created = store.create(report()).await.unwrap().record;
    assert_eq!(store.load(created.id).await.unwrap(), created);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_this_node_cannot_read_stands_in_nobodys_way() {
    let server = PostgresServer::start();
    let clock = HandClock::new();
    let store = open(&server, clock.as_clock(), Shares::default()).await;
    let mut reports = Vec::new();
    for _ in 0..4 {
        reports.push(store.create(report()).await.unwrap().record.id);
        clock.pass(Duration::from_millis(1));
    }
    // as a later release may write it
    let spoil = format!(
        "UPDATE reportwire.report SET record = '{{\"status\":\"dreaming\"}}' WHERE id = '{}'",
        reports[0]
    );
    server.say(&spoil);
    for id in &reports[1..] {
        let claimed = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap();
        assert_eq!(claimed[0].claim.report, *id);
    }
    assert!(store.claim(TaskKind::Generate, LEASE, 9).await.unwrap().is_empty());
    clock.pass(KEEP * 2);
    store.sweep().await.unwrap();
    for id in &reports[1..] {
        assert_eq!(store.load(*id).await.unwrap().status, Status::Failed, "its time is over");
    }
    assert_refused!(store.load(reports[0]).await, StoreError::Engine(_));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_while_its_endpoint_was_switched_off_is_kept_and_not_sent() {
    let server = PostgresServer::start();
    let store = open(&server, system_clock(), Shares::default()).await;
    let id = store.register(endpoint(&EventType::ENDS)).await.unwrap().id;
    let consent = store.claim_messages(LEASE, &room()).await.unwrap().messages.remove(0);
    store.settle_message(&consent.claim, attempted(200, Then::Delivered)).await.unwrap();
    let report = store.create(report()).await.unwrap().record;
    store.cancel(report.id).await.unwrap();
    // the other node's word came between its look at the endpoints and its commit
    server.say("UPDATE reportwire.endpoint SET state = 'disabled'");
    assert!(store.claim_messages(LEASE, &room()).await.unwrap().messages.is_empty());
    let owner = Owner::anonymous();
    store.resume(&owner, id).await.unwrap();
    assert!(store.claim_messages(LEASE, &room()).await.unwrap().messages.is_empty());
    assert_eq!(store.replay(&owner, id, Replay::Failed).await.unwrap(), 1);
    assert_eq!(store.claim_messages(LEASE, &room()).await.unwrap().messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_clears_away_the_tasks_that_were_done() {
    const TASKS: usize = 1_200;
    let (server, nodes) = nodes(1).await;
    let store = &nodes[0];
    let calls = (0..TASKS).map(|_| store.create(report()));
    join_all(calls).await.into_iter().for_each(|created| drop(created.unwrap()));
    for claimed in store.claim(TaskKind::Generate, LEASE, TASKS).await.unwrap() {
        store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    }
    let counted = |what: &str| {
        let sql = format!("SELECT pg_stat_get_{what}('reportwire.task'::regclass)");
        server.say(&sql).parse::<usize>().unwrap()
    };
    // what a connection did is counted a moment later
    while counted("tuples_deleted") < TASKS {}
    store.sweep().await.unwrap();
    assert!(counted("dead_tuples") < TASKS / 10);
}
