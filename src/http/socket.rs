//! `GET …/ws`: a socket and its place at the hub. What can be refused is refused before the socket exists.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use warp::http::HeaderMap;

use super::{Answer, Api, Connection, Query, report_id, upgrade};
use crate::{
    delivery::websocket::{Session, accept},
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

    let (place, record, frame) = api.rendezvous.meet(id).await?;
    if record.held {
        // the client is there, and its place is taken: nothing that happens from here can pass it by
        api.store.release(id).await?;
    }
    let peer = Arc::clone(&api.peer);
    api.tasks.spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        // without the wrappers of the upgrade an idle socket is a good deal smaller
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => {
                let (stream, read) = upgrade::unwrap(parts);
                // no name for the socket: the task would keep its place after it has moved into the session
                Session::new(accept(stream, read).await, place, frame, keep, peer).run().await;
            }
            Err(upgraded) => {
                let socket = accept(TokioIo::new(upgraded), Vec::new()).await;
                // boxed, or every task would be as large as this one
                Box::pin(Session::new(socket, place, frame, keep, peer).run()).await;
            }
        }
        drop(connection);
    });

    Ok(upgrade::switching(key))
}
