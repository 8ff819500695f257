//! Hands one letter to the mail server.

use std::{error::Error as _, io, net::SocketAddr, sync::Arc, time::Duration};

use lettre::{
    Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::DEFAULT_MECHANISMS,
        client::{AsyncSmtpConnection, Tls},
    },
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::{Letter, NoMailer, check_address, server::Server};
use crate::delivery::webhook::{
    Answer, HEAD_LENGTH, PATIENCE, Resolve as _, SendError, Sent, SystemResolver,
};

/// How many connections to the mail server there are at once. Each address has a lane of its own, and all lanes end
/// at this one server.
const AT_ONCE: usize = 8;

/// How long a letter waits for its turn: with the attempt and the farewell, less than its claim lasts.
const TURN: Duration = Duration::from_secs(30);

/// How long to wait for the farewell of a server that has answered.
const FAREWELL: Duration = Duration::from_secs(1);

/// Sends letters. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Mailer {
    server: Arc<Server>,
    from: Mailbox,
    turns: Arc<Semaphore>,
    // its own: names of strangers, which the webhooks look up, must not keep a letter from the operator's server
    resolver: SystemResolver,
}

impl Mailer {
    /// A mailer for the server at `url`, which is written `smtp://user:password@host:port`, `smtps://…` or
    /// `smtp+starttls://…`; its letters come from `from`, as in `Reports <reports@example.com>`.
    ///
    /// # Errors
    ///
    /// [`NoMailer`].
    pub fn new(url: &str, from: &str) -> Result<Self, NoMailer> {
        Ok(Self {
            server: Arc::new(Server::read(url)?),
            from: from.parse().map_err(|_| NoMailer::From)?,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            resolver: SystemResolver::default(),
        })
    }

    /// Sends `letter` to the address `to`, when it is its turn; the wait for that, 30 s at most, is not part of what
    /// the attempt takes. The answer's status is the reply code of the mail server: 250 when it took the letter. A
    /// letter that was taken although we heard no answer is sent again with the same `Message-ID`, so that a double
    /// can be dropped.
    pub async fn send(&self, to: &str, letter: &Letter) -> Sent {
        let Some(message) = self.written(to, letter) else { return at_once(SendError::Unsendable) };
        let Ok(Ok(turn)) = timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await else {
            return at_once(SendError::Busy);
        };
        let begun = Instant::now();
        let text = message.formatted();
        let handing_in = self.hand_in(message.envelope(), &text, turn);
        // boxed: its state is some 10 KiB, and most who wait here wait for webhooks
        let result = timeout(PATIENCE, Box::pin(handing_in)).await.unwrap_or(Err(SendError::Timeout));
        Sent { took: begun.elapsed(), result }
    }

    fn written(&self, to: &str, letter: &Letter) -> Option<Message> {
        let to = check_address(to).ok()?;
        // the characters of a dot-atom (RFC 5322, section 3.2.3) that event ids have
        let id =
            letter.event_id.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'), "-");
        let id = format!("<{id}@{}>", self.from.email.domain());
        // RFC 3834, section 5: no holiday replies, please
        let automatic =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.as_str())
            .message_id(Some(id))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
            .ok()
    }

    /// One connection for one letter. lettre's pool is not used: a connection that is dropped in the middle of a
    /// letter goes back into it, and the next letter would take the answers to this one for its own.
    async fn hand_in(
        &self,
        envelope: &Envelope,
        message: &[u8],
        turn: OwnedSemaphorePermit,
    ) -> Result<Answer, SendError> {
        let mut connection = self.connect().await?;
        let answer = match connection.send(envelope, message).await {
            Ok(response) => {
                let text = response.message().collect::<Vec<_>>().join("\n");
                answer(response.code().into(), &text)
            }
            Err(error) => match error.status() {
                Some(code) => {
                    answer(code.into(), &error.source().map(ToString::to_string).unwrap_or_default())
                }
                None => return Err(cause(&error, SendError::Closed)),
            },
        };
        // it has the letter, or has refused it. Whether it says good-bye must not change that, not even by being late
        tokio::spawn(async move {
            let _ = timeout(FAREWELL, connection.quit()).await;
            drop(connection);
            drop(turn);
        });
        Ok(answer)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let Server { host, port, tls, credentials, hello } = &*self.server;
        let found = self.resolver.resolve(host).await.map_err(|_| SendError::Resolve)?;
        let addresses: Vec<_> = found.into_iter().map(|address| SocketAddr::new(address, *port)).collect();
        let wrapper = match tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            _ => None,
        };
        // whatever a server says before it sees the letter says nothing about the letter: a wrong password is mended
        // some day, and the letter has to be there then
        let refused = |error: smtp::Error| match error.status() {
            Some(_) => SendError::Unable,
            None => cause(&error, SendError::Closed),
        };
        let connecting =
            AsyncSmtpConnection::connect_tokio1(addresses.as_slice(), None, hello, wrapper, None);
        let mut connection = connecting.await.map_err(|error| match error.status() {
            Some(_) => SendError::Unable,
            None => cause(&error, SendError::Connect(io::ErrorKind::Other)),
        })?;
        match tls {
            Tls::Required(parameters) => {
                connection.starttls(parameters.clone(), hello).await.map_err(refused)?
            }
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), hello).await.map_err(refused)?;
            }
            _ => {}
        }
        if let Some(credentials) = credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(refused)?;
        }
        Ok(connection)
    }
}

/// Nothing was tried.
fn at_once(error: SendError) -> Sent {
    Sent { took: Duration::ZERO, result: Err(error) }
}

fn answer(status: u16, text: &str) -> Answer {
    let mut head = text.to_owned();
    head.truncate(head.floor_char_boundary(HEAD_LENGTH));
    Answer { status, retry_after: None, head }
}

/// The cause of a failure that is no answer; `broken` when the connection is all that is known to have failed.
fn cause(error: &smtp::Error, broken: SendError) -> SendError {
    tracing::debug!(error = error as &dyn std::error::Error, "a letter was not taken");
    if error.is_timeout() {
        return SendError::Timeout;
    }
    let mut next = error.source();
    while let Some(source) = next {
        let outer = source.downcast_ref::<io::Error>();
        let inner = outer.and_then(|outer| outer.get_ref()).and_then(|inner| inner.downcast_ref());
        if let Some(error) = source.downcast_ref::<rustls::Error>().or(inner) {
            return SendError::Tls(error.clone());
        }
        if let (Some(outer), SendError::Connect(_)) = (outer, &broken) {
            return SendError::Connect(outer.kind());
        }
        next = source.source();
    }
    match () {
        () if error.is_tls() => SendError::Tls(rustls::Error::General("no private connection".to_owned())),
        () if error.is_client() => SendError::Unable,
        () if error.is_response() => SendError::Protocol,
        () => broken,
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // not the credentials
        let Server { host, port, .. } = &*self.server;
        f.debug_struct("Mailer").field("host", host).field("port", port).field("from", &self.from).finish()
    }
}
