//! What a client asks for.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Channel, EventType, Owner, ReportId};

/// The checked parameters of a report, by name: every value is of the type that the report type declares,
/// and defaults are filled in.
pub type Parameters = Map<String, Value>;

/// A report request that was checked in full and is ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewReport {
    /// The id that the report will have.
    pub id: ReportId,
    /// Whose it will be.
    pub owner: Owner,
    /// The name of its report type, as in `COFFEE_SALES`.
    pub report_type: String,
    /// Its parameters, checked.
    pub parameters: Parameters,
    /// The rows that came with the request, as the JSON text of its member `data`. They are no part of the
    /// resource: only the worker reads them.
    pub data: Option<Bytes>,
    /// How the result is to reach the client.
    pub deliver: Deliver,
    /// Where a webhook about this report goes, beside the registered endpoints; checked.
    pub callback_url: Option<String>,
    /// When the work may begin.
    pub start_when: StartWhen,
    /// Scheme and authority of every link of this report, as in `http://127.0.0.1:8080`. Remembered, so
    /// that a frame is the same for every client.
    pub origin: String,
    /// How long the report is kept, counted from its creation and again from the end of its work.
    pub keep: std::time::Duration,
    /// Makes a repeated request of the same owner return the first report.
    pub idempotency: Option<IdempotencyKey>,
}

/// The delivery terms of a request: the member `deliver`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Deliver {
    /// For how many seconds after the end of the work the server waits for the client before it calls the
    /// delivery unclaimed. From 0 to 86,400; 60 unless told.
    pub wait_for_client_seconds: u32,
    /// In which order to tell the client: `websocket` stands for every channel on which the client itself
    /// listens, `webhook` for the callback URL, `email` for the address. The next one is tried when no proof
    /// of receipt came in time. Empty: all are told at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prefer: Vec<Channel>,
    /// How many seconds the proof of one channel may take before the next is tried. From 1 to 86,400; 10
    /// unless told.
    pub ack_within_seconds: u32,
    /// Whom to write a letter when the work has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the callback URL is told: the three ends, unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventType>>,
}

impl Default for Deliver {
    fn default() -> Self {
        Self {
            wait_for_client_seconds: 60,
            prefer: Vec::new(),
            ack_within_seconds: 10,
            email: None,
            events: None,
        }
    }
}

/// When the work on a report may begin: the member `startWhen`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartWhen {
    /// As soon as a worker is free.
    #[default]
    Now,
    /// Not before the first client has connected.
    Connected,
}

/// The `Idempotency-Key` of a request together with what was asked, so that a second request with the same
/// key can be told from a repeated one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The header's value: 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 of the request body in canonical form.
    pub fingerprint: [u8; 32],
}
