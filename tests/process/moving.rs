//! From one machine to several: a folder is copied into a database, and nodes go on with it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    client::{LONG, until},
    command::{assert_refused, reportwire, said},
    curl::curl,
    postgres_server::PostgresServer,
    server::{Launch, Server},
};

const MASTER: &str = "the master secret of this installation";

/// What all nodes are given.
struct Shared {
    server: PostgresServer,
    folder: tempfile::TempDir,
    secret: String,
}

impl Shared {
    fn new() -> Self {
        crate::watch::secret(MASTER);
        let (server, folder) = (PostgresServer::start(), tempfile::tempdir().unwrap());
        let secret = folder.path().join("secret");
        fs::write(&secret, MASTER).unwrap();
        Self { server, secret: secret.to_str().unwrap().into(), folder }
    }

    fn node(&self) -> Server {
        let url = self.server.url();
        let files = self.files();
        let settings = ["--store", &url, "--secret-file", &self.secret, "--artifacts", &files];
        Launch::on(self.folder.path()).with(&settings).start()
    }

    /// Where all nodes have their files.
    fn files(&self) -> String {
        format!("file://{}", self.folder.path().join("files").display())
    }

    /// A command about the database.
    fn beside(&self, words: &[&str]) -> std::process::Output {
        reportwire(&[words, &["--store", &self.server.url()]].concat())
    }
}

fn copy(shared: &Shared, from: &Path, more: &[&str]) -> std::process::Output {
    let (from, url) = (format!("sqlite:{}", from.display()), shared.server.url());
    let artifacts = shared.files();
    let words = ["copy", "--from", &from, "--to", &url, "--secret-file", &shared.secret, "--artifacts"];
    reportwire(&[&words[..], &[artifacts.as_str()], more].concat())
}

