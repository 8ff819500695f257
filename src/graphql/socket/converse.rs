//! What a session does with what its client says, and with what its operations say.

use std::{future::ready, sync::Arc};

use async_graphql::{Response, ServerError};
use futures_util::{
    StreamExt as _,
    stream::{self, AbortHandle, Abortable},
};
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{
    MAX_OPERATIONS, Session,
    close::Reason,
    message::{self, Inbound, Outbound},
    session::{Said, Stop},
};
use crate::{
    delivery::websocket::PENALTY,
    graphql::{Operation, Unreadable, is_request_error},
    metrics::Limit,
    report::Problem,
};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Takes what the client said. The end of the session is an error, so that callers need not ask.
    pub(super) async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), Stop> {
        if self.talk.is_too_much() {
            self.peer.metrics.refused(Limit::Messages);
            sleep(PENALTY).await;
            return Err(Stop::Close(Reason::Flood));
        }
        match message {
            Some(Ok(Message::Text(text))) => match message::read(&text) {
                Ok(inbound) => self.obey(inbound).await,
                Err(detail) => Err(Stop::Close(Reason::Invalid(detail))),
            },
            Some(Ok(Message::Binary(_))) => {
                Err(Stop::Close(Reason::Invalid("messages are JSON text, not binary".into())))
            }
            // pings are answered below us, and any sign of life is a pong
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            // the reply goes out with the next read
            Some(Ok(Message::Close(_))) => {
                let _ = timeout(self.peer.patience.close, self.socket.next()).await;
                Err(Stop::Gone)
            }
            Some(Err(Error::Capacity(_))) => {
                self.peer.metrics.refused(Limit::Frame);
                Err(Stop::Close(Reason::TooBig))
            }
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => Err(Stop::Close(Reason::Broken)),
            Some(Err(_)) | None => Err(Stop::Gone),
        }
    }

    async fn obey(&mut self, inbound: Inbound) -> Result<(), Stop> {
        match inbound {
            Inbound::ConnectionInit { .. } if self.begun => Err(Stop::Close(Reason::TooManyInits)),
            Inbound::ConnectionInit { credential } => {
                if !self.guest.show(credential.as_deref()).await {
                    return Err(Stop::Close(Reason::Forbidden));
                }
                self.stay = self.guest.stay();
                self.begun = true;
                self.say(&Outbound::ConnectionAck).await
            }
            Inbound::Ping(payload) => self.say(&Outbound::Pong { payload: payload.as_ref() }).await,
            Inbound::Pong => Ok(()),
            Inbound::Subscribe { .. } if !self.begun => Err(Stop::Close(Reason::Unauthorized)),
            Inbound::Subscribe { id, members } => self.begin(id.into(), members).await,
            // one that is over already is no fault: the two messages may have crossed
            Inbound::Complete { id } => {
                self.forget(&id);
                Ok(())
            }
        }
    }

    async fn begin(&mut self, id: Arc<str>, members: Map<String, Value>) -> Result<(), Stop> {
        if self.under_way.contains_key(&id) {
            return Err(Stop::Close(Reason::Exists(id.to_string())));
        }
        if self.under_way.len() >= MAX_OPERATIONS {
            let detail =
                format!("{MAX_OPERATIONS} operations are under way on this socket; complete one first");
            let problem = Problem::new("too-many-operations", 429, "Too many operations", detail);
            let error = async_graphql::Error::from(problem).into_server_error(Default::default());
            let errors = [ServerError { locations: Vec::new(), ..error }];
            return self.say(&Outbound::Error { id: &id, payload: &errors }).await;
        }
        let operation = match Operation::read(members) {
            Ok(operation) => operation,
            Err(Unreadable::Document(response)) => {
                return self.say(&Outbound::Error { id: &id, payload: &response.errors }).await;
            }
            Err(Unreadable::Request(faults)) => {
                let what: Vec<_> =
                    faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect();
                return Err(Stop::Close(Reason::Invalid(what.join("; "))));
            }
        };
        // who has begun is known
        let Some(sender) = self.guest.sender() else { return Err(Stop::Close(Reason::Unauthorized)) };
        let (handle, registration) = AbortHandle::new_pair();
        let responses = self.schema.run(operation, sender);
        let (name, end) = (Arc::clone(&id), (Arc::clone(&id), None));
        let said = responses
            .map(move |response| (Arc::clone(&name), Some(response)))
            .chain(stream::once(ready(end)));
        self.operations.push(Abortable::new(said.boxed(), registration));
        self.under_way.insert(id, handle);
        Ok(())
    }

    /// Passes on what an operation says.
    pub(super) async fn pass_on(&mut self, (id, response): Said) -> Result<(), Stop> {
        match response {
            Some(response) if is_request_error(&response) => {
                self.forget(&id);
                self.fail(&id, &response).await
            }
            Some(response) => self.say(&Outbound::Next { id: &id, payload: &response }).await,
            None => {
                self.forget(&id);
                self.say(&Outbound::Complete { id: &id }).await
            }
        }
    }

    async fn fail(&mut self, id: &str, response: &Response) -> Result<(), Stop> {
        self.say(&Outbound::Error { id, payload: &response.errors }).await
    }

    /// Ends an operation, if it is under way. It says nothing more, and lets go of what it holds.
    fn forget(&mut self, id: &str) {
        if let Some(handle) = self.under_way.remove(id) {
            handle.abort();
        }
    }
}
