//! `deliveries` over HTTP: one entry for each way to be told, with what proves it and nothing that means nothing.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    support::{Events, Receiver, World},
    telling::stage,
};

/// How a client comes to know.
#[derive(Clone, Copy, Debug)]
enum Knows {
    TookTheStream,
    AnsweredTheClose,
    Acked,
    Polled,
    HasTheFile,
    AnsweredTheWebhook,
}

async fn learn(world: &World, id: &str, how: Knows) {
    let end = world.record(id, |record| record.status.is_terminal()).await;
    let version = end.settled_version.unwrap();
    match how {
        Knows::TookTheStream => {
            Events::open(world, id, "", &[]).await.end("completed").await;
        }
        Knows::AnsweredTheClose => {
            world.connect(id).await.end("completed").await;
        }
        Knows::Acked => {
            let mut client = world.connect_to_stay(id).await;
            client.until_status("completed").await;
            client.say(json!({"type": "ack", "version": version}).to_string()).await;
            client.closes(1000).await;
        }
        Knows::Polled => {
            let etag = format!("W/\"{version}\"");
            let answer = world.get_with(&format!("/api/v1/report/{id}"), &[("if-none-match", &etag)]).await;
            assert_eq!(answer.status, 304);
        }
        Knows::HasTheFile => {
            let file = world.fetch(&world.show(id).await["pdfUri"]).await.bytes;
            let digest: String = Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect();
            let ack = json!({"version": version, "sha256": digest});
            assert_eq!(world.post(&format!("/api/v1/report/{id}/ack"), &ack).await.status, 200);
        }
        Knows::AnsweredTheWebhook => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_to_be_told_has_an_entry_with_its_proof() {
    let (world, receiver) = (stage().start().await, Receiver::open().await);
    receiver.answers(204, "");
    let table = [
        (Knows::TookTheStream, "waiting", json!({"channel": "sse", "proof": "flushed"})),
        (Knows::AnsweredTheClose, "delivered", json!({"channel": "websocket", "proof": "closeEcho"})),
        (Knows::Acked, "delivered", json!({"channel": "websocket", "proof": "acked"})),
        (Knows::Polled, "delivered", json!({"channel": "poll", "proof": "acked"})),
        (Knows::HasTheFile, "verified", json!({"channel": "poll", "proof": "verified"})),
        (
            Knows::AnsweredTheWebhook,
            "delivered",
            json!({"channel": "webhook", "proof": "http 2xx", "attempt": 1, "status": 204}),
        ),
    ];
    for (how, state, mut expected) in table {
        let id = match how {
            Knows::AnsweredTheWebhook => world.order_with(json!({"callbackUrl": receiver.url("/")})).await,
            _ => world.order().await,
        };
        learn(&world, &id, how).await;
        let end = world.record(&id, |record| !record.deliveries.is_empty()).await.settled_version.unwrap();
        expected["eventId"] = format!("{id}_{end}").into();
        let shown = world.show(&id).await;
        let mut told: Vec<Value> = shown["deliveries"].as_array().unwrap().clone();
        assert_eq!(told.len(), 1, "{how:?}: {told:?}");
        let at = told[0].as_object_mut().unwrap().remove("at").unwrap();
        assert!(at.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{how:?}: {at}");
        assert_eq!(told[0], expected, "{how:?}");
        assert_eq!(shown["delivery"]["state"], state, "{how:?}");
    }
    world.finish().await;
}
