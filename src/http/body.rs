//! Reading a JSON body that may be too large, too slow or no JSON.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _};
use serde_json::{Map, Value};
use tokio::time::timeout;
use warp::{
    Buf,
    http::{HeaderMap, StatusCode, header},
};

use super::Refusal;
use crate::metrics::{Limit, Metrics};

/// How large a body may be, and how long it may take.
pub struct Bounds {
    /// In bytes.
    pub bytes: usize,
    /// From its first byte to its last.
    pub time: Duration,
    /// Counts those that are more.
    pub metrics: Arc<Metrics>,
}

/// The JSON object that a request carries.
pub(super) async fn object<S, B>(
    headers: &HeaderMap,
    body: S,
    bounds: &Bounds,
) -> Result<Map<String, Value>, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    check_type(headers)?;
    let bytes = timeout(bounds.time, read(headers, body, bounds)).await.map_err(|_| {
        bounds.metrics.refused(Limit::BodyTimeout);
        let detail = format!("the body did not arrive within {} s", bounds.time.as_secs_f32());
        // the rest of the body may still come: the connection is of no further use
        Refusal::new("timeout", StatusCode::REQUEST_TIMEOUT, "Request timeout", detail)
            .with(header::CONNECTION, "close")
    })??;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(malformed("the body must be a JSON object such as {\"reportType\": …}")),
        Err(error) => Err(malformed(&format!("the body is not JSON: {error}"))),
    }
}

/// The JSON object that a request carries, or none if it carries nothing: a POST that needs no body.
pub(super) async fn optional<S, B>(
    headers: &HeaderMap,
    body: S,
    bounds: &Bounds,
) -> Result<Map<String, Value>, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let is_empty = headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
        && !headers.contains_key(header::TRANSFER_ENCODING);
    if is_empty { Ok(Map::new()) } else { object(headers, body, bounds).await }
}

fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let given = if given.is_empty() { "missing" } else { given };
    let detail = format!("the Content-Type must be application/json, it is {given}");
    Err(Refusal::new("wrong-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "Wrong content type", detail)
        .with(header::ACCEPT, "application/json"))
}

async fn read<S, B>(headers: &HeaderMap, body: S, bounds: &Bounds) -> Result<Vec<u8>, Refusal>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    // refused before a byte of it is read, if it says so itself
    if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > bounds.bytes) {
        return Err(too_large(bounds));
    }
    let mut bytes = Vec::new();
    let mut body = std::pin::pin!(body);
    while let Some(piece) = body.next().await {
        let mut piece = piece.map_err(|_| malformed("the body ended early"))?;
        if bytes.len() + piece.remaining() > bounds.bytes {
            return Err(too_large(bounds));
        }
        while piece.has_remaining() {
            let chunk = piece.chunk();
            bytes.extend_from_slice(chunk);
            let read = chunk.len();
            piece.advance(read);
        }
    }
    Ok(bytes)
}

fn malformed(detail: &str) -> Refusal {
    Refusal::new("malformed", StatusCode::BAD_REQUEST, "Malformed body", detail)
}

fn too_large(bounds: &Bounds) -> Refusal {
    bounds.metrics.refused(Limit::Body);
    let detail = format!("the body may have {} bytes", bounds.bytes);
    Refusal::new("too-large", StatusCode::PAYLOAD_TOO_LARGE, "Body too large", detail)
        .with(header::CONNECTION, "close")
}
