//! `GET …/ws`: a socket and its place at the hub. What can be refused is refused before the socket exists.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use warp::http::HeaderMap;

use super::{Answer, Api, Connection, Query, listen, report_id, upgrade};
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
    let (key, upgrade) = upgrade::shake(&headers, upgrade)?;
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
                let (stream, read) = upgrade::unwrap(parts);
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

    Ok(upgrade::switching(key))
}
