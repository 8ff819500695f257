//! What moves from a folder into a database: whoever looks, whatever they look at, cannot tell the two apart.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use reportwire::{
    artifact::{Artifacts, Label, Location},
    moving::{Moving, MovingError},
    report::{Artifact, EventType, IdempotencyKey, NewReport, Owner},
    store::{
        Endpoints as _, Fleet as _, Keys as _, Outcome, Result, Shares, Store as _,
        archive::{Batch, Difference, Kind, Mark, Numbers, Rows, Sink},
        postgres::PostgresStore,
        sqlite::{Export, OpenError, SqliteStore},
    },
    vault::{Folder, NAMES, Vault as _},
};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::{
    HandClock, KEEP, MODEL, artifact,
    filled::{Filled, assert_alike, open, sealed},
    messaging::endpoint,
    report,
};
use crate::postgres_server::PostgresServer;

/// Every row of every table.
fn whole(server: &PostgresServer) -> String {
    let tables = "report task tenant turn model sent endpoint news message lane attempt api_key copied";
    let rows = tables.split(' ').map(|table| {
        server.say(&format!(
            "SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') FROM reportwire.{table} t"
        ))
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn count(server: &PostgresServer, table: &str) -> usize {
    server.say(&format!("SELECT count(*) FROM reportwire.{table}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_a_folder_was_copied_into_cannot_be_told_from_it() {
    let (filled, server) = (Filled::new(0).await, PostgresServer::start());
    let store = filled.target(&server).await;
    let moved = filled.copy(&store).await;
    assert_eq!(moved.differing().count(), 0, "{moved:?}");
    for line in &moved.lines {
        assert!(line.found > 0 && line.copied == line.found && line.there() == 0, "{line:?}");
    }
    let news = rusqlite::Connection::open(filled.folder.path().join("reportwire.db")).unwrap();
    let news: i64 = news.query_row("SELECT count(*) FROM news", [], |row| row.get(0)).unwrap();
    assert_eq!(i64::try_from(count(&server, "news")).unwrap(), news, "messages of one event share it");
    for name in NAMES {
        let kept = sealed(&store).read(name).await.unwrap().unwrap();
        assert_eq!(kept, format!("what {name} is").into_bytes());
    }
    assert_alike(&filled, &store).await;
    // what is new has numbers of its own
    let new = store.register(endpoint(&EventType::ENDS)).await.unwrap();
    assert_eq!(store.endpoint(&Owner::anonymous(), new.id).await.unwrap(), new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copying_twice_changes_nothing_and_says_so() {
    let (filled, server) = (Filled::new(0).await, PostgresServer::start());
    let store = filled.target(&server).await;
    let first = filled.copy(&store).await;
    let before = whole(&server);
    let second = filled.copy(&filled.target(&server).await).await;
    assert_eq!(whole(&server), before);
    assert_eq!(second.differing().count(), 0, "{second:?}");
    for (first, second) in first.lines.iter().zip(&second.lines) {
        assert_eq!((second.copied, second.there()), (0, first.found), "{second:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_since_it_was_copied_is_not_told_again() {
    let (filled, server) = (Filled::new(0).await, PostgresServer::start());
    let store = filled.target(&server).await;
    filled.copy(&store).await;
    assert!(!filled.told_by(&*store).await.is_empty());
    let left = count(&server, "message");
    let again = filled.copy(&store).await;
    assert_eq!(count(&server, "message"), left);
    assert!(again.lines.iter().all(|line| line.copied == 0), "{again:?}");
    assert!(again.differing().any(|line| line.what == "messages"), "{again:?}");
}

/// A sink whose server is taken away before a batch is put in.
struct Unlucky {
    store: Arc<PostgresStore>,
    server: Mutex<PostgresServer>,
    after: Mutex<usize>,
}

#[async_trait]
impl Sink for Unlucky {
    async fn nodes(&self) -> Result<usize> {
        self.store.nodes().await
    }

    async fn reserve(&self, numbers: Numbers) -> Result<()> {
        self.store.reserve(numbers).await
    }

    async fn mark(&self, kind: Kind) -> Result<Option<Mark>> {
        self.store.mark(kind).await
    }

    async fn put(&self, batch: &Batch) -> Result<Vec<(Kind, u64)>> {
        {
            let mut after = self.after.lock().unwrap();
            if *after == 0 {
                self.server.lock().unwrap().stop();
            }
            *after = after.wrapping_sub(1);
        }
        self.store.put(batch).await
    }

    async fn differing(&self, rows: &Rows) -> Result<Vec<Difference>> {
        self.store.differing(rows).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_was_cut_off_again_and_again_ends_like_one_that_was_not() {
    let (filled, mut server) = (Filled::new(1100).await, PostgresServer::start());
    // at the first batch, then within the reports, then within what follows them
    for after in [0, 5, 2] {
        let store = filled.target(&server).await;
        let unlucky =
            Unlucky { store: Arc::clone(&store), server: Mutex::new(server), after: Mutex::new(after) };
        let cut = filled.copy_into(&store, &unlucky).await;
        assert!(matches!(cut, Err(MovingError::Rows(..))), "{cut:?}");
        drop(store);
        server = unlucky.server.into_inner().unwrap();
        server.start_again();
        let tasks = "SELECT count(*) FROM reportwire.task LEFT JOIN reportwire.report ON id = report WHERE id IS NULL";
        assert_eq!(server.say(tasks), "0");
    }
    let store = filled.target(&server).await;
    let moved = filled.copy(&store).await;
    assert_eq!(moved.differing().count(), 0, "{moved:?}");
    for line in &moved.lines {
        let copied = if ["messages", "log entries"].contains(&line.what) { line.found } else { 0 };
        assert_eq!((line.copied, line.there()), (copied, line.found - copied), "{line:?}");
    }
    assert_alike(&filled, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_another_in_the_folder_since_it_was_copied_is_named() {
    let (filled, server) = (Filled::new(0).await, PostgresServer::start());
    let store = filled.target(&server).await;
    filled.copy(&store).await;
    let source = open(filled.folder.path(), &filled.clock);
    let queued = *filled.reports.last().unwrap();
    source.cancel(queued).await.unwrap();
    let key = source.keys().await.unwrap().remove(0);
    source.revoke_key(key.id).await.unwrap();
    drop(source);
    let moved = filled.copy(&store).await;
    let named = |what: &str| moved.differing().find(|line| line.what == what).unwrap().named.clone();
    assert_eq!(named("reports"), [queued.to_string()]);
    assert_eq!(named("keys"), [key.id.to_string()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_in_use_is_refused_and_cannot_be_used_while_it_is_copied() {
    let (folder, clock) = (TempDir::new().unwrap(), HandClock::new());
    let refused = |error: Option<OpenError>| error.expect("it is refused");
    let nothing = Export::open(folder.path(), clock.now()).err();
    assert!(matches!(refused(nothing), OpenError::Missing));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and nothing is left there");
    let store = open(folder.path(), &clock);
    assert!(matches!(refused(Export::open(folder.path(), clock.now()).err()), OpenError::Locked));
    drop(store);
    let export = Export::open(folder.path(), clock.now()).unwrap();
    let server = SqliteStore::open(folder.path(), clock.as_clock(), Shares::default());
    assert!(matches!(refused(server.err()), OpenError::Locked));
    drop(export);
    open(folder.path(), &clock);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_somebody_elses_or_in_use_is_refused_and_left_alone() {
    let (filled, server) = (Filled::new(0).await, PostgresServer::start());
    let store = filled.target(&server).await;
    store.report_in(2, &[]).await.unwrap();
    let refused = filled.copy_into(&store, &*store).await;
    assert!(matches!(refused, Err(MovingError::InUse(1))), "{refused:?}");
    store.leave().await.unwrap();
    sealed(&store).keep("seal.secret", b"another one".to_vec()).await.unwrap();
    let before = whole(&server);
    let refused = filled.copy_into(&store, &*store).await;
    assert!(matches!(refused, Err(MovingError::OtherInstallation("seal.secret"))), "{refused:?}");
    assert_eq!((whole(&server), count(&server, "secret")), (before, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_taken_keeps_no_other_report_and_is_named() {
    let (filled, server) = (Filled::new(0).await, PostgresServer::start());
    let store = filled.target(&server).await;
    let other = NewReport {
        idempotency: Some(IdempotencyKey { key: "known".into(), fingerprint: [9; 32] }),
        ..report()
    };
    let other = store.create(other).await.unwrap().record;
    let moved = filled.copy(&store).await;
    let reports = moved.lines.iter().find(|line| line.what == "reports").unwrap();
    assert_eq!((reports.copied, reports.differing), (reports.found - 1, 1), "{reports:?}");
    assert!(store.load(reports.named[0].parse().unwrap()).await.is_err());
    assert_eq!(store.load(other.id).await.unwrap(), other);
    let orphans =
        "SELECT count(*) FROM reportwire.task LEFT JOIN reportwire.report ON id = report WHERE id IS NULL";
    assert_eq!(server.say(orphans), "0");
}

fn files(folder: &std::path::Path) -> Artifacts {
    Artifacts::open(&Location::Folder(folder.into())).unwrap()
}

async fn put(files: &Artifacts, name: &str, content: String) {
    let until = tokio::time::Instant::now() + super::LEASE;
    files.put(name, content.into(), &Label::pdf(name), until).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_with_their_reports_and_those_that_are_lost_are_named() {
    let (folder, clock, server) = (TempDir::new().unwrap(), HandClock::new(), PostgresServer::start());
    let mut filled = Filled { folder, clock, reports: Vec::new(), endpoints: Vec::new(), claims: 1 };
    let store = open(filled.folder.path(), &filled.clock);
    let (here, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, to) = (files(here.path()), files(elsewhere.path()));
    for name in ["whole.pdf", "there.pdf", "lost.pdf", "damaged.pdf"] {
        let content = format!("the content of {name}");
        let sha256 = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        let size = content.len() as u64;
        let artifact = Artifact { key: name.into(), size, sha256, ..artifact() };
        let done = Outcome::Completed { artifact, model: Bytes::from_static(MODEL) };
        filled.ended(&store, NewReport { keep: KEEP, ..report() }, done).await;
        match name {
            "lost.pdf" => {}
            "damaged.pdf" => put(&from, name, content.to_uppercase()).await,
            _ => put(&from, name, content).await,
        }
    }
    drop(store);
    let is_there = |name: &str| std::fs::read(elsewhere.path().join(name)).ok();
    // what is there in its length is not looked into
    put(&to, "there.pdf", "THE CONTENT OF THERE.PDF".into()).await;
    let database = filled.target(&server).await;
    let export = Export::open(filled.folder.path(), filled.clock.now()).unwrap();
    let (ours, theirs) = (Folder::new(filled.folder.path()), sealed(&database));
    let moving =
        Moving { from: &export, to: &*database, secrets: (&ours, &theirs), files: Some((&from, &to)) };
    let ahead = moving.check(&mut |_, _, _| {}).await.unwrap();
    assert_eq!(ahead.lines.iter().find(|line| line.what == "files").unwrap().differing, 3, "{ahead:?}");
    assert_eq!(count(&server, "report"), 0, "to look is not to copy");
    let moved = moving.copy(&mut |_, _, _| {}).await.unwrap();
    let files = moved.lines.iter().find(|line| line.what == "files").unwrap();
    assert_eq!((files.found, files.copied, files.there(), files.differing), (4, 1, 1, 2));
    assert!(files.named[0].starts_with("lost.pdf of report "), "{files:?}");
    assert_eq!(is_there("whole.pdf").unwrap(), b"the content of whole.pdf");
    assert_eq!(is_there("there.pdf").unwrap(), b"THE CONTENT OF THERE.PDF");
    assert!(is_there("lost.pdf").is_none() && is_there("damaged.pdf").is_none());
    assert_eq!(count(&server, "report"), 4, "a lost file is no reason to lose its report");
}
