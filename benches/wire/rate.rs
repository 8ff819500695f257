//! How many reports a second a crowd of clients gets accepted.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::client::{self, HELD, Http};

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
