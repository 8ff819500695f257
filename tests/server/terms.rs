//! What may be asked of the delivery: every fault is named where it stands, whether it is asked by REST or by GraphQL.

use serde_json::{Value, json};

use crate::support::{Stage, World};

const MUTATION: &str = "mutation ($deliver: DeliverInput, $callbackUrl: String) {
    createReport(reportType: \"COFFEE_SALES\", parameters: {reportDate: \"2021-01-01\"}, deliver: $deliver, callbackUrl: $callbackUrl) { id }
}";

/// What is wrong with an order that has these members, as REST names it.
async fn by_rest(world: &World, members: &Value) -> Value {
    let mut order = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"});
    order.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let answer = world.post("/api/v1/report", &order).await;
    answer.assert_problem(400);
    answer.json
}

/// The code and the problem of the one error that GraphQL has for the same order.
async fn by_graphql(world: &World, members: &Value) -> (String, Value) {
    let request = json!({"query": MUTATION, "variables": members});
    let answer = world.graphql_as("application/json", &request).await;
    let errors = answer.json["errors"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    assert_eq!(errors.len(), 1, "{answer:?}");
    let extensions = &errors[0]["extensions"];
    (extensions["code"].as_str().unwrap().into(), extensions["problem"].clone())
}

fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| (error["pointer"].as_str().unwrap(), error["detail"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn every_fault_of_a_delivery_is_named_the_same_by_rest_and_by_graphql() {
    let world = Stage::new().start().await;
    let url = |url: &str| json!({ "callbackUrl": url });
    let deliver = |deliver: Value| json!({ "deliver": deliver });
    let long = format!("https://example.com/{}", "a".repeat(2_048));
    // each row: the members, then where and what of every fault
    let table: Vec<(Value, &[(&str, &str)])> = vec![
        (url(""), &[("/callbackUrl", "not a URL")]),
        (url("no url"), &[("/callbackUrl", "a space")]),
        (url("example.com/hook"), &[("/callbackUrl", "not a URL")]),
        (url("https://ada:secret@example.com/"), &[("/callbackUrl", "credentials")]),
        (url("http://example.com/"), &[("/callbackUrl", "only https")]),
        (url("ftp://example.com/"), &[("/callbackUrl", "not https")]),
        (url("mailto:ada@example.com"), &[("/callbackUrl", "not https")]),
        (url("https://example.com/#top"), &[("/callbackUrl", "fragment")]),
        (url("https://169.254.169.254/"), &[("/callbackUrl", "may not be reached")]),
        (url(&long), &[("/callbackUrl", "2068 bytes")]),
        (
            deliver(json!({"waitForClientSeconds": 86_401})),
            &[("/deliver/waitForClientSeconds", "0 to 86400")],
        ),
        (deliver(json!({"waitForClientSeconds": -1})), &[("/deliver/waitForClientSeconds", "0 to 86400")]),
        (deliver(json!({"ackWithinSeconds": 0})), &[("/deliver/ackWithinSeconds", "1 to 86400")]),
        (deliver(json!({"prefer": ["sse"]})), &[("/deliver/prefer", "each once")]),
        (deliver(json!({"prefer": ["webhook", "webhook"]})), &[("/deliver/prefer", "each once")]),
        (deliver(json!({"prefer": ["webhook"]})), &[("/deliver/prefer", "no callbackUrl")]),
        (deliver(json!({"prefer": ["email"]})), &[("/deliver/prefer", "no deliver.email")]),
        (deliver(json!({"events": ["report.done"]})), &[("/deliver/events", "report.completed")]),
        (deliver(json!({"events": ["endpoint.test"]})), &[("/deliver/events", "report.completed")]),
        (deliver(json!({"email": "ada@example.com"})), &[("/deliver/email", "sends no e-mail")]),
        (
            json!({"callbackUrl": "ftp://u:p@example.com/#x", "deliver": {
                "waitForClientSeconds": -1, "ackWithinSeconds": 0, "prefer": ["poll"], "events": ["x"], "email": "x",
            }}),
            &[
                (
                    "/callbackUrl",
                    "not https; it has credentials; webhooks are signed instead; it has a fragment",
                ),
                ("/deliver/waitForClientSeconds", "whole number"),
                ("/deliver/ackWithinSeconds", "whole number"),
                ("/deliver/prefer", "websocket"),
                ("/deliver/events", "report.failed"),
                ("/deliver/email", "sends no e-mail"),
            ],
        ),
    ];
    for (members, expected) in table {
        let rest = by_rest(&world, &members).await;
        let found = faults(&rest);
        let agrees = |((at, said), (pointer, part)): (&(&str, &str), &(&str, &str))| {
            at == pointer && said.contains(part)
        };
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(agrees),
            "{members}: {found:?}"
        );
        let (code, problem) = by_graphql(&world, &members).await;
        assert_eq!((code.as_str(), &problem), ("BAD_REQUEST", &rest), "{members}");
    }
    assert_eq!(world.count().await, 0);
    world.finish().await;
}

#[tokio::test]
async fn what_the_types_of_graphql_rule_out_is_named_by_rest_and_by_the_schema() {
    let world = Stage::new().start().await;
    let (document, input) = ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT");
    let seconds = |seconds: Value| json!({"deliver": {"waitForClientSeconds": seconds}});
    let table = [
        (json!({"callbackUrl": 7}), "/callbackUrl", document, "\"callbackUrl\", expected type \"String\""),
        (json!({"callbackUrl": ["https://example.com/"]}), "/callbackUrl", document, "\"callbackUrl\""),
        (json!({"deliver": "soon"}), "/deliver", input, "\"DeliverInput\", found \"soon\""),
        (json!({"deliver": {"wait": 1}}), "/deliver/wait", document, "unknown field \"wait\""),
        (seconds(json!("60")), "/deliver/waitForClientSeconds", document, "\"deliver.waitForClientSeconds\""),
        (seconds(json!(1.5)), "/deliver/waitForClientSeconds", document, "\"deliver.waitForClientSeconds\""),
        (json!({"deliver": {"prefer": ["pigeon"]}}), "/deliver/prefer", document, "the value \"pigeon\""),
        (json!({"deliver": {"prefer": 7}}), "/deliver/prefer", document, "\"deliver.prefer\""),
        (json!({"deliver": {"events": [7]}}), "/deliver/events", document, "\"deliver.events.0\""),
        (json!({"deliver": {"email": ["ada@example.com"]}}), "/deliver/email", document, "\"deliver.email\""),
    ];
    for (members, pointer, expected, part) in table {
        let rest = by_rest(&world, &members).await;
        let pointers: Vec<_> = faults(&rest).into_iter().map(|(at, _)| at).collect();
        assert_eq!(pointers, [pointer], "{members}: {rest}");
        let (code, problem) = by_graphql(&world, &members).await;
        assert_eq!(code, expected, "{members}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{members}: {problem}");
    }
    assert_eq!(world.count().await, 0);
    world.finish().await;
}
