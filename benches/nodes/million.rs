//! What a store that is full costs those who use it, beside one that is as good as empty: for both engines.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use jiff::Timestamp;
use reportwire::{
    catalog::file,
    data::Sources,
    generate::{Generated, Order, generate},
    report::{Artifact, Owner, ReportId, StartWhen, Status},
    store::{
        Filter, Outcome, Shares, Store, TaskKind,
        postgres::{PostgresStore, Settings},
        sqlite::SqliteStore,
        system_clock,
    },
    work::Monitor,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{
    database::{self, MASTER},
    figure::{Figure, median},
    inside,
    machine::SCRATCH,
    postgres_server::PostgresServer,
    program::Program,
};

pub(crate) const WORKLOAD: &str = "1,000,000 finished reports of one owner, each with its model and its file, beside 200 in a store of its own; \
     once the database's own housekeeping has been there, one call after another, each in turns at both stores, median of 400; \
     then the release binary on the full one";

const MANY: usize = 1_000_000;
const FEW: usize = 200;
const ROUNDS: usize = 400;
/// How many are made at a time.
const BATCH: usize = 1_000;
const LEASE: Duration = Duration::from_secs(600);

/// The calls that are compared.
const CALLS: [&str; 8] =
    ["create", "claim", "settle", "show", "list", "list one status", "list one type", "list from anywhere"];

pub(crate) fn measure() -> Vec<Figure> {
    let runtime = Runtime::new().unwrap();
    let mut figures = Vec::new();
    let sqlite = [(); 2].map(|()| tempfile::tempdir_in(SCRATCH).unwrap());
    let ratios = runtime.block_on(async {
        let open = |folder: &TempDir| SqliteStore::open(folder.path(), system_clock(), Shares::default());
        let stores = [open(&sqlite[0]).unwrap(), open(&sqlite[1]).unwrap()];
        let rested = async || {};
        let ratios = compare(&stores[0], &stores[1], &sqlite[1].path().join("artifacts"), rested).await;
        for store in stores {
            store.close().await;
        }
        ratios
    });
    report(&mut figures, SQLITE, &ratios);
    figures.push(disk(size(sqlite[1].path())));
    let program = Program::start(sqlite[1].path());
    figures.push(Figure::time("SQLite: start to ready, full", program.ready).at_most(2_000.0));
    drop(program);

    let servers = [database::start(), database::start()];
    let files = tempfile::tempdir_in(SCRATCH).unwrap();
    let ratios = runtime.block_on(async {
        let mut stores = Vec::new();
        for server in &servers {
            stores.push(PostgresStore::open(&server.url(), Settings::default()).await.unwrap());
        }
        let rested = async || {
            while is_cluttered(&servers[1]) {
                stores[1].sweep().await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            servers[1].say("CHECKPOINT");
        };
        let ratios = compare(&stores[0], &stores[1], files.path(), rested).await;
        for store in stores {
            store.close().await;
        }
        ratios
    });
    report(&mut figures, POSTGRES, &ratios);
    figures.push(disk(servers[1].say("SELECT pg_database_size(current_database())").parse().unwrap()));
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let settings = [
        ("REPORTWIRE_STORE", servers[1].url()),
        ("REPORTWIRE_SECRET", MASTER.into()),
        ("REPORTWIRE_ARTIFACTS", format!("file://{}", files.path().display())),
    ];
    let program = Program::with(folder.path(), &settings);
    figures.push(Figure::time("PostgreSQL: start to ready, full", program.ready).at_most(2_000.0));
    figures
}

const SQLITE: [&str; 8] = [
    "SQLite: create, full as a multiple of empty",
    "SQLite: claim",
    "SQLite: settle",
    "SQLite: show",
    "SQLite: list",
    "SQLite: list of a status that none has",
    "SQLite: list of a type that none has",
    "SQLite: list from anywhere",
];
const POSTGRES: [&str; 8] = [
    "PostgreSQL: create, full as a multiple of empty",
    "PostgreSQL: claim",
    "PostgreSQL: settle",
    "PostgreSQL: show",
    "PostgreSQL: list",
    "PostgreSQL: list of a status that none has",
    "PostgreSQL: list of a type that none has",
    "PostgreSQL: list from anywhere",
];

/// Whether more is dead than stays in a database that is at rest.
fn is_cluttered(server: &PostgresServer) -> bool {
    let dead = "SELECT sum(n_dead_tup) FROM pg_stat_user_tables WHERE relname IN ('report', 'task')";
    server.say(dead).parse::<usize>().unwrap() > MANY / 50
}

fn report(figures: &mut Vec<Figure>, names: [&'static str; 8], times: &[[Duration; 2]; 8]) {
    for (name, [few, many]) in names.into_iter().zip(times) {
        let ratio = many.as_secs_f64() / few.as_secs_f64();
        figures.push(Figure::new(name, ratio, "x").at_most(1.5));
        figures.push(Figure::time("… at the full one", *many));
    }
}

/// What one report takes of the records, their indexes and the models.
fn disk(bytes: f64) -> Figure {
    Figure::new("… on disk of each report, without its file", bytes / MANY as f64 / 1024.0, "KiB")
}

/// The files of this folder, and none of those in it.
fn size(folder: &Path) -> f64 {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
    files.filter(std::fs::Metadata::is_file).map(|file| file.len() as f64).sum()
}

/// What each call takes at the empty store, and at the full one once it has `rested`.
async fn compare(
    empty: &dyn Store,
    full: &dyn Store,
    files: &Path,
    rested: impl AsyncFn(),
) -> [[Duration; 2]; 8] {
    let made = coffee();
    fs::create_dir_all(files).unwrap();
    let few = fill(empty, FEW, &made, files).await;
    let many = fill(full, MANY, &made, files).await;
    rested().await;
    let mut times = CALLS.map(|_| [Vec::new(), Vec::new()]);
    for round in 0..ROUNDS {
        for (side, store, known) in [(0, empty, &few), (1, full, &many)] {
            for (call, took) in once(store, known, &made, round).await.into_iter().enumerate() {
                times[call][side].push(took);
            }
        }
    }
    times.map(|[mut few, mut many]| [median(&mut few), median(&mut many)])
}

/// Each call once.
async fn once(store: &dyn Store, known: &[ReportId], made: &Generated, round: usize) -> [Duration; 8] {
    let somewhere = known[(round * 7_919 + 123) % known.len()];
    let page = || Filter::of(Owner::anonymous(), 50);
    let (created, create) = timed(store.create(inside::request(StartWhen::Now))).await;
    let created = created.unwrap().record.id;
    let (claimed, claim) = timed(store.claim(TaskKind::Generate, LEASE, 1)).await;
    let claimed = claimed.unwrap().remove(0);
    assert_eq!(claimed.claim.report, created);
    let (settled, settle) = timed(store.settle(&claimed.claim, done(created, made))).await;
    settled.unwrap();
    let (shown, show) = timed(store.load(somewhere)).await;
    assert_eq!(shown.unwrap().id, somewhere);
    let (first, list) = timed(store.list(&page())).await;
    assert_eq!(first.unwrap().records.len(), 50);
    let failed = Filter { status: Some(Status::Failed), ..page() };
    let (none, status) = timed(store.list(&failed)).await;
    assert!(none.unwrap().records.is_empty());
    let typed = Filter { report_type: Some("NOBODY_ASKED".into()), ..page() };
    let (none, kind) = timed(store.list(&typed)).await;
    assert!(none.unwrap().records.is_empty());
    let from = known[known.len() / 2 + round % 50];
    let (some, anywhere) = timed(store.list(&Filter { cursor: Some(from.to_string()), ..page() })).await;
    assert_eq!(some.unwrap().records.len(), 50);
    [create, claim, settle, show, list, status, kind, anywhere]
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let done = work.await;
    (done, began.elapsed())
}

/// Puts so many finished reports into the store, the oldest first.
async fn fill(store: &dyn Store, reports: usize, made: &Generated, files: &Path) -> Vec<ReportId> {
    let mut known = Vec::with_capacity(reports);
    while known.len() < reports {
        let batch = BATCH.min(reports - known.len());
        let creates = (0..batch).map(|_| store.create(inside::request(StartWhen::Now)));
        known.extend(join_all(creates).await.into_iter().map(|created| created.unwrap().record.id));
        let claimed = store.claim(TaskKind::Generate, LEASE, batch).await.unwrap();
        assert_eq!(claimed.len(), batch);
        let settles = claimed.iter().map(async |task| {
            // that it is there is what counts: a gigabyte of the same is no news
            fs::write(files.join(key(task.claim.report)), b"%PDF-1.7").unwrap();
            store.settle(&task.claim, done(task.claim.report, made)).await.unwrap()
        });
        join_all(settles).await;
        if known.len().is_multiple_of(100_000) {
            eprintln!("{} reports are there", known.len());
        }
    }
    known.sort_unstable();
    known
}

fn key(id: ReportId) -> String {
    format!("{id}-1.pdf")
}

pub(crate) fn done(id: ReportId, made: &Generated) -> Outcome {
    let artifact = Artifact {
        key: key(id),
        size: made.pdf.len() as u64,
        sha256: "0".repeat(64),
        file_name: made.file_name.clone(),
        model_size: made.model.len() as u64,
    };
    Outcome::Completed { artifact, model: made.model.clone() }
}

pub(crate) fn coffee() -> Arc<Generated> {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/coffee-sales.toml");
    let coffee = file::read(&fs::read_to_string(&path).unwrap(), &path).unwrap();
    let parameters = serde_json::from_str(r#"{"reportDate":"2021-01-01"}"#).unwrap();
    let order = Order {
        report_type: &coffee,
        parameters: &parameters,
        data: None,
        created_at: Timestamp::UNIX_EPOCH,
    };
    Arc::new(generate(&order, &Sources::new(folder.path().into()), &Monitor::detached()).unwrap())
}