/// A line of the table that is printed at the end.
fn line(output: &std::process::Output, what: &str) -> Vec<u64> {
    assert!(output.status.success(), "{}", said(&output.stderr));
    let line = said(&output.stdout).lines().find_map(|line| line.strip_prefix(what));
    let line = line.unwrap_or_else(|| panic!("no {what} in {}", said(&output.stdout)));
    line.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

async fn status(url: &str, more: &[&str]) -> String {
    let words = ["--output", "/dev/null", "--write-out", "%{http_code}"];
    String::from_utf8(curl(&[&words[..], more, &[url]].concat()).await).unwrap()
}

/// The link as another node answers it.
fn at(server: &Server, link: &str) -> String {
    let path = link.split_once("://").unwrap().1.split_once('/').unwrap().1;
    format!("{}/{path}", server.url())
}

/// A report that is finished, and the link to its file.
async fn ready(server: &Server, bearer: &str) -> (String, String) {
    let order = r#"{"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"}"#;
    let url = format!("{}/api/v1/report", server.url());
    let report: Value =
        serde_json::from_slice(&curl(&["--header", bearer, "--json", order, &url]).await).unwrap();
    let id = report["id"].as_str().unwrap().to_owned();
    let link = until(LONG, "the report to be made", async || {
        let url = format!("{url}/{id}");
        let report: Value = serde_json::from_slice(&curl(&["--header", bearer, &url]).await).unwrap();
        report["pdfUri"].as_str().map(str::to_owned)
    })
    .await;
    (id, link)
}

#[tokio::test]
async fn what_a_server_handed_out_is_valid_on_the_nodes_that_follow_it() {
    let (home, shared) = (tempfile::tempdir().unwrap(), Shared::new());
    let data = home.path().join("data");
    let made = reportwire(&["key", "create", "--owner", "acme", "--data-dir", data.to_str().unwrap()]);
    let key = said(&made.stdout).trim().to_owned();
    crate::watch::secret(&key);
    let bearer = format!("Authorization: Bearer {key}");
    let mut server = Server::start(home.path());
    let (id, link) = ready(&server, &bearer).await;
    let file = curl(&[&link]).await;
    assert!(file.starts_with(b"%PDF"));
    assert_refused(&copy(&shared, &data, &[]), 1, &["another reportwire process uses this folder; stop it"]);
    server.terminate();
    server.ended(LONG).await;

    let copied = copy(&shared, &data, &[]);
    for what in ["secrets", "files", "keys", "reports", "models"] {
        let found = if what == "secrets" { 3 } else { 1 };
        assert_eq!(line(&copied, what), [found, found, 0, 0], "{what}");
    }
    let again = copy(&shared, &data, &[]);
    assert_eq!(line(&again, "reports"), [1, 0, 1, 0]);
    assert_eq!(line(&copy(&shared, &data, &["--check"]), "files"), [1, 0, 1, 0]);

    let node = shared.node();
    assert_eq!(curl(&[&at(&node, &link)]).await, file, "a link from before leads to the file");
    let forged = at(&node, &link.replacen("token=", "token=A", 1));
    assert_eq!(status(&forged, &[]).await, "403");
    let known = format!("{}/api/v1/report/{id}", node.url());
    assert_eq!(
        status(&known, &["--header", &bearer]).await,
        "200",
        "the key is known, and the report is theirs"
    );
    assert_eq!(status(&known, &[]).await, "401");
    let second = Launch::on(home.path()).start();
    assert_eq!(curl(&[&at(&second, &link)]).await, file, "and the folder is as it was");
}

#[tokio::test]
async fn a_file_that_is_lost_is_named_and_whoever_has_another_master_secret_is_not_let_in() {
    let (home, shared) = (tempfile::tempdir().unwrap(), Shared::new());
    let server = Server::start(home.path());
    let client = server.client();
    let id = client.coffee().await;
    client.follow(&id).await;
    drop(server);
    let data = home.path().join("data");
    for file in fs::read_dir(data.join("artifacts")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    let copied = copy(&shared, &data, &[]);
    assert_eq!(copied.status.code(), Some(1));
    let text = said(&copied.stderr);
    assert!(text.contains("files: 1 of 1") && text.contains(&id), "{text}");
    fs::write(&shared.secret, "another master secret than that of the others").unwrap();
    assert_refused(&copy(&shared, &data, &[]), 1, &["sealed with another secret"]);
    let short = reportwire(&["copy", "--from", "sqlite:", "--to", &shared.server.url(), "--secret", "short"]);
    assert_eq!(short.status.code(), Some(1), "there is no folder");
    let nowhere = reportwire(&["copy", "--from", "reportwire-data", "--to", "sqlite:"]);
    assert_eq!(nowhere.status.code(), Some(2));
}

#[tokio::test]
async fn keys_and_the_secret_of_links_are_changed_in_the_database_too() {
    let shared = Shared::new();
    // before there is any node, and any table
    let made = shared.beside(&["key", "create", "--owner", "acme"]);
    assert!(made.status.success(), "{}", said(&made.stderr));
    let key = said(&made.stdout).trim().to_owned();
    crate::watch::secret(&key);
    let bearer = format!("Authorization: Bearer {key}");
    let node = shared.node();
    let url = format!("{}/api/v1/report", node.url());
    assert_eq!(status(&url, &["--header", &bearer]).await, "200");
    assert_eq!(status(&url, &[]).await, "401");
    let (_, link) = ready(&node, &bearer).await;
    assert_eq!(status(&link, &[]).await, "200");

    let rotate = ["links", "rotate", "--overlap", "0s"];
    assert_refused(&shared.beside(&rotate), 2, &["secret or secret-file"]);
    let other = shared.folder.path().join("other");
    fs::write(&other, "another master secret than that of the others").unwrap();
    let wrong = [&rotate[..], &["--secret-file", other.to_str().unwrap()]].concat();
    assert_refused(&shared.beside(&wrong), 1, &["sealed with another secret"]);
    assert_eq!(status(&link, &[]).await, "200");
    let right = [&rotate[..], &["--secret-file", &shared.secret]].concat();
    assert!(shared.beside(&right).status.success());
    until(LONG, "the old link to be refused", async || (status(&link, &[]).await != "200").then_some(()))
        .await;

    let listed = shared.beside(&["key", "list", "--json"]);
    let keys: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let name = keys["keys"][0]["id"].as_str().unwrap();
    assert!(shared.beside(&["key", "revoke", name]).status.success());
    assert_eq!(status(&url, &["--header", &bearer]).await, "401");
    assert_refused(
        &shared.beside(&["key", "revoke", "01939e2c-0000-7000-8000-000000000001"]),
        1,
        &["no key"],
    );
}
