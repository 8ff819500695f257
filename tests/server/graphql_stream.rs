//! Subscriptions over server-sent events (graphql-sse, distinct connections).

use std::time::Duration;

use reportwire::report::{Channel, DeliveryState, Proof};
use serde_json::{Value, json};

use crate::support::{GraphqlEvents, Stage, patiently};

fn follow(id: &str, more: &str) -> String {
    format!("subscription {{ report(id: \"{id}\"{more}) {{ status version eventId model }} }}")
}

#[tokio::test]
async fn a_stream_shows_the_state_of_now_then_each_newer_one_and_completes_after_the_end() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let mut events = GraphqlEvents::open(&world, &follow(&id, "")).await;
    let first = events.report().await;
    assert!(["queued", "generating"].contains(&first["status"].as_str().unwrap()), "{first}");
    let attempt = work.next().await;
    attempt.generate();
    let mut last = first;
    while last["status"] != "completed" {
        let next = events.report().await;
        assert!(next["version"].as_u64() > last["version"].as_u64(), "{next} after {last}");
        last = next;
    }
    assert!(last["model"].is_object());
    assert_eq!(last["eventId"], format!("{id}_{}", last["version"]));
    events.completes().await;

    // that it was written is noted, and convinces nobody
    let record = world.record(&id, |record| !record.deliveries.is_empty()).await;
    assert_eq!(
        (record.deliveries[0].channel, record.deliveries[0].proof),
        (Channel::Graphql, Some(Proof::Flushed))
    );
    assert_eq!(record.delivery.state, DeliveryState::Waiting);

    // who comes back with the end in hand is told nothing, and has proved it
    let events = GraphqlEvents::open(&world, &follow(&id, &format!(", since: {}", last["version"]))).await;
    events.completes().await;
    let record = world.record(&id, |record| record.delivery.state == DeliveryState::Delivered).await;
    assert_eq!(record.delivery.proof, Some(Proof::Acked));
    world.finish().await;
}

#[tokio::test]
async fn a_cursor_before_the_end_repeats_nothing_and_misses_nothing() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let generating = world.record(&id, |record| record.started_at.is_some()).await.version;
    let mut events = GraphqlEvents::open(&world, &follow(&id, &format!(", since: {generating}"))).await;
    world.until_listeners(&id, 1).await;
    attempt.fail_for_good();
    let end = events.report().await;
    assert_eq!(end["status"], "failed");
    assert!(end["version"].as_u64().unwrap() > generating);
    events.completes().await;
    world.finish().await;
}

#[tokio::test]
async fn a_version_that_there_never_was_is_no_cursor() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    let end = world.record(&id, |record| record.status.is_terminal()).await.version;
    let mut events = GraphqlEvents::open(&world, &follow(&id, &format!(", since: {}", end + 100))).await;
    assert_eq!(events.report().await["version"], end);
    events.completes().await;
    let record = world.record(&id, |record| !record.deliveries.is_empty()).await;
    assert_eq!(record.delivery.state, DeliveryState::Waiting, "nor does it prove anything");
    world.finish().await;
}

#[tokio::test]
async fn a_subscription_that_cannot_be_is_answered_with_one_error_and_completed() {
    let world = Stage::new().start().await;
    let (id, other) = (world.order().await, world.order().await);
    let link = world.show(&other).await["_links"]["ws"]["href"].as_str().unwrap().to_owned();
    let token = link.split_once("token=").unwrap().1;
    let table = [
        (follow("01939e2c-0000-7000-8000-000000000000", ""), "NOT_FOUND"),
        (follow("7", ""), "NOT_FOUND"),
        (follow(&id, &format!(", token: \"{token}\"")), "FORBIDDEN"),
        (follow(&id, ", since: -1"), "BAD_REQUEST"),
        (
            format!("subscription {{ a: report(id: \"{id}\") {{ id }} b: report(id: \"{id}\") {{ id }} }}"),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("subscription {".into(), "GRAPHQL_PARSE_FAILED"),
    ];
    for (document, code) in table {
        let mut events = GraphqlEvents::open(&world, &document).await;
        let event = events.raw().await.unwrap();
        let response: Value =
            serde_json::from_str(event.strip_prefix("event: next\ndata: ").unwrap()).unwrap();
        assert_eq!(response["errors"][0]["extensions"]["code"], code, "{document}: {response}");
        events.completes().await;
    }
    // the right token opens it
    let mut events = GraphqlEvents::open(&world, &follow(&other, &format!(", token: \"{token}\""))).await;
    events.report().await;
    drop(events);
    let plain = world.graphql_as("application/json", &json!({"query": follow(&id, "")})).await;
    plain.assert_problem(406);
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_is_removed_under_a_stream_ends_it_with_an_error() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut events = GraphqlEvents::open(&world, &follow(&id, "")).await;
    events.report().await;
    world.call(reqwest::Method::DELETE, &format!("/api/v1/report/{id}"), None).await;
    let event = events.raw().await.unwrap();
    assert!(event.contains("\"GONE\""), "{event}");
    events.completes().await;
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
    let mut events = GraphqlEvents::open(&world, &follow(&id, "")).await;
    events.report().await;
    // so many at once that beats at another pace would come too late
    let beats = async {
        for _ in 0..10 {
            assert_eq!(events.raw().await.as_deref(), Some(":"));
        }
    };
    patiently("ten beats", beats).await;
    attempt.generate();
    while events.raw().await.expect("an event") != "event: complete\ndata:" {}
    assert_eq!(events.raw().await, None);
    world.finish().await;
}

#[tokio::test]
async fn a_stream_says_when_to_come_back_when_the_server_drains() {
    let (mut world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut events = GraphqlEvents::open(&world, &follow(&id, "")).await;
    events.report().await;
    let run = world.begin_to_stop();
    let mut last = None;
    while let Some(event) = events.raw().await {
        last = Some(event);
    }
    // no `complete`: there is more
    assert!(last.as_deref().is_some_and(|last| last.starts_with("retry: ")), "{last:?}");
    drop(attempt);
    world.ended(run).await;
}
