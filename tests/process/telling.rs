//! kill -9 between the end of a report and the webhook that tells it.

use std::path::Path;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    client::{Client, LONG, until},
    receiver::{Arrived, Receiver},
    server::{Launch, Server},
};

/// How many reports are told and answered before the kill.
const ANSWERED: usize = 3;
/// How many are not: more than a receiver is sent at once, so that some wait for their first attempt.
const DUE: usize = 40;
const AT_ONCE: usize = 32;

fn start(folder: &Path) -> Server {
    Launch::on(folder).with(&["--webhook-allow-http", "true", "--webhook-allow", "127.0.0.0/8"]).start()
}

/// Makes a report whose end is told to a callback; returns its id and the name of that end.
async fn ended(client: Client, callback: String) -> (String, String) {
    let order = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "callbackUrl": callback});
    let id = client.create(order).await;
    let name = client.follow(&id).await["eventId"].as_str().unwrap().to_owned();
    (id, name)
}

/// The webhooks that tell these ends: one to the callback and one to the registered endpoint.
fn webhooks(ends: &[(String, String)]) -> Vec<Arrived> {
    let webhook = |path: &str, event_id: &String| Arrived {
        method: "POST".into(),
        path: path.into(),
        event_id: event_id.clone(),
    };
    let paths = ["/callback", "/office"];
    let mut webhooks: Vec<_> =
        paths.iter().flat_map(|path| ends.iter().map(move |(_, name)| webhook(path, name))).collect();
    webhooks.sort();
    webhooks
}

/// Waits until both answers to each of these reports are on record.
async fn told(client: &Client, ends: &[(String, String)]) {
    for (id, _) in ends {
        until(LONG, "the answers to be noted", async || {
            let report = client.report(id).await;
            let deliveries = report["deliveries"].as_array().unwrap();
            let proved = deliveries.iter().filter(|told| told["proof"] == "http 2xx");
            (proved.count() == 2).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_before_the_answer_has_exactly_what_was_due_sent_again_under_the_same_names() {
    let (folder, mut receiver) = (tempfile::tempdir().unwrap(), Receiver::open().await);
    let server = start(folder.path());
    let endpoint = json!({"url": receiver.url("/office"), "events": ["report.completed"]});
    let registered = reportwire::trust::http_client()
        .build()
        .unwrap()
        .post(format!("{}/api/v1/webhook-endpoints", server.url()))
        .json(&endpoint)
        .send()
        .await
        .unwrap();
    let registered: Value = registered.error_for_status().unwrap().json().await.unwrap();
    assert_eq!(receiver.answered(1).await[0].method, "OPTIONS", "{registered}");

    let callback = receiver.url("/callback");
    let ends = async |client: Client, count| {
        (0..count).map(|_| ended(client.clone(), callback.clone())).collect::<JoinSet<_>>().join_all().await
    };

    // some were answered, and that is on record
    let answered = ends(server.client(), ANSWERED).await;
    assert_eq!(receiver.answered(2 * ANSWERED).await, webhooks(&answered));
    told(&server.client(), &answered).await;
    // of others nothing is known but that they were sent, and the rest has to wait for them
    receiver.is_deaf(true);
    let due = ends(server.client(), DUE).await;
    let held = receiver.held(2 * AT_ONCE).await;
    server.kill();
    let due_webhooks = webhooks(&due);
    assert!(held.iter().all(|one| due_webhooks.contains(one)), "{held:?}");

    receiver.is_deaf(false);
    let server = start(folder.path());
    assert_eq!(receiver.answered(2 * DUE).await, due_webhooks);
    told(&server.client(), &due).await;
    server.kill();

    // what was answered is not sent a second time: the next to arrive is what happens next
    let server = start(folder.path());
    let next = ends(server.client(), 1).await;
    assert_eq!(receiver.answered(2).await, webhooks(&next));
}
