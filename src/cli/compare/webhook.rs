//! A webhook: the server calls. What it says is thin, so the model is fetched.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedSender, unbounded_channel},
};

use super::{
    line::Line,
    meter::Meter,
    ways::{Lost, fetch_model},
};

/// Who is called, on the loopback address.
pub(super) struct Receiver {
    listener: TcpListener,
}

impl Receiver {
    pub(super) async fn open() -> std::io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(("127.0.0.1", 0)).await? })
    }

    /// Where it is called.
    pub(super) fn url(&self) -> std::io::Result<String> {
        Ok(format!("http://{}/", self.listener.local_addr()?))
    }

    /// Waits for the call, takes it and fetches the model.
    pub(super) async fn follow(&self, meter: &Arc<Meter>) -> Result<Timestamp, Lost> {
        let (stream, _) = self.listener.accept().await?;
        let stream = TokioIo::new(meter.count(stream));
        let (arrived, mut calls) = unbounded_channel();
        let answer = service_fn(|request| take(request, meter, arrived.clone()));
        // one call is all that comes, and the end of the connection says that the answer is out
        http1::Builder::new().keep_alive(false).serve_connection(stream, answer).await?;
        let (knew, body) = calls.try_recv()?;
        let call: Value = serde_json::from_slice(&body)?;
        fetch_model(&mut Line::new(meter), &call["data"]).await?;
        Ok(knew)
    }
}

async fn take(
    request: Request<Incoming>,
    meter: &Meter,
    arrived: UnboundedSender<(Timestamp, Bytes)>,
) -> Result<Response<Empty<Bytes>>, Lost> {
    meter.request();
    let body = request.into_body().collect().await?.to_bytes();
    arrived.send((Timestamp::now(), body))?;
    let mut answer = Response::new(Empty::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    Ok(answer)
}
