//! `GET /graphql/ws`: a socket that speaks `graphql-transport-ws`.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::WebSocketStream;
use warp::http::{HeaderMap, HeaderValue, header};

use super::{
    super::{Answer, Api, Connection, upgrade},
    origin,
};
use crate::{
    delivery::websocket::accept,
    graphql::{
        Origin,
        socket::{PROTOCOL, Session},
    },
};

pub(in super::super) async fn socket(
    api: Arc<Api>,
    headers: HeaderMap,
    upgrade: Option<OnUpgrade>,
    connection: Option<Connection>,
) -> Answer {
    let (key, upgrade) = upgrade::shake(&headers, upgrade)?;
    // unlike a report's socket, this one needs no id that is hard to guess
    origin::check(&headers, api.intake.public_url.as_deref())?;
    let origin = Origin(api.origin(&headers)?);
    // one that speaks something else is told so by a Close: its handshake alone could not say why
    let speaks = upgrade::lists(&headers, header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    let mut response = upgrade::switching(key);
    if speaks {
        let protocol = HeaderValue::from_static(PROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    let tasks = api.tasks.clone();
    tasks.spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => {
                let (stream, read) = upgrade::unwrap(parts);
                serve(accept(stream, read).await, &api, origin, speaks).await;
            }
            Err(upgraded) => {
                let socket = accept(TokioIo::new(upgraded), Vec::new()).await;
                Box::pin(serve(socket, &api, origin, speaks)).await;
            }
        }
        drop(connection);
    });
    Ok(response)
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    socket: WebSocketStream<S>,
    api: &Api,
    origin: Origin,
    speaks: bool,
) {
    let session = Session::new(socket, api.schema.clone(), origin, Arc::clone(&api.peer));
    if speaks { session.run().await } else { session.decline().await }
}
