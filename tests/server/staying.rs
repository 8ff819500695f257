//! Whoever was let in stays as long as what let them in is valid, and no longer.

use std::time::Duration;

use futures_util::SinkExt as _;
use reportwire::report::{Scope, Scopes};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::support::{Client, Events, GraphqlSocket, Heard, Key, Said, Stage, World, patiently};

/// A link that is handed out is over after this.
const LIFETIME: Duration = Duration::from_secs(1);

/// A server that asks who comes, whose links are short, and a report that nobody makes before the test says so.
async fn closed(lifetime: Duration) -> (World, Key) {
    let mut stage = Stage::new();
    stage.layer.link_lifetime = Some(lifetime);
    let world = stage.start().await;
    let key = world.key("acme", Scopes::all());
    world.until_closed().await;
    (world, key)
}

/// A report that waits for its first client for ever.
async fn held(world: &World, key: &Key) -> Value {
    world.order_as(key, json!({"startWhen": "connected", "reportDate": "2021-01-01"})).await
}

/// A socket of a client who shows this header.
async fn connect(world: &World, id: &str, name: &'static str, value: &str) -> (Client, Option<String>) {
    let url = format!("ws://{}/api/v1/report/{id}/ws?keep=1", world.address);
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert(name, value.parse().unwrap());
    let stream = TcpStream::connect(world.address).await.unwrap();
    let (socket, answer) = patiently("the handshake", client_async(request, stream)).await.unwrap();
    let protocol =
        answer.headers().get("sec-websocket-protocol").map(|name| name.to_str().unwrap().to_owned());
    (Client::of(socket), protocol)
}

fn token(report: &Value, link: &str) -> String {
    let href = report["_links"][link]["href"].as_str().unwrap();
    href.split_once("token=").expect("a link with a token").1.to_owned()
}

/// The Close that comes next, whatever is said before it.
async fn closes_with(client: &mut Client) -> u16 {
    loop {
        match client.hear().await {
            Heard::Close(code) => return code,
            Heard::Frame(_) => {}
            Heard::Lost => panic!("it is closed, not lost"),
        }
    }
}

#[tokio::test]
async fn a_socket_that_came_by_a_link_is_closed_when_the_link_is_over() {
    let (world, key) = closed(LIFETIME).await;
    let report = held(&world, &key).await;
    let id = report["id"].as_str().unwrap();
    let path = format!("/api/v1/report/{id}/ws?keep=1&token={}", token(&report, "ws"));
    let mut client = Client::open(world.address, &path).await;
    assert_eq!(closes_with(&mut client).await, 4401);
    world.finish_as(&key).await;
}

#[tokio::test]
async fn a_stream_that_came_by_a_link_says_so_when_the_link_is_over() {
    let (mut stage, work) = Stage::scripted();
    stage.layer.link_lifetime = Some(LIFETIME);
    let (world, mut work) = (stage.start().await, work.await.unwrap());
    let key = world.key("acme", Scopes::all());
    world.until_closed().await;
    let report = world.order_as(&key, json!({})).await;
    let id = report["id"].as_str().unwrap();
    let attempt = work.next().await;
    let mut events = Events::open(&world, id, &format!("?token={}", token(&report, "events")), &[]).await;
    let problem = loop {
        match events.hear().await {
            Said::Event { kind, data, .. } if kind == "error" => break data,
            Said::End => panic!("it ended without a word"),
            _ => {}
        }
    };
    assert_eq!(problem["type"], "/problems/link-expired");
    assert!(matches!(events.hear().await, Said::End));
    attempt.fail_for_good();
    world.finish_as(&key).await;
}

