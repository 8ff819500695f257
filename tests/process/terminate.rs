//! SIGTERM in the middle of everything.

use std::{
    io::Read as _,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{LONG, listen},
    mute::mute,
    server::Launch,
};

const QUEUE: usize = 400;
const SOCKETS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_polite_end_says_farewell_to_every_socket_and_leaves_nothing_undone() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Launch::on(folder.path()).with(&["--workers", "1", "--drain", "10s"]).start();
    let mut server = start();
    let client = server.client();
    let mut creating = JoinSet::new();
    for _ in 0..QUEUE {
        let client = client.clone();
        creating.spawn(async move { client.coffee().await });
    }
    let mut reports = creating.join_all().await;
    reports.sort();
    // ids are made in the order of time: the last ones are far down the queue
    let mut open = Vec::new();
    for id in &reports[QUEUE - SOCKETS..] {
        open.push(client.open(id).await.unwrap());
    }
    let mut deaf = mute(&reports[QUEUE - 1], server.address());

    let told = Instant::now();
    server.terminate();
    let stories = open.into_iter().map(listen).collect::<JoinSet<_>>().join_all().await;
    for story in stories {
        let frames = story.frames;
        assert!(frames.len() >= 2, "{frames:?}");
        assert_eq!(frames[0]["report"]["completed"], false, "the queue was too short for this test");
        let last = frames.last().unwrap();
        assert_eq!(last["type"], "closing", "{last}");
        assert!(last["retryAfterMs"].as_u64().is_some_and(|wait| (1..10_000).contains(&wait)), "{last}");
        assert_eq!(u16::from(story.close.expect("a Close frame").code), 1012);
    }
    let mut rest = Vec::new();
    let _ = deaf.read_to_end(&mut rest);
    let status = server.ended(Duration::from_secs(12)).await;
    assert_eq!(status.code(), Some(0));
    println!("ended after {:?}", told.elapsed());

    let server = start();
    let client = server.client();
    let left = client.report(&reports[QUEUE - 1]).await;
    println!("after the restart the last one is {}", left["status"]);
    for id in reports {
        let end = client.follow(&id).await;
        assert_eq!(end["report"]["status"], "completed", "{end}");
        assert_eq!(end["model"]["title"], json!("Coffee sales"));
    }
}

#[tokio::test]
async fn an_idle_server_ends_at_once_and_a_mute_client_does_not_hold_it_longer_than_the_drain() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Launch::on(folder.path()).with(&["--drain", "2s"]).start();
    let mut server = start();
    server.terminate();
    assert_eq!(server.ended(Duration::from_secs(2)).await.code(), Some(0));

    let mut server = start();
    let client = server.client();
    let order = json!({ "reportType": "COFFEE_SALES", "reportDate": "2021-01-01" });
    let id = client.create(order).await;
    let _deaf: Vec<_> = (0..20).map(|_| mute(&id, server.address())).collect();
    crate::client::until(LONG, "the mute clients", async || {
        (client.listeners(&id).await == 20).then_some(())
    })
    .await;
    server.terminate();
    assert_eq!(server.ended(Duration::from_secs(5)).await.code(), Some(0));
}
