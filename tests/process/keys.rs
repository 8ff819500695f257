//! Keys, made and revoked beside a server that runs.

use std::{fs, path::Path};

use futures_util::StreamExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::{
    client::{LONG, until},
    command::{assert_refused, reportwire, said},
    curl::curl,
    server::{Launch, Server},
};

/// A command about keys, or links, on the data of the server in `folder`.
fn beside(folder: &TempDir, words: &[&str]) -> std::process::Output {
    let data = folder.path().join("data");
    reportwire(&[words, &["--data-dir", data.to_str().unwrap()]].concat())
}

fn make(folder: &TempDir, more: &[&str]) -> String {
    let made = beside(folder, &[&["key", "create", "--owner", "acme"], more].concat());
    assert!(made.status.success(), "{}", said(&made.stderr));
    assert!(!said(&made.stderr).contains("rwk_"), "it stands where a script takes it, and nowhere else");
    let key = said(&made.stdout).trim().to_owned();
    crate::watch::secret(&key);
    key
}

fn list(folder: &TempDir) -> Value {
    let listed = beside(folder, &["key", "list", "--json"]);
    assert!(!said(&listed.stdout).contains("rwk_"));
    serde_json::from_slice(&listed.stdout).unwrap()
}

async fn status(url: &str, key: &str) -> String {
    let header = format!("Authorization: Bearer {key}");
    let code =
        curl(&["--output", "/dev/null", "--write-out", "%{http_code}", "--header", &header, url]).await;
    String::from_utf8(code).unwrap()
}

/// Whether any file below `folder` has this text in it.
fn is_kept(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => is_kept(&path, text),
            false => {
                let bytes = fs::read(&path).unwrap();
                bytes.windows(text.len()).any(|window| window == text.as_bytes())
            }
        }
    })
}

#[tokio::test]
async fn a_key_opens_the_server_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let key = make(&folder, &[]);
    let server = Server::start(folder.path());
    let url = format!("{}/api/v1/report", server.url());
    assert_eq!(status(&url, &key).await, "200");
    assert_eq!(status(&url, "rwk_wrong").await, "401");
    let other = make(&folder, &["--scope", "create", "--expires", "1d"]);
    assert_eq!(status(&url, &other).await, "403", "made beside the server, and without the scope");

    let order = r#"{"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"}"#;
    let header = format!("Authorization: Bearer {key}");
    let report: Value =
        serde_json::from_slice(&curl(&["--header", &header, "--json", order, &url]).await).unwrap();
    let id = report["id"].as_str().unwrap();
    let socket = format!("ws://{}/api/v1/report/{id}/ws?keep=1", server.address());
    let mut request = socket.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();

    let keys = list(&folder);
    assert_eq!((&keys["keys"][0]["state"], &keys["keys"][1]["scopes"]), (&"valid".into(), &"create".into()));
    let name = keys["keys"][0]["id"].as_str().unwrap();
    assert!(beside(&folder, &["key", "revoke", name]).status.success());
    assert_eq!(status(&url, &key).await, "401", "at once");
    let code = loop {
        match tokio::time::timeout(LONG, socket.next()).await.unwrap() {
            Some(Ok(Message::Close(frame))) => break u16::from(frame.unwrap().code),
            Some(Ok(_)) => {}
            other => panic!("it is closed, not lost: {other:?}"),
        }
    };
    assert_eq!(code, 4403);
    assert_eq!(list(&folder)["keys"][0]["state"], "revoked");
    assert!(beside(&folder, &["key", "revoke", name]).status.success(), "again is no mistake");
    assert!(!is_kept(&folder.path().join("data"), &key) && !is_kept(&folder.path().join("data"), &other));
    assert!(!fs::read_to_string(folder.path().join("test.log")).unwrap().contains("rwk_"));
    let audit = fs::read_dir(folder.path().join("data/audit")).unwrap().next().unwrap().unwrap().path();
    until(LONG, "the acts to be written down", async || {
        let text = fs::read_to_string(&audit).unwrap();
        let by = format!("\"by\":\"key {name}\"");
        let act = |act: &str| {
            text.lines().any(|line| line.contains(act) && line.contains(&by) && line.contains(id))
        };
        (act("created") && act("read")).then_some(())
    })
    .await;
}

