//! curl, which knows nothing of reportwire: what a script can do with the usual options.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::server::Server;

/// Runs curl, which must be content.
async fn curl(arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "60", "--noproxy", "*"]).args(arguments);
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().expect("curl runs")).await.unwrap();
    assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

async fn order(server: &Server, more: &[&str]) -> Value {
    let url = format!("{}/api/v1/report", server.url());
    let order = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "startWhen": "connected"})
        .to_string();
    let usual = ["--header", "content-type: application/json", "--data", &order, &url];
    serde_json::from_str(&curl(&[&usual[..], more].concat()).await).unwrap()
}

#[tokio::test]
async fn curl_streams_a_report_to_its_end_and_is_told_not_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let report = order(&server, &[]).await;
    let url = report["_links"]["events"]["href"].as_str().unwrap();
    let text = curl(&["--no-buffer", url]).await;
    let frames: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let end = frames.last().unwrap();
    assert_eq!(end["report"]["status"], "completed");
    assert!(end["model"].is_object());
    let last = format!("Last-Event-ID: {}", end["report"]["version"]);
    assert_eq!(curl(&["--header", &last, "--write-out", "%{http_code}", url]).await, "204");
}

#[tokio::test]
async fn curl_waits_for_the_end_asks_whether_there_is_news_and_fetches_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let report = order(&server, &["--header", "Prefer: wait=60"]).await;
    assert_eq!(report["status"], "completed", "{report}");
    let url = report["_links"]["self"]["href"].as_str().unwrap();

    // curl keeps the entity tag in a file of its own, and sends it from there
    let etag = folder.path().join("etag");
    let etag = etag.to_str().unwrap();
    let kept: Value = serde_json::from_str(&curl(&["--etag-save", etag, url]).await).unwrap();
    assert_eq!(kept["version"], report["version"]);
    assert_eq!(curl(&["--etag-compare", etag, "--write-out", "%{http_code}", url]).await, "304");
    let known: Value = serde_json::from_str(&curl(&[url]).await).unwrap();
    assert_eq!(known["delivery"]["proof"], "acked", "{known}");

    let file = folder.path().join("report.pdf");
    let header = ["--header", "Accept: application/pdf", "--location", "--output"];
    curl(&[&header[..], &[file.to_str().unwrap(), url]].concat()).await;
    assert!(std::fs::read(file).unwrap().starts_with(b"%PDF-"));
}
