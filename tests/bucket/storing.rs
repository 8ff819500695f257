//! How files get into a bucket, whole or not at all.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use reportwire::artifact::{ArtifactError, Artifacts, Label};
use tempfile::tempdir;
use tokio::time::Instant;

use crate::{
    bucket::Bucket,
    client::{LONG, until},
    support::{files, header, http, serve},
};

/// Three parts and a little.
const LARGE: usize = ((3 * 8) << 20) + 17;

fn large() -> Bytes {
    (0..LARGE).map(|at| (at / 4096) as u8).collect()
}

async fn put(files: &Artifacts, key: &str, content: Bytes) -> Result<(), ArtifactError> {
    files.put(key, content, &Label::pdf("walk.pdf"), Instant::now() + LONG).await
}

#[tokio::test]
async fn a_large_file_goes_in_parts_a_few_at_once_and_comes_back_the_same() {
    let bucket = Bucket::start().await;
    let files = files(&bucket, LONG);
    put(&files, "large.pdf", large()).await.unwrap();
    let parts = bucket.seen().iter().filter(|request| request.contains("partNumber=")).count();
    assert_eq!(parts, 4);
    assert!((2..=4).contains(&bucket.parts_at_once()), "{} at once", bucket.parts_at_once());
    let pieces: Vec<Bytes> =
        files.read("large.pdf", 0..LARGE as u64).await.unwrap().try_collect().await.unwrap();
    assert!(pieces.concat() == large());
    assert_eq!(bucket.unfinished(), [""; 0]);
}

#[tokio::test]
async fn the_bucket_knows_name_and_type_of_a_file_however_it_was_stored() {
    let bucket = Bucket::start().await;
    let files = files(&bucket, LONG);
    put(&files, "small.pdf", Bytes::from_static(b"small")).await.unwrap();
    put(&files, "large.pdf", large()).await.unwrap();
    for key in ["small.pdf", "large.pdf"] {
        let link = files.link(key, reqwest::Method::HEAD, LONG).await.unwrap();
        let answer = http().head(link).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{key}");
        assert_eq!(header(&answer, "content-type"), "application/pdf", "{key}");
        let disposition = header(&answer, "content-disposition");
        assert_eq!(disposition, "inline; filename=\"walk.pdf\"", "{key}");
    }
    let parts = bucket.seen().iter().filter(|request| request.contains("small.pdf?")).count();
    assert_eq!(parts, 1, "a small file is one request, beside the HEAD");
}

#[tokio::test]
async fn an_upload_that_breaks_leaves_nothing_behind() {
    let bucket = Bucket::start().await;
    let files = files(&bucket, LONG);
    bucket.break_at("partNumber=3");
    let error = put(&files, "large.pdf", large()).await.unwrap_err();
    assert!(matches!(&error, ArtifactError::Away(why) if why.contains("400 Bad Request")), "{error}");
    assert!(bucket.seen().iter().any(|request| request.contains("partNumber=1")));
    assert_eq!(bucket.unfinished(), [""; 0]);
    assert!(bucket.files().is_empty());
}

#[tokio::test]
async fn an_upload_whose_owner_goes_away_leaves_nothing_behind() {
    let bucket = Bucket::start().await;
    let files = files(&bucket, LONG);
    let waiting = tokio::spawn({
        let files = files.clone();
        async move { put(&files, "large.pdf", large()).await }
    });
    // that it has begun is what makes it matter
    until(LONG, "a part", async || {
        bucket.seen().iter().any(|seen| seen.contains("partNumber")).then_some(())
    })
    .await;
    waiting.abort();
    let is_over = |request: &String| request.starts_with("DELETE ") && request.contains("uploadId=");
    until(LONG, "the end of the upload", async || bucket.seen().iter().any(is_over).then_some(())).await;
    until(LONG, "nothing to be left", async || bucket.unfinished().is_empty().then_some(())).await;
    assert!(bucket.files().is_empty());
}

#[tokio::test]
async fn at_the_start_a_file_is_left_alone_that_another_server_may_have_stored_just_now() {
    let (bucket, folder) = (Bucket::start().await, tempdir().unwrap());
    let files = files(&bucket, LONG);
    let (young, old) =
        ("00000000-0000-7000-8000-000000000001-a.pdf", "00000000-0000-7000-8000-000000000002-a.pdf");
    for key in [young, old] {
        put(&files, key, Bytes::from_static(b"nobody's")).await.unwrap();
    }
    bucket.age(&format!("here/{old}"), Duration::from_secs(3601));
    let _server = serve(&folder, &bucket, &[]);
    until(LONG, "the old one to go", async || {
        (!bucket.files().contains(&format!("here/{old}"))).then_some(())
    })
    .await;
    assert!(bucket.files().contains(&format!("here/{young}")));
}

#[tokio::test]
async fn a_file_waits_for_a_bucket_that_is_away_but_not_for_ever() {
    let bucket = Bucket::start().await;
    bucket.go_away();
    let impatient = files(&bucket, Duration::from_millis(300));
    let began = Instant::now();
    for content in [Bytes::from_static(b"small"), large()] {
        let error = put(&impatient, "a.pdf", content).await.unwrap_err();
        assert!(matches!(error, ArtifactError::Away(_)), "{error}");
    }
    assert!(began.elapsed() < LONG);
    let patient = files(&bucket, LONG);
    let before = bucket.seen().len();
    let waiting = tokio::spawn(async move { put(&patient, "b.pdf", Bytes::from_static(b"small")).await });
    bucket.turned_away(before + 2).await;
    bucket.come_back();
    waiting.await.unwrap().unwrap();
    assert_eq!(bucket.files().into_iter().collect::<Vec<_>>(), ["here/b.pdf"]);
}
