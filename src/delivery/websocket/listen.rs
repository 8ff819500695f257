//! What a session does with what its client says.

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Error, Message, error::CapacityError};

use super::{
    PENALTY, Session,
    close::Reason,
    inbound::{self, Inbound},
    session::{End, Stop},
};
use crate::{
    delivery::{
        Body,
        ack::{no_such_version, weigh},
    },
    metrics::Limit,
    report::{Channel, Problem, Receipt},
    store::StoreError,
};

/// How many messages that mean nothing a client may send before it is shown the door.
const NONSENSE: u8 = 3;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Takes what the client said. The end of the session is an error, so that callers need not ask.
    pub(super) async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Stop> {
        if self.talk.is_too_much() {
            self.peer.metrics.refused(Limit::Messages);
            // nothing more is read: whoever floods by coming again and again is as slow as this
            sleep(PENALTY).await;
            return Err(Stop::Close(Reason::Flood));
        }
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
                self.peer.metrics.refused(Limit::Frame);
                let detail = format!("a message may have {max_size} bytes, this one has {size}");
                let problem = Problem::new("too-large", 413, "Message too big", detail);
                self.send(Message::Text(inbound::error_frame(&problem))).await?;
                Err(Stop::Close(Reason::TooBig))
            }
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => Err(Stop::Close(Reason::Protocol)),
            Some(Err(_)) | None => Err(Stop::End(End::Lost)),
        }
    }

    pub(super) async fn obey(&mut self, inbound: Inbound) -> Result<(), Stop> {
        let id = self.place.id();
        let done = match inbound {
            Inbound::Cancel {} => return self.cancel().await,
            Inbound::Ack { version, sha256 } => {
                let held = match &self.frame.body {
                    Body::Report { sha256, .. } => sha256.as_deref(),
                    Body::Gone => None,
                };
                let proof = match weigh(sha256.as_deref(), held) {
                    Ok(proof) => proof,
                    Err(problem) => return self.object(&problem).await,
                };
                let receipt = Receipt::over(Channel::Websocket, proof);
                let done = self.peer.store.delivered(id, version, receipt).await;
                if let Ok(record) = &done {
                    if version > record.version {
                        return self.object(&no_such_version(version, record.version)).await;
                    }
                    let end = record.settled_version.filter(|end| version >= *end);
                    self.acked = end.map(|end| (end, record.version));
                }
                done
            }
        };
        match done {
            // the new state comes back through the hub, as to everybody else
            Ok(_) | Err(StoreError::Gone | StoreError::NotFound) => Ok(()),
            Err(error) => {
                tracing::error!(report = %id, error = &error as &dyn std::error::Error, "a client's word was not stored");
                let detail = "the server could not store that; send it again";
                let problem = Problem::new("unavailable", 503, "Not stored", detail);
                self.send(Message::Text(inbound::error_frame(&problem))).await
            }
        }
    }

    async fn cancel(&mut self) -> Result<(), Stop> {
        let Some(cancel) = &self.cancel else {
            let detail = "a link lets you follow the report, not cancel it; connect as whoever may, or POST to …/cancel";
            return self.object(&Problem::new("forbidden", 403, "Not allowed", detail)).await;
        };
        match cancel().await {
            // the new state comes back through the hub, as to everybody else; one that is gone is nothing to cancel
            Ok(_) | Err(Problem { status: 404 | 410, .. }) => Ok(()),
            Err(problem) => self.send(Message::Text(inbound::error_frame(&problem))).await,
        }
    }

    /// Says what was wrong, and closes the door on who does not listen.
    async fn object(&mut self, problem: &Problem) -> Result<(), Stop> {
        self.send(Message::Text(inbound::error_frame(problem))).await?;
        self.nonsense += 1;
        if self.nonsense < NONSENSE { Ok(()) } else { Err(Stop::Close(Reason::Policy)) }
    }
}
