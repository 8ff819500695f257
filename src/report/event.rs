//! What is announced about a report, and the name that an announcement has on every channel.

use serde::{Deserialize, Serialize};

use super::{Record, ReportId, Status};

/// A kind of event, as it stands in the member `type` of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventType {
    /// The file exists.
    #[serde(rename = "report.completed")]
    Completed,
    /// It cannot be made.
    #[serde(rename = "report.failed")]
    Failed,
    /// Nobody wanted it any more.
    #[serde(rename = "report.cancelled")]
    Cancelled,
    /// The work goes on. Only sent to who asked for it.
    #[serde(rename = "report.progress")]
    Progress,
    /// Nothing happened: somebody tries an endpoint.
    #[serde(rename = "endpoint.test")]
    Test,
    /// An endpoint is asked for its consent. Told to nobody; it stands in the log of attempts.
    #[serde(rename = "endpoint.consent")]
    Consent,
}

impl EventType {
    /// The ends of a report: what an endpoint is told unless it asked for something else.
    pub const ENDS: [EventType; 3] = [EventType::Completed, EventType::Failed, EventType::Cancelled];

    /// What can be asked for.
    pub const ALL: [EventType; 4] =
        [EventType::Completed, EventType::Failed, EventType::Cancelled, EventType::Progress];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            EventType::Completed => "report.completed",
            EventType::Failed => "report.failed",
            EventType::Cancelled => "report.cancelled",
            EventType::Progress => "report.progress",
            EventType::Test => "endpoint.test",
            EventType::Consent => "endpoint.consent",
        }
    }

    /// The event that `record` is the news of, if its present state is one.
    pub fn of(record: &Record) -> Option<EventType> {
        match record.status {
            Status::Completed => Some(EventType::Completed),
            Status::Failed => Some(EventType::Failed),
            Status::Cancelled => Some(EventType::Cancelled),
            Status::Generating if record.progress.is_some() => Some(EventType::Progress),
            Status::Queued | Status::Generating | Status::Expired => None,
        }
    }
}

/// The name of one event: the same in a WebSocket frame, an SSE event, a GraphQL payload, a webhook and an
/// e-mail, so that whoever is told twice can drop the double. It holds no full stop, because the signature of
/// a webhook joins its parts with one (Standard Webhooks 1.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    report: ReportId,
    version: u64,
}

impl EventId {
    /// The event whose news `record` is. The end of the work is one event, however often the delivery of it
    /// changes the record afterwards.
    pub fn of(record: &Record) -> Self {
        Self { report: record.id, version: record.settled_version.unwrap_or(record.version) }
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.report, self.version)
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
