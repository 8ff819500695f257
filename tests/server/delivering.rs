//! `delivery` says at every moment what is proved about the person who asked, and nothing more.

use std::time::Duration;

use futures_util::future::join;
use reportwire::report::{DeliveryState, Proof};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Call, Client, Side, Stage, World};

fn ack(version: &Value) -> String {
    json!({"type": "ack", "version": version}).to_string()
}

fn verify(version: &Value, sha256: &str) -> String {
    json!({"type": "ack", "version": version, "sha256": sha256}).to_string()
}

async fn delivery(world: &World, id: &str) -> (DeliveryState, Option<Proof>) {
    let record = world.record(id, |_| true).await;
    (record.delivery.state, record.delivery.proof)
}

/// A report that is completed, and a client that stays.
async fn staying(world: &World) -> (String, Client, Value) {
    let id = world.order().await;
    let mut client = world.connect_to_stay(&id).await;
    let frame = client.until_status("completed").await;
    (id, client, frame["report"].clone())
}

#[tokio::test]
async fn the_reply_to_our_close_proves_delivery_and_nothing_before_it_does() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let client = world.connect(&id).await;
    let attempt = work.next().await;
    assert_eq!(delivery(&world, &id).await, (DeliveryState::Waiting, None));
    let mut proving = world.faults.catch(Call::Delivered, Side::Before);
    attempt.generate();
    let prove = async {
        proving.here().await;
        assert_eq!(delivery(&world, &id).await.0, DeliveryState::Waiting, "only the reply proves");
        proving.let_go();
    };
    let (frame, ()) = join(client.end("completed"), prove).await;
    assert_eq!(frame["report"]["delivery"]["state"], "waiting", "nothing is proved when it is sent");
    let record = world.record(&id, |record| record.delivery.state == DeliveryState::Delivered).await;
    assert_eq!(record.delivery.proof, Some(Proof::CloseEcho));
    world.finish().await;
}

#[tokio::test]
async fn an_ack_proves_delivery_and_closes_a_socket_that_stayed() {
    let world = Stage::new().start().await;
    let (id, mut client, report) = staying(&world).await;
    client.say(ack(&report["version"])).await;
    let told = client.report().await;
    assert_eq!(told["delivery"]["state"], "delivered");
    assert_eq!(told["delivery"]["proof"], "acked");
    client.closes(1000).await;
    assert_eq!(delivery(&world, &id).await, (DeliveryState::Delivered, Some(Proof::Acked)));
    world.finish().await;
}

#[tokio::test]
async fn the_digest_of_the_file_verifies_and_another_one_is_an_error_that_changes_nothing() {
    let world = Stage::new().start().await;
    let (id, mut client, report) = staying(&world).await;
    client.say(verify(&report["version"], &"0".repeat(64))).await;
    let error = client.frame("error").await;
    assert_eq!((&error["problem"], &error["status"]), (&json!("/problems/digest-mismatch"), &json!(409)));
    assert_eq!(delivery(&world, &id).await.0, DeliveryState::Waiting);

    let file = world.fetch(&report["pdfUri"]).await.bytes;
    let digest: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02X}")).collect();
    client.say(verify(&report["version"], &digest)).await;
    assert_eq!(client.report().await["delivery"]["state"], "verified");
    client.closes(1000).await;
    assert_eq!(delivery(&world, &id).await, (DeliveryState::Verified, Some(Proof::Verified)));

    // what is verified is never less than that again
    world.connect(&id).await.end("completed").await;
    world.until_listeners(&id, 0).await;
    assert_eq!(delivery(&world, &id).await.0, DeliveryState::Verified);
    world.finish().await;
}

#[tokio::test]
async fn a_socket_that_stays_is_not_closed_because_another_client_knows() {
    let world = Stage::new().start().await;
    let (id, mut client, report) = staying(&world).await;
    world.connect(&id).await.end("completed").await;
    let told = client.report().await;
    assert_eq!(told["delivery"]["state"], "delivered");
    // it is still there, and its own word still counts
    let file = world.fetch(&report["pdfUri"]).await.bytes;
    let digest: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    client.say(verify(&told["version"], &digest)).await;
    client.closes(1000).await;
    world.record(&id, |record| record.delivery.state == DeliveryState::Verified).await;
    world.finish().await;
}

