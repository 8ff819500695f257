//! What a client says that means nothing: it is told so, and shown the door if it goes on.

use tokio::io::AsyncWriteExt as _;

use crate::support::{Attempt, Client, Stage, World};

/// A report whose work goes on, and a client that has seen it.
async fn connected() -> (World, Attempt, Client) {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut client = world.connect(&id).await;
    client.report().await;
    (world, attempt, client)
}

async fn done(world: World, client: Client) {
    drop(client);
    world.finish().await;
}

#[tokio::test]
async fn two_messages_that_mean_nothing_are_answered_and_the_third_closes() {
    let (world, _attempt, mut client) = connected().await;
    client.say("{").await;
    let error = client.frame("error").await;
    assert_eq!((&error["problem"], &error["status"]), (&"/problems/bad-message".into(), &400.into()));
    assert!(error["title"].is_string() && error["detail"].as_str().unwrap().contains("not JSON"));
    client.say_bytes(b"{\"type\":\"cancel\"}".to_vec()).await;
    assert!(client.frame("error").await["detail"].as_str().unwrap().contains("not binary"));
    client.say(r#"{"type":"shout"}"#).await;
    client.frame("error").await;
    client.closes(1008).await;
    done(world, client).await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_answered_before_the_close() {
    // the second is far more than the buffers between us hold
    for size in [64 * 1024 + 1, 16 * 1024 * 1024] {
        let (world, _attempt, mut client) = connected().await;
        // refused at its first bytes, and yet taken to the last: a reset could overtake the answer
        client.say("x".repeat(size)).await;
        let error = client.frame("error").await;
        assert_eq!((&error["problem"], &error["status"]), (&"/problems/too-large".into(), &413.into()));
        client.closes(1009).await;
        done(world, client).await;
    }
}

#[tokio::test]
async fn the_largest_message_is_read() {
    let (world, _attempt, mut client) = connected().await;
    client.say("x".repeat(64 * 1024)).await;
    assert!(client.frame("error").await["detail"].as_str().unwrap().contains("not JSON"));
    done(world, client).await;
}

#[tokio::test]
async fn a_breach_of_the_protocol_closes_at_once() {
    let breaches: [(&str, &[u8]); 5] = [
        ("a frame without a mask", b"\x81\x02hi"),
        ("a reserved bit", b"\xc1\x80\0\0\0\0"),
        ("a reserved opcode", b"\x83\x80\0\0\0\0"),
        ("a continuation of nothing", b"\x80\x80\0\0\0\0"),
        ("text that is not UTF-8", b"\x81\x81\0\0\0\0\xff"),
    ];
    for (name, bytes) in breaches {
        let (world, _attempt, mut client) = connected().await;
        client.socket.get_mut().write_all(bytes).await.unwrap();
        match client.hear().await {
            crate::support::Heard::Close(code) => assert_eq!(code, 1002, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        done(world, client).await;
    }
}
