//! A server whose files lie in a bucket, and the bucket as its server uses it.

use std::{ffi::OsString, path::Path, time::Duration};

use reportwire::artifact::{Artifacts, Location, Patience};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    bucket::Bucket,
    client::{LONG, until},
    server::{Launch, Server},
};

/// Where the files of a test lie.
pub(crate) const PLACE: &str = "s3://reports/here";

/// Starts a server whose files lie in the bucket.
pub(crate) fn serve(folder: &TempDir, bucket: &Bucket, more: &[&str]) -> Server {
    let arguments = [&["--artifacts", PLACE], more].concat();
    launch(folder.path(), &bucket.settings()).with(&arguments).start()
}

/// A server that knows these environment variables.
fn launch(folder: &Path, settings: &[(&str, String)]) -> Launch {
    let pairs = settings.iter().map(|(name, value)| OsString::from(format!("{name}={value}")));
    Launch::on(folder).under(std::iter::once("env".into()).chain(pairs).collect())
}

/// The files in the bucket, as a server in this process has them.
pub(crate) fn files(bucket: &Bucket, storing: Duration) -> Artifacts {
    let location: Location = PLACE.parse().unwrap();
    let settings = bucket.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let patience = Patience { storing, reading: Duration::from_millis(100) };
    Artifacts::open_with(&location, patience, &settings).unwrap()
}

/// A client that follows no redirect.
pub(crate) fn http() -> Client {
    reportwire::trust::http_client().redirect(Policy::none()).timeout(LONG).build().unwrap()
}

/// Asks for a report, and waits until it is completed. Its resource, with the links.
pub(crate) async fn completed(server: &Server) -> Value {
    let id = server.client().coffee().await;
    finish(server, &id).await
}

/// Waits until a report is completed.
pub(crate) async fn finish(server: &Server, id: &str) -> Value {
    until(LONG, "the report to be completed", async || {
        let report = report(server, id).await;
        assert_ne!(report["status"], "failed", "{report}");
        (report["status"] == "completed").then_some(report)
    })
    .await
}

pub(crate) async fn report(server: &Server, id: &str) -> Value {
    let answer = http().get(format!("{}/api/v1/report/{id}", server.url())).send().await.unwrap();
    let text = answer.text().await.unwrap();
    crate::watch::answer(&text);
    serde_json::from_str(&text).unwrap()
}

/// The link to the file of a report.
pub(crate) fn link(report: &Value) -> &str {
    report["_links"]["download"]["href"].as_str().unwrap()
}

pub(crate) fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
