//! How soon a waiting client knows.

use std::{
    sync::{Arc, mpsc},
    time::Instant,
};

use super::{
    client::{self, COFFEE, Http, Socket, socket_path},
    crowd::{self, Crowd},
    figure::{Figure, percentile},
    gate::Gate,
    inside::{self, Inside},
    machine::SCRATCH,
    stamped::Stamped,
};

pub(crate) const WORKLOAD: &str = "500 reports one after another, each with one client that waits, among 10,000 idle WebSockets of a \
     second process; server and waiting client in one process, one clock";

const ROUNDS: usize = 500;

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let idle: Vec<_> = inside::fill(folder.path(), crowd::SIZE).into_iter().map(socket_path).collect();
    let (notes, settled) = mpsc::channel();
    let mut keeper = None;
    let inside = Inside::start(folder.path(), |parts| {
        let (gate, other_side) = Gate::new(Arc::clone(&parts.generator));
        keeper = Some(other_side);
        parts.generator = Arc::new(gate);
        parts.store = Arc::new(Stamped { inner: Arc::clone(&parts.store), notes });
    });
    let mut keeper = keeper.unwrap();
    let _crowd = Crowd::seat(inside.address, &idle);

    let client = client::runtime();
    let request = client::post(inside.address, COFFEE);
    let (mut since_commit, mut since_call) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let id = client.block_on(async { Http::connect(inside.address).await.report(&request).await });
        keeper.wait();
        let mut socket = client.block_on(async {
            let mut socket = Socket::open(inside.address, &socket_path(id), false).await;
            socket.until(1).await;
            socket
        });
        keeper.open();
        client.block_on(socket.until(2));
        let arrived = Instant::now();
        client.block_on(socket.answer_close());
        let settled = settled.recv().unwrap();
        since_commit.push(arrived.saturating_duration_since(settled.committed));
        since_call.push(arrived - settled.asked);
    }
    vec![
        Figure::time("commit to the frame at the client, p50", percentile(&mut since_commit, 0.5))
            .at_most(1.0),
        Figure::time("commit to the frame at the client, p99", percentile(&mut since_commit, 0.99))
            .at_most(5.0),
        Figure::time("from before the commit, its sync included, p50", percentile(&mut since_call, 0.5)),
        Figure::time("from before the commit, its sync included, p99", percentile(&mut since_call, 0.99)),
    ]
}
