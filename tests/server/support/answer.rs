//! What the server answers over plain HTTP.

use std::net::SocketAddr;

use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::patiently;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The body, if it is JSON.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = patiently("an answer", request.send()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = patiently("a body", response.bytes()).await.unwrap().to_vec();
        crate::watch::answer(&String::from_utf8_lossy(&bytes));
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Self { status, headers, bytes, json }
    }

    /// The answer in text that came over a raw socket.
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer in {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let name = reqwest::header::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, value.trim().parse().unwrap());
        }
        let json = serde_json::from_str(body).unwrap_or(Value::Null);
        Self { status, headers, bytes: body.into(), json }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a whole problem document with this status (RFC 9457).
    pub(crate) fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.json["status"], status, "{self:?}");
        for member in ["type", "title", "detail"] {
            assert!(self.json[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {self:?}");
        }
        assert!(self.json["type"].as_str().unwrap().starts_with("/problems/"), "{self:?}");
    }

    /// What is wrong with the request, by pointer.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.json["errors"].as_array().map_or(&[][..], Vec::as_slice);
        errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect()
    }
}

/// Sends bytes as they are, and reads what comes up to the end of the connection.
pub(crate) async fn raw(address: SocketAddr, request: &[u8]) -> String {
    let (mut stream, mut answer) = (send(address, request).await, Vec::new());
    patiently("the end of the connection", stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends bytes as they are, and reads one answer, whether or not the connection goes on.
pub(crate) async fn raw_answer(address: SocketAddr, request: &[u8]) -> Answer {
    let (mut stream, mut text) = (send(address, request).await, Vec::new());
    patiently("an answer", async {
        loop {
            let answer =
                std::str::from_utf8(&text).ok().filter(|text| text.contains("\r\n\r\n")).map(Answer::parse);
            if let Some(answer) = answer
                && answer.header("content-length") == answer.bytes.len().to_string()
            {
                return answer;
            }
            let read = stream.read_buf(&mut text).await.unwrap();
            assert!(read > 0, "the connection ended within an answer: {}", String::from_utf8_lossy(&text));
        }
    })
    .await
}

async fn send(address: SocketAddr, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // a server that refuses early need not take the rest
    let _ = stream.write_all(request).await;
    stream
}
