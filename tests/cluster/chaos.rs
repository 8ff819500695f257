//! Nothing is lost and nothing is told twice in two ways, whatever fails meanwhile.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokio::{task::JoinSet, time::timeout};

use crate::{
    bucket::Bucket,
    crowd::{Count, Learned, client},
    node::Fleet,
    postgres_server::PostgresServer,
    proxy::Proxy,
};

const NODES: usize = 3;

/// How many clients come: `REPORTWIRE_CLUSTER_CLIENTS`, or so many.
fn clients() -> usize {
    std::env::var("REPORTWIRE_CLUSTER_CLIENTS").map_or(300, |count| count.parse().unwrap())
}

/// How each node is started: all clients come from one address, and nobody is asked who they are.
const NODE: [&str; 6] = ["--workers", "2", "--open", "true", "--max-connections-per-address", "16000"];

/// Longer than a lease, and than anything that fails here.
const LONG: Duration = Duration::from_secs(120);

/// Waits until so many are told. That nobody is for a long time is a failure, and so is a client that gave up.
async fn told(crowd: &mut JoinSet<Learned>, all: &mut Vec<Learned>, count: &Count, wanted: usize) {
    let mut told = count.told.subscribe();
    while *told.borrow_and_update() < wanted {
        tokio::select! {
            changed = timeout(LONG, told.changed()) => changed.expect("somebody is told").unwrap(),
            Some(learned) = crowd.join_next() => all.push(learned.unwrap()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_report_ends_once_and_everybody_is_told_whatever_fails_meanwhile() {
    let clients = clients();
    let mut database = PostgresServer::start();
    let bucket = Bucket::start().await;
    let proxy = Proxy::to(database.port()).await;
    let fleet = Fleet::new(&database, proxy.port(), &bucket, NODES);
    for number in 0..NODES {
        fleet.start(number, &NODE);
    }
    let (count, http) =
        (Arc::new(Count::default()), reportwire::trust::http_client().timeout(Duration::from_secs(30)));
    let http = http.build().unwrap();
    let mut crowd = JoinSet::new();
    for number in 0..clients {
        crowd.spawn(client(Arc::clone(&fleet), http.clone(), Arc::clone(&count), number));
    }

    let mut all = Vec::new();
    // what fails, and how many are told before it does, in hundredths
    let after = |hundredths: usize| clients * hundredths / 100;
    told(&mut crowd, &mut all, &count, after(8)).await;
    fleet.kill(0);
    fleet.start(0, &NODE);
    told(&mut crowd, &mut all, &count, after(16)).await;
    proxy.cut();
    told(&mut crowd, &mut all, &count, after(24)).await;
    database.stop();
    let before = *count.refused.borrow();
    // whoever asks meanwhile is told to come again; all who have asked already need not
    if *count.created.borrow() < clients {
        count.refused.subscribe().wait_for(|refused| *refused > before).await.unwrap();
    }
    database.start_again();
    told(&mut crowd, &mut all, &count, after(32)).await;
    bucket.go_away();
    bucket.turned_away(20).await;
    bucket.come_back();
    told(&mut crowd, &mut all, &count, after(40)).await;
    fleet.kill(1);
    fleet.kill(2);
    fleet.start(1, &NODE);
    fleet.start(2, &NODE);
    told(&mut crowd, &mut all, &count, after(48)).await;
    proxy.stall();
    // until a node has given up on it
    while http.get(format!("http://{}/readyz", fleet.at(0))).send().await.unwrap().status() != 503 {}
    proxy.cut();
    told(&mut crowd, &mut all, &count, after(56)).await;
    fleet.freeze(0, true);
    told(&mut crowd, &mut all, &count, after(64)).await;
    fleet.freeze(0, false);
    fleet.drain(1);
    fleet.start(1, &NODE);

    while let Some(learned) = crowd.join_next().await {
        all.push(learned.unwrap());
    }
    assert_eq!(all.len(), clients);
    let ids: HashSet<_> = all.iter().map(|learned| &learned.id).collect();
    assert_eq!(ids.len(), clients, "each client has a report of its own");
    let named = whole(&fleet, &http, &all).await;
    assert_eq!(
        database.say("SELECT count(*) FROM reportwire.report"),
        clients.to_string(),
        "and there is no other"
    );
    assert_eq!(database.say("SELECT count(*) FROM reportwire.task"), "0");
    let files: BTreeSet<_> = bucket.files();
    assert_eq!(files, named, "nothing is missing in the bucket, and nothing left behind");
    assert!(bucket.unfinished().is_empty());
}

/// Looks at every report and its file; returns where the files are.
async fn whole(fleet: &Fleet, http: &reqwest::Client, all: &[Learned]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for learned in all {
        assert_eq!(learned.end["status"], "completed", "{}", learned.end);
        let report = format!("http://{}/api/v1/report/{}", fleet.any(), learned.id);
        let shown: Value = http.get(&report).send().await.unwrap().json().await.unwrap();
        assert_eq!(shown["completedAt"], learned.end["completedAt"]);
        let file = http.get(format!("{report}/pdf")).send().await.unwrap();
        assert_eq!(file.status(), 200);
        // strong, and the key itself
        let key = file.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned();
        assert!(file.bytes().await.unwrap().starts_with(b"%PDF"));
        assert!(named.insert(format!("cluster/{key}")));
    }
    named
}
