//! Clients that hold a connection and send nothing, or next to nothing.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{interval, timeout},
};

use crate::{client::Client, server::Server};

const EACH: usize = 200;
const LIMIT: Duration = Duration::from_secs(8);

const HEAD: &str = "POST /api/v1/report HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
const BODY: &str = "POST /api/v1/report HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
    Content-Length: 5000\r\n\r\n{\"reportType\": \"";

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_dripping_connections_are_closed_in_time_and_nobody_else_notices() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.client();
    // the first report of a process warms it up
    client.follow(&client.coffee().await).await;
    let baseline = slowest(&client, 200, || false).await;

    let mut crowd = JoinSet::new();
    for _ in 0..EACH {
        crowd.spawn(outstay(server.address(), "", false));
        crowd.spawn(outstay(server.address(), HEAD, true));
        crowd.spawn(outstay(server.address(), BODY, true));
    }
    let (done, over) = tokio::sync::watch::channel(false);
    let healthy = tokio::spawn({
        let client = client.clone();
        async move { slowest(&client, usize::MAX, || *over.borrow()).await }
    });
    let mut lives = Vec::new();
    while let Some(life) = crowd.join_next().await {
        lives.push(life.unwrap());
    }
    done.send(true).unwrap();
    let during = healthy.await.unwrap();
    let longest = lives.iter().max().unwrap();
    println!("{} closed, the last after {longest:?}; slowest answer {baseline:?}, {during:?}", lives.len());
    assert_eq!(lives.len(), 3 * EACH);
    assert!(during < baseline * 4 + Duration::from_millis(250), "{baseline:?} became {during:?}");
}

/// Asks again and again, every tenth time for a report; returns the slowest answer.
async fn slowest(client: &Client, times: usize, over: impl Fn() -> bool) -> Duration {
    let order = json!({ "reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "startWhen": "connected" });
    let mut slowest = Duration::ZERO;
    for turn in 0..times {
        if over() {
            break;
        }
        let began = Instant::now();
        if turn % 10 == 0 {
            client.create(order.clone()).await;
        } else {
            client.probe().await;
        }
        slowest = slowest.max(began.elapsed());
    }
    slowest
}

/// Says `beginning`, then a byte a second or nothing, until the server has enough; returns how long it took.
async fn outstay(address: SocketAddr, beginning: &str, drips: bool) -> Duration {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let began = Instant::now();
    stream.write_all(beginning.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.split();
    let drip = async {
        let mut seconds = interval(Duration::from_secs(1));
        // without a drip, and once nobody takes it, this waits for the server
        while drips && {
            seconds.tick().await;
            to.write_all(b"x").await.is_ok()
        } {}
        std::future::pending::<()>().await;
    };
    // a reset is an end like any other
    let mut answer = Vec::new();
    let end = async { from.read_to_end(&mut answer).await };
    let ended = tokio::select! {
        ended = timeout(LIMIT, end) => ended,
        () = drip => unreachable!("it waits for the server"),
    };
    assert!(ended.is_ok(), "a connection that began with {beginning:?} lives on after {LIMIT:?}");
    began.elapsed()
}