#[test]
fn what_is_no_key_is_refused_in_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = beside(&folder, &["key", "revoke", "01939e2c-0000-7000-8000-000000000001"]);
    assert_refused(&unknown, 1, &["there is no key 01939e2c"]);
    for words in [
        &["key", "revoke", "me"][..],
        &["key", "create"],
        &["key", "create", "--owner", ""],
        &["key", "create", "--owner", "a", "--scope", "everything"],
        &["key", "create", "--owner", "a", "--expires", "soon"],
    ] {
        assert_eq!(beside(&folder, words).status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn a_server_that_others_can_reach_does_not_start_without_a_door() {
    let folder = tempfile::tempdir().unwrap();
    let refused = beside(&folder, &["serve", "--listen", "0.0.0.0:0"]);
    let text = said(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{text}");
    for way in ["reportwire key create", "jwt-issuer", "--open true"] {
        assert!(text.contains(way), "{way}: {text}");
    }
}

#[tokio::test]
async fn request_shows_its_key_and_goes_on_when_its_link_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let key = make(&folder, &[]);
    // the work takes longer than a link lives
    let reports = concat!(env!("CARGO_MANIFEST_DIR"), "/reports");
    let server = Launch::on(folder.path()).with(&["--link-lifetime", "1s", "--reports", reports]).start();
    let output = folder.path().join("report.pdf");
    let (url, output) = (server.url(), output.to_str().unwrap().to_owned());
    let asked = {
        let (url, output) = (url.clone(), output.clone());
        tokio::task::spawn_blocking(move || {
            reportwire(&[
                "request",
                "SLOW_ROAST",
                "seconds=4",
                "--server",
                &url,
                "--output",
                &output,
                "--key",
                &key,
            ])
        })
    };
    let asked = asked.await.unwrap();
    assert!(asked.status.success(), "{}", said(&asked.stderr));
    assert!(fs::read(&output).unwrap().starts_with(b"%PDF"));
    let nobody =
        tokio::task::spawn_blocking(move || reportwire(&["request", "SLOW_ROAST", "--server", &url]))
            .await
            .unwrap();
    assert_refused(&nobody, 1, &["set --key or REPORTWIRE_KEY"]);
}

#[tokio::test]
async fn links_of_another_secret_are_valid_for_as_long_as_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.client();
    let id = client.coffee().await;
    client.follow(&id).await;
    let link = client.report(&id).await["pdfUri"].as_str().unwrap().to_owned();
    let fetch = async |link: &str| {
        let code = curl(&["--output", "/dev/null", "--write-out", "%{http_code}", link]).await;
        String::from_utf8(code).unwrap()
    };
    assert!(beside(&folder, &["links", "rotate", "--overlap", "1h"]).status.success());
    until(LONG, "a link of the new secret", async || {
        let fresh = client.report(&id).await["pdfUri"].as_str().unwrap().to_owned();
        // the number of the secret stands before everything else
        (fresh.split_once("token=").unwrap().1[..4] != link.split_once("token=").unwrap().1[..4])
            .then_some(())
    })
    .await;
    assert_eq!(fetch(&link).await, "200");
    assert!(beside(&folder, &["links", "rotate", "--overlap", "0s"]).status.success());
    // where nobody is asked who they are, a link that is over need not say anything
    let key = make(&folder, &[]);
    until(LONG, "the old link to be refused", async || (fetch(&link).await == "403").then_some(())).await;
    assert_eq!(status(&format!("{}/api/v1/report", server.url()), &key).await, "200");
}