#[tokio::test]
async fn nobody_in_time_is_unclaimed_and_a_later_client_still_gets_it() {
    let world = Stage::new().start().await;
    let id = world.order_with(json!({"deliver": {"waitForClientSeconds": 0}})).await;
    let record = world.record(&id, |record| record.delivery.state == DeliveryState::Unclaimed).await;
    assert_eq!((record.status.name(), record.delivery.proof), ("completed", None));
    let frame = world.connect(&id).await.end("completed").await;
    assert_eq!(frame["report"]["delivery"]["state"], "unclaimed");
    assert!(frame["model"].is_object());
    world.record(&id, |record| record.delivery.state == DeliveryState::Delivered).await;
    world.finish().await;
}

#[tokio::test]
async fn the_server_waits_as_long_as_it_was_asked_to() {
    let world = Stage::new().start().await;
    let id = world.order_with(json!({"deliver": {"waitForClientSeconds": 3600}})).await;
    let record = world.record(&id, |record| record.status.is_terminal()).await;
    world.pass(Duration::from_secs(3590));
    world.store().sweep().await.unwrap();
    assert_eq!(delivery(&world, &id).await.0, DeliveryState::Waiting);
    world.pass(Duration::from_secs(11));
    world.store().sweep().await.unwrap();
    assert_eq!(delivery(&world, &id).await.0, DeliveryState::Unclaimed);
    assert!(record.delivery.until.is_some());
    world.finish().await;
}

#[tokio::test]
async fn a_proof_of_the_end_before_a_retry_proves_nothing_about_the_next() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let mut client = world.connect_to_stay(&id).await;
    work.next().await.fail_for_good();
    let old = client.until_status("failed").await["report"]["version"].clone();
    world.act(&id, "retry").await;
    work.next().await.generate();
    let new = client.until_status("completed").await["report"]["version"].clone();
    client.say(ack(&old)).await;
    // answered in order: once the nonsense is refused, the ack was heard
    client.say("nonsense").await;
    client.frame("error").await;
    assert_eq!(delivery(&world, &id).await, (DeliveryState::Waiting, None));
    client.say(ack(&new)).await;
    client.closes(1000).await;
    assert_eq!(delivery(&world, &id).await.0, DeliveryState::Delivered);
    world.finish().await;
}

#[tokio::test]
async fn a_proof_of_one_end_is_forgotten_when_the_report_is_tried_again() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let client = world.connect(&id).await;
    work.next().await.fail_for_good();
    client.end("failed").await;
    world.record(&id, |record| record.delivery.state == DeliveryState::Delivered).await;
    let answer = world.act(&id, "retry").await;
    assert_eq!(answer.json["delivery"], json!({"state": "waiting"}));
    work.next().await.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    assert_eq!(delivery(&world, &id).await, (DeliveryState::Waiting, None));
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_end_proves_nothing() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut client = world.connect(&id).await;
    client.report().await;
    client.say(ack(&json!(1))).await;
    client.leave().await;
    world.until_listeners(&id, 0).await;
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    assert_eq!(delivery(&world, &id).await, (DeliveryState::Waiting, None));
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_stays_and_leaves_without_a_word_proves_nothing() {
    let world = Stage::new().start().await;
    let (id, client, _) = staying(&world).await;
    client.leave().await;
    world.until_listeners(&id, 0).await;
    assert_eq!(delivery(&world, &id).await.0, DeliveryState::Waiting);
    world.finish().await;
}

#[tokio::test]
async fn an_ack_that_cannot_be_stored_is_answered_and_may_be_sent_again() {
    let world = Stage::new().start().await;
    let (_, mut client, report) = staying(&world).await;
    world.faults.fail(Call::Delivered, 1);
    client.say(ack(&report["version"])).await;
    assert_eq!(client.frame("error").await["status"], 503);
    client.say(ack(&report["version"])).await;
    client.closes(1000).await;
    world.finish().await;
}
