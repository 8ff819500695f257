//! Clients that wait at a server for reports that somebody holds back until they are there.

use std::{
    net::SocketAddr,
    sync::mpsc,
    time::{Duration, Instant},
};

use super::{
    client::{self, COFFEE, Http, Socket, socket_path},
    gate::Keeper,
    stamped::Settled,
};

/// How long it took until the client knew.
#[derive(Default)]
pub(crate) struct Waits {
    /// From when the settlement was on disk and said so.
    pub(crate) since_commit: Vec<Duration>,
    /// From when it was asked for.
    pub(crate) since_call: Vec<Duration>,
}

/// So many reports one after another, each with one client that waits at `address`.
pub(crate) fn wait(
    address: SocketAddr,
    rounds: usize,
    keeper: &mut Keeper,
    settled: &mpsc::Receiver<Settled>,
) -> Waits {
    let client = client::runtime();
    let request = client::post(address, COFFEE);
    let mut waits = Waits::default();
    for _ in 0..rounds {
        let id = client.block_on(async { Http::connect(address).await.report(&request).await });
        keeper.wait();
        let mut socket = client.block_on(async {
            let mut socket = Socket::open(address, &socket_path(id), false).await;
            socket.until(1).await;
            socket
        });
        keeper.open();
        client.block_on(socket.until(2));
        let arrived = Instant::now();
        client.block_on(socket.answer_close());
        let settled = settled.recv().unwrap();
        waits.since_commit.push(arrived.saturating_duration_since(settled.committed));
        waits.since_call.push(arrived.saturating_duration_since(settled.asked));
    }
    waits
}
