//! How many reports a second become durable.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reportwire::{
    report::StartWhen,
    store::{Shares, Store, sqlite::SqliteStore, system_clock},
};
use tokio::{runtime::Runtime, task::JoinSet};

use super::{
    figure::{Figure, median, percentile},
    inside,
    machine::SCRATCH,
    program::Program,
    rate,
};

pub(crate) const WORKLOAD: &str = "reports that wait for a client (startWhen: connected), so that nothing but creating them costs; 3 \
     rounds of 3 s with 64 clients, 3,000 creates with one";

const ROUND: Duration = Duration::from_secs(3);
const CLIENTS: usize = 64;

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let program = Program::start(folder.path());
    let mut alone = rate::create_times(program.address);
    let mut together = [(); 3].map(|()| rate::creates(&[program.address], CLIENTS, ROUND));
    let mut store = [(); 3].map(|()| at_the_store());
    vec![
        Figure::new("durable creates over HTTP keep-alive, 64 clients", median(&mut together), "/s")
            .at_least(20_000.0),
        Figure::new("durable creates at the store itself, 64 callers", median(&mut store), "/s")
            .at_least(20_000.0),
        Figure::time("one client over HTTP, request to 201, p50", percentile(&mut alone, 0.5)).at_most(0.5),
        Figure::time("one client over HTTP, request to 201, p99", percentile(&mut alone, 0.99)),
    ]
}

fn at_the_store() -> f64 {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    Runtime::new().unwrap().block_on(async {
        let store = Arc::new(SqliteStore::open(folder.path(), system_clock(), Shares::default()).unwrap());
        let until = Instant::now() + ROUND;
        let mut callers = JoinSet::new();
        for _ in 0..CLIENTS {
            let store = Arc::clone(&store);
            callers.spawn(async move {
                let mut created = 0;
                while Instant::now() < until {
                    store.create(inside::request(StartWhen::Connected)).await.unwrap();
                    created += 1;
                }
                created
            });
        }
        let created: u32 = callers.join_all().await.iter().sum();
        store.close().await;
        f64::from(created) / ROUND.as_secs_f64()
    })
}
