//! Clients that open a WebSocket and never read from it.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use futures_util::StreamExt as _;
use socket2::{Domain, Socket, Type};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    client::{Client, LONG, until},
    server::Launch,
};

const MUTE: usize = 200;
const CHANGES: usize = 400;
/// In KiB.
const GROWTH: u64 = 32 * 1024;

/// The handshake of a report's WebSocket that stays open after the end.
pub(crate) fn handshake(id: &str, address: SocketAddr) -> String {
    format!(
        "GET /api/v1/report/{id}/ws?keep=1 HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A socket into which next to nothing fits before the server has to wait.
pub(crate) fn mute(id: &str, address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    // small segments make for small buffers on the server's side, too
    socket.set_tcp_mss(536).unwrap();
    socket.connect(&address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.write_all(handshake(id, address).as_bytes()).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_cost_no_memory_and_nobody_waits_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Launch::on(folder.path())
        .with(&[
            "--workers",
            "1",
            "--max-sockets-per-report",
            "10000",
            "--max-connections-per-address",
            "10000",
        ])
        .start();
    let client = server.client();
    keep_busy(&client).await;
    let watched = client.coffee().await;
    let alone = changes(&client, &watched, || ()).await;
    let before = server.resident();

    let mut crowd: Vec<_> = (0..MUTE).map(|_| mute(&watched, server.address())).collect();
    until(LONG, "everybody to be counted", async || {
        (client.listeners(&watched).await == MUTE as u64).then_some(())
    })
    .await;
    let mut most = 0;
    let crowded = changes(&client, &watched, || most = most.max(server.resident())).await;
    let growth = most.saturating_sub(before);

    // that they were told less than there was to tell shows that the server had to wait for them
    let newest = client.report(&watched).await["version"].as_u64().unwrap();
    let told = drain(&mut crowd[0]);
    println!("{before} KiB + {growth} KiB; {told} of {newest} states; {alone:?}, then {crowded:?}");
    assert!(
        told > 0 && told < newest / 4,
        "{told} of {newest} states were sent to a client that does not read"
    );
    assert!(growth < GROWTH, "{MUTE} mute clients cost {growth} KiB");
    assert!(crowded < alone * 4 + Duration::from_millis(250), "{alone:?} became {crowded:?}");
}

/// Makes the queue so long that the one worker does not come to its end for a while.
async fn keep_busy(client: &Client) {
    while client.queued().await < 100 {
        (0..50)
            .map(|_| client.clone())
            .map(async |client| client.coffee().await)
            .collect::<JoinSet<_>>()
            .join_all()
            .await;
    }
}

/// Changes a report that waits in the queue again and again; returns how long the slowest change took, with
/// a look from a socket that reads now and then.
async fn changes(client: &Client, id: &str, mut look: impl FnMut()) -> Duration {
    let mut slowest = Duration::ZERO;
    for turn in 0..CHANGES {
        if turn % 20 == 0 {
            keep_busy(client).await;
        }
        let began = Instant::now();
        client.act(id, "cancel").await;
        client.act(id, "retry").await;
        if turn % 20 == 0 {
            let state = client.open(id).await.unwrap().next().await.unwrap().unwrap();
            assert!(state.to_text().unwrap().contains(r#""status":"queued""#), "{state}");
        }
        slowest = slowest.max(began.elapsed());
        look();
    }
    slowest
}

/// Reads what is there; returns how many states it holds.
fn drain(stream: &mut TcpStream) -> u64 {
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) => assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionReset)),
    }
    String::from_utf8_lossy(&said).matches(r#"{"type":"report""#).count() as u64
}
