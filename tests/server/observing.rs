//! `GET /metrics`, and the `Retry-After` whose error it counts.

use futures_util::future::join;
use serde_json::json;

use crate::support::{Events, GraphqlEvents, Stage, World, raw_answer};

/// The value of the line that begins with `name`, if there is one.
async fn metric(world: &World, name: &str) -> Option<f64> {
    let answer = world.get("/metrics").await;
    assert_eq!(answer.status, 200);
    let text = String::from_utf8(answer.bytes).unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

async fn listeners(world: &World, channel: &str) -> Option<f64> {
    metric(world, &format!("reportwire_listeners{{channel=\"{channel}\"}}")).await
}

async fn requests(world: &World, channel: &str) -> Option<f64> {
    metric(world, &format!("reportwire_requests_total{{channel=\"{channel}\"}}")).await
}

#[tokio::test]
async fn listeners_and_requests_are_counted_by_channel_and_a_listener_that_left_no_more() {
    let (world, mut work) = Stage::start_scripted().await;
    let media_type = world.get("/metrics").await.header("content-type").to_owned();
    assert_eq!(media_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let id = world.order().await;
    let attempt = work.next().await;
    let path = format!("/api/v1/report/{id}");
    let mut socket = world.connect(&id).await;
    let mut events = Events::open(&world, &id, "", &[]).await;
    let follow = format!("subscription {{ report(id: \"{id}\") {{ status version }} }}");
    let mut graphql = GraphqlEvents::open(&world, &follow).await;
    socket.report().await;
    events.report().await;
    let mut followed = graphql.report().await;
    let look = async {
        world.until_listeners(&id, 4).await;
        for channel in ["websocket", "sse", "long_poll", "graphql"] {
            assert_eq!(listeners(&world, channel).await, Some(1.0), "{channel}");
            assert_eq!(requests(&world, channel).await, Some(1.0), "{channel}");
        }
        assert_eq!(requests(&world, "poll").await, None);
        attempt.generate();
    };
    let (answer, ()) = join(world.get_with(&path, &[("prefer", "wait=60")]), look).await;
    assert_eq!(answer.json["status"], "completed");
    socket.end("completed").await;
    events.end("completed").await;
    while followed["status"] != "completed" {
        followed = graphql.report().await;
    }
    graphql.completes().await;
    world.until_listeners(&id, 0).await;
    world.show(&id).await;
    assert_eq!(requests(&world, "poll").await, Some(1.0));
    for channel in ["sse", "long_poll", "graphql"] {
        assert_eq!(listeners(&world, channel).await, Some(0.0), "{channel}");
    }
    assert_eq!(metric(&world, "reportwire_reports_ended_total{status=\"completed\"}").await, Some(1.0));
    world.finish().await;
}

#[tokio::test]
async fn what_a_client_was_told_is_held_against_the_end() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let error = async |direction: &str| {
        let name = format!("reportwire_estimate_error_seconds_count{{direction=\"{direction}\"}}");
        metric(&world, &name).await.unwrap_or(0.0)
    };
    // asked twice, and the last word counts
    world.show(&id).await;
    world.show(&id).await;
    assert_eq!(error("early").await + error("late").await, 0.0);
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    world.show(&id).await;
    assert_eq!(error("early").await + error("late").await, 1.0);
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_waits_in_a_queue_is_asked_about_later() {
    let (mut stage, work) = Stage::scripted();
    stage.limits.workers = 1;
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let first = world.order().await;
    let attempt = work.next().await;
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(world.order().await);
    }
    let held = world.order_with(json!({"startWhen": "connected"})).await;
    let told = async |id: &str| -> u64 {
        let answer = world.get(&format!("/api/v1/report/{id}")).await;
        answer.header("retry-after").parse().unwrap()
    };
    // nothing is known yet, so each is expected to take a second
    let mut all = vec![told(&first).await];
    for id in &waiting {
        all.push(told(id).await);
    }
    all.push(told(&held).await);
    assert_eq!(all, [1, 1, 2, 3, 4, 5]);
    // a report that is there needs no such word
    attempt.generate();
    for _ in 0..waiting.len() {
        work.next().await.generate();
    }
    for id in waiting.iter().chain([&first]) {
        world.record(id, |record| record.status.is_terminal()).await;
    }
    let request = format!("HEAD /api/v1/report/{first} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let head = crate::support::raw(world.address, request.as_bytes()).await;
    assert!(!head.to_lowercase().contains("retry-after"), "{head}");
    world.finish().await;
}

#[tokio::test]
async fn metrics_are_read_and_nothing_else() {
    let world = Stage::new().start().await;
    let answer =
        raw_answer(world.address, b"POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    answer.assert_problem(405);
    assert_eq!(answer.header("allow"), "GET, HEAD");
    world.finish().await;
}
