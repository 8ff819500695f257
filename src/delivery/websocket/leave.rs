//! How a session ends: the Close, the reply that proves, and the patience with those who do not reply.

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    task::yield_now,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    Session,
    close::Reason,
    inbound,
    session::{End, Stop},
};
use crate::report::{Channel, Proof, Receipt};

/// How the two sides parted: the Close of each is with the other.
struct Parted {
    /// The client's repeats ours, so it is the reply.
    agreed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Sends Close and waits for the reply. After a terminal frame the reply is the proof of delivery; without it
    /// there is only our word that the frame was written.
    pub(super) async fn close(&mut self, reason: Reason) -> Result<End, End> {
        let end = self.say_close(reason).await;
        if reason == Reason::Done {
            match &end {
                Ok(Parted { agreed: true }) => self.note(Proof::CloseEcho).await,
                Ok(Parted { agreed: false }) | Err(_) => self.note(Proof::Flushed).await,
            }
        }
        end.map(|_| End::Closed)
    }

    async fn say_close(&mut self, reason: Reason) -> Result<Parted, End> {
        // everybody's news goes before anybody's Close
        yield_now().await;
        let ours = reason.frame();
        let code = ours.code;
        if let Err(Stop::End(lost)) = self.send(Message::Close(Some(ours))).await {
            return Err(lost);
        }
        let deadline = Instant::now() + self.peer.patience.close;
        loop {
            match timeout_at(deadline, self.socket.next()).await {
                // a Close with another code crossed ours: the client left of its own accord
                Ok(Some(Ok(Message::Close(reply)))) => {
                    return Ok(Parted { agreed: reply.is_some_and(|reply| reply.code == code) });
                }
                // an ack or a cancel may still be on its way to us
                Ok(Some(Ok(message @ Message::Text(_)))) if reason.still_listens() => {
                    if let Ok(inbound) = inbound::read(&message) {
                        // the Close is out: nothing can be said to it any more
                        let _ = self.obey(inbound).await;
                    }
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(_)) | None) => {
                    linger(self.socket.get_mut(), deadline).await;
                    return Err(End::Lost);
                }
                Err(_) => return Err(End::Lost),
            }
        }
    }

    async fn note(&mut self, proof: Proof) {
        if self.place.latest().as_deref().unwrap_or(&self.frame).is_known() {
            return;
        }
        let (id, version) = (self.frame.id, self.frame.version);
        let receipt = Receipt::over(Channel::Websocket, proof);
        if let Err(error) = self.peer.store.delivered(id, version, receipt).await {
            tracing::warn!(report = %id, error = &error as &dyn std::error::Error, "a proof of delivery was not stored");
        }
    }
}

/// Takes what a client still sends that broke the protocol: a connection that is closed with bytes unread is reset,
/// and the reset may overtake our last words.
pub(crate) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, deadline: Instant) {
    let _ = stream.shutdown().await;
    // on the heap: in the task itself it would cost every idle socket as much
    let mut bin = vec![0; 4096];
    let emptying = async { while stream.read(&mut bin).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout_at(deadline, emptying).await;
}
