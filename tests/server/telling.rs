//! Webhooks: who is told of the end of a report, when nobody is told, and for how long it is tried.

use std::time::Duration;

use jiff::SignedDuration;
use reportwire::{delivery::webhook::schedule::WAITS, report::DeliveryState};
use serde_json::json;

use crate::support::{Receiver, Stage, World};

/// A server that may tell receivers on this machine.
pub(crate) fn stage() -> Stage {
    let mut stage = Stage::new();
    stage.layer.webhook_allow_http = Some(true);
    stage.layer.webhook_allow = Some(vec!["127.0.0.0/8".parse().unwrap()]);
    stage
}

fn callback_secret(world: &World) -> String {
    std::fs::read_to_string(world.folder().join("webhook.secret")).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_callback_hears_of_the_end_under_the_name_that_the_socket_heard() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let id = world.order_with(json!({"callbackUrl": receiver.url("/done?x=1")})).await;
    let frame = world.connect(&id).await.end("completed").await;
    let told = receiver.next().await;
    assert_eq!((told.method.as_str(), told.path.as_str()), ("POST", "/done?x=1"));
    assert_eq!(told.event_id(), frame["eventId"]);
    told.assert_signed(&callback_secret(&world));
    let body = told.json();
    assert_eq!(body["type"], "report.completed");
    assert_eq!(body["data"]["id"], id.as_str());
    assert_eq!(body["data"]["status"], "completed");
    assert!(told.body.len() < 20_000);
    let file = world.fetch(&body["data"]["_links"]["download"]["href"]).await;
    assert_eq!(file.status, 200);
    let record =
        world.record(&id, |record| record.deliveries.iter().any(|one| one.status == Some(200))).await;
    assert!(record.delivery.state.is_known());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_vanished_is_told_by_one_webhook_with_the_id_of_the_lost_frame() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let deliver = json!({"prefer": ["websocket", "webhook"], "ackWithinSeconds": 10});
    let id = world.order_with(json!({"deliver": deliver, "callbackUrl": receiver.url("/")})).await;
    let mut tab = world.connect_to_stay(&id).await;
    let lost = tab.until_status("completed").await;
    // the tab is killed: no Close, no ack
    drop(tab);
    assert!(receiver.is_idle());
    world.pass(Duration::from_secs(10));
    let told = receiver.next().await;
    assert_eq!(told.event_id(), lost["eventId"]);
    assert_eq!(told.json()["data"]["id"], id.as_str());
    world.record(&id, |record| record.delivery.state == DeliveryState::Delivered).await;
    // another event is the next that arrives: there was no second one
    let marker = world.order_with(json!({"callbackUrl": receiver.url("/")})).await;
    assert_eq!(receiver.next().await.json()["data"]["id"], marker.as_str());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_acked_in_time_is_told_by_no_webhook() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let deliver = json!({"prefer": ["websocket", "webhook"], "ackWithinSeconds": 10});
    let id = world.order_with(json!({"deliver": deliver, "callbackUrl": receiver.url("/")})).await;
    let mut tab = world.connect_to_stay(&id).await;
    let version = tab.until_status("completed").await["report"]["version"].as_u64().unwrap();
    tab.say(format!(r#"{{"type":"ack","version":{version}}}"#)).await;
    tab.closes(1000).await;
    world.pass(Duration::from_secs(10));
    let marker = world.order_with(json!({"callbackUrl": receiver.url("/")})).await;
    assert_eq!(receiver.next().await.json()["data"]["id"], marker.as_str());
    let shown = world.show(&id).await;
    let deliveries: Vec<_> =
        shown["deliveries"].as_array().unwrap().iter().map(|one| (&one["channel"], &one["proof"])).collect();
    assert_eq!(deliveries, [(&json!("websocket"), &json!("acked"))]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_is_tried_on_the_whole_schedule_and_no_more() {
    let mut stage = stage();
    // longer than the schedule, so that the report can be asked
    stage.layer.keep = Some(Duration::from_secs(7 * 24 * 60 * 60));
    let (world, mut receiver) = (stage.start().await, Receiver::open().await);
    let begun = world.now();
    receiver.answers(500, "");
    let id = world.order_with(json!({"callbackUrl": receiver.url("/")})).await;
    let name = receiver.next().await.event_id().to_owned();
    let mut not_before = begun;
    for (wait, attempt) in WAITS.into_iter().zip(2..) {
        world
            .record(&id, |record| record.deliveries.iter().any(|one| one.attempt == Some(attempt - 1)))
            .await;
        // the attempt ended between these two moments, and its jitter is a tenth at most
        let not_after = world.now();
        let due = world.next_message().await.expect("another attempt is due");
        let least = not_before + SignedDuration::try_from(wait).unwrap();
        let most = not_after + SignedDuration::try_from(wait + wait / 10).unwrap();
        assert!((least..=most).contains(&due), "attempt {attempt}: {due} is not from {least} to {most}");
        not_before = world.now();
        world.pass(wait + wait / 10);
        let again = receiver.next().await;
        assert_eq!(again.event_id(), name, "attempt {attempt}");
    }
    let record = world.record(&id, |record| record.deliveries.len() == 10).await;
    assert!(record.deliveries.iter().all(|one| one.status == Some(500) && one.proof.is_none()));
    assert_eq!(world.next_message().await, None, "there is no eleventh attempt");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_asks_for_time_gets_it() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    receiver.answers(503, "retry-after: 3600\r\n");
    let id = world.order_with(json!({"callbackUrl": receiver.url("/")})).await;
    receiver.next().await;
    world.record(&id, |record| !record.deliveries.is_empty()).await;
    receiver.answers(200, "");
    world.pass(Duration::from_secs(3_599));
    let marker = world.order_with(json!({"callbackUrl": receiver.url("/")})).await;
    assert_eq!(receiver.next().await.json()["data"]["id"], marker.as_str());
    world.pass(Duration::from_secs(361));
    assert_eq!(receiver.next().await.json()["data"]["id"], id.as_str());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let mut elsewhere = Receiver::open().await;
    receiver.answers(307, &format!("location: {}\r\n", elsewhere.url("/")));
    let id = world.order_with(json!({"callbackUrl": receiver.url("/")})).await;
    receiver.next().await;
    let record = world.record(&id, |record| !record.deliveries.is_empty()).await;
    assert_eq!((record.deliveries[0].status, record.deliveries[0].proof), (Some(307), None));
    assert!(elsewhere.is_idle());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_a_private_address_unless_it_is_allowed() {
    let (world, mut receiver) = (Stage::new().start().await, Receiver::open().await);
    let body =
        json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "callbackUrl": receiver.url("/")});
    let answer = world.post("/api/v1/report", &body).await;
    answer.assert_problem(400);
    assert_eq!(answer.json["errors"][0]["pointer"], "/callbackUrl");
    assert!(receiver.is_idle());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_a_drain_cuts_off_is_made_again_by_the_next_process() {
    let mute = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", mute.local_addr().unwrap());
    let mut world = stage().start().await;
    let id = world.order_with(json!({"callbackUrl": url})).await;
    let (held, _) = crate::support::patiently("the receiver is called", mute.accept()).await.unwrap();
    let run = world.begin_to_stop();
    world.ended(run).await;
    drop((held, mute));
    let mut receiver = Receiver::at(url.parse::<url::Url>().unwrap().port().unwrap()).await;
    let world = world.reborn(stage()).await;
    assert_eq!(receiver.next().await.json()["data"]["id"], id.as_str());
    world.finish().await;
}
