//! What one owner with a great deal of work costs the others.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use reportwire::config::Layer;
use tokio::{runtime::Runtime, task::JoinSet, time::sleep};

use super::{figure::Figure, inside::Inside, key, percentile};

pub(crate) const WORKLOAD: &str = "15 owners, each with one report after another that takes 0.1 s and a pause of 1.5 s, on two workers; 12 reports each, \
     alone, and then beside a sixteenth with 9,000 of the same in the queue; from the request to the end of the work";

const OWNERS: usize = 15;
const REPORTS: usize = 12;
const FLOOD: usize = 9_000;

/// A report that takes a tenth of a second and no core.
const TYPE: &str = r#"
title = "Nap"
[data.nap]
command = ["sh", "-c", 'sleep 0.1; echo "{\"a\":1}"']
[[section]]
query = "SELECT a FROM nap"
"#;

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports");
    fs::create_dir(&reports).unwrap();
    fs::write(reports.join("nap.toml"), TYPE).unwrap();
    let data = folder.path().join("data");
    let keys: Vec<String> = (0..OWNERS).map(|owner| key(&data, &format!("owner {owner}"))).collect();
    let flooder = key(&data, "flood");
    let layer = Layer {
        reports: Some(reports),
        workers: Some(2),
        creates_per_minute: Some(100_000),
        ..Layer::default()
    };
    let inside = Inside::with(&data, layer, |_| {});
    let url = format!("http://{}/api/v1/report", inside.address);
    let runtime = Runtime::new().unwrap();
    let mut alone = runtime.block_on(round(&url, &keys));
    runtime.block_on(flood(&url, &flooder));
    let mut beside = runtime.block_on(round(&url, &keys));
    let left = runtime.block_on(queued(&data));
    assert!(left > 0, "the flood was over before the others were");
    let (p50, flooded) = (percentile(&mut alone, 0.5), percentile(&mut beside, 0.5));
    let (p95, flooded95) = (percentile(&mut alone, 0.95), percentile(&mut beside, 0.95));
    vec![
        Figure::new("wait of an owner without the flood, p50", p50, "ms"),
        Figure::new("wait of an owner beside the flood, p50", flooded, "ms"),
        Figure::new("the second as a multiple of the first", flooded / p50, "x").at_most(2.0),
        Figure::new("wait of an owner without the flood, p95", p95, "ms"),
        Figure::new("wait of an owner beside the flood, p95", flooded95, "ms"),
        Figure::new("the second as a multiple of the first", flooded95 / p95, "x").at_most(2.0),
    ]
}

/// How long each report of each owner took, in milliseconds.
async fn round(url: &str, keys: &[String]) -> Vec<f64> {
    let client = reportwire::trust::http_client().no_proxy().build().unwrap();
    let mut owners = JoinSet::new();
    for key in keys {
        let (client, url, key) = (client.clone(), url.to_owned(), key.clone());
        owners.spawn(async move {
            let mut waits = Vec::new();
            // not all at once
            sleep(Duration::from_millis(fastrand::u64(..1_600))).await;
            for _ in 0..REPORTS {
                let began = Instant::now();
                let request = client.post(&url).bearer_auth(&key).header("prefer", "wait=60");
                let request =
                    request.header("content-type", "application/json").body(r#"{"reportType":"NAP"}"#);
                let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
                assert_eq!(answer["status"], "completed", "{answer}");
                waits.push(began.elapsed().as_secs_f64() * 1e3);
                sleep(Duration::from_millis(1_500)).await;
            }
            waits
        });
    }
    owners.join_all().await.into_iter().flatten().collect()
}

async fn flood(url: &str, key: &str) {
    let client = reportwire::trust::http_client().no_proxy().build().unwrap();
    let mut hands = JoinSet::new();
    for _ in 0..32 {
        let (client, url, key) = (client.clone(), url.to_owned(), key.to_owned());
        hands.spawn(async move {
            for _ in 0..FLOOD / 32 {
                let request = client.post(&url).bearer_auth(&key).header("content-type", "application/json");
                let status = request.body(r#"{"reportType":"NAP"}"#).send().await.unwrap().status();
                assert_eq!(status, 201);
            }
        });
    }
    hands.join_all().await;
}

/// How much of the flood is still to be done.
async fn queued(data: &Path) -> u64 {
    let database = rusqlite::Connection::open(data.join("reportwire.db")).unwrap();
    let sql = "SELECT unfinished FROM tenant WHERE name = 'flood'";
    let count: i64 = database.query_row(sql, [], |row| row.get(0)).unwrap();
    count.cast_unsigned()
}
