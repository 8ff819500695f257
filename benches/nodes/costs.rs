//! What one step costs a node, the database and a client: the numbers that `examples/capacity` is made of.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reportwire::{
    report::{Channel, Proof, Receipt, Record, ReportId, StartWhen},
    store::{
        Claim, Fleet as _, Store as _, TaskKind,
        postgres::{PostgresStore, Settings, TestClock},
    },
};
use tokio::{runtime::Runtime, task::JoinSet};

use super::{
    client,
    crowd::{self, Crowd},
    database::{self, MASTER},
    figure::Figure,
    gate::Gate,
    inside::{self, Inside},
    machine::SCRATCH,
    meter::{Meter, Used, process},
    million::{coffee, done},
    postgres_server::PostgresServer,
    program::Program,
    rate,
};

pub(crate) const WORKLOAD: &str = "time on a core and not on a clock, of this process, of all processes of PostgreSQL and of clients, divided \
     by what was done; calls alone and 64 at once tell what a transaction costs and what each call in it";

const LEASE: Duration = Duration::from_secs(600);
const MANY: usize = 64;

/// Two costs: whatever is in it, and for each one that is.
#[derive(Clone, Copy)]
struct Line {
    fixed: f64,
    each: f64,
}

/// So many transactions with so many calls in all used so much.
struct Spent {
    groups: f64,
    calls: f64,
    here: f64,
    database: f64,
}

impl Spent {
    fn of(used: Used, calls: usize) -> Self {
        Self {
            groups: used.writes,
            calls: calls as f64,
            here: micros(used.here),
            database: micros(used.database),
        }
    }
}

