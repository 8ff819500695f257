//! The finished file and the model over HTTP: whole, in part, or not again.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Stage, World};

/// A completed report: its id, its file and the file's entity tag.
async fn completed(world: &World) -> (String, Vec<u8>, String) {
    let id = world.order().await;
    let report = world.connect(&id).await.end("completed").await["report"].take();
    let answer = world.fetch(&report["pdfUri"]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let etag = answer.header("etag").to_owned();
    (id, answer.bytes, etag)
}

fn pdf(id: &str) -> String {
    format!("/api/v1/report/{id}/pdf")
}

async fn head(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = world.http.head(format!("http://{}{path}", world.address));
    Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test]
async fn the_file_is_what_the_record_says_and_is_named_for_people() {
    let world = Stage::new().start().await;
    let (id, file, etag) = completed(&world).await;
    let answer = world.get(&pdf(&id)).await;
    let artifact = world.record(&id, |_| true).await.artifact.unwrap();
    let digest: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(file.starts_with(b"%PDF-"));
    assert_eq!((artifact.size, &artifact.sha256), (file.len() as u64, &digest));
    assert_eq!(etag, format!("\"{}\"", artifact.key), "and not the digest, which only the bytes should tell");
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(answer.header("content-length"), file.len().to_string());
    let disposition = answer.header("content-disposition");
    assert!(
        disposition.starts_with("inline; filename=\"") && disposition.ends_with(".pdf\""),
        "{disposition}"
    );
    world.finish().await;
}

#[tokio::test]
async fn a_range_is_answered_with_that_part_or_with_how_much_there_is() {
    let world = Stage::new().start().await;
    let (id, file, etag) = completed(&world).await;
    let size = file.len();
    let (last, open) = (size - 1, format!("bytes={}-", size - 10));
    let table = [
        ("bytes=0-0".to_owned(), Some(0..1)),
        ("bytes=0-99".into(), Some(0..100)),
        ("bytes=100-199".into(), Some(100..200)),
        (format!("bytes={last}-{last}"), Some(last..size)),
        (format!("bytes=10-{}", size * 2), Some(10..size)),
        ("bytes=-5".into(), Some(size - 5..size)),
        (format!("bytes=-{}", size * 2), Some(0..size)),
        (open, Some(size - 10..size)),
        (format!("bytes={size}-"), None),
        (format!("bytes={}-{}", size + 5, size + 9), None),
        ("bytes=-0".into(), None),
    ];
    for (range, expected) in table {
        let answer = world.get_with(&pdf(&id), &[("range", &range)]).await;
        match expected {
            Some(part) => {
                assert_eq!(answer.status, 206, "{range}");
                let content = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                assert_eq!(answer.header("content-range"), content, "{range}");
                assert_eq!(answer.header("etag"), etag);
                assert!(answer.bytes == file[part], "{range}");
            }
            None => {
                answer.assert_problem(416);
                assert_eq!(answer.header("content-range"), format!("bytes */{size}"), "{range}");
            }
        }
    }
    // invalid ones are ignored (RFC 9110, section 14.2)
    for whole in ["bytes=0-0,5-6", "lines=1-2", "bytes=x-y", "bytes=9-3"] {
        let answer = world.get_with(&pdf(&id), &[("range", whole)]).await;
        assert!(answer.status == 200 && answer.bytes == file, "{whole}: {}", answer.status);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_part_of_another_file_is_answered_with_the_whole_of_this_one() {
    let world = Stage::new().start().await;
    let (id, file, etag) = completed(&world).await;
    let table = [
        (etag.as_str(), 206),
        ("\"another\"", 200),
        (&format!("W/{etag}"), 200),
        ("Tue, 01 Jan 2030 00:00:00 GMT", 200),
    ];
    for (condition, status) in table {
        let headers = [("range", "bytes=0-9"), ("if-range", condition)];
        let answer = world.get_with(&pdf(&id), &headers).await;
        assert_eq!(answer.status, status, "{condition}");
        assert_eq!(answer.bytes.len(), if status == 206 { 10 } else { file.len() });
    }
    world.finish().await;
}

fn resource_of(id: &str) -> String {
    format!("/api/v1/report/{id}")
}

#[tokio::test]
async fn what_the_client_has_already_is_not_sent_again() {
    let world = Stage::new().start().await;
    let (id, _, etag) = completed(&world).await;
    let model = format!("/api/v1/report/{id}/model");
    let tag_of_model = world.get(&model).await.header("etag").to_owned();
    let resource = resource_of(&id);
    world.record(&id, |record| record.delivery.at.is_some()).await;
    let tag_of_resource = world.get(&resource).await.header("etag").to_owned();
    assert_eq!(tag_of_resource, format!("W/\"{}\"", world.show(&id).await["version"]));
    let (page, tag_of_page) = ("/".to_owned(), world.get("/").await.header("etag").to_owned());
    let kept = [(pdf(&id), etag), (model, tag_of_model), (resource, tag_of_resource), (page, tag_of_page)];
    for (path, tag) in kept {
        let list = format!("\"other\", {tag}");
        let kept = world.get(&path).await.header("cache-control").to_owned();
        // what has links in it is kept by nobody
        let expected = if path == resource_of(&id) { "private, no-store" } else { "no-cache" };
        assert!(kept.contains(expected), "{path}: {kept}");
        for known in [tag.as_str(), list.as_str(), "*"] {
            let answer = world.get_with(&path, &[("if-none-match", known)]).await;
            assert_eq!((answer.status, answer.bytes.len()), (304, 0), "{path} {known}");
            assert_eq!(
                (answer.header("etag"), answer.header("cache-control")),
                (tag.as_str(), kept.as_str())
            );
        }
        let answer = world.get_with(&path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    world.finish().await;
}

#[tokio::test]
async fn head_says_what_get_would_and_knows_no_ranges() {
    let world = Stage::new().start().await;
    let (id, file, etag) = completed(&world).await;
    let answer = head(&world, &pdf(&id), &[]).await;
    assert_eq!((answer.status, answer.bytes.len()), (200, 0));
    assert_eq!(answer.header("content-length"), file.len().to_string());
    assert_eq!(answer.header("etag"), etag);
    // RFC 9110, section 14.2: a Range with any other method than GET is ignored
    let answer = head(&world, &pdf(&id), &[("range", "bytes=0-9")]).await;
    assert_eq!(answer.status, 200);
    for path in
        [format!("/api/v1/report/{id}"), format!("/api/v1/report/{id}/model"), "/api/v1/report".into()]
    {
        let (head, get) = (head(&world, &path, &[]).await, world.get(&path).await);
        assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-length"), get.bytes.len().to_string(), "{path}");
    }
    world.finish().await;
}

#[tokio::test]
async fn the_model_is_the_one_of_the_terminal_frame() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    let frame = world.connect(&id).await.end("completed").await;
    let model = world.fetch(&frame["report"]["_links"]["model"]["href"]).await;
    assert_eq!((model.status, model.header("content-type")), (200, "application/json"));
    assert_eq!(model.json, frame["model"]);
    world.finish().await;
}

#[tokio::test]
async fn a_large_model_is_linked_and_not_sent() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let large = json!({"rows": "x".repeat(256 * 1024)}).to_string();
    work.next().await.finish_with(large.clone().into());
    let frame = world.connect(&id).await.end("completed").await;
    assert!(frame["model"].is_null());
    let model = world.fetch(&frame["report"]["_links"]["model"]["href"]).await;
    assert_eq!(model.bytes, large.as_bytes());
    world.finish().await;
}

#[tokio::test]
async fn before_the_end_there_is_no_file_and_the_client_is_told_to_come_back() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    for name in ["pdf", "model"] {
        let answer = world.get(&format!("/api/v1/report/{id}/{name}")).await;
        answer.assert_problem(409);
        assert_eq!(answer.header("retry-after"), "1");
    }
    attempt.fail_for_good();
    world.record(&id, |record| record.status.is_terminal()).await;
    let answer = world.get(&pdf(&id)).await;
    answer.assert_problem(409);
    assert_eq!(answer.header("retry-after"), "", "waiting would not help");
    world.finish().await;
}
