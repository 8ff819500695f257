//! How many reports a second a crowd of clients gets accepted, or made, and how long each takes.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::client::{self, COFFEE, HELD, Http, Socket, socket_path};

/// Reports that `clients` ask for one after another, each over a connection of its own to the next of `servers`, for as long
/// as `round`: how many a second were created.
pub(crate) fn creates(servers: &[SocketAddr], clients: usize, round: Duration) -> f64 {
    client::runtime().block_on(async {
        let until = Instant::now() + round;
        let mut crowd = JoinSet::new();
        for address in servers.iter().copied().cycle().take(clients) {
            let request: Arc<[u8]> = client::post(address, HELD).into();
            crowd.spawn(async move {
                let mut http = Http::connect(address).await;
                let mut created = 0;
                while Instant::now() < until {
                    http.create(&request).await;
                    created += 1;
                }
                created
            });
        }
        f64::from(crowd.join_all().await.iter().sum::<u32>()) / round.as_secs_f64()
    })
}

/// How long each of 3,000 creates takes one client, one after another.
pub(crate) fn create_times(server: SocketAddr) -> Vec<Duration> {
    let request = client::post(server, HELD);
    client::runtime().block_on(async {
        let mut http = Http::connect(server).await;
        let mut times = Vec::new();
        for _ in 0..3000 {
            let began = Instant::now();
            http.create(&request).await;
            times.push(began.elapsed());
        }
        times
    })
}

/// Coffee reports that `clients` have made one after another, each client by the next of `servers`, for as long as `round`:
/// how long each took, from the request to the terminal frame.
pub(crate) fn reports(servers: &[SocketAddr], clients: usize, round: Duration) -> Vec<Duration> {
    client::runtime().block_on(async {
        let until = Instant::now() + round;
        let mut running = JoinSet::new();
        for address in servers.iter().copied().cycle().take(clients) {
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
