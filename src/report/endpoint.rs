//! Where events go that somebody registered for.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EndpointId, EventType};

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
