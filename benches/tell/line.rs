//! A client that asks and listens over HTTP, and knows what it has heard by a word in the bytes.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection that is kept alive.
pub(crate) struct Line {
    stream: TcpStream,
    address: SocketAddr,
    heard: Vec<u8>,
}

impl Line {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, address, heard: Vec::with_capacity(32 * 1024) }
    }

    /// Sends a GET; `headers` are whole lines.
    pub(crate) async fn get(&mut self, path: &str, headers: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", self.address);
        self.heard.clear();
        self.stream.write_all(request.as_bytes()).await.unwrap();
    }

    /// Waits until `word` has arrived.
    pub(crate) async fn until(&mut self, word: &str) {
        while !self.has(word) {
            self.read().await;
        }
    }

    /// Waits for the end of an answer that has a length or no body, and returns its text.
    pub(crate) async fn answer(&mut self) -> &str {
        loop {
            if let Some(head) = self.heard.windows(4).position(|four| four == b"\r\n\r\n") {
                let text = std::str::from_utf8(&self.heard[..head]).unwrap();
                let length = text.split_once("content-length: ").map_or("0", |(_, rest)| rest);
                let length: usize = length.lines().next().unwrap().parse().unwrap();
                if self.heard.len() >= head + 4 + length {
                    break;
                }
            }
            self.read().await;
        }
        std::str::from_utf8(&self.heard).unwrap()
    }

    fn has(&self, word: &str) -> bool {
        self.heard.windows(word.len()).any(|window| window == word.as_bytes())
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.heard).await.unwrap();
        assert_ne!(read, 0, "the server hung up after {}", String::from_utf8_lossy(&self.heard));
    }
}
