//! How soon the work begins.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Instant,
};

use async_trait::async_trait;
use reportwire::{
    report::Problem,
    work::{Finished, Handler, Task, WorkError},
};

use super::{
    client::{self, COFFEE, Http},
    figure::{Figure, percentile},
    inside::Inside,
    machine::SCRATCH,
};

pub(crate) const WORKLOAD: &str = "1,000 reports one after another at an idle server; from the 201's arrival at the client to the first \
     line of the handler, both in one process (negative: the work had begun before the 201 arrived)";

const ROUNDS: usize = 1000;

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let (sender, began) = mpsc::channel();
    let inside = Inside::start(folder.path(), |parts| {
        parts.generator = Arc::new(Stopwatch(Mutex::new(sender)));
    });
    let client = client::runtime();
    let request = client::post(inside.address, COFFEE);
    let mut http = client.block_on(Http::connect(inside.address));
    let (mut after, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let asked = Instant::now();
        client.block_on(http.create(&request));
        let answered = Instant::now();
        let began = began.recv().unwrap();
        whole.push(began - asked);
        let late = began.saturating_duration_since(answered).as_secs_f64();
        let early = answered.saturating_duration_since(began).as_secs_f64();
        after.push((late - early) * 1e3);
    }
    vec![
        Figure::new("201 to the start of the work, p50", percentile(&mut after, 0.5), "ms").at_most(0.5),
        Figure::new("201 to the start of the work, p99", percentile(&mut after, 0.99), "ms"),
        Figure::time("request to the start of the work, p50", percentile(&mut whole, 0.5)),
    ]
}

/// Notes the time and fails, which costs nobody anything.
struct Stopwatch(Mutex<mpsc::Sender<Instant>>);

#[async_trait]
impl Handler for Stopwatch {
    async fn handle(&self, _: Task) -> Result<Finished, WorkError> {
        let now = Instant::now();
        let _ = self.0.lock().unwrap().send(now);
        Err(WorkError::Permanent(Problem::new("failed", 500, "Report failed", "it is only being timed")))
    }

    async fn discard(&self, _: Finished) {}
}
