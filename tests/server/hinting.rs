//! A hint is speed and nothing else; and a drain says farewell.

use std::time::Duration;

use serde_json::json;

use crate::support::{Hints, Stage};

#[tokio::test]
async fn when_every_hint_is_lost_the_slow_look_brings_the_end() {
    let (mut stage, work) = Stage::scripted();
    stage.hints = Hints::Lost;
    stage.patience.look_again = Duration::from_millis(50);
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let mut client = world.connect_to_stay(&id).await;
    client.report().await;
    let attempt = work.next().await;
    client.until_status("generating").await;
    attempt.generate();
    let frame = client.until_status("completed").await;
    assert!(frame["model"].is_object());
    client.say(json!({"type": "ack", "version": frame["report"]["version"]}).to_string()).await;
    client.closes(1000).await;
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_worker_stops_even_when_the_hint_is_lost() {
    let (mut stage, work) = Stage::scripted();
    stage.hints = Hints::Lost;
    stage.limits.lease = Duration::from_millis(300);
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let id = world.order().await;
    let attempt = work.next().await;
    world.act(&id, "cancel").await;
    // the next renewal finds out
    attempt.let_go().await;
    world.connect(&id).await.end("cancelled").await;
    world.finish().await;
}

#[tokio::test]
async fn when_every_hint_comes_thrice_nothing_is_said_twice() {
    let (mut stage, work) = Stage::scripted();
    stage.hints = Hints::Thrice;
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let id = world.order().await;
    let attempt = work.next().await;
    // the client itself asserts that each version is later than the last
    let mut client = world.connect(&id).await;
    for percent in [10, 20, 30] {
        attempt.monitor.progress("testing", percent).unwrap();
        client.until(|report| report["progress"]["percent"] == percent).await;
    }
    attempt.generate();
    client.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_drain_says_farewell_to_every_open_socket_and_takes_no_new_one() {
    let (mut world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(world.connect(&id).await);
    }
    world.until_listeners(&id, 5).await;
    let run = world.begin_to_stop();
    for mut client in clients {
        let closing = loop {
            match client.hear().await {
                crate::support::Heard::Frame(frame) if frame["type"] == "report" => {}
                crate::support::Heard::Frame(frame) => break frame,
                other => panic!("no farewell: {other:?}"),
            }
        };
        assert_eq!(closing["type"], "closing");
        assert!((500..3000).contains(&closing["retryAfterMs"].as_u64().unwrap()));
        client.closes(1012).await;
    }
    attempt.let_go().await;
    world.ended(run).await;
    assert!(tokio::net::TcpStream::connect(world.address).await.is_err(), "nobody listens any more");
}
