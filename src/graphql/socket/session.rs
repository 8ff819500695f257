//! The task of one socket.

use std::{collections::HashMap, convert::Infallible, sync::Arc};

use async_graphql::Response;
use futures_util::{
    StreamExt as _,
    stream::{AbortHandle, Abortable, BoxStream, SelectAll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Error, Message},
};

use super::{Guest, close::Reason, message::Outbound};
use crate::{
    delivery::{
        Stay, message,
        websocket::{Peer, Talk, linger},
    },
    graphql::Schema,
};
use futures_util::SinkExt as _;

/// One client and its operations.
pub struct Session<S> {
    pub(super) socket: WebSocketStream<S>,
    pub(super) schema: Schema,
    pub(super) guest: Guest,
    pub(super) talk: Talk,
    pub(super) stay: Option<Stay>,
    pub(super) peer: Arc<Peer>,
    /// Whether the client has begun.
    pub(super) begun: bool,
    /// What is under way, by the client's id. Who lets go of one ends it.
    pub(super) under_way: HashMap<Arc<str>, AbortHandle>,
    pub(super) operations: SelectAll<Abortable<BoxStream<'static, Said>>>,
}

/// What an operation says: a response, or with `None` that it is over.
pub(super) type Said = (Arc<str>, Option<Response>);

/// Why serving stopped: there is a Close to send first, or the client is gone.
pub(super) enum Stop {
    Close(Reason),
    Gone,
}

enum Happened {
    Message(Option<Result<Message, Error>>),
    Said(Said),
    Due,
    Farewell,
}

/// Ends when the client has to leave, whoever it is.
async fn called(stay: Option<&Stay>, peer: &Peer) {
    match stay {
        Some(stay) => stay.called().await,
        None => peer.farewell.cancelled().await,
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// A session whose client has yet to begin.
    pub fn new(socket: WebSocketStream<S>, schema: Schema, guest: Guest, peer: Arc<Peer>) -> Self {
        let (under_way, operations) = (HashMap::new(), SelectAll::new());
        let stay = guest.stay();
        Self { socket, schema, guest, talk: Talk::new(), stay, peer, begun: false, under_way, operations }
    }

    /// Serves the client until it leaves, breaks the rules, or the server drains.
    pub async fn run(mut self) {
        let deadline = self.peer.deadline.clone();
        deadline
            .run_until_cancelled(async {
                let Err(stop) = self.serve().await;
                self.end(stop).await;
            })
            .await;
    }

    /// Closes the socket of a client that speaks another sub-protocol, or none.
    pub async fn decline(mut self) {
        let deadline = self.peer.deadline.clone();
        deadline.run_until_cancelled(self.end(Stop::Close(Reason::NotAcceptable))).await;
    }

    async fn serve(&mut self) -> Result<Infallible, Stop> {
        let patience = self.peer.patience;
        let begin_by = Instant::now() + patience.init;
        let mut quiet_at = Instant::now() + patience.ping;
        let mut pinged = false;
        // set when the server drains: until then operations go on
        let mut leave_at = None;
        loop {
            let now = Instant::now();
            if leave_at.is_some_and(|leave_at| leave_at <= now) {
                return Err(Stop::Close(Reason::Restarting));
            }
            if !self.begun && begin_by <= now {
                return Err(Stop::Close(Reason::InitTimeout));
            }
            if self.stay.as_ref().is_some_and(Stay::is_over) {
                return Err(Stop::Close(Reason::Forbidden));
            }
            let over_at = self.stay.as_ref().and_then(Stay::until);
            let due = [leave_at, over_at, (!self.begun).then_some(begin_by), Some(quiet_at)];
            let due = due.into_iter().flatten().min().unwrap_or(quiet_at);
            let happened = tokio::select! {
                () = called(self.stay.as_ref(), &self.peer), if leave_at.is_none() => Happened::Farewell,
                message = self.socket.next() => Happened::Message(message),
                // the next response of any operation, and only now that the one before it was written
                Some(said) = self.operations.next() => Happened::Said(said),
                () = sleep_until(due) => Happened::Due,
            };
            match happened {
                Happened::Message(message) => {
                    self.hear(message).await?;
                    pinged = false;
                    quiet_at = Instant::now() + patience.ping;
                }
                Happened::Said(said) => self.pass_on(said).await?,
                Happened::Due if Instant::now() < quiet_at => {}
                Happened::Due if pinged => return Err(Stop::Gone),
                Happened::Due => {
                    self.send(Message::Ping(Bytes::new())).await?;
                    pinged = true;
                    quiet_at = Instant::now() + patience.ping;
                }
                Happened::Farewell if !self.peer.farewell.is_cancelled() => {
                    return Err(Stop::Close(Reason::Forbidden));
                }
                Happened::Farewell => {
                    leave_at = Some(Instant::now() + patience.farewell.mul_f32(fastrand::f32()));
                }
            }
        }
    }

    /// Writes a message past the WebSocket's own buffer, which is bounded and keeps room for the largest one as long
    /// as the socket lives.
    pub(super) async fn say(&mut self, outbound: &Outbound<'_>) -> Result<(), Stop> {
        let Ok(text) = serde_json::to_string(outbound) else { return Err(Stop::Gone) };
        let frame = message(text);
        let patience = self.peer.patience.write_of(frame.len());
        let written = async {
            // a pong may still stand in that buffer, and frames must not mix
            self.socket.flush().await?;
            self.socket.get_mut().write_all(&frame).await.map_err(Error::Io)
        };
        match timeout(patience, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Stop::Gone),
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), Stop> {
        let patience = self.peer.patience.write_of(message.len());
        match timeout(patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Stop::Gone),
        }
    }

    /// Says why, and waits for the reply.
    async fn end(&mut self, stop: Stop) {
        self.under_way.clear();
        self.operations.clear();
        let Stop::Close(reason) = stop else { return };
        tracing::debug!(?reason, "closing a GraphQL socket");
        if self.send(Message::Close(Some(reason.frame()))).await.is_err() {
            return;
        }
        let deadline = Instant::now() + self.peer.patience.close;
        loop {
            match timeout_at(deadline, self.socket.next()).await {
                Ok(Some(Ok(Message::Close(_)))) | Err(_) => return,
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => return linger(self.socket.get_mut(), deadline).await,
            }
        }
    }
}
