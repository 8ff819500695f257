//! A bucket that cannot be used is found out at the start, in words.

use std::{
    net::TcpListener,
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::{TempDir, tempdir};

use crate::{bucket::Bucket, server::BINARY, support::PLACE};

/// A server that is expected not to start, or a check.
async fn run(folder: &TempDir, bucket: &Bucket, more: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(arguments).envs(bucket.settings()).envs(more.iter().copied()).current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    crate::watch::log(&output.stderr);
    crate::watch::log(&output.stdout);
    output
}

async fn refused(bucket: &Bucket, place: &str, more: &[(&str, &str)], wanted: &str) {
    let folder = tempdir().unwrap();
    let began = Instant::now();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--artifacts", place, "--downloads", "redirect"];
    let output = run(&folder, bucket, more, &arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("reportwire: cannot use the bucket {place}: {wanted}")), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named() {
    let bucket = Bucket::start().await;
    let wanted = format!("listing the files: {} answers 404 Not Found (NoSuchBucket)", bucket.origin());
    refused(&bucket, "s3://elsewhere/here", &[], &wanted).await;
}

#[tokio::test]
async fn credentials_that_are_wrong_are_named_and_not_shown() {
    let bucket = Bucket::start().await;
    let wanted =
        format!("listing the files: {} answers 403 Forbidden (SignatureDoesNotMatch)", bucket.origin());
    let wrong = uuid::Uuid::new_v4().simple().to_string();
    crate::watch::secret(&wrong);
    refused(&bucket, PLACE, &[("AWS_SECRET_ACCESS_KEY", &wrong)], &wanted).await;
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_on_is_named_within_seconds() {
    let bucket = Bucket::start().await;
    // taken and let go: nobody else has it
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{address}");
    let wanted = format!("listing the files: {endpoint} cannot be reached: Connection refused");
    refused(&bucket, PLACE, &[("AWS_ENDPOINT_URL", &endpoint)], &wanted).await;
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_given_up_within_seconds() {
    let bucket = Bucket::start().await;
    // connections stand, and nobody takes them
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    refused(&bucket, PLACE, &[("AWS_ENDPOINT_URL", &endpoint)], "it does not answer within 5 seconds").await;
}

#[tokio::test]
async fn plain_http_is_spoken_only_to_whom_it_is_allowed() {
    let bucket = Bucket::start().await;
    let wanted = format!("listing the files: {} cannot be asked: URL scheme is not allowed", bucket.origin());
    refused(&bucket, PLACE, &[("AWS_ALLOW_HTTP", "false")], &wanted).await;
    assert_eq!(bucket.seen(), [""; 0]);
}

#[tokio::test]
async fn a_check_of_the_settings_says_the_same_and_a_good_bucket_is_left_as_it_was() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let settings = folder.path().join("reportwire.toml");
    let check = ["check", "--config", settings.to_str().unwrap()];
    std::fs::write(&settings, "artifacts = \"s3://elsewhere\"\n").unwrap();
    let output = run(&folder, &bucket, &[], &check).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("cannot use the bucket s3://elsewhere: listing the files: "), "{said}");
    std::fs::write(&settings, format!("artifacts = \"{PLACE}\"\n")).unwrap();
    let output = run(&folder, &bucket, &[], &check).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(bucket.files().is_empty(), "{:?}", bucket.files());
}

#[tokio::test]
async fn a_place_that_is_none_is_refused_with_what_is_expected() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let output =
        run(&folder, &bucket, &[], &["serve", "--artifacts", "ftp://reports", "--workers", "0"]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("workers must be") && said.contains("artifacts must be file:///absolute/folder, s3://"),
        "{said}"
    );
}