#[tokio::test]
async fn whoever_is_connected_with_a_key_leaves_when_it_is_revoked() {
    let (world, key) = closed(Duration::from_secs(3600)).await;
    let (leaves, stays) = (world.key("acme", Scopes::all()), world.key("acme", Scopes::all()));
    let report = world.order_as(&key, json!({})).await;
    let id = report["id"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", leaves.text);
    let (mut socket, _) = connect(&world, &id, "authorization", &bearer).await;
    let (mut other, _) = connect(&world, &id, "authorization", &format!("Bearer {}", stays.text)).await;
    let mut graphql = GraphqlSocket::open(&world, "graphql-transport-ws").await;
    graphql.say(json!({"type": "connection_init", "payload": {"authorization": bearer}})).await;
    assert_eq!(graphql.hear().await["type"], "connection_ack");
    world.revoke(&leaves);
    assert_eq!(world.get_as(&leaves, "/api/v1/report").await.status, 401, "at once");
    assert_eq!(closes_with(&mut socket).await, 4403);
    assert_eq!(graphql.closed().await.0, 4403);
    other.say("still here?").await;
    while !matches!(other.hear().await, Heard::Frame(frame) if frame["type"] == "error") {}
    other.leave().await;
    world.finish_as(&key).await;
}

#[tokio::test]
async fn whoever_came_before_there_was_a_key_leaves_when_the_first_is_made() {
    let (stage, work) = Stage::scripted();
    let (world, mut work) = (stage.start().await, work.await.unwrap());
    let body = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"});
    let report = world.post("/api/v1/report", &body).await.json;
    let id = report["id"].as_str().unwrap();
    let attempt = work.next().await;
    let mut socket = world.connect_to_stay(id).await;
    let by_link = format!("/api/v1/report/{id}/ws?keep=1&token={}", token(&report, "ws"));
    let mut linked = Client::open(world.address, &by_link).await;
    let mut events = Events::open(&world, id, "", &[]).await;
    let mut graphql = world.graphql_conversation().await;
    graphql.subscribe("1", &format!("subscription {{ report(id: \"{id}\") {{ id }} }}")).await;
    graphql.about("1", "next").await;
    for client in [&mut socket, &mut linked] {
        client.report().await;
    }
    events.report().await;
    let key = world.key("acme", Scopes::all());
    world.until_closed().await;
    assert_eq!(closes_with(&mut socket).await, 4403);
    assert_eq!(closes_with(&mut linked).await, 4403);
    assert_eq!(graphql.closed().await.0, 4403);
    loop {
        match events.hear().await {
            Said::Event { kind, data, .. } if kind == "error" => break assert_eq!(data["status"], 403),
            Said::End => panic!("it ended without a word"),
            _ => {}
        }
    }
    assert!(matches!(events.hear().await, Said::End));
    attempt.fail_for_good();
    world.finish_as(&key).await;
}

#[tokio::test]
async fn a_graphql_socket_is_closed_when_its_key_expires() {
    let (world, key) = closed(Duration::from_secs(3600)).await;
    let short = world.key_until("acme", Scopes::all(), Some(LIFETIME));
    let mut socket = GraphqlSocket::open(&world, "graphql-transport-ws").await;
    socket.say(json!({"type": "connection_init", "payload": {"authorization": short.text}})).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    assert_eq!(socket.closed().await.0, 4403);
    world.finish_as(&key).await;
}

#[tokio::test]
async fn a_key_and_a_link_come_as_a_sub_protocol_too() {
    let (world, key) = closed(Duration::from_secs(3600)).await;
    let report = world.order_as(&key, json!({})).await;
    let id = report["id"].as_str().unwrap();
    let name = "sec-websocket-protocol";
    for shown in [key.text.clone(), token(&report, "ws")] {
        let offer = format!("reportwire.v1, reportwire.token.{shown}");
        let (mut client, protocol) = connect(&world, id, name, &offer).await;
        assert_eq!(protocol.as_deref(), Some("reportwire.v1"), "and never the one with the secret");
        client.report().await;
        client.leave().await;
    }
    world.finish_as(&key).await;
}

#[tokio::test]
async fn a_link_does_not_cancel_and_whoever_may_does() {
    let (world, mut work) = {
        let (stage, work) = Stage::scripted();
        (stage.start().await, work.await.unwrap())
    };
    let key = world.key("acme", Scopes::all());
    let reader = world.key("acme", Scopes::from_iter([Scope::Read]));
    world.until_closed().await;
    let report = world.order_as(&key, json!({})).await;
    let id = report["id"].as_str().unwrap().to_owned();
    let attempt = work.next().await;
    let path = format!("/api/v1/report/{id}/ws?token={}", token(&report, "ws"));
    let mut by_link = Client::open(world.address, &path).await;
    let (mut by_reader, _) = connect(&world, &id, "authorization", &format!("Bearer {}", reader.text)).await;
    for client in [&mut by_link, &mut by_reader] {
        client.report().await;
        client.socket.send(Message::text(r#"{"type":"cancel"}"#)).await.unwrap();
        assert_eq!(client.frame("error").await["status"], 403);
    }
    let (mut owner, _) = connect(&world, &id, "authorization", &format!("Bearer {}", key.text)).await;
    owner.say(r#"{"type":"cancel"}"#).await;
    by_link.end("cancelled").await;
    attempt.let_go().await;
    by_reader.leave().await;
    owner.leave().await;
    world.finish_as(&key).await;
}

#[tokio::test]
async fn what_is_pushed_to_a_follower_does_not_prolong_their_leave() {
    let (world, key) = closed(Duration::from_secs(3600)).await;
    let report = world.order_as(&key, json!({})).await;
    let id = report["id"].as_str().unwrap();
    let path = format!("/api/v1/report/{id}/ws?token={}", token(&report, "ws"));
    let end = Client::open(world.address, &path).await.end("completed").await;
    for link in ["ws", "events"] {
        let href = end["report"]["_links"][link]["href"].as_str().unwrap();
        assert!(!href.contains("token"), "{href}");
    }
    let file = world.fetch(&end["report"]["_links"]["download"]["href"]).await;
    assert_eq!(file.status, 200, "the file is theirs");
    world.finish_as(&key).await;
}

/// Times are those of the store.
#[tokio::test]
async fn the_links_of_an_owner_are_fresh_on_every_read_and_end() {
    let mut stage = Stage::new();
    stage.layer.link_lifetime = Some(Duration::from_secs(80));
    let world = stage.start().await;
    let key = world.key("acme", Scopes::all());
    world.until_closed().await;
    let report = world.order_as(&key, json!({})).await;
    let id = report["id"].as_str().unwrap();
    world.record(id, |record| record.delivery.state.is_known() || record.status.is_terminal()).await;
    let path = format!("/api/v1/report/{id}");
    let first = world.get_as(&key, &path).await.json;
    for link in ["download", "model", "events"] {
        assert_eq!(world.fetch(&first["_links"][link]["href"]).await.status, 200, "{link}");
    }
    world.pass(Duration::from_secs(81));
    for link in ["download", "model", "events"] {
        let answer = world.fetch(&first["_links"][link]["href"]).await;
        answer.assert_problem(403);
        assert_eq!(answer.json["type"], "/problems/link-expired");
    }
    let second = world.get_as(&key, &path).await.json;
    assert_ne!(second["_links"]["download"], first["_links"]["download"]);
    assert_eq!(world.fetch(&second["_links"]["download"]["href"]).await.status, 200);
    world.finish_as(&key).await;
}
