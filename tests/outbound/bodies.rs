//! The body of a webhook is the resource, and is small whatever the report is.

use jiff::Timestamp;
use reportwire::{
    delivery::webhook::{LARGEST_BODY, body, test_body},
    report::{Attempt, Channel, EventType, Fault, Problem, Proof, Record, Snapshot},
};
use serde_json::{Value, json};

use crate::subject::{EVENT, links, record};

fn at() -> Timestamp {
    "2026-11-25T09:30:01Z".parse().unwrap()
}

fn told(record: &Record) -> Value {
    let bytes = body(EventType::Completed, record, &links(), at());
    assert!(bytes.len() <= LARGEST_BODY, "{} bytes", bytes.len());
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_body_is_the_event_its_time_and_the_resource() {
    let record = record();
    let expected = json!({
        "type": "report.completed",
        "timestamp": "2026-11-25T09:30:01Z",
        "data": serde_json::to_value(Snapshot::new(&record, &links())).unwrap(),
    });
    assert_eq!(told(&record), expected);
    let test: Value = serde_json::from_slice(&test_body(at())).unwrap();
    assert_eq!(
        (&test["type"], &test["timestamp"]),
        (&json!("endpoint.test"), &json!("2026-11-25T09:30:01Z"))
    );
}

#[test]
fn a_body_that_would_be_too_large_loses_what_matters_least_first() {
    let large = || json!("x".repeat(25_000));

    let mut parameters = record();
    parameters.parameters.insert("note".to_owned(), large());
    let body = told(&parameters);
    assert_eq!(body["data"]["truncated"], true);
    assert_eq!(body["data"]["reportDate"], Value::Null);
    assert_eq!(body["data"]["deliveries"], json!([]));
    assert_eq!(body["data"]["_links"]["self"]["href"], links().this.href.as_str());

    let mut failed = record();
    let attempt = Attempt {
        channel: Channel::Webhook,
        event_id: EVENT.to_owned(),
        at: at(),
        endpoint: None,
        attempt: Some(1),
        status: Some(200),
        proof: Some(Proof::Http2xx),
        error: Some("x".repeat(1_000)),
    };
    failed.deliveries = vec![attempt; 50];
    let mut problem = Problem::new("x", 422, "x", "it is wrong");
    problem.errors = vec![Fault { pointer: "/x".to_owned(), detail: "x".repeat(200) }; 200];
    failed.error = Some(problem);
    let body = told(&failed);
    assert_eq!(body["data"]["error"]["detail"], "it is wrong");
    assert_eq!((&body["data"]["error"]["errors"], &body["data"]["deliveries"]), (&Value::Null, &Value::Null));

    let mut hopeless = record();
    hopeless.error = Some(Problem::new("x", 422, "x", "x".repeat(25_000)));
    let id = hopeless.id.to_string();
    let whole = json!({ "self": { "href": links().this.href } });
    let expected = json!({
        "id": id, "status": "completed", "completed": true, "version": 5, "_links": whole, "truncated": true,
    });
    assert_eq!(told(&hopeless)["data"], expected);
}
