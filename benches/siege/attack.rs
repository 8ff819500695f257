//! What clients who behave feel while thousands do not.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use reportwire::config::Layer;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Runtime,
    task::JoinSet,
    time::{interval, sleep},
};
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::{figure::Figure, inside::Inside, percentile};

pub(crate) const WORKLOAD: &str = "four clients that read a report, a few thousand times, alone and then while 1,000 connections say nothing, 1,000 drip a byte \
     every half second, 200 send a body that does not end, 200 sockets never read and 10 ping 2,000 times a second; those that are let go come again";

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let inside = Inside::with(folder.path(), Layer::default(), |_| {});
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let address = inside.address;
        let id = report(address).await;
        let _ = healthy(address, &id).await;
        let mut alone = healthy(address, &id).await;
        let let_go = Arc::new(AtomicU64::new(0));
        let mut attackers = JoinSet::new();
        for (count, kind) in [
            (1_000, Kind::Silent),
            (1_000, Kind::Drips),
            (200, Kind::Body),
            (200, Kind::Mute),
            (10, Kind::Pings),
        ] {
            for _ in 0..count {
                let (let_go, id) = (Arc::clone(&let_go), id.clone());
                attackers.spawn(async move {
                    // not all at once: what is let go of together would come again together
                    sleep(Duration::from_millis(fastrand::u64(..5_000))).await;
                    loop {
                        kind.attack(address, &id).await;
                        let_go.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        }
        // until the first of them were let go, and their successors have come
        while let_go.load(Ordering::Relaxed) < 3_000 {
            sleep(Duration::from_millis(50)).await;
        }
        let mut besieged = healthy(address, &id).await;
        drop(attackers);
        let after = Instant::now();
        let mut again = healthy(address, &id).await;
        let recovered = after.elapsed();
        let (p99, under) = (percentile(&mut alone, 0.99), percentile(&mut besieged, 0.99));
        vec![
            Figure::new("a read, alone, p50", percentile(&mut alone, 0.5), "ms"),
            Figure::new("a read, alone, p99", p99, "ms"),
            Figure::new("a read under attack, p50", percentile(&mut besieged, 0.5), "ms"),
            Figure::new("a read under attack, p99", under, "ms"),
            Figure::new("the p99 as a multiple of that alone", under / p99, "x").at_most(2.0),
            Figure::new("attackers let go meanwhile", let_go.load(Ordering::Relaxed) as f64, ""),
            Figure::new("a read right after it, p99", percentile(&mut again, 0.99), "ms"),
            Figure::time("… all of which took", recovered),
        ]
    })
}

async fn report(address: SocketAddr) -> String {
    let client = reportwire::trust::http_client().no_proxy().build().unwrap();
    let request =
        client.post(format!("http://{address}/api/v1/report")).header("content-type", "application/json");
    let request = request.header("prefer", "wait=60");
    let answer =
        request.body(r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01"}"#).send().await.unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    answer["id"].as_str().unwrap().to_owned()
}

/// How long each read takes, in milliseconds. A read that is refused is a failure.
async fn healthy(address: SocketAddr, id: &str) -> Vec<f64> {
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        let url = format!("http://{address}/api/v1/report/{id}");
        clients.spawn(async move {
            let client = reportwire::trust::http_client().no_proxy().build().unwrap();
            let mut times = Vec::new();
            for _ in 0..1_000 {
                let began = Instant::now();
                let answer = client.get(&url).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                answer.bytes().await.unwrap();
                times.push(began.elapsed().as_secs_f64() * 1e3);
                // people do not read without pause, and a queue of four would measure itself
                sleep(Duration::from_millis(1)).await;
            }
            times
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}

#[derive(Clone, Copy)]
enum Kind {
    Silent,
    Drips,
    Body,
    Mute,
    Pings,
}

impl Kind {
    /// Attacks until it is let go of.
    async fn attack(self, address: SocketAddr, id: &str) {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            return sleep(Duration::from_millis(100)).await;
        };
        let head: &[u8] = match self {
            Kind::Silent => b"",
            Kind::Drips => b"GET /api/v1/report HTTP/1.1\r\nX-Slow: ",
            Kind::Body => {
                b"POST /api/v1/report HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
            }
            Kind::Mute | Kind::Pings => {
                let url = format!("ws://{address}/api/v1/report/{id}/ws?keep=1");
                let Ok((mut socket, _)) = client_async(url, stream).await else { return };
                if matches!(self, Kind::Mute) {
                    // never read; the server pings in vain
                    sleep(Duration::from_secs(60)).await;
                } else {
                    // twenty times as many as are listened to; without pause the attackers would measure their own cores
                    let mut tick = interval(Duration::from_millis(10));
                    'flood: loop {
                        tick.tick().await;
                        for _ in 0..20 {
                            if socket.send(Message::Ping(vec![0; 100].into())).await.is_err() {
                                break 'flood;
                            }
                        }
                    }
                    while let Some(Ok(_)) = socket.next().await {}
                    sleep(Duration::from_millis(20)).await;
                }
                return;
            }
        };
        if stream.write_all(head).await.is_err() {
            return;
        }
        let mut tick = interval(Duration::from_millis(500));
        let mut buffer = [0; 512];
        loop {
            tokio::select! {
                read = stream.read(&mut buffer) => if !matches!(read, Ok(1..)) { return },
                _ = tick.tick(), if !matches!(self, Kind::Silent) => if stream.write_all(b"x").await.is_err() { return },
            }
        }
    }
}
