//! Server-sent events: the same states under the same versions, and a cursor that leads on from anywhere.

use std::time::Duration;

use reportwire::report::{Channel, DeliveryState, Proof};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};

use crate::support::{Call, Events, Said, Side, Stage, World, patiently};

/// A report that is completed, and the version at which it was.
async fn completed(world: &World) -> (String, u64) {
    let id = world.order().await;
    let record = world.record(&id, |record| record.status.is_terminal()).await;
    (id, record.settled_version.unwrap())
}

/// Who was told, over what, and what proves it.
async fn told(world: &World, id: &str) -> Vec<(Channel, Option<Proof>)> {
    let record = world.record(id, |_| true).await;
    record.deliveries.iter().map(|attempt| (attempt.channel, attempt.proof)).collect()
}

#[tokio::test]
async fn a_stream_has_every_state_of_the_report_and_ends_with_the_last() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let mut events = Events::open(&world, &id, "", &[]).await;
    for (name, value) in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(events.response.headers()[name], value);
    }
    assert!(matches!(events.hear().await, Said::Retry(500..3000)));
    assert_eq!(events.report().await["report"]["status"], "queued");
    let attempt = work.next().await;
    events.until_status("generating").await;
    let mut socket = world.connect_to_stay(&id).await;
    attempt.monitor.progress("testing", 42).unwrap();
    assert_eq!(events.report().await["report"]["progress"]["percent"], 42);
    attempt.generate();
    let end = events.end("completed").await;
    let frame = socket.until_status("completed").await;
    assert_eq!(end, frame, "one event is the same text on every channel");
    assert!(end["model"].is_object());
    drop(socket);
    world.finish().await;
}

#[tokio::test]
async fn a_stream_that_took_the_end_is_noted_and_convinces_nobody() {
    let world = Stage::new().start().await;
    let (id, end) = completed(&world).await;
    for _ in 0..2 {
        Events::open(&world, &id, "", &[]).await.end("completed").await;
    }
    let record = world.record(&id, |record| !record.deliveries.is_empty()).await;
    world.until_listeners(&id, 0).await;
    assert_eq!(told(&world, &id).await, [(Channel::Sse, Some(Proof::Flushed))], "once, however many came");
    assert_eq!((record.delivery.state, record.version), (DeliveryState::Waiting, end + 1));
    world.finish().await;
}

#[tokio::test]
async fn who_comes_back_after_the_end_is_told_not_to_and_has_proved_that_it_knows() {
    let world = Stage::new().start().await;
    for as_header in [true, false] {
        let (id, end) = completed(&world).await;
        let path = format!("/api/v1/report/{id}/events");
        let answer = match as_header {
            true => world.get_with(&path, &[("last-event-id", &end.to_string())]).await,
            false => world.get(&format!("{path}?lastEventId={end}")).await,
        };
        assert_eq!((answer.status, answer.bytes.len()), (204, 0), "{answer:?}");
        assert_eq!(told(&world, &id).await, [(Channel::Sse, Some(Proof::Acked))]);
        let record = world.record(&id, |_| true).await;
        assert_eq!(record.delivery.state, DeliveryState::Delivered);
        // nor does the news that it knows bring it back
        assert_eq!(world.get_with(&path, &[("last-event-id", &end.to_string())]).await.status, 204);
        assert_eq!(world.record(&id, |_| true).await, record);
    }
    world.finish().await;
}

#[tokio::test]
async fn nothing_up_to_the_cursor_is_repeated() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let version = world.show(&id).await["version"].as_u64().unwrap();
    let mut by_query = Events::open(&world, &id, &format!("?lastEventId={version}"), &[]).await;
    let at = version.to_string();
    // the header wins, because a browser repeats the query of its first connect
    let mut by_header = Events::open(&world, &id, "?lastEventId=0", &[("last-event-id", &at)]).await;
    let mut behind = Events::open(&world, &id, &format!("?lastEventId={}", version - 1), &[]).await;
    assert_eq!(behind.report().await["report"]["version"], version);
    attempt.monitor.progress("testing", 1).unwrap();
    for events in [&mut by_query, &mut by_header, &mut behind] {
        assert_eq!(events.report().await["report"]["version"], version + 1);
    }
    attempt.generate();
    for events in [by_query, by_header, behind] {
        events.end("completed").await;
    }
    world.finish().await;
}

#[tokio::test]
async fn a_cursor_that_means_nothing_is_refused_in_the_query_and_forgiven_in_the_header() {
    let world = Stage::new().start().await;
    let (id, end) = completed(&world).await;
    for bad in ["", "x", "-1", "%2B1", "1.5", "99999999999999999999999"] {
        let answer = world.get(&format!("/api/v1/report/{id}/events?lastEventId={bad}")).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), ["?lastEventId"]);
    }
    // a version that there never was would hide the end from whoever trusted it
    let ahead = (end + 100).to_string();
    for bad in ["x", "-1", &ahead] {
        Events::open(&world, &id, "", &[("last-event-id", bad)]).await.end("completed").await;
    }
    Events::open(&world, &id, &format!("?lastEventId={ahead}"), &[]).await.end("completed").await;
    assert_eq!(world.record(&id, |_| true).await.delivery.state, DeliveryState::Waiting);
    world.finish().await;
}

