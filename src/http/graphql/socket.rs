//! `GET /graphql/ws`: a socket that speaks `graphql-transport-ws`.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use warp::http::header;

use super::super::{
    Answer, Api, Connection, Visitor,
    upgrade::{self, Bare},
};
use crate::{
    access::Denied,
    delivery::websocket::accept,
    graphql::socket::{Guest, PROTOCOL, Session},
};

pub(in super::super) async fn socket(
    api: Arc<Api>,
    visitor: Visitor,
    upgrade: Option<OnUpgrade>,
    connection: Option<Connection>,
) -> Answer {
    let (key, upgrade) = upgrade::shake(&visitor.headers, upgrade)?;
    // who shows nothing yet may do so when the conversation begins: a browser can set no header on a WebSocket
    let caller = match api.caller(&visitor).await {
        Ok(caller) => Some(caller),
        Err(Denied::Missing) => None,
        Err(denied) => return Err(denied.into()),
    };
    let url = api.origin(&visitor)?;
    let guest = Guest { gate: Arc::clone(&api.gate), caller, url, address: visitor.client.address };
    // one that speaks something else is told so by a Close: its handshake alone could not say why
    let speaks = upgrade::lists(&visitor.headers, header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    let response = upgrade::switching(key, speaks.then_some(PROTOCOL));
    let tasks = api.tasks.clone();
    tasks.spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let largest = api.peer.largest;
        match upgrade::bare(upgraded) {
            Bare::Plain(stream, read) => {
                serve(accept(stream, read, largest).await, &api, guest, speaks).await;
            }
            Bare::Tls(stream, read) => {
                Box::pin(serve(accept(stream, read, largest).await, &api, guest, speaks)).await;
            }
            Bare::Wrapped(stream) => {
                Box::pin(serve(accept(stream, Vec::new(), largest).await, &api, guest, speaks)).await;
            }
        }
        drop(connection);
    });
    Ok(response)
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    socket: WebSocketStream<S>,
    api: &Api,
    guest: Guest,
    speaks: bool,
) {
    let session = Session::new(socket, api.schema.clone(), guest, Arc::clone(&api.peer));
    if speaks { session.run().await } else { session.decline().await }
}
