//! One HTTP connection of a way, kept alive, and opened again when the server has closed it.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::HOST,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use url::Url;

use super::{
    meter::{Counted, Meter},
    ways::Lost,
};

/// A connection to the host of the URLs that it is asked for.
pub(super) struct Line {
    meter: Arc<Meter>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// Dials the host of `url`.
pub(super) async fn dial(url: &Url, meter: &Arc<Meter>) -> Result<Counted, Lost> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, url.port_or_known_default().unwrap_or(80))).await?;
    Ok(meter.count(stream))
}

impl Line {
    /// A line that is opened with its first request.
    pub(super) fn new(meter: &Arc<Meter>) -> Self {
        Self { meter: Arc::clone(meter), sender: None }
    }

    /// GETs `url` with these headers.
    pub(super) async fn get(
        &mut self,
        url: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response<Incoming>, Lost> {
        self.send(Method::GET, url, headers, Bytes::new()).await
    }

    /// GETs a JSON document.
    pub(super) async fn json(&mut self, url: &str) -> Result<Value, Lost> {
        json(self.get(url, &[]).await?).await
    }

    /// POSTs a JSON document, and reads the answer to its end.
    pub(super) async fn post(&mut self, url: &str, body: &Value) -> Result<(), Lost> {
        let headers = [("content-type", "application/json")];
        let answer = self.send(Method::POST, url, &headers, body.to_string().into()).await?;
        json(answer).await.map(drop)
    }

    async fn send(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Incoming>, Lost> {
        let url = Url::parse(url)?;
        let request =
            Request::builder().method(method).uri(&url[url::Position::BeforePath..url::Position::AfterQuery]);
        let request = request.header(HOST, &url[url::Position::BeforeHost..url::Position::AfterPort]);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Full::new(body))?;
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.open(&url).await?,
        };
        sender.ready().await?;
        self.meter.request();
        let answer = sender.send_request(request).await?;
        self.sender = Some(sender);
        Ok(answer)
    }

    async fn open(&self, url: &Url) -> Result<SendRequest<Full<Bytes>>, Lost> {
        let (sender, connection) = http1::handshake(TokioIo::new(dial(url, &self.meter).await?)).await?;
        // how it ends is seen by whoever waits for an answer
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// The document in an answer that must be a success.
pub(super) async fn json(answer: Response<Incoming>) -> Result<Value, Lost> {
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if status.is_success() { Ok(serde_json::from_slice(&body)?) } else { Err(status.to_string().into()) }
}
