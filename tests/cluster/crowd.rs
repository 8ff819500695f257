//! Clients that want their reports whatever happens, and compare what they are told.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::node::Fleet;

/// How long a client waits before it tries another node: as `reportwire.js` does, at random.
fn pause() -> Duration {
    Duration::from_millis(fastrand::u64(20..300))
}

/// How far the crowd is.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) created: watch::Sender<usize>,
    pub(crate) told: watch::Sender<usize>,
    /// Answers that said: not now.
    pub(crate) refused: watch::Sender<usize>,
}

/// What one client has learned.
pub(crate) struct Learned {
    pub(crate) id: String,
    /// The end, without what may differ between two tellings of it.
    pub(crate) end: Value,
}

/// Asks for a report until it is accepted, follows it until it has ended, and has the end told a second time.
pub(crate) async fn client(
    fleet: Arc<Fleet>,
    http: reqwest::Client,
    count: Arc<Count>,
    number: usize,
) -> Learned {
    let id = order(&fleet, &http, &count, number).await;
    count.created.send_modify(|count| *count += 1);
    let end = end(&fleet, &id).await;
    count.told.send_modify(|count| *count += 1);
    let again = self::end(&fleet, &id).await;
    assert_eq!(end, again, "one end is told in one way");
    Learned { id, end }
}

async fn order(fleet: &Fleet, http: &reqwest::Client, count: &Count, number: usize) -> String {
    let order =
        json!({ "reportType": "COFFEE_SALES", "reportDate": format!("2021-01-{:02}", 1 + number % 28) });
    loop {
        let request = http
            .post(format!("http://{}/api/v1/report", fleet.any()))
            .header("Idempotency-Key", format!("client-{number}"))
            .json(&order);
        match request.send().await {
            Ok(answer) if answer.status() == 201 => {
                if let Ok(report) = answer.json::<Value>().await {
                    return report["id"].as_str().unwrap().to_owned();
                }
            }
            Ok(answer) => {
                assert_eq!(answer.status(), 503, "{:?}", answer.text().await);
                assert!(answer.headers().contains_key("retry-after"));
                count.refused.send_modify(|count| *count += 1);
            }
            // the node is gone
            Err(_) => {}
        }
        sleep(pause()).await;
    }
}

/// The end of the report, by way of sockets at any nodes.
async fn end(fleet: &Fleet, id: &str) -> Value {
    loop {
        if let Some(end) = follow(fleet.any(), id).await {
            return end;
        }
        sleep(pause()).await;
    }
}

/// Follows the report at one node, to its end or that of the connection.
async fn follow(node: SocketAddr, id: &str) -> Option<Value> {
    let url = format!("ws://{node}/api/v1/report/{id}/ws");
    let (mut socket, _) = timeout(Duration::from_secs(10), connect_async(url)).await.ok()?.ok()?;
    let mut version = 0;
    // a node that froze says nothing more, not even a ping
    while let Ok(Some(Ok(message))) = timeout(Duration::from_secs(40), socket.next()).await {
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["type"] != "report" {
            continue;
        }
        let report = &frame["report"];
        let seen = report["version"].as_u64().unwrap();
        assert!(seen > version, "a version came twice or went back");
        version = seen;
        if ["completed", "failed", "cancelled"].contains(&report["status"].as_str().unwrap()) {
            let end = json!({
                "status": report["status"], "completedAt": report["completedAt"], "startedAt": report["startedAt"],
                "error": report["error"], "model": frame["model"],
            });
            // to the Close, so that the proof of the delivery is given
            while let Ok(Some(Ok(_))) = timeout(Duration::from_secs(5), socket.next()).await {}
            return Some(end);
        }
    }
    None
}
