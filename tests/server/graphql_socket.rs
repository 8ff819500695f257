//! GraphQL over WebSocket: the sub-protocol to the letter.

use std::time::Duration;

use reportwire::{
    delivery::websocket::Patience,
    report::{Channel, DeliveryState, Proof},
};
use serde_json::json;

use crate::support::{GraphqlSocket, Stage, patiently};

fn follow(id: &str, more: &str) -> String {
    format!("subscription {{ report(id: \"{id}\"{more}) {{ status version }} }}")
}

#[tokio::test]
async fn a_subscription_goes_from_the_state_of_now_to_the_end_and_completes() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let mut socket = world.graphql_conversation().await;
    socket.subscribe("1", &follow(&id, "")).await;
    let mut last = socket.about("1", "next").await["data"]["report"].take();
    work.next().await.generate();
    while last["status"] != "completed" {
        let next = socket.about("1", "next").await["data"]["report"].take();
        assert!(next["version"].as_u64() > last["version"].as_u64(), "{next} after {last}");
        last = next;
    }
    socket.about("1", "complete").await;
    let record = world.record(&id, |record| !record.deliveries.is_empty()).await;
    assert_eq!(
        (record.deliveries[0].channel, record.deliveries[0].proof),
        (Channel::Graphql, Some(Proof::Flushed))
    );

    // its id is free again, and whoever knows the end has proved it
    socket.subscribe("1", &follow(&id, &format!(", since: {}", last["version"]))).await;
    socket.about("1", "complete").await;
    let record = world.record(&id, |record| record.delivery.state == DeliveryState::Delivered).await;
    assert_eq!(record.delivery.proof, Some(Proof::Acked));
    drop(socket);
    world.finish().await;
}

