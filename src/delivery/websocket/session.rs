//! The task of one socket.

use std::{convert::Infallible, sync::Arc};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Error, Message, error::CapacityError},
};
use tokio_util::sync::CancellationToken;

use super::{
    Patience,
    close::Reason,
    inbound::{self, Inbound},
};
use crate::{
    delivery::{Body, Frame, Subscription},
    report::{DeliveryState, Problem, Proof},
    store::{Store, StoreError},
};

/// How many messages that mean nothing a client may send before it is shown the door.
const NONSENSE: u8 = 3;

/// What every session of a server shares.
#[derive(Clone)]
pub struct Peer {
    /// Where proofs and cancellations go.
    pub store: Arc<dyn Store>,
    /// How long to wait for what.
    pub patience: Patience,
    /// Cancelled when the server drains.
    pub farewell: CancellationToken,
}

/// One client, its place at the hub and what it has been told.
pub struct Session<S> {
    socket: WebSocketStream<S>,
    place: Subscription,
    frame: Arc<Frame>,
    keep: bool,
    // the version in which this client's own proof was stored
    acked: Option<u64>,
    nonsense: u8,
    peer: Arc<Peer>,
}

/// Why a session ended. Nothing is left to do; it is for the log.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The closing handshake was done, by whoever began it.
    Closed,
    /// The client vanished, broke the protocol or took too long.
    Lost,
}

/// Why serving stopped: there is a Close to send first, or there is not.
enum Stop {
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
    /// A session that begins by sending `frame`, the state at the moment of `place`.
    pub fn new(
        socket: WebSocketStream<S>,
        place: Subscription,
        frame: Arc<Frame>,
        keep: bool,
        peer: Arc<Peer>,
    ) -> Self {
        Self { socket, place, frame, keep, acked: None, nonsense: 0, peer }
    }

    /// Serves the client until it knows the end, leaves, or the server drains.
    #[expect(clippy::manual_async_fn, reason = "the future of an async fn would hold the session twice")]
    pub fn run(mut self) -> impl Future<Output = ()> {
        async move {
            let Err(stop) = self.converse().await;
            let end = match stop {
                Stop::Close(reason) => self.close(reason).await.unwrap_or_else(|lost| lost),
                Stop::End(end) => end,
            };
            tracing::debug!(report = %self.place.id(), ?end, "socket closed");
        }
    }

    async fn converse(&mut self) -> Result<Infallible, Stop> {
        self.say_state().await?;
        let ping = self.peer.patience.ping;
        let mut pinged = false;
        // an Instant and not a pinned timer: the timer lives in the select only while nothing happens
        let mut quiet_at = Instant::now() + ping;
        loop {
            if self.is_over() {
                return Err(Stop::Close(Reason::Done));
            }
            let happened = tokio::select! {
                biased;
                () = self.peer.farewell.cancelled() => Happened::Farewell,
                () = self.place.changed() => Happened::Frame,
                message = self.socket.next() => Happened::Message(message),
                () = sleep_until(quiet_at) => Happened::Quiet,
            };
            match happened {
                Happened::Frame => {
                    if let Some(frame) = self.place.latest() {
                        self.frame = frame;
                        self.say_state().await?;
                    }
                }
                Happened::Message(message) => {
                    self.hear(message).await?;
                    pinged = false;
                    quiet_at = Instant::now() + ping;
                }
                Happened::Quiet if pinged => return Err(Stop::End(End::Lost)),
                Happened::Quiet => {
                    self.send(Message::Ping(Bytes::new())).await?;
                    pinged = true;
                    quiet_at = Instant::now() + ping;
                }
                Happened::Farewell => return Err(self.say_farewell().await?),
            }
        }
    }

