//! What is to be told to whom: messages that are written with the state that they tell, and sent until they
//! are received or given up.
//!
//! There is no call that puts a message in. An engine does that itself, in the write that ends a report or
//! stores its progress: so there is no moment at which one is durable and the other is not.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::Result;
use crate::report::{Channel, EndpointId, EventType, Record};

/// The promises about messages that every engine keeps.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Takes messages that are due, for the length of `lease`: of each lane those that have been due for
    /// longest, as many as it has room for. At most one holder per message. A message that was meant for
    /// the case that nobody knows is dropped when somebody does; those of a paused endpoint are not due.
    async fn claim_messages(&self, lease: Duration, room: &Room) -> Result<ClaimedMessages>;

    /// Ends a claim: the log of the attempt, what becomes of the message, the health of its endpoint and the
    /// entry in the report's deliveries in one write.
    ///
    /// # Errors
    ///
    /// [`StoreError::ClaimLost`](super::StoreError::ClaimLost) when the claim is no longer the caller's; then
    /// nothing was written.
    async fn settle_message(&self, claim: &MessageClaim, attempted: Attempted) -> Result<()>;

    /// Waits for the hint that a message may have become due before its time. It may come twice or never.
    async fn message_hint(&self);
}

/// How much more may be under way.
#[derive(Clone, Debug, Default)]
pub struct Room {
    /// In all.
    pub limit: usize,
    /// In each lane, with what is under way; in one whose receiver has not answered, fewer.
    pub per_lane: usize,
    /// What is under way, by lane.
    pub busy: HashMap<String, usize>,
    /// The lane that was served last: the next one comes first.
    pub after: String,
}

/// What was due.
#[derive(Debug, Default)]
pub struct ClaimedMessages {
    /// The messages, with the right to send them.
    pub messages: Vec<Message>,
    /// When the next one will be due.
    pub next_due: Option<Timestamp>,
    /// Whether some may have been left behind for want of room.
    pub crowded: bool,
}

/// The right to send one message, until the lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageClaim {
    /// Which message.
    pub message: i64,
    /// Unique to this claim: the fence that keeps late calls out.
    pub token: Uuid,
}

/// One event for one target.
#[derive(Clone, Debug)]
pub struct Message {
    /// The right to send it.
    pub claim: MessageClaim,
    /// What happened.
    pub event: EventType,
    /// The name of the event, the same on every channel and for every attempt.
    pub event_id: String,
    /// When it happened.
    pub created_at: Timestamp,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// What it shares a limit with: its endpoint, the host of its URL, or the mail server.
    pub lane: String,
    /// Who is told.
    pub target: Target,
    /// The state that it tells; none for the trial of an endpoint.
    pub record: Option<Record>,
}

/// Who is told.
#[derive(Clone)]
pub struct Target {
    /// By which way: [`Channel::Webhook`] or [`Channel::Email`].
    pub channel: Channel,
    /// The registered endpoint, if it is one.
    pub endpoint: Option<EndpointId>,
    /// A URL or a mail address.
    pub address: String,
    /// The secrets of the endpoint that are valid now, the newest first.
    pub secrets: Vec<String>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("channel", &self.channel)
            .field("endpoint", &self.endpoint)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// How an attempt went.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// How long it took.
    pub took: Duration,
    /// The status that was answered, if there was an answer.
    pub status: Option<u16>,
    /// The first bytes of the answer, as text.
    pub answer: String,
    /// Why there was no answer.
    pub error: Option<String>,
    /// What becomes of the message.
    pub then: Then,
}

/// What becomes of a message after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It was received.
    Delivered,
    /// It is sent again, not before this time.
    RetryAt(Timestamp),
    /// It is not sent again.
    GiveUp,
    /// Its endpoint is gone: nothing is sent to it any more.
    SwitchOff,
}
