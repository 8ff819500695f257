//! Sends a message to where it goes, and says what becomes of it.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{
    dispatch::Carrier,
    email::{self, Letter, Mailer},
    webhook::{Answer, Secret, SendError, Sender, Sent, body, schedule, schedule::Next, test_body},
};
use crate::{
    links::{Linker, Reader},
    report::{Channel, EventType},
    store::{Attempted, Clock, Message, Then},
    vault::Sealer,
};

/// Brings webhooks and letters.
pub struct Courier {
    /// Sends webhooks.
    pub sender: Sender,
    /// Sends letters, if a mail server is known.
    pub mailer: Option<Mailer>,
    /// Makes the links in both.
    pub linker: Linker,
    /// Opens the secrets of endpoints.
    pub sealer: Sealer,
    /// Signs what goes to the callback URL of a request.
    pub secret: Secret,
    /// The store's clock, by which a message is due.
    pub clock: Clock,
}

#[async_trait]
impl Carrier for Courier {
    async fn carry(&self, message: &Message) -> Attempted {
        let once = matches!(message.event, EventType::Test | EventType::Consent);
        let (sent, next) = match message.target.channel {
            Channel::Email => {
                let sent = self.write(message).await;
                let next = email::next(message.attempt, &sent, fastrand::f32());
                (sent, next)
            }
            _ if message.event == EventType::Consent => return self.ask(message).await,
            _ => {
                let sent = self.post(message).await;
                let next = schedule::next(message.attempt, &sent, fastrand::f32());
                (sent, next)
            }
        };
        let then = match next {
            Next::Delivered => Then::Delivered,
            // a trial is sent once, and its answer is only shown
            _ if once => Then::GiveUp,
            Next::RetryAfter(wait) => Then::RetryAt(self.now_and(wait)),
            Next::GiveUp => Then::GiveUp,
            Next::SwitchOff => Then::SwitchOff,
        };
        attempted(sent, then)
    }
}

impl Courier {
    async fn post(&self, message: &Message) -> Sent {
        // what was let in may have become forbidden since; then the sender refuses it
        let Ok(url) = Url::parse(&message.target.address) else { return unsendable() };
        let body = match &message.record {
            Some(record) => {
                body(message.event, record, &self.linker.links(record, Reader::Follower), message.created_at)
            }
            None => test_body(message.created_at),
        };
        let known: Vec<Secret> =
            message.target.secrets.iter().filter_map(|sealed| self.secret_in(sealed)).collect();
        if message.target.endpoint.is_some() && known.is_empty() {
            return unsendable();
        }
        let secrets =
            if message.target.endpoint.is_some() { &known[..] } else { std::slice::from_ref(&self.secret) };
        self.sender.post(&url, &message.event_id, Timestamp::now(), secrets, body).await
    }

    /// The secret of an endpoint. One that cannot be opened is as good as none; nothing is sent unsigned.
    fn secret_in(&self, sealed: &str) -> Option<Secret> {
        match self.sealer.unseal(sealed) {
            Ok(secret) => secret.parse().ok(),
            Err(error) => {
                tracing::error!(%error, "a webhook is not signed");
                None
            }
        }
    }

    async fn write(&self, message: &Message) -> Sent {
        let Some(mailer) = &self.mailer else { return unsendable() };
        let letter = match &message.record {
            Some(record) => Letter::of(message.event, record, &self.linker.links(record, Reader::Letter)),
            None => Letter::test(message.event_id.clone()),
        };
        let address = &message.target.address;
        mailer.send(address.strip_prefix("mailto:").unwrap_or(address), &letter).await
    }

    async fn ask(&self, message: &Message) -> Attempted {
        let Ok(url) = Url::parse(&message.target.address) else {
            return attempted(unsendable(), Then::GiveUp);
        };
        let asked = self.sender.ask_consent(&url).await;
        let (error, then) = match asked.result {
            Ok(true) => (None, Then::Delivered),
            Ok(false) => (None, Then::GiveUp),
            Err(error) => (Some(shown(&error)), Then::GiveUp),
        };
        Attempted { took: asked.took, status: None, answer: String::new(), error, then }
    }

    fn now_and(&self, wait: std::time::Duration) -> Timestamp {
        (self.clock)() + SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
    }
}

fn attempted(Sent { took, result }: Sent, then: Then) -> Attempted {
    match result {
        Ok(Answer { status, head, .. }) => {
            Attempted { took, status: Some(status), answer: head, error: None, then }
        }
        Err(error) => {
            Attempted { took, status: None, answer: String::new(), error: Some(shown(&error)), then }
        }
    }
}

/// What is shown of an error. Where a name of ours leads is no business of whoever gave it, or they could
/// search our network by its names.
fn shown(error: &SendError) -> String {
    match error {
        SendError::Address { .. } => {
            tracing::info!(%error, "a webhook was not sent");
            "the host leads to an address that may not be reached".into()
        }
        other => other.to_string(),
    }
}

/// It has no address that anything could be sent to.
fn unsendable() -> Sent {
    Sent { took: std::time::Duration::ZERO, result: Err(SendError::Unsendable) }
}
