//! Requests that cannot be answered as asked: each with its status, everything that is wrong at once, and
//! no trace left behind.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Stage, raw};

const REPORT: &str = "/api/v1/report";

fn good() -> Value {
    json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"})
}

#[tokio::test]
async fn every_fault_of_a_body_is_named_and_nothing_is_stored() {
    let world = Stage::new().start().await;
    let table: [(Value, &[&str]); 13] = [
        (json!({}), &["/reportType"]),
        (json!({"reportType": 7}), &["/reportType"]),
        (json!({"reportType": "COFFE_SALES"}), &["/reportType"]),
        (json!({"reportType": "COFFEE_SALES"}), &["/reportDate"]),
        (json!({"reportType": "COFFEE_SALES", "reportDate": 20210101}), &["/reportDate"]),
        (json!({"reportType": "COFFEE_SALES", "reportDate": "2021-02-30"}), &["/reportDate"]),
        (json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "a/b~": 1}), &["/a~1b~0"]),
        (
            json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "callbackUrl": "http://x"}),
            &["/callbackUrl"],
        ),
        (
            json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "startWhen": "later"}),
            &["/startWhen"],
        ),
        (json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "deliver": "soon"}), &["/deliver"]),
        (
            json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "deliver": {"wait": 1}}),
            &["/deliver/wait"],
        ),
        (
            json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "deliver": {"waitForClientSeconds": 86_401}}),
            &["/deliver/waitForClientSeconds"],
        ),
        (
            json!({"reportType": "COFFEE_SALES", "reportDate": "2021-02-30", "shops": "x", "startWhen": 1,
                   "callbackUrl": 1, "deliver": {"waitForClientSeconds": -1}}),
            &["/callbackUrl", "/deliver/waitForClientSeconds", "/startWhen", "/reportDate", "/shops"],
        ),
    ];
    for (body, expected) in table {
        let answer = world.post(REPORT, &body).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), expected, "{body}");
    }
    let suggestion = world.post(REPORT, &json!({"reportType": "COFFE_SALES"})).await;
    assert!(suggestion.json["errors"][0]["detail"].as_str().unwrap().contains("did you mean COFFEE_SALES?"));
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let world = Stage::new().start().await;
    let url = format!("http://{}{REPORT}", world.address);
    let deep = "[".repeat(60_000);
    let table = [
        ("application/json", "", 400),
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/json", "null", 400),
        ("application/json", "\"COFFEE_SALES\"", 400),
        ("application/json", "{\"reportType\": \"COFFEE_SALES\",}", 400),
        ("application/json", deep.as_str(), 400),
        ("text/plain", "{}", 415),
        ("application/x-www-form-urlencoded", "reportType=COFFEE_SALES", 415),
        ("", "{}", 415),
    ];
    for (media_type, body, status) in table {
        let request = world.http.post(&url).body(body.to_owned());
        let request =
            if media_type.is_empty() { request } else { request.header("content-type", media_type) };
        Answer::of(request).await.assert_problem(status);
    }
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_or_not_it_says_so() {
    let world = Stage::new().start().await;
    let head = format!("POST {REPORT} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n");
    let said = format!("{head}Content-Length: 65537\r\n\r\n");
    Answer::parse(&raw(world.address, said.as_bytes()).await).assert_problem(413);

    let piece = format!("{:x}\r\n{}\r\n", 8192, "x".repeat(8192));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", piece.repeat(9));
    Answer::parse(&raw(world.address, chunked.as_bytes()).await).assert_problem(413);

    // the largest that is allowed is read, and found to be wrong for another reason
    let url = format!("http://{}{REPORT}", world.address);
    let request = world.http.post(url).header("content-type", "application/json").body(" ".repeat(65_536));
    Answer::of(request).await.assert_problem(400);
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_request_names_one_server_or_none_is_answered() {
    let world = Stage::new().start().await;
    let asked = [
        ("GET /healthz HTTP/1.1\r\nHost: h\r\n", 200),
        ("GET /healthz HTTP/1.0\r\n", 200),
        ("GET http://h/healthz HTTP/1.1\r\nHost: H\r\n", 200),
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nHost: h\r\nHost: h\r\n", 400),
        ("GET /healthz HTTP/1.0\r\nHost: h\r\nHost: localhost\r\n", 400),
        ("GET http://other/healthz HTTP/1.1\r\nHost: h\r\n", 400),
        ("GET http://h:81/healthz HTTP/1.1\r\nHost: h\r\n", 400),
    ];
    for (head, status) in asked {
        let request = format!("{head}Connection: close\r\n\r\n");
        let answer = Answer::parse(&raw(world.address, request.as_bytes()).await);
        assert_eq!(answer.status, status, "{head}: {answer:?}");
        if status == 400 {
            answer.assert_problem(400);
            assert_eq!(answer.json["errors"][0]["pointer"], "Host", "{head}");
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = Stage::new().start().await;
    let slow = format!(
        "POST {REPORT} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{{\"reportType\":"
    );
    let answer = Answer::parse(&raw(world.address, slow.as_bytes()).await);
    answer.assert_problem(408);
    assert_eq!(answer.header("connection"), "close");
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_there_is_404_and_a_wrong_method_says_which_are_right() {
    let world = Stage::new().start().await;
    let id = "01939e2c-0000-7000-8000-000000000000";
    for path in ["/nothing", "/api/v1", "/api/v1/reports", "/api/v1/report/x/y", "/static/none.js"] {
        world.get(path).await.assert_problem(404);
    }
    for id in ["7", "not-an-id", "01939E2C00007000800000000000000", id] {
        for rest in ["", "/pdf", "/model", "/listeners"] {
            world.get(&format!("{REPORT}/{id}{rest}")).await.assert_problem(404);
        }
        for action in ["cancel", "retry"] {
            world.act(id, action).await.assert_problem(404);
        }
        world.call(Method::DELETE, &format!("{REPORT}/{id}"), None).await.assert_problem(404);
    }
    let table = [
        (Method::PUT, REPORT.to_owned(), "GET, HEAD, POST"),
        (Method::DELETE, REPORT.to_owned(), "GET, HEAD, POST"),
        (Method::POST, format!("{REPORT}/{id}"), "GET, HEAD, DELETE"),
        (Method::POST, format!("{REPORT}/{id}/ws"), "GET"),
        (Method::POST, format!("{REPORT}/{id}/pdf"), "GET, HEAD"),
        (Method::DELETE, format!("{REPORT}/{id}/model"), "GET, HEAD"),
        (Method::GET, format!("{REPORT}/{id}/cancel"), "POST"),
        (Method::GET, format!("{REPORT}/{id}/retry"), "POST"),
        (Method::POST, "/api/v1/report-types".into(), "GET, HEAD"),
        (Method::POST, "/healthz".into(), "GET, HEAD"),
    ];
    for (method, path, allow) in table {
        let answer = world.call(method.clone(), &path, None).await;
        answer.assert_problem(405);
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    world.finish().await;
}

#[tokio::test]
async fn every_fault_of_a_query_is_named() {
    let world = Stage::new().start().await;
    let table: [(&str, &[&str]); 6] = [
        ("?status=done", &["?status"]),
        ("?limit=0", &["?limit"]),
        ("?limit=101", &["?limit"]),
        ("?limit=ten&status=&colour=red", &["?limit", "?status", "?colour"]),
        ("?cursor=%00", &["?cursor"]),
        ("?cursor=not-ours", &["?cursor"]),
    ];
    for (query, expected) in table {
        let answer = world.get(&format!("{REPORT}{query}")).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), expected, "{query}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_report_and_another_one_under_its_key_is_refused() {
    let world = Stage::new().start().await;
    let url = format!("http://{}{REPORT}", world.address);
    let send = |key: &str, body: Value| {
        let request = world.http.post(&url).header("content-type", "application/json");
        Answer::of(request.header("idempotency-key", key).body(body.to_string()))
    };
    let first = send("k-1", good()).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""));
    let turned = json!({"reportDate": "2021-01-01", "reportType": "COFFEE_SALES"});
    let second = send("k-1", turned).await;
    assert_eq!((second.status, second.header("idempotent-replayed")), (201, "true"));
    assert_eq!(second.json["id"], first.json["id"]);
    assert_eq!(second.header("location"), first.header("location"));

    let other = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-02"});
    send("k-1", other).await.assert_problem(422);
    for bad in ["", "two words", &"k".repeat(256)] {
        let answer = send(bad, json!({})).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), ["Idempotency-Key", "/reportType"], "{bad}");
    }
    assert_eq!(world.count().await, 1);
    world.finish().await;
}
