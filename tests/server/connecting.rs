//! A client may come at any moment: it gets the state of now at once, then the end, then Close 1000.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{Call, Side, Stage, World};

/// Asserts a terminal frame of a completed report: whole, with its model and its file.
fn assert_whole(frame: &Value) {
    let report = &frame["report"];
    assert_eq!(report["status"], "completed");
    assert_eq!(report["completed"], true);
    assert!(report["pdfUri"].as_str().is_some_and(|uri| uri == report["_links"]["download"]["href"]));
    assert_eq!(frame["model"]["reportType"], "COFFEE_SALES");
    assert!(frame["model"]["sections"].as_array().is_some_and(|sections| !sections.is_empty()));
}

#[tokio::test]
async fn a_client_that_comes_before_the_work_sees_it_all() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let mut client = world.connect(&id).await;
    assert_eq!(client.report().await["status"], "queued");
    let attempt = work.next().await;
    client.until_status("generating").await;
    attempt.monitor.progress("testing", 42).unwrap();
    let seen = client.until(|report| report["progress"]["percent"] == 42).await;
    assert_eq!(seen["report"]["progress"], json!({"phase": "testing", "percent": 42}));
    attempt.generate();
    assert_whole(&client.end("completed").await);
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_comes_in_the_middle_gets_the_progress_of_now_at_once() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    attempt.monitor.progress("testing", 7).unwrap();
    world.record(&id, |record| record.progress.is_some()).await;
    let mut client = world.connect(&id).await;
    assert_eq!(client.report().await["progress"]["percent"], 7, "the first frame is the state of now");
    attempt.generate();
    assert_whole(&client.end("completed").await);
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_looks_just_before_the_settlement_gets_the_end() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let mut settling = world.faults.catch(Call::Settle, Side::Before);
    work.next().await.generate();
    settling.here().await;
    let mut client = world.connect(&id).await;
    assert_eq!(client.report().await["status"], "generating");
    settling.let_go();
    assert_whole(&client.end("completed").await);
    world.finish().await;
}

#[tokio::test]
async fn a_settlement_between_the_look_and_the_first_frame_is_not_lost() {
    for side in [Side::Before, Side::After] {
        let (world, mut work) = Stage::start_scripted().await;
        let id = world.order().await;
        let attempt = work.next().await;
        let mut witness = world.connect_to_stay(&id).await;
        // subscribed, and then held just before, or just after, it reads that the work goes on
        let mut looking = world.faults.catch(Call::Find, side);
        let meet = async {
            let client = world.connect(&id).await;
            client.end("completed").await
        };
        let settle = async {
            looking.here().await;
            attempt.generate();
            // when another client knows, the news has passed the one that is held
            witness.until_status("completed").await;
            looking.let_go();
        };
        let (frame, ()) = join(meet, settle).await;
        assert_whole(&frame);
        drop(witness);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_client_that_comes_after_the_end_gets_it_as_its_first_frame_each_time() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    world.record(&id, |record| record.status.is_terminal()).await;
    for _ in 0..2 {
        let mut client = world.connect(&id).await;
        assert_whole(&client.frame("report").await);
        client.closes(1000).await;
    }
    world.finish().await;
}

#[tokio::test]
async fn two_sockets_of_one_report_get_the_same_end() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let (one, two) = join(world.connect(&id), world.connect(&id)).await;
    assert_eq!(world.listeners(&id).await, 2);
    attempt.generate();
    let (one, two) = join(one.end("completed"), two.end("completed")).await;
    assert_whole(&one);
    assert_eq!(one["model"], two["model"]);
    world.finish().await;
}

#[tokio::test]
async fn a_client_whose_connection_dropped_comes_back_to_the_same_report() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut first = world.connect(&id).await;
    first.report().await;
    drop(first);
    world.until_listeners(&id, 0).await;
    attempt.generate();
    assert_whole(&world.connect(&id).await.end("completed").await);
    world.finish().await;
}

async fn restarted(world: World) -> World {
    world.restart(Stage::new()).await
}

#[tokio::test]
async fn after_a_restart_in_the_middle_the_report_is_made_and_the_client_gets_it() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut client = world.connect(&id).await;
    let before = client.report().await["version"].as_u64().unwrap();
    let world = join(restarted(world), async {
        let frame = loop {
            match client.hear().await {
                crate::support::Heard::Frame(frame) if frame["type"] == "closing" => break frame,
                crate::support::Heard::Frame(_) => {}
                other => panic!("no farewell: {other:?}"),
            }
        };
        assert!(frame["retryAfterMs"].as_u64().is_some());
        client.closes(1012).await;
    })
    .await
    .0;
    attempt.let_go().await;
    let frame = world.connect(&id).await.end("completed").await;
    assert_whole(&frame);
    assert!(frame["report"]["version"].as_u64().unwrap() > before);
    world.finish().await;
}

#[tokio::test]
async fn after_a_restart_a_finished_report_and_its_links_are_as_they_were() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    let before = world.connect(&id).await.end("completed").await;
    world.record(&id, |record| record.delivery.at.is_some()).await;
    let world = restarted(world).await;
    let after = world.connect(&id).await.end("completed").await;
    assert_eq!(after["model"], before["model"]);
    assert_eq!(after["report"]["pdfUri"], before["report"]["pdfUri"]);
    let file = world.fetch(&after["report"]["pdfUri"]).await;
    assert_eq!(file.status, 200);
    assert!(file.bytes.starts_with(b"%PDF"));
    world.finish().await;
}

#[tokio::test]
async fn a_cancelled_report_ends_for_everyone_and_can_be_tried_again() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let watching = world.connect(&id).await;
    let mut cancelling = world.connect(&id).await;
    cancelling.report().await;
    cancelling.say(r#"{"type":"cancel"}"#).await;
    let (one, two) = join(watching.end("cancelled"), cancelling.end("cancelled")).await;
    assert_eq!(one["report"]["version"], two["report"]["version"]);
    assert!(one["model"].is_null() && one["report"]["pdfUri"].is_null());
    attempt.let_go().await;
    world.connect(&id).await.end("cancelled").await;

    assert_eq!(world.act(&id, "retry").await.status, 200);
    let attempt = work.next().await;
    let client = world.connect(&id).await;
    attempt.generate();
    assert_whole(&client.end("completed").await);
    world.finish().await;
}

#[tokio::test]
async fn a_failed_report_says_why_and_a_client_that_stayed_sees_the_second_try() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let mut staying = world.connect_to_stay(&id).await;
    let leaving = world.connect(&id).await;
    work.next().await.fail_for_good();
    let failed = leaving.end("failed").await;
    assert_eq!(failed["report"]["error"]["detail"], "the query divides by zero");
    assert_eq!(failed["report"]["error"]["status"], 500);
    staying.until_status("failed").await;

    assert_eq!(world.act(&id, "retry").await.status, 200);
    work.next().await.generate();
    let frame = staying.until_status("completed").await;
    assert_whole(&frame);
    assert!(frame["report"]["error"].is_null());
    let version = &frame["report"]["version"];
    staying.say(json!({"type": "ack", "version": version}).to_string()).await;
    staying.closes(1000).await;
    world.finish().await;
}
