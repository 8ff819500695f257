//! Who registered for events, and the log of what they were told.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::Result;
use crate::report::{Endpoint, EndpointId, EventType, Owner};

/// How many endpoints an owner may have. The end of a report writes a message for each of them.
pub const MOST_ENDPOINTS: usize = 100;

/// The promises about endpoints that every engine keeps. [`StoreError::NotFound`](super::StoreError::NotFound)
/// answers whoever asks for one that there is not, or that is not theirs.
#[async_trait]
pub trait Endpoints: Send + Sync + 'static {
    /// Registers an endpoint. It is asked for its consent by the next message.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooMany`](super::StoreError::TooMany).
    async fn register(&self, endpoint: NewEndpoint) -> Result<Endpoint>;

    /// The endpoint.
    async fn endpoint(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint>;

    /// All of them, the oldest first.
    async fn endpoints(&self, owner: &Owner) -> Result<Vec<Endpoint>>;

    /// Lets events wait for it. One that is disabled stays so. Idempotent.
    async fn pause(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint>;

    /// Tells it what has waited, and whatever comes. Idempotent.
    async fn resume(&self, owner: &Owner, id: EndpointId) -> Result<Endpoint>;

    /// Signs with `secret` from now on, and with the newest one before it for as long as `overlap`.
    async fn rotate(
        &self,
        owner: &Owner,
        id: EndpointId,
        secret: String,
        overlap: Duration,
    ) -> Result<Endpoint>;

    /// Removes it with its log and whatever waits for it.
    async fn unregister(&self, owner: &Owner, id: EndpointId) -> Result<()>;

    /// Sends it a test, once and without a second try. Returns the name of the event.
    async fn test(&self, owner: &Owner, id: EndpointId) -> Result<String>;

    /// Sends again what has ended: one event, whatever became of it, or all that failed. Returns how many.
    async fn replay(&self, owner: &Owner, id: EndpointId, which: Replay) -> Result<usize>;

    /// The log, the newest first, from before the entry of this number.
    async fn attempts(
        &self,
        owner: &Owner,
        id: EndpointId,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Logged>>;
}

/// An endpoint that was checked in full.
#[derive(Clone)]
pub struct NewEndpoint {
    /// Whose it is.
    pub owner: Owner,
    /// Where events go.
    pub url: String,
    /// A word on what it is for.
    pub description: String,
    /// What it is told.
    pub events: Vec<EventType>,
    /// Signs what it is told.
    pub secret: String,
}

/// What to send again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The event of this name.
    Event(String),
    /// Everything that failed and can still be sent.
    Failed,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logged {
    /// Its number, which only grows.
    pub number: i64,
    /// What was told.
    pub event: EventType,
    /// The name of the event.
    pub event_id: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The status that was answered.
    pub status: Option<u16>,
    /// The first bytes of the answer.
    pub answer: String,
    /// Why there was no answer.
    pub error: Option<String>,
}
