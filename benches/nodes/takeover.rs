//! How long the work of a node lies that is killed, or that freezes.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reportwire::work::Limits;

use super::{
    client::{self, Http},
    database::{self, MASTER},
    figure::{Figure, median},
    machine::SCRATCH,
    postgres_server::PostgresServer,
    program::Program,
};

pub(crate) const WORKLOAD: &str = "16 reports of a minute each at one node, begun 0.7 s apart so that their leases end at different times; the \
     node is killed (SIGKILL), or frozen (SIGSTOP), beside another that has nothing to do; until that one has taken each over";

const REPORTS: usize = 16;
const APART: Duration = Duration::from_millis(700);
const SLOW: &str = r#"{"reportType":"SLOW_ROAST","seconds":60}"#;

pub(crate) fn measure() -> Vec<Figure> {
    let most = (Limits::default().lease + Duration::from_secs(1)).as_secs_f64() * 1e3;
    let mut figures = Vec::new();
    for (signal, names) in [
        (Signal::SIGKILL, ["killed: until its work was taken over, median", "… the last"]),
        (Signal::SIGSTOP, ["frozen: until its work was taken over, median", "… the last"]),
    ] {
        let mut taken = taken_over(signal);
        let last = taken.last().copied().unwrap();
        figures.push(Figure::time(names[0], median(&mut taken)));
        figures.push(Figure::time(names[1], last).at_most(most));
    }
    figures
}

/// After how long each report had an attempt at another node, the first to be taken first.
fn taken_over(signal: Signal) -> Vec<Duration> {
    let database = database::start();
    let files = tempfile::tempdir_in(SCRATCH).unwrap();
    let settings = [
        ("REPORTWIRE_STORE", database.url()),
        ("REPORTWIRE_SECRET", MASTER.into()),
        ("REPORTWIRE_ARTIFACTS", format!("file://{}", files.path().display())),
        ("REPORTWIRE_WORKERS", REPORTS.to_string()),
        // the report has a program of the system make its data
        ("PATH", std::env::var("PATH").unwrap()),
    ];
    let folders = [(); 2].map(|()| tempfile::tempdir_in(SCRATCH).unwrap());
    let first = Program::with(folders[0].path(), &settings);
    client::runtime().block_on(async {
        let mut http = Http::connect(first.address).await;
        for _ in 0..REPORTS {
            http.report(&client::post(first.address, SLOW)).await;
            sleep(APART);
        }
    });
    assert_eq!(tried(&database, 1), REPORTS);
    let _second = Program::with(folders[1].path(), &settings);
    kill(Pid::from_raw(first.id().cast_signed()), signal).unwrap();
    let ended = Instant::now();
    let mut taken = Vec::new();
    while taken.len() < REPORTS {
        let count = tried(&database, 2);
        taken.resize(count.max(taken.len()), ended.elapsed());
    }
    taken
}

/// How many reports were tried so often, or more.
fn tried(database: &PostgresServer, often: u32) -> usize {
    database.say(&format!("SELECT count(*) FROM reportwire.task WHERE attempt >= {often}")).parse().unwrap()
}
