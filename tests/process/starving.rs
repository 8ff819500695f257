//! A server with few descriptors, and clients who take all of them.

use std::ffi::OsString;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    client::{LONG, until},
    server::Launch,
};

/// The status of the answer to a request on a new connection; none when it is closed without one.
async fn status(address: std::net::SocketAddr) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    text.split(' ').nth(1)?.parse().ok()
}

#[tokio::test]
async fn a_server_whose_descriptors_are_all_taken_turns_clients_away_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let limited = ["bash", "-c", "ulimit -n 256; exec \"$@\"", "--"].map(OsString::from).to_vec();
    let server = Launch::on(folder.path()).under(limited).with(&["--header-timeout", "2s"]).start();
    let address = server.address();
    let client = server.client();
    let id = client.coffee().await;
    client.follow(&id).await;
    for _ in 0..2 {
        // more than there is room for, and none says anything
        let mut silent = Vec::new();
        for _ in 0..400 {
            silent.extend(TcpStream::connect(address).await);
        }
        let refused = until(LONG, "an answer", async || status(address).await).await;
        assert!([200, 503].contains(&refused), "{refused}");
        // they are let go of in time, and who speaks is heard again
        until(LONG, "room", async || (status(address).await == Some(200)).then_some(())).await;
        let report: Value = client.report(&id).await;
        assert_eq!(report["status"], "completed", "its files can be opened");
        let another = client.coffee().await;
        assert_eq!(client.follow(&another).await["report"]["status"], "completed");
        drop(silent);
    }
    assert!(server.log().contains("too few descriptors"), "{}", server.log());
}
