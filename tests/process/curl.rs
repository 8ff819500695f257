//! An HTTP client that knows nothing of reportwire: curl.

use std::process::Command;

use serde_json::{Value, json};

use crate::server::Server;

/// What curl writes with these arguments. It must end well by itself.
pub(crate) async fn curl(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--noproxy", "*"]).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().expect("curl is there")).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    crate::watch::answer(&String::from_utf8_lossy(&output.stdout));
    output.stdout
}

fn link(report: &Value, name: &str) -> String {
    report["_links"][name]["href"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn curl_follows_the_events_of_a_report_to_their_end_and_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.client();
    let order = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "startWhen": "connected"});
    let report = client.report(&client.create(order).await).await;
    let events = link(&report, "events");
    let text = String::from_utf8(curl(&["--no-buffer", &events]).await).unwrap();
    let seen: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert!(seen.is_sorted() && seen.len() >= 2, "{text}");
    assert!(text.contains(r#""status":"queued""#) && text.contains(r#""status":"completed""#), "{text}");
    assert!(text.starts_with("retry: "), "{text}");

    let cursor = format!("Last-Event-ID: {}", seen.last().unwrap());
    let code = curl(&["--header", &cursor, "--write-out", "%{http_code}", &events]).await;
    assert_eq!(String::from_utf8(code).unwrap(), "204");
    assert_eq!(client.report(report["id"].as_str().unwrap()).await["delivery"]["proof"], "acked");
}

#[tokio::test]
async fn curl_waits_for_a_report_compares_entity_tags_and_is_sent_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let order = r#"{"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "startWhen": "connected"}"#;
    let url = format!("{}/api/v1/report", server.url());
    let held = curl(&["--json", order, &url]).await;
    let held: Value = serde_json::from_slice(&held).unwrap();
    assert_eq!(held["status"], "queued");
    let this = link(&held, "self");
    let file = folder.path().join("etag");
    let (save, compare) =
        (["--etag-save", file.to_str().unwrap()], ["--etag-compare", file.to_str().unwrap()]);
    let waited = curl(&[&["--header", "Prefer: wait=60"], &save[..], &[&this]].concat()).await;
    let waited: Value = serde_json::from_slice(&waited).unwrap();
    assert_eq!(waited["status"], "completed");
    let again = curl(&[&compare[..], &["--write-out", "%{http_code}", &this]].concat()).await;
    assert_eq!(String::from_utf8(again).unwrap(), "304");

    let pdf = curl(&["--location", "--header", "Accept: application/pdf", &this]).await;
    assert!(pdf.starts_with(b"%PDF"));
    let finished = curl(&["--header", "Prefer: wait=60", "--json", order, &url]).await;
    let finished: Value = serde_json::from_slice(&finished).unwrap();
    assert_eq!(finished["status"], "completed");
    assert_ne!(finished["id"], held["id"]);
}