    /// Whether nothing is left but to close: the end was said, and with `keep` this client acknowledged it
    /// and has seen what came of that.
    fn is_over(&self) -> bool {
        match &self.frame.body {
            Body::Gone => true,
            Body::Report { settled: None, .. } => false,
            Body::Report { .. } => !self.keep || self.acked.is_some_and(|acked| self.frame.version >= acked),
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

    /// Takes what the client said. The end of the session is an error, so that callers need not ask.
    async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Stop> {
        match message {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => match inbound::read(&message) {
                Ok(inbound) => self.obey(inbound).await,
                Err(problem) => self.object(&problem).await,
            },
            // pings are answered below us, and any sign of life is a pong
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            // the client leaves before the end, which proves nothing; the reply goes out with the next read
            Some(Ok(Message::Close(_))) => {
                let _ = timeout(self.peer.patience.close, self.socket.next()).await;
                Err(Stop::End(End::Closed))
            }
            Some(Err(Error::Capacity(CapacityError::MessageTooLong { size, max_size }))) => {
                let detail = format!("a message may have {max_size} bytes, this one has {size}");
                let problem = Problem::new("too-large", 413, "Message too big", detail);
                self.send(Message::Text(inbound::error_frame(&problem))).await?;
                Err(Stop::Close(Reason::TooBig))
            }
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => Err(Stop::Close(Reason::Protocol)),
            Some(Err(_)) | None => Err(Stop::End(End::Lost)),
        }
    }

    async fn obey(&mut self, inbound: Inbound) -> Result<(), Stop> {
        let id = self.place.id();
        let done = match inbound {
            Inbound::Cancel {} => self.peer.store.cancel(id).await.map(|_| None),
            Inbound::Ack { version, .. } if version > self.frame.version => {
                let detail =
                    format!("version {version} was never sent to you; the newest is {}", self.frame.version);
                let problem = Problem::new("bad-message", 409, "Version not sent", detail);
                return self.object(&problem).await;
            }
            Inbound::Ack { version, sha256 } => {
                let held = match &self.frame.body {
                    Body::Report { sha256, .. } => sha256.as_deref(),
                    Body::Gone => None,
                };
                let proof = match sha256 {
                    None => Proof::Acked,
                    Some(digest) if held.is_some_and(|held| held.eq_ignore_ascii_case(&digest)) => {
                        Proof::Verified
                    }
                    Some(_) => {
                        let detail = "the digest is not that of the finished file; download it again";
                        let problem = Problem::new("digest-mismatch", 409, "Digest mismatch", detail);
                        return self.object(&problem).await;
                    }
                };
                let proven = self.peer.store.delivered(id, version, proof).await;
                proven.map(|record| is_known(record.delivery.state).then_some(record.version))
            }
        };
        match done {
            // the new state comes back through the hub, as to everybody else
            Ok(acked) => {
                self.acked = acked.or(self.acked);
                Ok(())
            }
            Err(StoreError::Gone | StoreError::NotFound) => Ok(()),
            Err(error) => {
                tracing::error!(report = %id, error = &error as &dyn std::error::Error, "a client's word was not stored");
                let detail = "the server could not store that; send it again";
                let problem = Problem::new("unavailable", 503, "Not stored", detail);
                self.send(Message::Text(inbound::error_frame(&problem))).await
            }
        }
    }

    /// Says what was wrong, and closes the door on who does not listen.
    async fn object(&mut self, problem: &Problem) -> Result<(), Stop> {
        self.send(Message::Text(inbound::error_frame(problem))).await?;
        self.nonsense += 1;
        if self.nonsense < NONSENSE { Ok(()) } else { Err(Stop::Close(Reason::Policy)) }
    }

    async fn say_farewell(&mut self) -> Result<Stop, Stop> {
        sleep(self.peer.patience.farewell.mul_f32(fastrand::f32())).await;
        let retry = 500 + fastrand::u64(..2500);
        self.send(Message::text(format!(r#"{{"type":"closing","retryAfterMs":{retry}}}"#))).await?;
        Ok(Stop::Close(Reason::Restarting))
    }

    /// Sends Close and waits for the reply. After a terminal frame the reply is the proof of delivery.
    async fn close(&mut self, reason: Reason) -> Result<End, End> {
        let ours = reason.frame();
        let code = ours.code;
        if let Err(Stop::End(lost)) = self.send(Message::Close(Some(ours))).await {
            return Err(lost);
        }
        let deadline = Instant::now() + self.peer.patience.close;
        loop {
            match tokio::time::timeout_at(deadline, self.socket.next()).await {
                // a Close with another code crossed ours: the client left of its own accord
                Ok(Some(Ok(Message::Close(reply)))) => {
                    if reason == Reason::Done && reply.is_some_and(|reply| reply.code == code) {
                        self.prove().await;
                    }
                    return Ok(End::Closed);
                }
                // an ack may still be on its way to us
                Ok(Some(Ok(message @ Message::Text(_)))) if reason == Reason::Done => {
                    if let Ok(inbound) = inbound::read(&message) {
                        // the Close is out: nothing can be said to it any more
                        let _ = self.obey(inbound).await;
                    }
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) | Err(_) => return Err(End::Lost),
            }
        }
    }

    async fn prove(&mut self) {
        let known = match self.place.latest().as_deref().unwrap_or(&self.frame).body {
            Body::Report { delivery, .. } => is_known(delivery),
            Body::Gone => true,
        };
        if known {
            return;
        }
        let (id, version) = (self.frame.id, self.frame.version);
        if let Err(error) = self.peer.store.delivered(id, version, Proof::CloseEcho).await {
            tracing::warn!(report = %id, error = &error as &dyn std::error::Error, "a proof of delivery was not stored");
        }
    }

    /// Writes a frame that was encoded once for everybody. It goes past the WebSocket's own buffer, which
    /// would copy it for each socket and keep room for the largest one as long as the socket lives.
    async fn write(&mut self, message: &[u8]) -> Result<(), Stop> {
        let written = async {
            // a pong may still stand in that buffer, and frames must not mix
            self.socket.flush().await?;
            self.socket.get_mut().write_all(message).await.map_err(Error::Io)
        };
        match timeout(self.peer.patience.write, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Stop::End(End::Lost)),
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), Stop> {
        match timeout(self.peer.patience.write, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Stop::End(End::Lost)),
        }
    }
}

/// Whether somebody has proved that they know the end.
fn is_known(delivery: DeliveryState) -> bool {
    matches!(delivery, DeliveryState::Delivered | DeliveryState::Verified)
}
