//! What a session does with what its client says.

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Error, Message, error::CapacityError};

use super::{
    Session,
    close::Reason,
    inbound::{self, Inbound},
    session::{End, Stop},
};
use crate::{
    delivery::Body,
    report::{Channel, Problem, Proof, Receipt},
    store::StoreError,
};

/// How many messages that mean nothing a client may send before it is shown the door.
const NONSENSE: u8 = 3;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Takes what the client said. The end of the session is an error, so that callers need not ask.
    pub(super) async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Stop> {
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

    pub(super) async fn obey(&mut self, inbound: Inbound) -> Result<(), Stop> {
        let id = self.place.id();
        let done = match inbound {
            Inbound::Cancel {} => self.peer.store.cancel(id).await,
            Inbound::Ack { version, sha256 } => {
                let Some(proof) = self.weigh(sha256) else {
                    let detail = "the digest is not that of the finished file; download it again";
                    return self
                        .object(&Problem::new("digest-mismatch", 409, "Digest mismatch", detail))
                        .await;
                };
                let receipt = Receipt::over(Channel::Websocket, proof);
                let done = self.peer.store.delivered(id, version, receipt).await;
                if let Ok(record) = &done {
                    if version > record.version {
                        let detail =
                            format!("there is no version {version} yet; the newest is {}", record.version);
                        return self
                            .object(&Problem::new("bad-message", 409, "No such version", detail))
                            .await;
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

    /// What an ack with this digest would prove; nothing, if the digest is of another file.
    fn weigh(&self, sha256: Option<String>) -> Option<Proof> {
        let Some(digest) = sha256 else { return Some(Proof::Acked) };
        match &self.frame.body {
            Body::Report { sha256: Some(held), .. } if held.eq_ignore_ascii_case(&digest) => {
                Some(Proof::Verified)
            }
            _ => None,
        }
    }

    /// Says what was wrong, and closes the door on who does not listen.
    async fn object(&mut self, problem: &Problem) -> Result<(), Stop> {
        self.send(Message::Text(inbound::error_frame(problem))).await?;
        self.nonsense += 1;
        if self.nonsense < NONSENSE { Ok(()) } else { Err(Stop::Close(Reason::Policy)) }
    }
}
