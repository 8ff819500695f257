//! A client that costs next to nothing: it shares its cores with the server that it measures.

use std::{cell::RefCell, net::SocketAddr};

use reportwire::report::ReportId;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::{Builder, Runtime},
};

use super::frames::{CLOSE, Frames, OUR_CLOSE, TEXT};

/// The body of a request for the sample report, which fits one page.
pub(crate) const COFFEE: &str = r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01"}"#;
/// The same, but no work begins before somebody connects.
pub(crate) const HELD: &str =
    r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01","startWhen":"connected"}"#;

thread_local! {
    // one for all sockets of a thread: ten thousand of their own would be most of the work
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

/// A runtime of one thread, for clients.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// The text of a POST with this body.
pub(crate) fn post(address: SocketAddr, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /api/v1/report HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into()
}

/// The path of a report's WebSocket.
pub(crate) fn socket_path(id: ReportId) -> String {
    format!("/api/v1/report/{id}/ws")
}

/// A connection that is kept alive.
pub(crate) struct Http {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Http {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, answer: Vec::with_capacity(8 * 1024) }
    }

    /// Sends a request, and returns the body of an answer that must be a 201.
    pub(crate) async fn create(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.unwrap();
        self.answer.clear();
        loop {
            assert_ne!(self.stream.read_buf(&mut self.answer).await.unwrap(), 0, "the server hung up");
            let Some(head) = head(&self.answer) else { continue };
            let text = std::str::from_utf8(&self.answer[..head]).unwrap();
            assert!(text.starts_with("HTTP/1.1 201 "), "{text}");
            let (_, length) = text.split_once("content-length: ").unwrap();
            let length: usize = length.split_once("\r\n").unwrap().0.parse().unwrap();
            if self.answer.len() == head + length {
                return &self.answer[head..];
            }
        }
    }

    /// Creates a report and returns its id.
    pub(crate) async fn report(&mut self, request: &[u8]) -> ReportId {
        let body: serde_json::Value = serde_json::from_slice(self.create(request).await).unwrap();
        body["id"].as_str().unwrap().parse().unwrap()
    }
}

/// Where the head of a message ends.
fn head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// A WebSocket that counts what it receives.
pub(crate) struct Socket {
    stream: TcpStream,
    frames: Frames,
    texts: u32,
    pub(crate) closed: bool,
}

impl Socket {
    /// Connects, and with `keep_text` keeps the last text frame.
    pub(crate) async fn open(address: SocketAddr, path: &str, keep_text: bool) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::with_capacity(1024);
        let end = loop {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "the server hung up");
            if let Some(end) = head(&answer) {
                break end;
            }
        };
        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
        let mut socket = Self { stream, frames: Frames::new(keep_text), texts: 0, closed: false };
        socket.take(&answer[end..]);
        socket
    }

    /// The last text frame that was kept.
    pub(crate) fn text(&self) -> &str {
        self.frames.text()
    }

    /// Waits until it has received this many text frames in all, or a Close.
    pub(crate) async fn until(&mut self, texts: u32) {
        while self.texts < texts && !self.closed {
            self.receive().await;
        }
    }

    /// Waits for more bytes.
    pub(crate) async fn receive(&mut self) {
        self.stream.readable().await.unwrap();
        BUFFER.with_borrow_mut(|buffer| match self.stream.try_read(buffer) {
            Ok(0) => panic!("the server hung up"),
            Ok(length) => self.take(&buffer[..length]),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
        });
    }

    fn take(&mut self, bytes: &[u8]) {
        let (texts, closed) = (&mut self.texts, &mut self.closed);
        self.frames.feed(bytes, |opcode| match opcode {
            TEXT => *texts += 1,
            CLOSE => *closed = true,
            _ => {}
        });
    }

    /// Answers the server's Close, which proves that everything before it arrived.
    pub(crate) async fn answer_close(&mut self) {
        while !self.closed {
            self.receive().await;
        }
        self.stream.write_all(&OUR_CLOSE).await.unwrap();
    }
}
