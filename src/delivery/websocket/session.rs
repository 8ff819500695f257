//! The task of one socket.

use std::{convert::Infallible, pin::pin, sync::Arc};

use futures_util::{SinkExt as _, StreamExt as _, future::BoxFuture};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Error, Message},
};
use tokio_util::sync::CancellationToken;

use super::{Patience, Talk, close::Reason, inbound};
use crate::{
    delivery::{Body, Due, Frame, Stay, Subscription, retry_after_ms},
    metrics::Metrics,
    report::{Problem, Record},
    store::Store,
};

/// What every session of a server shares.
#[derive(Clone)]
pub struct Peer {
    /// Where proofs and cancellations go.
    pub store: Arc<dyn Store>,
    /// How long to wait for what.
    pub patience: Patience,
    /// Cancelled when the server drains.
    pub farewell: CancellationToken,
    /// Cancelled when the drain took too long: what is left is cut off.
    pub deadline: CancellationToken,
    /// Counts who says too much.
    pub metrics: Arc<Metrics>,
    /// The largest message that a client may send, in bytes.
    pub largest: usize,
}

/// One client, its place at the hub and what it has been told.
pub struct Session<S> {
    pub(super) socket: WebSocketStream<S>,
    pub(super) place: Subscription,
    pub(super) frame: Arc<Frame>,
    keep: bool,
    // the first frame is news to the client
    greet: bool,
    // this client's own acknowledgement, not another's: which end it was about, and the version it led to
    pub(super) acked: Option<(u64, u64)>,
    pub(super) nonsense: u8,
    pub(super) talk: Talk,
    pub(super) peer: Arc<Peer>,
    stay: Stay,
    pub(super) cancel: Option<Cancel>,
}

/// Cancels the report for a client who may.
pub type Cancel = Box<dyn Fn() -> BoxFuture<'static, Result<Record, Problem>> + Send + Sync>;

/// Why a session ended. Nothing is left to do; it is for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The closing handshake was done, by whoever began it.
    Closed,
    /// The client vanished, broke the protocol or took too long.
    Lost,
}

/// Why serving stopped: there is a Close to send first, or there is not.
pub(super) enum Stop {
    Close(Reason),
    End(End),
}

/// What happened while there was nothing to send.
enum Happened {
    Frame,
    Message(Option<Result<Message, Error>>),
    Quiet,
    Farewell,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// A session that begins by sending `frame`, the state at the moment of `place`, unless a client with this
    /// cursor has seen it. Without `cancel` the client may not.
    #[expect(clippy::too_many_arguments, reason = "each is a fact about the client")]
    pub fn new(
        socket: WebSocketStream<S>,
        place: Subscription,
        frame: Arc<Frame>,
        keep: bool,
        cursor: Option<u64>,
        peer: Arc<Peer>,
        stay: Stay,
        cancel: Option<Cancel>,
    ) -> Self {
        let due = frame.due(cursor);
        // who comes with the end behind it has said all that it could stay for
        let keep = keep && due != Due::Nothing;
        Self {
            socket,
            place,
            frame,
            keep,
            greet: due == Due::State,
            acked: None,
            nonsense: 0,
            talk: Talk::new(),
            peer,
            stay,
            cancel,
        }
    }

    /// Serves the client until it knows the end, leaves, or the server drains.
    #[expect(clippy::manual_async_fn, reason = "the future of an async fn would hold the session twice")]
    pub fn run(mut self) -> impl Future<Output = ()> {
        async move {
            let (id, deadline) = (self.place.id(), self.peer.deadline.clone());
            // pinned here, or the future that waits would hold it twice as well
            let serving = pin!(self.serve());
            let end = deadline.run_until_cancelled(serving).await.unwrap_or(End::Lost);
            tracing::debug!(report = %id, ?end, "socket closed");
        }
    }

    async fn serve(&mut self) -> End {
        let Err(stop) = self.converse().await;
        match stop {
            Stop::Close(reason) => Box::pin(self.close(reason)).await.unwrap_or_else(|lost| lost),
            Stop::End(end) => end,
        }
    }

