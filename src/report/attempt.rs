//! Who was told of the end, how, and what proves it: the entries of `deliveries` in the resource.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Proof;

/// A way to hear about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The report's WebSocket.
    Websocket,
    /// Server-sent events.
    Sse,
    /// `GET`, at once or after a while.
    Poll,
    /// A GraphQL subscription.
    Graphql,
    /// A POST from us to a URL of theirs.
    Webhook,
    /// A letter.
    Email,
}

/// A client's receipt for the end of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Where it was told.
    pub channel: Channel,
    /// What proves that it knows.
    pub proof: Proof,
}

impl Receipt {
    /// A receipt by `proof` over `channel`.
    pub fn over(channel: Channel, proof: Proof) -> Self {
        Self { channel, proof }
    }
}

/// One attempt to tell somebody, as it is kept and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Which way.
    pub channel: Channel,
    /// The event that was told; see [`EventId`](super::EventId).
    pub event_id: String,
    /// When the attempt ended.
    pub at: Timestamp,
    /// The registered endpoint that was told; none for the client that asked for the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Which attempt at the same target it was, from 1; only where there may be several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The status that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What proves that it was received; none when nothing does.
    pub proof: Option<Proof>,
    /// Why it was not received, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How many attempts a report remembers. The oldest go first: the log of an endpoint has them all.
pub const REMEMBERED_ATTEMPTS: usize = 50;
