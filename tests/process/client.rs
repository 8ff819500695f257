//! What a client does, in a few words.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::sleep};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Longer than anything here takes, on a machine that is busy with something else.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Looks again and again, until `look` finds something.
pub(crate) async fn until<T>(within: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < within, "waited {within:?} for {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Talks to one server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: SocketAddr,
}

/// How a socket's story ended: the texts, and the Close if there was one.
pub(crate) struct Story {
    pub(crate) frames: Vec<Value>,
    pub(crate) close: Option<CloseFrame>,
}

impl Client {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self { http: reportwire::trust::http_client().timeout(LONG).build().unwrap(), address }
    }

    /// Asks for a report. An error says that there was no answer.
    pub(crate) async fn post(
        &self,
        order: &Value,
        key: Option<&str>,
    ) -> reqwest::Result<(StatusCode, bool, Value)> {
        let mut request = self.http.post(format!("http://{}/api/v1/report", self.address)).json(order);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let answer = request.send().await?;
        let (status, replayed) = (answer.status(), answer.headers().contains_key("idempotent-replayed"));
        Ok((status, replayed, answer.json().await?))
    }

    /// Asks for a report that there must be; returns its id.
    pub(crate) async fn create(&self, order: Value) -> String {
        let (status, _, report) = self.post(&order, None).await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{report}");
        report["id"].as_str().unwrap().to_owned()
    }

    /// Asks for one day of coffee.
    pub(crate) async fn coffee(&self) -> String {
        self.create(json!({ "reportType": "COFFEE_SALES", "reportDate": "2021-01-01" })).await
    }

    /// `cancel` or `retry`.
    pub(crate) async fn act(&self, id: &str, verb: &str) {
        let answer = self.http.post(self.at(id, &format!("/{verb}"))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{verb}");
    }

    pub(crate) async fn report(&self, id: &str) -> Value {
        let answer = self.http.get(self.at(id, "")).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// How many listen to a report.
    pub(crate) async fn listeners(&self, id: &str) -> u64 {
        let answer = self.http.get(self.at(id, "/listeners")).send().await.unwrap();
        let count: Value = answer.error_for_status().unwrap().json().await.unwrap();
        count["count"].as_u64().unwrap()
    }

    /// How many reports wait for a worker, as far as one page of the list shows.
    pub(crate) async fn queued(&self) -> usize {
        let url = format!("http://{}/api/v1/report?status=queued&limit=100", self.address);
        let answer = self.http.get(url).send().await.unwrap();
        let page: Value = answer.error_for_status().unwrap().json().await.unwrap();
        page["reports"].as_array().unwrap().len()
    }

    /// The finished file.
    pub(crate) async fn file(&self, id: &str) -> Vec<u8> {
        let answer = self.http.get(self.at(id, "/pdf")).send().await.unwrap();
        answer.error_for_status().unwrap().bytes().await.unwrap().into()
    }

    /// Asks whether the process lives; returns how long the answer took.
    pub(crate) async fn probe(&self) -> Duration {
        let began = Instant::now();
        let answer = self.http.get(format!("http://{}/healthz", self.address)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        began.elapsed()
    }

    /// Opens a report's WebSocket.
    pub(crate) async fn open(&self, id: &str) -> Result<Socket, tokio_tungstenite::tungstenite::Error> {
        let url = format!("ws://{}/api/v1/report/{id}/ws", self.address);
        Ok(connect_async(url).await?.0)
    }

    /// Follows a report to its end; returns the terminal frame.
    pub(crate) async fn follow(&self, id: &str) -> Value {
        let told = tokio::time::timeout(LONG, listen(self.open(id).await.unwrap())).await;
        let mut story = told.unwrap_or_else(|_| panic!("{id} has no end"));
        story.frames.pop().unwrap()
    }

    fn at(&self, id: &str, rest: &str) -> String {
        format!("http://{}/api/v1/report/{id}{rest}", self.address)
    }
}

/// Hears a socket out.
pub(crate) async fn listen(mut socket: Socket) -> Story {
    let mut story = Story { frames: Vec::new(), close: None };
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => story.frames.push(serde_json::from_str(&text).unwrap()),
            Message::Close(close) => story.close = close,
            _ => {}
        }
    }
    story
}