/// The line through a measurement with small groups and one with large ones.
fn line(small: &Spent, large: &Spent, cost: impl Fn(&Spent) -> f64) -> Line {
    let size = |spent: &Spent| spent.calls / spent.groups;
    let per_group = |spent: &Spent| cost(spent) / spent.groups;
    let each = (per_group(large) - per_group(small)) / (size(large) - size(small));
    Line { each, fixed: per_group(small) - each * size(small) }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

pub(crate) fn measure() -> Vec<Figure> {
    let server = database::start();
    let meter = Meter { server: &server };
    let runtime = Runtime::new().unwrap();
    let open = || runtime.block_on(PostgresStore::open(&server.url(), Settings::default())).unwrap();
    let store = Arc::new(open());
    let of = |name, value| Figure::new(name, value, "µs");

    // creates, alone and many at once
    let creates = |callers: usize, each: usize| {
        let (used, ()) = meter.around(|| {
            runtime.block_on(at_once(callers, each, |_| {
                let store = Arc::clone(&store);
                async move { drop(store.create(inside::request(StartWhen::Connected)).await.unwrap()) }
            }));
        });
        Spent::of(used, callers * each)
    };
    let (alone, many) = (creates(1, 4_000), creates(MANY, 800));
    let (node, pg) = (line(&alone, &many, |spent| spent.here), line(&alone, &many, |spent| spent.database));
    let mut figures = vec![
        of("node: a transaction", node.fixed),
        of("node: each call in it", node.each),
        of("database: a group of writes", pg.fixed),
        of("database: … each create", pg.each),
    ];

    figures.extend(listening(open, || creates(1, 12_000), || creates(MANY, 1_600)));

    // looks for work that find none, and some
    let claims = 3_000;
    let (used, ()) = meter.around(|| {
        runtime.block_on(async {
            for _ in 0..claims {
                assert!(store.claim(TaskKind::Generate, LEASE, 2).await.unwrap().is_empty());
            }
        });
    });
    let empty = Spent::of(used, claims);
    figures.extend([
        of("node: a look for work", empty.here / claims as f64),
        of("database: a look for work", empty.database / claims as f64),
    ]);
    figures.extend(work(&meter, &runtime, &store));

    // reads
    let reads = 10_000;
    let known = runtime.block_on(store.create(inside::request(StartWhen::Connected))).unwrap().record.id;
    let (used, ()) = meter.around(|| {
        runtime.block_on(async {
            for _ in 0..reads {
                store.load(known).await.unwrap();
            }
        });
    });
    figures.extend([
        of("database: a record read", micros(used.database) / reads as f64),
        of("node: a record read again, made a frame (its read)", micros(used.here) / reads as f64),
    ]);
    // presence
    let words = 3_000;
    let (used, ()) = meter.around(|| {
        runtime.block_on(async {
            for _ in 0..words {
                store.report_in(2, &[]).await.unwrap();
            }
        });
    });
    let word = micros(used.database) / words as f64;
    figures.extend([of("database: a word of presence", word), come_and_gone(&meter, &runtime, &store, word)]);
    figures.push(of("database: all that is swept of a report", swept(&runtime)));
    figures.extend(over_http(&server));
    figures.extend(sockets());
    figures
}

/// What it costs that others listen who have nothing to do with it: with them, and before and after.
fn listening(
    open: impl Fn() -> PostgresStore,
    alone: impl Fn() -> Spent,
    many: impl Fn() -> Spent,
) -> [Figure; 3] {
    const LISTENERS: usize = 3;
    let per_group = |spent: &Spent| (spent.here / spent.groups, spent.database / spent.groups);
    let before = (per_group(&alone()), per_group(&many()));
    let listeners: Vec<PostgresStore> = (0..LISTENERS).map(|_| open()).collect();
    let (few, full) = (alone(), many());
    let ids = full.calls / full.groups;
    drop(listeners);
    let after = (per_group(&alone()), per_group(&many()));
    let each = |with: f64, before: f64, after: f64| (with - f64::midpoint(before, after)) / LISTENERS as f64;
    let heard = each(per_group(&few).0, before.0.0, after.0.0);
    let all_heard = each(per_group(&full).0, before.1.0, after.1.0);
    let hint = ((all_heard - heard) / (ids - 1.0)).max(0.0);
    [
        Figure::new(
            "database: a notification, each node that listens",
            each(per_group(&few).1, before.0.1, after.0.1),
            "µs",
        ),
        Figure::new("node: a notification heard", heard - hint, "µs"),
        Figure::new("node: an id in it", hint, "µs"),
    ]
}

/// That somebody came to a report at this node, and left.
fn come_and_gone(meter: &Meter<'_>, runtime: &Runtime, store: &PostgresStore, word: f64) -> Figure {
    const REPORTS: usize = 200;
    const ROUNDS: usize = 100;
    let says = |listeners| (0..REPORTS).map(move |_| (ReportId::generate(), listeners));
    let came: Vec<_> = says(1).collect();
    let left: Vec<_> = came.iter().map(|(id, _)| (*id, 0)).collect();
    let (used, ()) = meter.around(|| {
        runtime.block_on(async {
            for _ in 0..ROUNDS {
                store.report_in(2, &came).await.unwrap();
                store.report_in(2, &left).await.unwrap();
            }
        });
    });
    let beyond = micros(used.database) - 2.0 * ROUNDS as f64 * word;
    Figure::new(
        "database: … of a report whose client waits longer than that",
        beyond / (ROUNDS * REPORTS) as f64,
        "µs",
    )
}

/// What each step of a report used, from its claim to its proof.
struct Steps {
    claimed: Spent,
    settled: Spent,
    proved: Spent,
    /// Write-ahead log of a report, its create included, in KiB.
    wal: f64,
}

/// Reports from their create to their proof, step by step, so many at once.
fn steps(meter: &Meter<'_>, runtime: &Runtime, store: &PostgresStore, rounds: usize, tasks: usize) -> Steps {
    let (made, count) = (coffee(), rounds * tasks);
    let (created, ()) = meter.around(|| {
        runtime.block_on(async {
            for _ in 0..rounds {
                join_all((0..tasks).map(|_| store.create(inside::request(StartWhen::Now)))).await;
            }
        });
    });
    let mut claimed = Vec::new();
    let (taken, ()) = meter.around(|| {
        for _ in 0..rounds {
            claimed.push(runtime.block_on(store.claim(TaskKind::Generate, LEASE, tasks)).unwrap());
        }
    });
    let mut ended: Vec<Vec<Record>> = Vec::new();
    let settle = async |claim: &Claim| store.settle(claim, done(claim.report, &made)).await.unwrap();
    let (settled, ()) = meter.around(|| {
        for round in &claimed {
            ended.push(runtime.block_on(join_all(round.iter().map(|one| settle(&one.claim)))));
        }
    });
    let receipt = Receipt::over(Channel::Websocket, Proof::CloseEcho);
    let (proved, ()) = meter.around(|| {
        for round in &ended {
            let proofs = round.iter().map(|record| store.delivered(record.id, record.version, receipt));
            runtime.block_on(join_all(proofs));
        }
    });
    let wal = created.wal + taken.wal + settled.wal + proved.wal;
    Steps {
        claimed: Spent::of(taken, count),
        settled: Spent::of(settled, count),
        proved: Spent::of(proved, count),
        wal: wal / count as f64 / 1024.0,
    }
}

/// What each step costs, alone in its transaction and with others.
fn work(meter: &Meter<'_>, runtime: &Runtime, store: &PostgresStore) -> Vec<Figure> {
    let alone = steps(meter, runtime, store, 2_000, 1);
    runtime.block_on(store.sweep()).unwrap();
    let many = steps(meter, runtime, store, 120, 32);
    let mut figures = Vec::new();
    for (here, database, small, large) in [
        (
            ["node: a claim", "node: … each task taken"],
            ["database: a claim", "database: … each task taken"],
            &alone.claimed,
            &many.claimed,
        ),
        (
            ["node: a transaction that settles", "node: … each settlement in it"],
            ["database: a transaction that settles", "database: … each settlement in it"],
            &alone.settled,
            &many.settled,
        ),
        (
            ["node: a transaction with proofs", "node: … each proof in it"],
            ["database: a transaction with proofs", "database: … each proof in it"],
            &alone.proved,
            &many.proved,
        ),
    ] {
        for (names, cost) in [
            (here, line(small, large, |spent| spent.here)),
            (database, line(small, large, |spent| spent.database)),
        ] {
            figures.push(Figure::new(names[0], cost.fixed, "µs"));
            figures.push(Figure::new(names[1], cost.each, "µs"));
        }
    }
    figures.push(Figure::new("write-ahead log of a report", many.wal, "KiB"));
    figures
}

/// `each` calls of each of so many callers, one after another.
async fn at_once<F>(callers: usize, each: usize, call: impl Fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    for _ in 0..each {
        let mut all = JoinSet::new();
        for caller in 0..callers {
            all.spawn(call(caller));
        }
        all.join_all().await;
    }
}

/// A report that expired, whose file is gone, and that is forgotten: by a clock that is moved.
fn swept(runtime: &Runtime) -> f64 {
    const REPORTS: usize = 4_000;
    let server = database::start();
    let now = Arc::new(Mutex::new(Timestamp::now()));
    let clock = TestClock({
        let now = Arc::clone(&now);
        Arc::new(move || *now.lock().unwrap())
    });
    let settings = Settings { clock: Some(clock), ..Settings::default() };
    let store = runtime.block_on(PostgresStore::open(&server.url(), settings)).unwrap();
    let made = coffee();
    runtime.block_on(async {
        for _ in 0..REPORTS / 200 {
            join_all((0..200).map(|_| store.create(inside::request(StartWhen::Now)))).await;
            let claimed = store.claim(TaskKind::Generate, LEASE, 200).await.unwrap();
            join_all(claimed.iter().map(|one| store.settle(&one.claim, done(one.claim.report, &made)))).await;
        }
    });
    let pass = |hours| {
        let mut now = now.lock().unwrap();
        *now += SignedDuration::from_hours(hours);
    };
    let (used, ()) = Meter { server: &server }.around(|| {
        pass(2);
        runtime.block_on(async {
            let left = store.sweep().await.unwrap().artifacts;
            assert_eq!(left.len(), REPORTS);
            let ids: Vec<ReportId> = left.into_iter().map(|(id, _)| id).collect();
            store.forget_artifacts(&ids).await.unwrap();
            pass(24 * 60);
            store.sweep().await.unwrap();
            assert!(store.load(ids[0]).await.is_err());
        });
    });
    micros(used.database) / REPORTS as f64
}

/// A create over HTTP: what it costs the node beside its place in a group, and the client.
fn over_http(server: &PostgresServer) -> Vec<Figure> {
    const CREATES: u64 = 6;
    let (folder, files) = (tempfile::tempdir_in(SCRATCH).unwrap(), tempfile::tempdir_in(SCRATCH).unwrap());
    let settings = [
        ("REPORTWIRE_STORE", server.url()),
        ("REPORTWIRE_SECRET", MASTER.into()),
        ("REPORTWIRE_ARTIFACTS", format!("file://{}", files.path().display())),
        // a node that looks for no work
        ("REPORTWIRE_ROLES", "web".into()),
    ];
    let program = Program::with(folder.path(), &settings);
    let round = Duration::from_secs(CREATES);
    let node = process(program.id());
    let meter = Meter { server };
    let (used, rate) = meter.around(|| rate::creates(&[program.address], MANY, round));
    let created = rate * round.as_secs_f64();
    vec![
        Figure::new(
            "node: a create, its share of a transaction included",
            micros(process(program.id()) - node) / created,
            "µs",
        ),
        Figure::new("… calls in a transaction meanwhile", created / used.writes, ""),
        Figure::new("client: a create", micros(used.here) / created, "µs"),
    ]
}

/// What ten thousand sockets at one report cost to be seated and to be told.
fn sockets() -> Vec<Figure> {
    let server = database::start();
    let files = tempfile::tempdir_in(SCRATCH).unwrap();
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let mut keeper = None;
    let inside = Inside::with(folder.path(), database::layer(&server, &files), |parts| {
        let (gate, other_side) = Gate::new(Arc::clone(&parts.generator));
        keeper = Some(other_side);
        parts.generator = Arc::new(gate);
    });
    let mut keeper = keeper.unwrap();
    let client = client::runtime();
    let request = client::post(inside.address, client::COFFEE);
    let id = client.block_on(async { client::Http::connect(inside.address).await.report(&request).await });
    keeper.wait();
    let before = process(std::process::id());
    let mut crowd = Crowd::seat(inside.address, &vec![client::socket_path(id); crowd::SIZE]);
    let (seated, theirs) = (process(std::process::id()), process(crowd.id()));
    keeper.open();
    crowd.heard();
    let (told, heard) = (process(std::process::id()), process(crowd.id()));
    let each = |time: Duration| micros(time) / crowd::SIZE as f64;
    vec![
        Figure::new("node: a WebSocket to its first frame", each(seated - before), "µs"),
        Figure::new("client: a WebSocket", each(theirs), "µs"),
        Figure::new("node: the terminal frame to one socket, and Close", each(told - seated), "µs"),
        Figure::new("client: a frame", each(heard - theirs), "µs"),
    ]
}
