//! The whole way: asked for, made, pushed, proved.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reportwire::{
    catalog::file,
    data::Sources,
    generate::{Order, generate},
    work::Monitor,
};

use super::{
    figure::{Figure, median, percentile},
    machine::SCRATCH,
    program::Program,
    rate,
};

pub(crate) const WORKLOAD: &str = "8 clients of the release binary, each over and over: POST a one-page coffee report, connect, receive \
     the terminal frame with the model, answer the Close; 3 rounds of 4 s, then one client alone";

const ROUND: Duration = Duration::from_secs(4);

pub(crate) fn measure() -> Vec<Figure> {
    let mut pure = generation();
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let program = Program::start(folder.path());
    let mut all = Vec::new();
    let mut rates = [(); 3].map(|()| {
        let times = rate::reports(&[program.address], 8, ROUND);
        all.extend_from_slice(&times);
        times.len() as f64 / ROUND.as_secs_f64()
    });
    let mut alone = rate::reports(&[program.address], 1, ROUND);
    vec![
        Figure::time("model and PDF of it alone, on one thread", median(&mut pure)).at_most(3.0),
        Figure::new("coffee reports pushed end to end", median(&mut rates), "/s").at_least(250.0),
        Figure::time("request to terminal frame, 8 clients, p50", percentile(&mut all, 0.5)),
        Figure::time("request to terminal frame, 8 clients, p99", percentile(&mut all, 0.99)),
        Figure::time("request to terminal frame, one client, p50", percentile(&mut alone, 0.5)),
    ]
}

fn generation() -> Vec<Duration> {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/coffee-sales.toml");
    let coffee = file::read(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
    let sources = Sources::new(folder.path().into());
    let parameters = serde_json::from_str(r#"{"reportDate":"2021-01-01"}"#).unwrap();
    let once = || {
        let began = Instant::now();
        let order = Order {
            report_type: &coffee,
            parameters: &parameters,
            data: None,
            created_at: Timestamp::UNIX_EPOCH,
        };
        generate(&order, &sources, &Monitor::detached()).unwrap();
        began.elapsed()
    };
    (0..200).map(|_| once()).collect()
}
