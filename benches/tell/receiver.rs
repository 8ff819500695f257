//! Receivers of webhooks on a thread of their own: one that thanks at once, one that never answers.

use std::{net::SocketAddr, thread};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::client;

const THANKS: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// Starts one that answers 204, and returns its URL.
pub(crate) fn thankful() -> String {
    start(|mut stream| async move {
        let mut bytes = Vec::with_capacity(32 * 1024);
        while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
            while let Some(end) = end(&bytes) {
                bytes.drain(..end);
                stream.write_all(THANKS).await.unwrap();
            }
        }
    })
}

/// Starts one that takes connections and says nothing, and returns its URL.
pub(crate) fn silent() -> String {
    start(|mut stream| async move {
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    })
}

fn start<F: Future<Output = ()> + Send + 'static>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> String {
    let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        client::runtime().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream));
            }
        });
    });
    format!("http://{address}/hook")
}

/// Where the first request ends, if it is whole.
fn end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    if text.starts_with("OPTIONS ") {
        // a question for our consent, which has no body
        return Some(head);
    }
    assert!(text.contains("webhook-signature: v1,"), "{text}");
    let (_, length) = text.split_once("content-length: ").unwrap();
    let end = head + length.split_once("\r\n").unwrap().0.parse::<usize>().unwrap();
    (bytes.len() >= end).then_some(end)
}
