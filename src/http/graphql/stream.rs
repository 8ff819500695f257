//! Responses as server-sent events (the graphql-sse protocol, distinct connections): `next` for each, then
//! `complete`. The stream is pulled: a response is made when the connection takes it.

use std::{convert::Infallible, sync::Arc};

use async_graphql::Response as Answered;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use sync_wrapper::SyncStream;
use tokio::time::{Instant, sleep_until};
use warp::{
    Reply as _,
    http::{HeaderValue, header},
};

use super::super::Response;
use crate::delivery::{retry_after_ms, websocket::Peer};

struct Events<S> {
    responses: S,
    peer: Arc<Peer>,
    leave_at: Option<Instant>,
    is_over: bool,
}

enum Happened {
    Response(Option<Box<Answered>>),
    Due,
    Farewell,
}

/// The response that carries `responses`.
pub(super) fn events(peer: &Arc<Peer>, responses: impl Stream<Item = Answered> + Send + 'static) -> Response {
    let events =
        Events { responses: responses.boxed(), peer: Arc::clone(peer), leave_at: None, is_over: false };
    let chunks = stream::unfold(events, |mut events| async {
        Some((Ok::<_, Infallible>(events.next().await?), events))
    });
    let mut response = warp::reply::stream(SyncStream::new(chunks)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    // one that buffers would hold back everything until the end
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl<S: Stream<Item = Answered> + Unpin> Events<S> {
    async fn next(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let quiet_at = Instant::now() + self.peer.patience.heartbeat;
        loop {
            let happened = tokio::select! {
                () = self.peer.farewell.cancelled(), if self.leave_at.is_none() => Happened::Farewell,
                response = self.responses.next() => Happened::Response(response.map(Box::new)),
                () = sleep_until(self.leave_at.unwrap_or(quiet_at)) => Happened::Due,
            };
            return Some(match happened {
                Happened::Response(Some(response)) => {
                    // JSON text has no line breaks of its own; a response is plain data
                    let text = serde_json::to_string(&response).unwrap_or_default();
                    format!("event: next\ndata: {text}\n\n").into()
                }
                Happened::Response(None) => {
                    self.is_over = true;
                    Bytes::from_static(b"event: complete\ndata:\n\n")
                }
                Happened::Due if self.leave_at.is_some() => {
                    // without `complete` the client knows that there is more, and comes back
                    self.is_over = true;
                    format!("retry: {}\n\n", retry_after_ms()).into()
                }
                // nothing to a client; proxies forget a connection on which nothing is said
                Happened::Due => Bytes::from_static(b":\n\n"),
                Happened::Farewell => {
                    self.leave_at =
                        Some(Instant::now() + self.peer.patience.farewell.mul_f32(fastrand::f32()));
                    continue;
                }
            });
        }
    }
}
