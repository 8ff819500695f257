//! `GET …/ws`: the handshake (RFC 6455, section 4.2). Everything that can be refused is refused here, with a
//! status and a problem, before a socket exists.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::upgrade::{OnUpgrade, Parts};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Answer, Api, Connection, Query, Refusal, Response, listen, put, report_id};
use crate::{
    delivery::{
        Due,
        websocket::{Session, accept},
    },
    metrics::Way,
    report::Channel,
    token::Action,
};

pub(super) async fn open(
    id: String,
    api: Arc<Api>,
    query: Query,
    headers: HeaderMap,
    upgrade: Option<OnUpgrade>,
    connection: Option<Connection>,
) -> Answer {
    let id = report_id(&id)?;
    let key = handshake(&headers)?;
    let upgrade = upgrade.ok_or_else(|| refuse("this connection cannot be upgraded"))?;
    api.check_token(&query, Action::Follow, id)?;
    let keep = query.iter().any(|(name, value)| name == "keep" && value != "0");

    let cursor = listen::cursor(&query, "since")?;

    api.metrics.asked(Way::Websocket);
    let (place, frame) = api.listen(id).await?;
    if let (Due::Nothing, Some(version), false) = (frame.due(cursor), cursor, frame.is_known()) {
        api.acknowledged(id, version, Channel::Websocket).await;
    }
    let (peer, listening) = (Arc::clone(&api.peer), api.metrics.listening(Way::Websocket));
    api.tasks.spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        // without the wrappers of the upgrade an idle socket is a good deal smaller
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => {
                let (stream, read) = unwrap(parts);
                // no name for the socket: the task would keep its place after it has moved into the session
                Session::new(accept(stream, read).await, place, frame, keep, cursor, peer).run().await;
            }
            Err(upgraded) => {
                let socket = accept(TokioIo::new(upgraded), Vec::new()).await;
                // boxed, or every task would be as large as this one
                Box::pin(Session::new(socket, place, frame, keep, cursor, peer).run()).await;
            }
        }
        drop((connection, listening));
    });

    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    put(headers, header::SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()));
    Ok(response)
}

/// The bare stream, and what was read of it already. In a function of its own, so that hyper's read buffer,
/// 8 KiB of which the second is a view, does not live as long as the socket.
fn unwrap(parts: Parts<TokioIo<TcpStream>>) -> (TcpStream, Vec<u8>) {
    (parts.io.into_inner(), parts.read_buf.to_vec())
}

/// The client's key, if this is a handshake that can succeed.
fn handshake(headers: &HeaderMap) -> Result<&str, Refusal> {
    let lists = |name: header::HeaderName, token: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
    };
    if !lists(header::CONNECTION, "upgrade") || !lists(header::UPGRADE, "websocket") {
        let refusal = Refusal::new(
            "upgrade-required",
            StatusCode::UPGRADE_REQUIRED,
            "Upgrade required",
            "this URL speaks WebSocket; try it with wscat or new WebSocket(url)",
        );
        return Err(refusal.with(header::UPGRADE, "websocket").with(header::CONNECTION, "Upgrade"));
    }
    if !lists(header::SEC_WEBSOCKET_VERSION, "13") {
        let refusal = Refusal::new(
            "upgrade-required",
            StatusCode::UPGRADE_REQUIRED,
            "WebSocket version not supported",
            "Sec-WebSocket-Version must be 13 (RFC 6455)",
        );
        return Err(refusal
            .with(header::UPGRADE, "websocket")
            .with(header::CONNECTION, "Upgrade")
            .with(header::SEC_WEBSOCKET_VERSION, "13"));
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()).map(str::trim);
    let valid = |key: &&str| STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16);
    key.filter(valid).ok_or_else(|| refuse("Sec-WebSocket-Key must be 16 bytes in base64"))
}

fn refuse(detail: &str) -> Refusal {
    Refusal::new("bad-handshake", StatusCode::BAD_REQUEST, "Bad WebSocket handshake", detail)
}
