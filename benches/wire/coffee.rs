//! The whole way: asked for, made, pushed, proved.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reportwire::{
    catalog::file,
    data::Sources,
    generate::{Order, generate},
    work::Monitor,
};
use tokio::task::JoinSet;

use super::{
    client::{self, COFFEE, Http, Socket, socket_path},
    figure::{Figure, median, percentile},
    machine::SCRATCH,
    program::Program,
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
        let times = round(program.address, 8);
        all.extend_from_slice(&times);
        times.len() as f64 / ROUND.as_secs_f64()
    });
    let mut alone = round(program.address, 1);
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

fn round(address: SocketAddr, clients: usize) -> Vec<Duration> {
    client::runtime().block_on(async {
        let until = Instant::now() + ROUND;
        let mut running = JoinSet::new();
        for _ in 0..clients {
            running.spawn(one_after_another(address, until));
        }
        running.join_all().await.concat()
    })
}

async fn one_after_another(address: SocketAddr, until: Instant) -> Vec<Duration> {
    let request = client::post(address, COFFEE);
    let mut http = Http::connect(address).await;
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        let id = http.report(&request).await;
        let mut socket = Socket::open(address, &socket_path(id), true).await;
        while !socket.closed {
            socket.receive().await;
        }
        times.push(began.elapsed());
        assert!(socket.text().contains(r#""completed":true"#), "{}", socket.text());
        assert!(socket.text().contains(r#""model":{"#), "{}", socket.text());
        socket.answer_close().await;
    }
    times
}
