//! Handshakes that may not happen are refused with a status and a problem, before there is a socket.

use jiff::Timestamp;
use reportwire::token::{Action, Signer};

use crate::support::{Answer, Client, Stage, World, raw_answer};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A handshake in which each header can be replaced or, with nothing in its place, left out; others are added.
async fn shake(world: &World, path: &str, changes: &[(&str, &str)]) -> Answer {
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", world.address);
    let usual = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", KEY),
    ];
    for (name, value) in usual {
        let change = changes.iter().find(|(changed, _)| *changed == name);
        let value = change.map_or(value, |(_, value)| value);
        if !value.is_empty() {
            request += &format!("{name}: {value}\r\n");
        }
    }
    for (name, value) in changes.iter().filter(|(name, _)| usual.iter().all(|(known, _)| known != name)) {
        request += &format!("{name}: {value}\r\n");
    }
    raw_answer(world.address, format!("{request}\r\n").as_bytes()).await
}

#[tokio::test]
async fn a_bad_handshake_is_refused_with_what_would_be_right() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    let path = format!("/api/v1/report/{id}/ws");
    let table: [(&[(&str, &str)], u16); 9] = [
        (&[("Sec-WebSocket-Version", "8")], 426),
        (&[("Sec-WebSocket-Version", "")], 426),
        (&[("Sec-WebSocket-Key", "")], 400),
        (&[("Sec-WebSocket-Key", "c2hvcnQ=")], 400),
        (&[("Sec-WebSocket-Key", "***")], 400),
        (&[("Upgrade", "")], 426),
        (&[("Upgrade", "h2c")], 426),
        (&[("Connection", "keep-alive")], 426),
        (&[("Connection", "")], 426),
    ];
    for (changes, status) in table {
        let answer = shake(&world, &path, changes).await;
        answer.assert_problem(status);
        if status == 426 {
            assert_eq!(answer.header("upgrade"), "websocket", "{changes:?}");
        }
        if changes[0].0 == "Sec-WebSocket-Version" {
            assert_eq!(answer.header("sec-websocket-version"), "13");
        }
    }
    assert_eq!(world.listeners(&id).await, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_graphql_socket() {
    let world = Stage::new().start().await;
    for origin in ["https://evil.example", "http://127.0.0.1:1", "null", ""] {
        let answer = shake(&world, "/graphql/ws", &[("Origin", origin)]).await;
        answer.assert_problem(403);
        assert_eq!(answer.json["type"], "/problems/bad-origin", "{origin}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_is_not_there_refuses_the_upgrade() {
    let world = Stage::new().start().await;
    let unknown = "/api/v1/report/01939e2c-0000-7000-8000-000000000000/ws";
    shake(&world, unknown, &[]).await.assert_problem(404);
    shake(&world, "/api/v1/report/7/ws", &[]).await.assert_problem(404);
    world.finish().await;
}

#[tokio::test]
async fn a_token_opens_the_socket_it_was_made_for_and_no_other() {
    let world = Stage::new().start().await;
    let (id, other) = (world.order().await, world.order().await);
    let signer = world.signer().await;
    let report = id.parse().unwrap();
    let end = Timestamp::MAX;
    let forged = Signer::new(&[7; 32]).sign(Action::Follow, report, end);
    let download = signer.sign(Action::Download, report, end);
    let stranger = signer.sign(Action::Follow, other.parse().unwrap(), end);
    for token in [forged, download, stranger, "x".into(), String::new()] {
        let answer = shake(&world, &format!("/api/v1/report/{id}/ws?token={token}"), &[]).await;
        answer.assert_problem(403);
        let file = world.get(&format!("/api/v1/report/{id}/pdf?token={token}x")).await;
        file.assert_problem(403);
    }
    let link = world.show(&id).await["_links"]["ws"]["href"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&format!("ws://{}", world.address)).expect("a link to this server");
    Client::open(world.address, path).await.end("completed").await;
    world.finish().await;
}
