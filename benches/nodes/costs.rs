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
            groups: used.commits,
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

    // who listens and has nothing to do with it
    const LISTENERS: usize = 8;
    let listeners: Vec<PostgresStore> = (0..LISTENERS).map(|_| open()).collect();
    let (alone_heard, many_heard) = (creates(1, 4_000), creates(MANY, 800));
    let heard = |with: &Spent, without: &Spent, cost: fn(&Spent) -> f64| {
        (cost(with) / with.groups - cost(without) / without.groups) / LISTENERS as f64
    };
    let few = heard(&alone_heard, &alone, |spent| spent.here);
    let full = heard(&many_heard, &many, |spent| spent.here);
    let ids = many_heard.calls / many_heard.groups;
    let hint = ((full - few) / (ids - 1.0)).max(0.0);
    figures.extend([
        of(
            "database: a notification, each node that listens",
            heard(&alone_heard, &alone, |spent| spent.database),
        ),
        of("node: a notification heard", few - hint),
        of("node: an id in it", hint),
    ]);
    drop(listeners);

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
    let look = empty.database / claims as f64;
    figures.extend([
        of("node: a look for work", empty.here / claims as f64),
        of("database: a look for work", look),
    ]);
    figures.extend(work(&meter, &runtime, &store, look, pg.fixed));

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
    figures.push(of("database: a word of presence", micros(used.database) / words as f64));
    figures.push(of("database: all that is swept of a report", swept(&runtime)));
    figures.extend(over_http(&server));
    figures.extend(sockets());
    figures
}

/// Reports from their create to their proof, step by step.
fn work(meter: &Meter<'_>, runtime: &Runtime, store: &PostgresStore, look: f64, group: f64) -> Vec<Figure> {
    const TASKS: usize = 32;
    const ROUNDS: usize = 120;
    let (made, tasks) = (coffee(), (ROUNDS * TASKS) as f64);
    let (created, ()) = meter.around(|| {
        runtime.block_on(async {
            for _ in 0..ROUNDS {
                join_all((0..TASKS).map(|_| store.create(inside::request(StartWhen::Now)))).await;
            }
        });
    });
    let mut claimed = Vec::new();
    let (taken, ()) = meter.around(|| {
        for _ in 0..ROUNDS {
            claimed.push(runtime.block_on(store.claim(TaskKind::Generate, LEASE, TASKS)).unwrap());
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
    let beyond = |used: &Used| (micros(used.database) - used.commits * group) / tasks;
    let wal = created.wal + taken.wal + settled.wal + proved.wal;
    vec![
        Figure::new(
            "database: … each task taken",
            (micros(taken.database) - ROUNDS as f64 * look) / tasks,
            "µs",
        ),
        Figure::new("database: each settlement", beyond(&settled), "µs"),
        Figure::new("database: each proof", beyond(&proved), "µs"),
        Figure::new("write-ahead log of a report", wal / tasks / 1024.0, "KiB"),
    ]
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
        Figure::new("… calls in a transaction meanwhile", created / used.commits, ""),
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
