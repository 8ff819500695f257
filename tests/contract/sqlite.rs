//! What the SQLite engine promises beyond the contract: it outlives its process, and it has its folder to
//! itself.

use std::{path::Path, sync::Arc, time::Duration};

use reportwire::{
    report::{EventId, EventType, NewReport, Record, StartWhen, Status},
    store::{
        COUNTED, Clock, Endpoints, Message, Outbox, Outcome, Queue, Shares, Store, StoreError, TaskKind,
        Then,
        sqlite::{OpenError, SqliteStore},
    },
};
use tempfile::TempDir;

use super::{
    HandClock, LEASE, MODEL, Opened, assert_refused, done,
    hinting::next_change,
    keyed,
    messaging::{attempted, endpoint, room},
    report,
};

/// A store in a folder of its own.
pub(crate) fn fresh(clock: Clock, shares: Shares) -> Opened {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path(), clock, shares).unwrap();
    (Arc::new(store), Box::new(folder))
}

fn open(folder: &TempDir, clock: &HandClock) -> SqliteStore {
    SqliteStore::open(folder.path(), clock.as_clock(), Shares::default()).unwrap()
}

/// What a process that dies now would leave behind: the files as they are, without a checkpoint, a close or
/// a word to the running store.
fn corpse(folder: &TempDir) -> TempDir {
    let copy = TempDir::new().unwrap();
    for name in ["reportwire.db", "reportwire.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    copy
}

#[tokio::test]
async fn whatever_was_answered_is_there_after_a_crash() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = Arc::new(open(&folder, &clock));
    let queued = store.create(keyed("k", 1)).await.unwrap().record;
    let claimed = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
    let completed = store.settle(&claimed.claim, done()).await.unwrap();
    let creates: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(report()).await.unwrap().record })
        })
        .collect();
    let mut expected = vec![completed.clone()];
    for create in creates {
        expected.push(create.await.unwrap());
    }
    let corpse = corpse(&folder);
    let after = open(&corpse, &clock);
    for record in expected {
        assert_eq!(after.load(record.id).await.unwrap(), record);
    }
    assert_eq!(after.model(completed.id).await.unwrap().unwrap(), MODEL);
    assert_eq!(after.create(keyed("k", 1)).await.unwrap().record.id, queued.id);
    assert_eq!(after.claim(TaskKind::Generate, LEASE, 100).await.unwrap().len(), 64);
}

#[tokio::test]
async fn a_restart_takes_up_unfinished_work_at_once() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    store.create(report()).await.unwrap();
    let dead = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
    let corpse = corpse(&folder);
    let after = open(&corpse, &clock);
    assert_refused!(after.renew(&dead.claim, LEASE, None).await, StoreError::ClaimLost);
    let claimed = after.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
    assert_eq!((claimed.claim.report, claimed.claim.attempt), (dead.claim.report, 2));
    assert_refused!(after.settle(&dead.claim, done()).await, StoreError::ClaimLost);
    assert_eq!(after.settle(&claimed.claim, done()).await.unwrap().status, Status::Completed);
}

#[tokio::test]
async fn after_a_crash_exactly_what_was_due_is_told_under_the_names_that_it_had() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    store.register(endpoint(&EventType::ENDS)).await.unwrap();
    receive(&store, &due(&store).await).await;
    ended(&store).await;
    receive(&store, &due(&store).await).await;
    let end = ended(&store).await;

    let unclaimed = corpse(&folder);
    let messages = due(&store).await;
    let under_way = corpse(&folder);
    receive(&store, &messages[..1]).await;
    let half_told = corpse(&folder);
    let names = |messages: &[Message]| -> Vec<_> {
        let name = |one: &Message| (one.target.address.clone(), one.event, one.event_id.clone(), one.attempt);
        messages.iter().map(name).collect()
    };
    let expected = names(&messages);
    assert_eq!(expected.len(), 2, "the endpoint and the callback");
    let name = EventId::of(&end).to_string();
    assert!(
        expected.iter().all(|(_, _, event_id, attempt)| (event_id, *attempt) == (&name, 1)),
        "{expected:?}"
    );
    for (corpse, expected) in
        [(unclaimed, &expected[..]), (under_way, &expected), (half_told, &expected[1..])]
    {
        let after = open(&corpse, &clock);
        assert_eq!(names(&due(&after).await), expected);
        assert!(due(&after).await.is_empty(), "each has one holder");
        assert_refused!(
            after.settle_message(&messages[1].claim, attempted(200, Then::Delivered)).await,
            StoreError::ClaimLost
        );
    }
}

/// A report that has ended, whose client is told by webhook.
async fn ended(store: &SqliteStore) -> Record {
    let callback_url = Some("https://client.example/done".into());
    store.create(NewReport { callback_url, ..report() }).await.unwrap();
    let claimed = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
    store.settle(&claimed.claim, done()).await.unwrap()
}

