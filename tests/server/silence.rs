//! Clients that take nothing or say nothing are let go.

use std::time::Duration;

use reportwire::report::Proof;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};

use crate::support::{Stage, World, patiently};

/// A connection with small buffers on which the handshake was sent, and nothing after it.
async fn silent(world: &World, id: &str) -> tokio::net::TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(world.address).await.unwrap();
    let request = format!(
        "GET /api/v1/report/{id}/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    world.until_listeners(id, 1).await;
    stream
}

#[tokio::test]
async fn a_client_that_never_reads_is_let_go_when_its_buffers_are_full() {
    let (mut stage, work) = Stage::scripted();
    stage.patience.write = Duration::from_millis(300);
    stage.patience.ping = Duration::from_secs(3600);
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let id = world.order().await;
    let attempt = work.next().await;
    let stream = silent(&world, &id).await;
    patiently("the socket is let go", async {
        let mut round = 0_u64;
        while world.listeners(&id).await > 0 {
            round += 1;
            let phase = format!("{round} {}", "x".repeat(200_000));
            attempt.monitor.progress(&phase, 1).unwrap();
        }
        assert!(round > 1, "it took what the buffers hold");
    })
    .await;
    drop(stream);
    attempt.generate();
    world.connect(&id).await.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_let_go() {
    let (mut stage, work) = Stage::scripted();
    stage.patience.ping = Duration::from_millis(200);
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let id = world.order().await;
    let attempt = work.next().await;
    let mut stream = silent(&world, &id).await;
    let mut heard = Vec::new();
    patiently("the server ends the connection", stream.read_to_end(&mut heard)).await.unwrap();
    assert!(heard.ends_with(b"\x89\x00"), "a ping, and then no more");
    world.until_listeners(&id, 0).await;
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_answers_pings_stays() {
    let (mut stage, work) = Stage::scripted();
    stage.patience.ping = Duration::from_millis(100);
    let world = stage.start().await;
    let mut work = work.await.unwrap();
    let id = world.order().await;
    let attempt = work.next().await;
    let mut client = world.connect(&id).await;
    client.report().await;
    // five pings are five answers: it lives far beyond the first silence that would have ended it
    for _ in 0..5 {
        client.ping().await;
    }
    attempt.generate();
    client.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_our_close_is_let_go_without_proof() {
    let mut stage = Stage::new();
    stage.patience.close = Duration::from_millis(200);
    let world = stage.start().await;
    let id = world.order().await;
    world.record(&id, |record| record.status.is_terminal()).await;
    let mut stream = silent(&world, &id).await;
    let mut heard = Vec::new();
    patiently("the server ends the connection", stream.read_to_end(&mut heard)).await.unwrap();
    assert!(heard.ends_with(b"\x88\x06\x03\xe8done"), "Close 1000 was said");
    let record = world.record(&id, |record| !record.deliveries.is_empty()).await;
    assert_eq!(record.delivery.state.name(), "waiting");
    assert_eq!(record.deliveries[0].proof, Some(Proof::Flushed), "it was written, and that is all we know");
    world.finish().await;
}
