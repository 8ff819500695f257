//! A client on a WebSocket, who checks what holds for every socket: versions only grow.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Bytes, Message, protocol::CloseFrame},
};

use super::patiently;

pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<TcpStream>,
    version: u64,
}

/// One thing that a client hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A frame, whatever its type.
    Frame(Value),
    /// The server's Close, with its code. The reply is sent.
    Close(u16),
    /// The connection ended without a Close.
    Lost,
}

impl Client {
    /// Opens `path` on the server at `address`.
    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let url = format!("ws://{address}{path}");
        let shaken = patiently("the handshake", client_async(url, stream)).await;
        Self::of(shaken.expect("a handshake that succeeds").0)
    }

    /// The client at this end of a socket.
    pub(crate) fn of(socket: WebSocketStream<TcpStream>) -> Self {
        Self { socket, version: 0 }
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            return match patiently("the next message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    crate::watch::answer(&text);
                    Heard::Frame(self.check(serde_json::from_str(&text).unwrap()))
                }
                Some(Ok(Message::Close(frame))) => {
                    // reading on sends the reply and takes the end of the stream
                    while let Some(Ok(_)) = patiently("the end of the stream", self.socket.next()).await {}
                    Heard::Close(frame.map_or(1005, |frame| frame.code.into()))
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => panic!("nothing else is ever sent: {other:?}"),
                Some(Err(_)) | None => Heard::Lost,
            };
        }
    }

    fn check(&mut self, frame: Value) -> Value {
        if frame["type"] == "report" {
            let version = frame["report"]["version"].as_u64().expect("a version");
            assert!(version > self.version, "version {version} after {}", self.version);
            self.version = version;
        }
        frame
    }

    /// The next frame, which must be of this type.
    pub(crate) async fn frame(&mut self, kind: &str) -> Value {
        match self.hear().await {
            Heard::Frame(frame) if frame["type"] == kind => frame,
            other => panic!("expected a frame of type {kind}, heard {other:?}"),
        }
    }

    /// The next state of the report.
    pub(crate) async fn report(&mut self) -> Value {
        self.frame("report").await["report"].take()
    }

    /// Reads states until one is as wanted, and returns its frame.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.frame("report").await;
            if wanted(&frame["report"]) {
                return frame;
            }
        }
    }

    pub(crate) async fn until_status(&mut self, status: &str) -> Value {
        self.until(|report| report["status"] == status).await
    }

    /// Reads states up to the end of the report, then the Close 1000 that follows it.
    pub(crate) async fn end(mut self, status: &str) -> Value {
        let frame = self.until(is_end).await;
        assert_eq!(frame["report"]["status"], status);
        self.closes(1000).await;
        frame
    }

    /// The Close that must come next, after states at most.
    pub(crate) async fn closes(&mut self, code: u16) {
        loop {
            match self.hear().await {
                Heard::Frame(frame) if frame["type"] == "report" => {}
                Heard::Close(found) => break assert_eq!(found, code),
                other => panic!("expected Close {code}, heard {other:?}"),
            }
        }
    }

    /// Waits for the server's next ping, and answers it.
    pub(crate) async fn ping(&mut self) {
        loop {
            match patiently("a ping", self.socket.next()).await {
                Some(Ok(Message::Ping(_))) => break self.socket.flush().await.unwrap(),
                Some(Ok(Message::Text(_))) => {}
                other => panic!("expected a ping: {other:?}"),
            }
        }
    }

    /// Pings the server, whatever it says.
    pub(crate) async fn ping_it(&mut self) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        self.socket.send(Message::Ping(Bytes::new())).await
    }

    /// The status of the next error, whatever is said before it.
    pub(crate) async fn until_error(&mut self) -> u64 {
        loop {
            match self.hear().await {
                Heard::Frame(frame) if frame["type"] == "error" => break frame["status"].as_u64().unwrap(),
                Heard::Frame(_) => {}
                other => panic!("expected an error, heard {other:?}"),
            }
        }
    }

    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    pub(crate) async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::Binary(Bytes::from(bytes))).await.unwrap();
    }

    /// Leaves with a Close of its own, and waits until the server has answered it.
    pub(crate) async fn leave(mut self) {
        let close = CloseFrame { code: 1000.into(), reason: "bye".into() };
        self.socket.send(Message::Close(Some(close))).await.unwrap();
        while let Some(Ok(_)) = patiently("the server's reply", self.socket.next()).await {}
    }
}

/// Whether nothing but the delivery can change any more.
pub(crate) fn is_end(report: &Value) -> bool {
    ["completed", "failed", "cancelled"].iter().any(|end| report["status"] == *end)
}
