//! A WebSocket client that knows nothing of reportwire.

use std::{env, path::PathBuf, process::Stdio};

use serde_json::json;

use crate::{
    client::{LONG, until},
    server::Server,
};

/// npm's wscat: of this repository, or else on the PATH.
fn wscat() -> PathBuf {
    let ours = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("node_modules/.bin");
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let found =
        std::iter::once(ours).chain(folders).map(|folder| folder.join("wscat")).find(|file| file.exists());
    found.expect("wscat is missing; `npm ci` installs it")
}

#[tokio::test]
async fn wscat_shows_the_report_from_first_to_last_and_proves_the_delivery_without_knowing_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.client();
    // held back until it connects, so that it sees the report from its first state on
    let order = json!({ "reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "startWhen": "connected" });
    let id = client.create(order).await;
    let url = client.report(&id).await["_links"]["ws"]["href"].as_str().unwrap().to_owned();
    // it leaves when its input ends, so its input stays open
    let mut process = std::process::Command::new(wscat())
        .args(["--connect", &url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = process.stdin.take();
    let output = tokio::task::spawn_blocking(move || process.wait_with_output().unwrap()).await.unwrap();
    drop(input);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(r#""status":"queued""#), "{text}");
    assert!(text.contains(r#""status":"completed","completed":true"#), "{text}");
    assert!(text.contains(r#""model":{"reportType":"COFFEE_SALES""#), "{text}");

    let delivery = until(LONG, "the proof", async || {
        let delivery = client.report(&id).await["delivery"].clone();
        (delivery["state"] != "waiting").then_some(delivery)
    })
    .await;
    assert_eq!(delivery["state"], "delivered", "{delivery}");
    assert_eq!(delivery["proof"], "closeEcho", "{delivery}");
}