    async fn converse(&mut self) -> Result<Infallible, Stop> {
        if self.greet {
            self.say_state().await?;
        }
        let ping = self.peer.patience.ping;
        let mut pinged = false;
        // an Instant and not a pinned timer: the timer lives in the select only while nothing happens
        let mut quiet_at = Instant::now() + ping;
        // set when the server drains: until then frames and words go on
        let mut leave_at = None;
        loop {
            if self.is_over() {
                return Err(Stop::Close(Reason::Done));
            }
            // looked at here, because a client that never stops talking keeps the timer from its turn
            if leave_at.is_some_and(|leave_at| leave_at <= Instant::now()) {
                return Err(self.say_farewell().await?);
            }
            if self.stay.is_over() {
                return Err(Stop::Close(Reason::Expired));
            }
            let due = leave_at.unwrap_or(quiet_at);
            let due = self.stay.until().map_or(due, |until| until.min(due));
            let happened = tokio::select! {
                biased;
                () = self.stay.called(), if leave_at.is_none() => Happened::Farewell,
                () = self.place.changed() => Happened::Frame,
                message = self.socket.next() => Happened::Message(message),
                // one timer for both: each would be another hundred bytes of every idle socket
                () = sleep_until(due) => Happened::Quiet,
            };
            match happened {
                Happened::Frame => {
                    if let Some(frame) = self.place.latest() {
                        self.frame = frame;
                        self.say_state().await?;
                    }
                }
                Happened::Message(message) => {
                    // boxed, as is the end: an idle socket holds no room for what may never come
                    Box::pin(self.hear(message)).await?;
                    pinged = false;
                    quiet_at = Instant::now() + ping;
                }
                Happened::Quiet if leave_at.is_some() || Instant::now() < quiet_at => {}
                Happened::Quiet if pinged => return Err(Stop::End(End::Lost)),
                Happened::Quiet => {
                    self.send(Message::Ping(Bytes::new())).await?;
                    pinged = true;
                    quiet_at = Instant::now() + ping;
                }
                Happened::Farewell if !self.peer.farewell.is_cancelled() => {
                    return Err(Stop::Close(Reason::Revoked));
                }
                Happened::Farewell => {
                    leave_at = Some(Instant::now() + self.peer.patience.farewell.mul_f32(fastrand::f32()));
                }
            }
        }
    }

    /// Whether nothing is left but to close: the end was said, and with `keep` this client acknowledged it
    /// and was told so. That another client knows is no reason: this one may be about to send its digest.
    fn is_over(&self) -> bool {
        match &self.frame.body {
            Body::Gone => true,
            Body::Report { settled: None, .. } => false,
            Body::Report { settled: Some(end), .. } => {
                let seen = |(about, version)| about == *end && self.frame.version >= version;
                !self.keep || self.acked.is_some_and(seen)
            }
        }
    }

    async fn say_state(&mut self) -> Result<(), Stop> {
        match &self.frame.body {
            Body::Report { message, .. } => {
                let message = message.clone();
                self.write(&message).await
            }
            Body::Gone => {
                let gone = Problem::new("gone", 410, "Report gone", "the report expired or was removed");
                self.send(Message::Text(inbound::error_frame(&gone))).await?;
                Err(Stop::Close(Reason::Gone))
            }
        }
    }

    async fn say_farewell(&mut self) -> Result<Stop, Stop> {
        let retry = retry_after_ms();
        self.send(Message::text(format!(r#"{{"type":"closing","retryAfterMs":{retry}}}"#))).await?;
        Ok(Stop::Close(Reason::Restarting))
    }

    /// Writes a frame that was encoded once for everybody. It goes past the WebSocket's own buffer, which
    /// would copy it for each socket and keep room for the largest one as long as the socket lives.
    async fn write(&mut self, message: &[u8]) -> Result<(), Stop> {
        let patience = self.peer.patience.write_of(message.len());
        let written = async {
            // a pong may still stand in that buffer, and frames must not mix
            self.socket.flush().await?;
            self.socket.get_mut().write_all(message).await.map_err(Error::Io)
        };
        match timeout(patience, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Stop::End(End::Lost)),
        }
    }

    pub(super) async fn send(&mut self, message: Message) -> Result<(), Stop> {
        match timeout(self.peer.patience.write_of(message.len()), self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Stop::End(End::Lost)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[test]
    fn an_idle_socket_is_a_small_task() {
        fn size<F: Future>(_: fn(Session<TcpStream>) -> F) -> usize {
            size_of::<F>()
        }
        assert!(size(Session::run) <= 1200, "{} bytes", size(Session::run));
    }
}
