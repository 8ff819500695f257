//! The life of the resource over HTTP: list, listeners, begin, cancel, retry, remove, expire.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Heard, Stage, World, raw, raw_answer};

const REPORT: &str = "/api/v1/report";

fn ids(page: &Answer) -> Vec<String> {
    let reports = page.json["reports"].as_array().unwrap();
    reports.iter().map(|report| report["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_201_is_the_whole_resource_and_says_where_it_lives() {
    let (world, mut work) = Stage::start_scripted().await;
    let body = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"});
    let answer = world.post(REPORT, &body).await;
    assert_eq!(answer.status, 201);
    let id = answer.json["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("{REPORT}/{id}"));
    assert_eq!(answer.header("etag"), "W/\"1\"");
    let host = world.address;
    for (member, expected) in [
        ("/status", json!("queued")),
        ("/completed", json!(false)),
        ("/version", json!(1)),
        ("/reportDate", json!("2021-01-01")),
        ("/delivery", json!({"state": "waiting"})),
        ("/pdfUri", Value::Null),
        ("/error", Value::Null),
        ("/_links/self/href", json!(format!("http://{host}{REPORT}/{id}"))),
    ] {
        assert_eq!(answer.json.pointer(member), Some(&expected), "{member}");
    }
    let ws = answer.json["_links"]["ws"]["href"].as_str().unwrap();
    assert!(ws.starts_with(&format!("ws://{host}{REPORT}/{id}/ws?token=")), "{ws}");
    let shown = world.get(&format!("{REPORT}/{id}")).await;
    assert_eq!(shown.header("retry-after"), "1");
    work.next().await.fail_for_good();
    world.record(&id, |record| record.status.is_terminal()).await;
    assert_eq!(world.get(&format!("{REPORT}/{id}")).await.header("retry-after"), "");
    world.finish().await;
}

#[tokio::test]
async fn the_list_is_the_newest_first_page_by_page_whatever_comes_and_goes() {
    let (world, mut work) = Stage::start_scripted().await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.insert(0, world.order().await);
        work.next().await.fail_for_good();
    }
    let mut seen = Vec::new();
    let mut path = format!("{REPORT}?limit=2");
    loop {
        let page = world.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(ids(&page).len() <= 2);
        seen.extend(ids(&page));
        // what is newer, or removed behind the cursor, does not move the pages
        if seen.len() == 2 {
            world.order().await;
            work.next().await.fail_for_good();
            let first = format!("{REPORT}/{}", seen[0]);
            assert_eq!(world.call(Method::DELETE, &first, None).await.status, 204);
        }
        match page.json["next"].as_str() {
            Some(cursor) => path = format!("{REPORT}?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, expected);
    world.finish().await;
}

#[tokio::test]
async fn the_list_shows_what_its_filter_says() {
    let (world, mut work) = Stage::start_scripted().await;
    let failed = world.order().await;
    work.next().await.fail_for_good();
    let held = world.order_with(json!({"startWhen": "connected"})).await;
    world.record(&failed, |record| record.status.is_terminal()).await;
    let table = [
        ("", vec![&held, &failed]),
        ("?status=failed", vec![&failed]),
        ("?status=queued", vec![&held]),
        ("?status=completed", vec![]),
        ("?status=expired", vec![]),
        ("?reportType=COFFEE_SALES", vec![&held, &failed]),
        ("?reportType=PAYROLL", vec![]),
        ("?reportType=COFFEE_SALES&status=failed&limit=1", vec![&failed]),
    ];
    for (query, expected) in table {
        assert_eq!(
            ids(&world.get(&format!("{REPORT}{query}")).await),
            expected.into_iter().cloned().collect::<Vec<_>>(),
            "{query}"
        );
    }
    world.finish().await;
}

#[tokio::test]
async fn listeners_are_counted_as_they_come_and_go() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    assert_eq!(world.listeners(&id).await, 0);
    let one = world.connect(&id).await;
    let two = world.connect(&id).await;
    assert_eq!(world.listeners(&id).await, 2);
    drop(one);
    world.until_listeners(&id, 1).await;
    two.leave().await;
    world.until_listeners(&id, 0).await;
    attempt.generate();
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_waits_for_its_client_begins_when_the_client_is_there() {
    let (world, mut work) = Stage::start_scripted().await;
    let held = world.order_with(json!({"startWhen": "connected"})).await;
    // a later one is begun and ended, so the one worker had its chance at the first
    let other = world.order().await;
    assert_eq!(work.next().await.claim.report.to_string(), other);
    assert!(work.is_idle());
    assert_eq!(world.show(&held).await["status"], "queued");
    let client = world.connect(&held).await;
    let attempt = work.next().await;
    assert_eq!(attempt.claim.report.to_string(), held);
    attempt.generate();
    client.end("completed").await;
    world.connect(&other).await.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn cancel_and_retry_move_a_report_only_where_it_can_go() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    world.act(&id, "retry").await.assert_problem(409);
    let cancelled = world.act(&id, "cancel").await;
    assert_eq!((cancelled.status, &cancelled.json["status"]), (200, &json!("cancelled")));
    assert_eq!(cancelled.header("etag"), format!("W/\"{}\"", cancelled.json["version"]));
    let again = world.act(&id, "cancel").await;
    assert_eq!((again.status, &again.json), (200, &cancelled.json), "twice is once");
    attempt.let_go().await;
    let queued = world.act(&id, "retry").await;
    assert_eq!((queued.status, &queued.json["status"]), (200, &json!("queued")));
    assert_eq!(queued.json["completedAt"], Value::Null);
    world.act(&id, "retry").await.assert_problem(409);
    work.next().await.generate();
    let end = world.record(&id, |record| record.status.is_terminal()).await;
    let kept = world.act(&id, "cancel").await;
    assert_eq!((kept.status, &kept.json["status"]), (200, &json!("completed")), "an end is kept");
    assert_eq!(kept.json["version"], end.version);
    world.act(&id, "retry").await.assert_problem(409);
    world.finish().await;
}

/// Every way to a report answers that it is gone, the handshake too.
async fn assert_gone(world: &World, id: &str) {
    for rest in ["", "/pdf", "/model", "/listeners"] {
        world.get(&format!("{REPORT}/{id}{rest}")).await.assert_problem(410);
    }
    for action in ["cancel", "retry"] {
        world.act(id, action).await.assert_problem(410);
    }
    let handshake = format!(
        "GET {REPORT}/{id}/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    raw_answer(world.address, handshake.as_bytes()).await.assert_problem(410);
    assert!(!ids(&world.get(REPORT).await).contains(&id.to_owned()));
}

/// Waits until no file is left. The janitor takes them, and tells nobody.
async fn until_no_files(world: &World) {
    crate::support::patiently("the files are deleted", async {
        while !world.files().await.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_removed_report_is_gone_for_everyone_with_its_file() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    let mut staying = world.connect_to_stay(&id).await;
    staying.until_status("completed").await;
    let path = format!("{REPORT}/{id}");
    assert_eq!(world.call(Method::DELETE, &path, None).await.status, 204);
    let word = loop {
        match staying.hear().await {
            Heard::Frame(frame) if frame["type"] == "report" => {}
            Heard::Frame(frame) => break frame,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((&word["type"], &word["status"]), (&json!("error"), &json!(410)));
    staying.closes(1000).await;
    assert_gone(&world, &id).await;
    assert_eq!(world.call(Method::DELETE, &path, None).await.status, 204, "twice is once");
    until_no_files(&world).await;
    world.finish().await;
}

#[tokio::test]
async fn a_report_expires_with_its_file_when_its_time_is_over() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    world.record(&id, |record| record.status.is_terminal()).await;
    assert_eq!(world.files().await.len(), 1);
    world.pass(Duration::from_secs(24 * 3600 + 60));
    until_no_files(&world).await;
    assert_gone(&world, &id).await;
    world.finish().await;
}

#[tokio::test]
async fn a_connection_that_is_kept_serves_one_request_after_another() {
    let world = Stage::new().start().await;
    let two = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET /readyz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let text = raw(world.address, two.as_bytes()).await;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2, "{text}");
    world.finish().await;
}
