//! A bucket that is away: what was made waits for it, and whoever wants a file is told to come again.

use std::{sync::Arc, time::Duration};

use reportwire::{
    config::{Config, Layer},
    data::Sources,
    generate::Generator,
    server::{Parts, Server},
};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::sync::oneshot;

use crate::{
    bucket::Bucket,
    client::{Client, LONG, until},
    support::{completed, files, finish, header, http, link, report, serve},
};

#[tokio::test]
async fn a_report_is_not_completed_before_its_file_is_stored() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let server = serve(&folder, &bucket, &[]);
    bucket.go_away();
    let id = server.client().coffee().await;
    bucket.turned_away(3).await;
    let waiting = report(&server, &id).await;
    assert_eq!(waiting["status"], "generating", "{waiting}");
    bucket.come_back();
    let report = finish(&server, &id).await;
    assert_eq!(http().get(link(&report)).send().await.unwrap().status(), 200);
}

/// An outage that lasts longer than one attempt waits: the next attempt stores it.
#[tokio::test]
async fn an_attempt_that_cannot_store_its_file_is_followed_by_another() {
    crate::watch::logs();
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let layer = Layer {
        data_dir: Some(folder.path().join("data")),
        listen: Some("127.0.0.1:0".parse().unwrap()),
        workers: Some(1),
        ..Layer::default()
    };
    let config = Config::of(layer).unwrap();
    let mut parts = Parts::open(&config).await.unwrap();
    parts.artifacts = files(&bucket, Duration::from_millis(50));
    let sources = Arc::new(Sources::new(folder.path().join("cache")));
    parts.generator = Arc::new(Generator::new(Arc::clone(&parts.library), sources, parts.artifacts.clone()));
    parts.limits.poll = Duration::from_millis(20);
    let server = Server::assemble(config, parts).await.unwrap();
    let client = Client::of(server.address());
    let url = format!("http://{}/api/v1/report", server.address());
    let (stop, asked) = oneshot::channel();
    let running = tokio::spawn(server.run(async move { drop(asked.await) }));

    bucket.go_away();
    let id = client.create(json!({ "reportType": "COFFEE_SALES", "reportDate": "2021-01-01" })).await;
    let look = async |wanted: &'static str| {
        until(LONG, wanted, async || {
            let text = http().get(format!("{url}/{id}")).send().await.unwrap().text().await.unwrap();
            crate::watch::answer(&text);
            let report: Value = serde_json::from_str(&text).unwrap();
            assert_ne!(report["status"], "failed", "{report}");
            (report["status"] == wanted && report["version"].as_u64() > Some(1)).then_some(())
        })
        .await
    };
    // given back, for another attempt
    look("queued").await;
    bucket.come_back();
    look("completed").await;
    assert_eq!(bucket.files().len(), 1);
    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn whoever_wants_a_file_is_told_to_come_again() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let server = serve(&folder, &bucket, &[]);
    let report = completed(&server).await;
    bucket.go_away();
    let answer = http().get(link(&report)).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(header(&answer, "retry-after"), "5");
    assert_eq!(header(&answer, "content-type"), "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/unavailable");
    bucket.come_back();
    assert_eq!(http().get(link(&report)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_expired_while_the_bucket_was_away_is_deleted_later_and_time_goes_on() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let server = serve(&folder, &bucket, &[]);
    let report = completed(&server).await;
    bucket.go_away();
    let id = report["id"].as_str().unwrap();
    let removed = http().delete(format!("{}/api/v1/report/{id}", server.url())).send().await.unwrap();
    assert!(removed.status().is_success());
    // the janitor has tried
    bucket.turned_away(1).await;
    until(LONG, "the janitor's word", async || server.log().contains("cannot delete a file").then_some(()))
        .await;
    // and reports are still made, for whoever asks next
    bucket.come_back();
    completed(&server).await;
    // it is not asked again at once
    until(2 * LONG, "the file of the removed report is gone", async || {
        bucket.files().iter().all(|file| !file.contains(id)).then_some(())
    })
    .await;
}