/// The messages that are due.
async fn due(store: &SqliteStore) -> Vec<Message> {
    store.claim_messages(LEASE, &room()).await.unwrap().messages
}

async fn receive(store: &SqliteStore, messages: &[Message]) {
    for message in messages {
        store.settle_message(&message.claim, attempted(200, Then::Delivered)).await.unwrap();
    }
}

#[tokio::test]
async fn a_restart_leaves_held_back_and_postponed_work_alone() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    store.create(NewReport { start_when: StartWhen::Connected, ..report() }).await.unwrap();
    store.create(report()).await.unwrap();
    let claimed = store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0);
    store.settle(&claimed.claim, Outcome::RetryIn(LEASE)).await.unwrap();
    drop(store);
    let store = open(&folder, &clock);
    assert!(store.claim(TaskKind::Generate, LEASE, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_folder_belongs_to_one_store_at_a_time() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    let second = SqliteStore::open(folder.path(), clock.as_clock(), Shares::default());
    let error = second.err().expect("the folder is taken");
    assert!(matches!(error, OpenError::Locked));
    assert_eq!(error.to_string(), "another reportwire process uses this folder");
    let record = store.create(report()).await.unwrap().record;
    drop(store);
    assert_eq!(open(&folder, &clock).load(record.id).await.unwrap(), record);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    drop(open(&folder, &clock));
    set_user_version(folder.path(), 6);
    let before = std::fs::read(folder.path().join("reportwire.db")).unwrap();
    let error =
        SqliteStore::open(folder.path(), clock.as_clock(), Shares::default()).err().expect("it is too new");
    assert!(matches!(error, OpenError::NewerSchema { found: 6, known: 5 }), "{error}");
    assert_eq!(std::fs::read(folder.path().join("reportwire.db")).unwrap(), before);
    set_user_version(folder.path(), 5);
    open(&folder, &clock);
}

fn set_user_version(folder: &Path, version: i64) {
    let connection = rusqlite::Connection::open(folder.join("reportwire.db")).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("reportwire.db"), "not a database, for sure".repeat(100)).unwrap();
    let opened = SqliteStore::open(folder.path(), HandClock::new().as_clock(), Shares::default());
    assert!(matches!(opened.err(), Some(OpenError::Database(_))));
}

#[tokio::test]
async fn closing_finishes_what_was_called_and_refuses_the_rest() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    let new = report();
    let id = new.id;
    let (created, ()) = tokio::join!(store.create(new), store.close());
    let record = created.unwrap().record;
    assert_refused!(store.create(report()).await, StoreError::Closed);
    assert_refused!(store.load(id).await, StoreError::Closed);
    assert_refused!(store.sweep().await, StoreError::Closed);
    store.close().await;
    drop(store);
    assert_eq!(open(&folder, &clock).load(id).await.unwrap(), record);
}

#[tokio::test]
async fn a_commit_that_fails_fails_its_whole_group_without_a_hint() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    let mut hints = store.hints();
    // A deferred foreign key that nothing satisfies: every job succeeds, and the commit is what fails.
    let saboteur = rusqlite::Connection::open(folder.path().join("reportwire.db")).unwrap();
    saboteur.execute_batch(SABOTAGE).unwrap();
    let (one, two) = (report(), report());
    let ids = [one.id, two.id];
    let (first, second) = tokio::join!(store.create(one), store.create(two));
    assert_refused!(first, StoreError::Engine(_));
    assert_refused!(second, StoreError::Engine(_));
    saboteur.execute_batch("DROP TRIGGER sabotage").unwrap();
    for id in ids {
        assert_refused!(store.load(id).await, StoreError::NotFound);
    }
    let after = store.create(report()).await.unwrap().record;
    assert_eq!(next_change(&mut hints).await, after.id);
}

#[tokio::test]
async fn a_call_that_fails_between_two_writes_undoes_the_first() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    let mut hints = store.hints();
    let saboteur = rusqlite::Connection::open(folder.path().join("reportwire.db")).unwrap();
    saboteur.execute_batch(SECOND_WRITE_FAILS).unwrap();
    let unlucky = NewReport { origin: "http://unlucky".into(), ..report() };
    let id = unlucky.id;
    let (before, failed, after) =
        tokio::join!(store.create(report()), store.create(unlucky), store.create(report()));
    assert_refused!(failed, StoreError::Engine(_));
    assert_refused!(store.load(id).await, StoreError::NotFound);
    for neighbour in [before.unwrap().record, after.unwrap().record] {
        assert_eq!(store.load(neighbour.id).await.unwrap(), neighbour);
        assert_eq!(next_change(&mut hints).await, neighbour.id);
    }
}

const SECOND_WRITE_FAILS: &str = "
    CREATE TRIGGER second_write BEFORE INSERT ON task
    WHEN EXISTS (SELECT 1 FROM report WHERE id = NEW.report AND origin = 'http://unlucky')
    BEGIN SELECT RAISE(ABORT, 'no task today'); END;