#[tokio::test]
async fn a_stream_that_may_not_be_is_refused_before_it_begins() {
    let world = Stage::new().start().await;
    let (id, _) = completed(&world).await;
    world.get("/api/v1/report/01939e2c-0000-7000-8000-000000000000/events").await.assert_problem(404);
    world.get("/api/v1/report/x/events").await.assert_problem(404);
    world.get(&format!("/api/v1/report/{id}/events?token=x")).await.assert_problem(403);
    let answer = world.act(&id, "events").await;
    answer.assert_problem(405);
    assert_eq!(answer.header("allow"), "GET");
    let link = world.show(&id).await["_links"]["events"]["href"].clone();
    assert_eq!(world.fetch(&link).await.status, 200);
    world.call(Method::DELETE, &format!("/api/v1/report/{id}"), None).await;
    world.get(&format!("/api/v1/report/{id}/events")).await.assert_problem(410);
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_is_removed_ends_its_streams_with_the_reason() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut events = Events::open(&world, &id, "", &[]).await;
    events.report().await;
    world.call(Method::DELETE, &format!("/api/v1/report/{id}"), None).await;
    match events.hear().await {
        Said::Event { kind, id: None, data } => {
            assert_eq!((kind.as_str(), &data["type"]), ("error", &json!("/problems/gone")));
            assert_eq!(data["status"], 410);
        }
        other => panic!("expected the reason, heard {other:?}"),
    }
    assert_eq!(events.hear().await, Said::End);
    attempt.let_go().await;
    world.finish().await;
}

#[tokio::test]
async fn a_stream_without_news_says_that_it_lives() {
    let (mut stage, work) = Stage::scripted();
    stage.patience.heartbeat = Duration::from_millis(20);
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let id = world.order().await;
    let attempt = work.next().await;
    let version = world.show(&id).await["version"].clone();
    let mut events = Events::open(&world, &id, &format!("?lastEventId={version}"), &[]).await;
    assert!(matches!(events.hear().await, Said::Retry(_)));
    for _ in 0..3 {
        assert_eq!(events.hear().await, Said::Comment);
    }
    attempt.generate();
    events.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_drain_ends_every_stream_with_a_time_to_come_back() {
    let (mut world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut events = Events::open(&world, &id, "", &[]).await;
        events.report().await;
        streams.push(events);
    }
    let run = world.begin_to_stop();
    for mut events in streams {
        let retry = loop {
            match events.hear().await {
                // the work that is given back is a state, too
                Said::Event { .. } => {}
                Said::Retry(retry) => break retry,
                other => panic!("expected a time, heard {other:?}"),
            }
        };
        assert!((500..3000).contains(&retry));
        assert_eq!(events.hear().await, Said::End);
    }
    attempt.let_go().await;
    world.ended(run).await;
}

#[tokio::test]
async fn a_stream_ends_when_its_client_is_gone() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut events = Events::open(&world, &id, "", &[]).await;
    events.report().await;
    assert_eq!(world.listeners(&id).await, 1);
    drop(events);
    world.until_listeners(&id, 0).await;
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    assert_eq!(told(&world, &id).await, []);
    world.finish().await;
}

#[tokio::test]
async fn a_settlement_between_the_look_and_the_first_event_is_not_lost() {
    for side in [Side::Before, Side::After] {
        let (world, mut work) = Stage::start_scripted().await;
        let id = world.order().await;
        let attempt = work.next().await;
        let mut witness = world.connect_to_stay(&id).await;
        let mut looking = world.faults.catch(Call::Find, side);
        let listen = async { Events::open(&world, &id, "", &[]).await.end("completed").await };
        let settle = async {
            looking.here().await;
            attempt.generate();
            witness.until_status("completed").await;
            looking.let_go();
        };
        tokio::join!(listen, settle);
        drop(witness);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_reader_that_is_slow_skips_to_the_newest_state() {
    const STATES: usize = 60;
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut slow = socket.connect(world.address).await.unwrap();
    let request = format!("GET /api/v1/report/{id}/events HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    slow.write_all(request.as_bytes()).await.unwrap();
    world.until_listeners(&id, 1).await;
    for state in 0..STATES {
        let phase = format!("{state} {}", "x".repeat(200_000));
        attempt.monitor.progress(&phase, 1).unwrap();
        let stored = |record: &reportwire::report::Record| {
            record.progress.as_ref().is_some_and(|progress| progress.phase == phase)
        };
        world.record(&id, stored).await;
    }
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    let mut text = Vec::new();
    patiently("the end of the stream", slow.read_to_end(&mut text)).await.unwrap();
    let text = String::from_utf8(text).unwrap();
    let events = text.matches("event: report").count();
    assert!((2..STATES).contains(&events), "{events} events");
    assert!(text.contains(r#""status":"completed""#));
    world.finish().await;
}
