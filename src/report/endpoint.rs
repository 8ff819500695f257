//! Where events go that somebody registered for.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::EventType;

/// The id of a registered endpoint: a version 7 UUID, so that a list stands in the order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndpointId(Uuid);

impl EndpointId {
    /// A new id.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// The 16 bytes of the id, in the order in which ids sort.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id with these 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl FromStr for EndpointId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<uuid::fmt::Hyphenated>().map(|id| Self(id.into_uuid()))
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether an endpoint is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndpointState {
    /// It is told at once.
    Active,
    /// Its owner wants to hear later: events wait for it.
    Paused,
    /// It is told nothing: it said that it is gone, or failed for too long. Events do not wait for it.
    Disabled,
}

impl EndpointState {
    /// The state as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            EndpointState::Active => "active",
            EndpointState::Paused => "paused",
            EndpointState::Disabled => "disabled",
        }
    }
}

/// A registered endpoint as it is shown. Its secrets are not among what is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Its name.
    pub id: EndpointId,
    /// Where events go: an `https:` URL, or a `mailto:` address.
    pub url: String,
    /// A word of its owner on what it is for.
    pub description: String,
    /// What it is told.
    pub events: Vec<EventType>,
    /// Whether it is told anything.
    pub state: EndpointState,
    /// Why it is disabled.
    pub reason: Option<String>,
    /// Whether it consented to being told (CloudEvents HTTP web hooks 1.0, section 4). `None` until it was
    /// asked; one that does not know the question has not consented, and is told all the same.
    pub consented: Option<bool>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Since when every attempt failed.
    pub failing_since: Option<Timestamp>,
}