";

const SABOTAGE: &str = "
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER sabotage AFTER INSERT ON task BEGIN INSERT INTO child VALUES (1); END;
";

#[tokio::test]
async fn the_place_in_the_queue_counts_what_waits_before_a_report_and_not_what_is_worked_on() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    let held = NewReport { start_when: StartWhen::Connected, ..report() };
    let held = store.create(held).await.unwrap().record;
    let mut ids = Vec::new();
    for _ in 0..5 {
        clock.pass(Duration::from_millis(1));
        ids.push(store.create(report()).await.unwrap().record.id);
    }
    let places = async || {
        let mut places = Vec::new();
        for id in &ids {
            places.push(store.ahead(*id).await.unwrap());
        }
        (places, store.ahead(held.id).await.unwrap())
    };
    assert_eq!(places().await, (vec![0, 1, 2, 3, 4], 5), "what is held back would come last");
    let claimed = store.claim(TaskKind::Generate, LEASE, 2).await.unwrap();
    assert_eq!(places().await, (vec![0, 0, 0, 1, 2], 3));
    store.settle(&claimed[0].claim, done()).await.unwrap();
    store.cancel(ids[2]).await.unwrap();
    assert_eq!(places().await, (vec![0, 0, 0, 0, 1], 2));
    clock.pass(Duration::from_millis(1));
    store.release(held.id).await.unwrap();
    assert_eq!(places().await, (vec![0, 0, 0, 0, 1], 2));
    assert_eq!(store.ahead(report().id).await.unwrap(), 0, "nobody knows it");
}

#[tokio::test]
async fn a_long_queue_is_counted_only_so_far() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = Arc::new(open(&folder, &clock));
    let creates: Vec<_> = (0..COUNTED + 10)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(report()).await.unwrap() })
        })
        .collect();
    for create in creates {
        create.await.unwrap();
    }
    clock.pass(Duration::from_millis(1));
    let last = store.create(report()).await.unwrap().record;
    assert_eq!(store.ahead(last.id).await.unwrap(), COUNTED);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_given_up_and_the_others_are_sent() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    let mut names = Vec::new();
    for _ in 0..3 {
        let called_back = NewReport { callback_url: Some("https://client.example/".into()), ..report() };
        let record = store.create(called_back).await.unwrap().record;
        let end = store.cancel(record.id).await.unwrap();
        names.push(reportwire::report::EventId::of(&end).to_string());
    }
    drop(store);
    let database = rusqlite::Connection::open(folder.path().join("reportwire.db")).unwrap();
    let spoil = "UPDATE news SET record = '{}' WHERE id = (SELECT news FROM message WHERE event_id = ?1)";
    let spoilt = database.execute(spoil, [&names[0]]).unwrap();
    assert_eq!(spoilt, 1);
    drop(database);
    let store = open(&folder, &clock);
    let mut claimed = Vec::new();
    for _ in 0..2 {
        claimed.extend(store.claim_messages(LEASE, &room()).await.unwrap().messages);
    }
    let mut read: Vec<_> = claimed.into_iter().map(|message| message.event_id).collect();
    read.sort();
    let mut expected = names[1..].to_vec();
    expected.sort();
    assert_eq!(read, expected);
}

#[tokio::test]
async fn messages_of_one_event_share_its_record_and_it_goes_with_the_last_of_them() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let store = open(&folder, &clock);
    let database = rusqlite::Connection::open(folder.path().join("reportwire.db")).unwrap();
    let count = |table: &str| -> u32 {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    store.register(endpoint(&EventType::ENDS)).await.unwrap();
    // the question for its consent tells of no report
    let asked = store.claim_messages(LEASE, &room()).await.unwrap().messages.remove(0);
    store.settle_message(&asked.claim, attempted(200, Then::Delivered)).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let called_back = NewReport { callback_url: Some("https://client.example/".into()), ..report() };
        let record = store.create(called_back).await.unwrap().record;
        store.cancel(record.id).await.unwrap();
        ids.push(record.id);
    }
    assert_eq!((count("message"), count("news")), (4, 2));
    let called_back = store.claim_messages(LEASE, &room()).await.unwrap().messages;
    for message in called_back.iter().filter(|message| message.target.endpoint.is_none()) {
        store.settle_message(&message.claim, attempted(200, Then::Delivered)).await.unwrap();
    }
    assert!(count("message") < 4, "a message to a callback URL is not kept when it has ended");
    assert_eq!(count("news"), 2, "the endpoint's messages still tell it");
    store.remove(ids[0]).await.unwrap();
    assert_eq!(count("news"), 1, "nothing is left of a report that was removed");
    store.remove(ids[1]).await.unwrap();
    assert_eq!((count("message"), count("news")), (0, 0));
}
