//! The WebSocket handshake (RFC 6455, section 4.2), which every socket shares. Everything that can be refused is
//! refused here, with a status and a problem, before a socket exists.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::upgrade::{OnUpgrade, Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Beating, Refusal, Response, put};

/// The client's key and what becomes its connection, if this is a handshake that can succeed.
pub(super) fn shake(headers: &HeaderMap, upgrade: Option<OnUpgrade>) -> Result<(&str, OnUpgrade), Refusal> {
    let key = handshake(headers)?;
    Ok((key, upgrade.ok_or_else(|| refuse("this connection cannot be upgraded"))?))
}

/// `101`, for the client with this key, to speak `protocol`.
pub(super) fn switching(key: &str, protocol: Option<&'static str>) -> Response {
    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    put(headers, header::SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()));
    if let Some(protocol) = protocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    }
    response
}

/// The stream of an upgraded connection without the wrappers of the upgrade, and what was read of it already: an idle
/// socket is a good deal smaller without them.
pub(super) enum Bare {
    Plain(TcpStream, Vec<u8>),
    Tls(Box<TlsStream<TcpStream>>, Vec<u8>),
    /// A stream of another kind, as it is.
    Wrapped(Box<TokioIo<Upgraded>>),
}

/// Takes the wrappers off. In a function of its own, so that hyper's read buffer, 8 KiB of which what was read is a
/// view, does not live as long as the socket.
pub(super) fn bare(upgraded: Upgraded) -> Bare {
    let upgraded = match upgraded.downcast::<TokioIo<Beating<TcpStream>>>() {
        Ok(Parts { io, read_buf, .. }) => {
            return Bare::Plain(io.into_inner().into_inner(), read_buf.to_vec());
        }
        Err(upgraded) => upgraded,
    };
    match upgraded.downcast::<TokioIo<Beating<TlsStream<TcpStream>>>>() {
        Ok(Parts { io, read_buf, .. }) => {
            Bare::Tls(Box::new(io.into_inner().into_inner()), read_buf.to_vec())
        }
        Err(upgraded) => Bare::Wrapped(Box::new(TokioIo::new(upgraded))),
    }
}

/// Whether one of these headers, which are lists, names this token.
pub(super) fn lists(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// The client's key, if this is a handshake that can succeed.
fn handshake(headers: &HeaderMap) -> Result<&str, Refusal> {
    if !lists(headers, header::CONNECTION, "upgrade") || !lists(headers, header::UPGRADE, "websocket") {
        let refusal = Refusal::new(
            "upgrade-required",
            StatusCode::UPGRADE_REQUIRED,
            "Upgrade required",
            "this URL speaks WebSocket; try it with wscat or new WebSocket(url)",
        );
        return Err(refusal.with(header::UPGRADE, "websocket").with(header::CONNECTION, "Upgrade"));
    }
    if !lists(headers, header::SEC_WEBSOCKET_VERSION, "13") {
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

pub(super) fn refuse(detail: &str) -> Refusal {
    Refusal::new("bad-handshake", StatusCode::BAD_REQUEST, "Bad WebSocket handshake", detail)
}
