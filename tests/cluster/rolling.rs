//! Nodes with roles of their own, and nodes that are replaced one after the other.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio_tungstenite::connect_async;

use crate::{
    bucket::Bucket,
    crowd::{Count, client},
    node::Fleet,
    postgres_server::PostgresServer,
};

async fn listeners(http: &reqwest::Client, node: std::net::SocketAddr, id: &str) -> u64 {
    let url = format!("http://{node}/api/v1/report/{id}/listeners");
    let answer: Value = http.get(url).send().await.unwrap().json().await.unwrap();
    answer["count"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_the_work_by_their_roles() {
    let (database, bucket) = (PostgresServer::start(), Bucket::start().await);
    let fleet = Fleet::new(&database, database.port(), &bucket, 3);
    fleet.start(0, &["--roles", "web"]);
    fleet.start(1, &["--roles", "web"]);
    let http = reportwire::trust::http_client().build().unwrap();
    let order = json!({ "reportType": "COFFEE_SALES", "reportDate": "2021-01-01" });
    let url = format!("http://{}/api/v1/report", fleet.at(0));
    let report: Value = http.post(&url).json(&order).send().await.unwrap().json().await.unwrap();
    let id = report["id"].as_str().unwrap();
    // nobody makes it yet; whoever listens at one node is seen at the other
    let socket = connect_async(format!("ws://{}/api/v1/report/{id}/ws", fleet.at(1))).await.unwrap();
    while listeners(&http, fleet.at(0), id).await != 1 {}
    assert_eq!(listeners(&http, fleet.at(1), id).await, 1);
    drop(socket);
    while listeners(&http, fleet.at(0), id).await != 0 {}
    fleet.start(2, &["--roles", "worker"]);
    let refused = http.get(format!("http://{}/api/v1/report/{id}", fleet.at(2))).send().await.unwrap();
    assert_eq!(refused.status(), 421);
    assert_eq!(http.get(format!("http://{}/readyz", fleet.at(2))).send().await.unwrap().status(), 200);
    let request = http.get(format!("{url}/{id}?wait=completed")).header("Prefer", "wait=20");
    let end: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(end["status"], "completed", "{end}");
    // a link that one node has signed is good at another
    let link = end["_links"]["download"]["href"].as_str().unwrap();
    let elsewhere = link.replace(&fleet.at(0).to_string(), &fleet.at(1).to_string());
    assert_ne!(link, elsewhere);
    assert_eq!(http.get(elsewhere).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_replaced_one_after_the_other_and_nobody_notices() {
    let (database, bucket) = (PostgresServer::start(), Bucket::start().await);
    let fleet = Fleet::new(&database, database.port(), &bucket, 2);
    for number in 0..2 {
        fleet.start(number, &["--workers", "1"]);
    }
    let count = Arc::new(Count::default());
    let http = reportwire::trust::http_client().timeout(Duration::from_secs(30)).build().unwrap();
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..60 {
        crowd.spawn(client(Arc::clone(&fleet), http.clone(), Arc::clone(&count), number));
    }
    for number in 0..2 {
        // what the next release adds, before its first node is there
        database.say(&format!(
            "ALTER TABLE reportwire.report ADD COLUMN later_{number} text NOT NULL DEFAULT ''"
        ));
        let node = Arc::clone(&fleet);
        tokio::task::spawn_blocking(move || {
            node.drain(number);
            node.start(number, &["--workers", "1"]);
        })
        .await
        .unwrap();
    }
    while let Some(learned) = crowd.join_next().await {
        assert_eq!(learned.unwrap().end["status"], "completed");
    }
    let attempts = database.say("SELECT count(*) FROM reportwire.report WHERE status = 'completed'");
    assert_eq!(attempts, "60");
}
