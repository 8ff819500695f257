//! A receiver of webhooks: a real HTTP server whose answer a test can change.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::patiently;

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) path: String,
    /// By name in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Arrived {
    pub(crate) fn event_id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Asserts that it was signed with `secret` (Standard Webhooks 1.0).
    pub(crate) fn assert_signed(&self, secret: &str) {
        let signed = standardwebhooks::Webhook::new(secret).unwrap();
        let (id, at) = (self.event_id(), self.headers["webhook-timestamp"].parse().unwrap());
        let expected = signed.sign(id, at, self.body.as_bytes()).unwrap();
        let signatures = &self.headers["webhook-signature"];
        assert!(signatures.split(' ').any(|one| one == expected), "{signatures} holds no {expected}");
    }
}

pub(crate) struct Receiver {
    address: SocketAddr,
    answer: Arc<Mutex<String>>,
    arrived: mpsc::UnboundedReceiver<Arrived>,
}

impl Receiver {
    /// A receiver that answers 200.
    pub(crate) async fn open() -> Self {
        Self::at(0).await
    }

    /// The same, on this port.
    pub(crate) async fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (send, arrived) = mpsc::unbounded_channel();
        let answer = Arc::new(Mutex::new(answer_text(200, "")));
        let shared = Arc::clone(&answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), send.clone()));
            }
        });
        Self { address, answer, arrived }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What it answers from now on.
    pub(crate) fn answers(&self, status: u16, headers: &str) {
        *self.answer.lock().unwrap() = answer_text(status, headers);
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Arrived {
        patiently("a webhook arrives", self.arrived.recv()).await.unwrap()
    }

    /// Whether nothing has arrived up to now.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.arrived.try_recv().is_err()
    }
}

fn answer_text(status: u16, headers: &str) -> String {
    let body = if status == 200 { "thanks" } else { "no" };
    format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

async fn serve(stream: TcpStream, answer: Arc<Mutex<String>>, send: mpsc::UnboundedSender<Arrived>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        // the answer of the moment in which it arrived: a test that hears of it may change the next one
        let text = answer.lock().unwrap().clone();
        if send.send(request).is_err() || stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Arrived> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut start = lines.first()?.split(' ').map(str::to_owned);
    let headers: HashMap<_, _> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).unwrap();
    Some(Arrived { method: start.next()?, path: start.next()?, headers, body })
}