#[tokio::test]
async fn queries_and_mutations_have_one_answer_and_complete() {
    let world = Stage::new().start().await;
    let mut socket = world.graphql_conversation().await;
    socket.subscribe("q", "{ reportTypes { reportType } }").await;
    assert!(socket.about("q", "next").await["data"]["reportTypes"].is_array());
    socket.about("q", "complete").await;
    socket
        .subscribe("m", r#"mutation { createReport(reportType: "COFFEE_SALES", parameters: {reportDate: "2021-01-01"}) { id links { ws { href } } } }"#)
        .await;
    let report = socket.about("m", "next").await["data"]["createReport"].take();
    assert!(report["links"]["ws"]["href"].as_str().unwrap().starts_with(&format!("ws://{}/", world.address)));
    socket.about("m", "complete").await;
    drop(socket);
    world.finish().await;
}

#[tokio::test]
async fn each_breach_of_the_protocol_has_its_close_code() {
    let world = Stage::new().start().await;
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let subscribe = json!({"type": "subscribe", "id": "1", "payload": {"query": follow(&id, "")}});
    let init = json!({"type": "connection_init"}).to_string();
    let many = json!({"type": "subscribe", "id": "é".repeat(300), "payload": {"query": "subscription { report(id: \"7\") { id } }"}}).to_string();
    let table: [(&str, Vec<String>, u16, &str); 12] = [
        ("a subscription before the beginning", vec![subscribe.to_string()], 4401, "Unauthorized"),
        ("a second beginning", vec![init.clone(), init.clone()], 4429, "Too many initialisation requests"),
        (
            "an id twice",
            vec![init.clone(), subscribe.to_string(), subscribe.to_string()],
            4409,
            "Subscriber for 1 already exists",
        ),
        ("no JSON", vec!["{".into()], 4400, "not JSON"),
        ("no object", vec!["[]".into()], 4400, "object"),
        ("no type", vec!["{}".into()], 4400, "type"),
        ("an unknown type", vec![r#"{"type":"start"}"#.into()], 4400, "no message of this type"),
        ("a server's message", vec![r#"{"type":"connection_ack"}"#.into()], 4400, "no message of this type"),
        ("a payload that is none", vec![r#"{"type":"connection_init","payload":7}"#.into()], 4400, "payload"),
        (
            "no id",
            vec![init.clone(), r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#.into()],
            4400,
            "id",
        ),
        (
            "no query",
            vec![init.clone(), r#"{"type":"subscribe","id":"1","payload":{}}"#.into()],
            4400,
            "query",
        ),
        (
            "variables that are none",
            vec![
                init.clone(),
                r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":1}}"#.into(),
            ],
            4400,
            "variables",
        ),
    ];
    for (name, messages, code, reason) in table {
        let mut socket = world.graphql_socket().await;
        for message in messages {
            socket.say_text(&message).await;
        }
        let (found, text) = socket.closed().await;
        assert_eq!(found, code, "{name}: {text}");
        assert!(text.contains(reason), "{name}: {text}");
    }
    let mut socket = world.graphql_socket().await;
    socket.say_text(&many).await;
    assert_eq!(socket.closed().await.0, 4401);
    let mut binary = world.graphql_socket().await;
    use futures_util::SinkExt as _;
    binary.socket.send(tokio_tungstenite::tungstenite::Message::binary(init.into_bytes())).await.unwrap();
    assert_eq!(binary.closed().await.0, 4400);
    let mut large = world.graphql_socket().await;
    large.say_text(&"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(large.closed().await.0, 1009);
    world.until_listeners(&id, 0).await;
    world.finish().await;
}

#[tokio::test]
async fn another_sub_protocol_is_not_acceptable() {
    let world = Stage::new().start().await;
    let mut socket = GraphqlSocket::open(&world, "").await;
    assert_eq!(socket.closed().await, (4406, "Subprotocol not acceptable".into()));
    // of several the one that is spoken here is taken
    let mut socket = GraphqlSocket::open(&world, "graphql-ws, graphql-transport-ws").await;
    socket.say(json!({"type": "connection_init", "payload": {"any": "thing"}})).await;
    assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
    drop(socket);
    world.get("/graphql/ws").await.assert_problem(426);
    world.finish().await;
}

#[tokio::test]
async fn a_page_of_this_server_and_what_is_no_page_get_a_socket() {
    let mut stage = Stage::new();
    stage.layer.public_url = Some("https://reports.example.com".into());
    let world = stage.start().await;
    for origin in [&format!("http://{}", world.address), "https://reports.example.com"] {
        let mut socket = GraphqlSocket::open_from(&world, "graphql-transport-ws", Some(origin)).await;
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}), "{origin}");
    }
    drop(world.graphql_conversation().await);
    world.finish().await;
}

#[tokio::test]
async fn who_does_not_begin_in_time_is_sent_away() {
    let mut stage = Stage::new();
    stage.patience = Patience { init: Duration::from_millis(30), ..stage.patience };
    let world = stage.start().await;
    let mut socket = world.graphql_socket().await;
    assert_eq!(socket.closed().await, (4408, "Connection initialisation timeout".into()));
    world.finish().await;
}

#[tokio::test]
async fn a_ping_is_answered_with_what_it_carried_even_before_the_beginning() {
    let world = Stage::new().start().await;
    let mut socket = world.graphql_socket().await;
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.hear().await, json!({"type": "pong"}));
    socket.say(json!({"type": "pong", "payload": {"unasked": true}})).await;
    socket.say(json!({"type": "connection_init"})).await;
    assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
    socket.say(json!({"type": "ping", "payload": {"at": 7}})).await;
    assert_eq!(socket.hear().await, json!({"type": "pong", "payload": {"at": 7}}));
    drop(socket);
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_completes_hears_no_more_and_gives_its_place_back() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut socket = world.graphql_conversation().await;
    socket.subscribe("1", &follow(&id, "")).await;
    socket.about("1", "next").await;
    assert_eq!(world.listeners(&id).await, 1);
    socket.say(json!({"type": "complete", "id": "1"})).await;
    world.until_listeners(&id, 0).await;
    // one that nobody knows is no fault: it may have crossed ours
    socket.say(json!({"type": "complete", "id": "7"})).await;
    attempt.fail_for_good();
    world.record(&id, |record| record.status.is_terminal()).await;
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.hear().await, json!({"type": "pong"}));
    drop(socket);
    world.finish().await;
}

#[tokio::test]
async fn a_bad_document_ends_its_operation_and_not_the_socket() {
    let world = Stage::new().start().await;
    let mut socket = world.graphql_conversation().await;
    let table = [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ a { a { a { a { a { a { a { a { a { a { a } } } } } } } } } } }", "DOCUMENT_TOO_DEEP"),
        ("{ reports(limit: 100) { reports { model } } }", "DOCUMENT_TOO_COMPLEX"),
    ];
    for (document, code) in table {
        socket.subscribe("1", document).await;
        let errors = socket.about("1", "error").await;
        assert_eq!(errors[0]["extensions"]["code"], code, "{errors}");
    }
    // an error of the operation itself is its result
    socket.subscribe("1", &follow("7", "")).await;
    assert_eq!(socket.about("1", "next").await["errors"][0]["extensions"]["code"], "NOT_FOUND");
    socket.about("1", "complete").await;
    drop(socket);
    world.finish().await;
}

#[tokio::test]
async fn one_socket_follows_many_reports_and_not_any_number() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut socket = world.graphql_conversation().await;
    for operation in 0..32 {
        let name = operation.to_string();
        socket.subscribe(&name, &follow(&id, "")).await;
        socket.about(&name, "next").await;
    }
    socket.subscribe("more", &follow(&id, "")).await;
    let errors = socket.about("more", "error").await;
    assert_eq!(errors[0]["extensions"]["code"], "TOO_MANY_OPERATIONS", "{errors}");
    socket.say(json!({"type": "complete", "id": "0"})).await;
    socket.subscribe("more", &follow(&id, "")).await;
    socket.about("more", "next").await;
    attempt.fail_for_good();
    let mut over = 0;
    while over < 32 {
        over += usize::from(socket.hear().await["type"] == "complete");
    }
    drop(socket);
    world.finish().await;
}

#[tokio::test]
async fn a_drain_says_farewell_and_the_client_that_comes_back_goes_on() {
    let (mut world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut socket = world.graphql_conversation().await;
    socket.subscribe("1", &follow(&id, "")).await;
    socket.about("1", "next").await;
    let run = world.begin_to_stop();
    assert_eq!(socket.closed().await, (1012, "restarting".into()));
    drop(attempt);
    patiently("the drain", world.ended(run)).await;
}

#[tokio::test]
async fn a_client_that_is_silent_is_pinged_and_then_forgotten() {
    let mut stage = Stage::new();
    stage.patience = Patience { ping: Duration::from_millis(50), ..stage.patience };
    let world = stage.start().await;
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let mut socket = world.graphql_conversation().await;
    socket.subscribe("1", &follow(&id, "")).await;
    world.until_listeners(&id, 1).await;
    // nothing is read from now on, so no ping is answered
    world.until_listeners(&id, 0).await;
    drop(socket);
    world.finish().await;
}
