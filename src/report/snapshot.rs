//! The one pushed shape: the report resource, the same in every channel.

use jiff::Timestamp;
use serde::Serialize;

use super::{Attempt, Delivery, Parameters, Problem, Progress, Record, ReportId, Status};

/// The resource as docs/PROTOCOL.md describes it. It borrows from the record, because it lives only as
/// long as it takes to serialise it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot<'a> {
    id: ReportId,
    report_type: &'a str,
    // Parameters stand at the top level; their names cannot collide with ours, because a report type may
    // not declare a reserved name.
    #[serde(flatten)]
    parameters: &'a Parameters,
    status: Status,
    completed: bool,
    version: u64,
    progress: Option<&'a Progress>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    expires_at: Timestamp,
    delivery: &'a Delivery,
    deliveries: &'a [Attempt],
    pdf_uri: Option<&'a str>,
    error: Option<&'a Problem>,
    #[serde(rename = "_links")]
    links: &'a Links,
}

/// Where to go from a report. Made in one place, `links.rs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Links {
    /// The resource itself.
    #[serde(rename = "self")]
    pub this: Link,
    /// Its WebSocket.
    pub ws: Link,
    /// Its server-sent events.
    pub events: Link,
    /// The finished file, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<TypedLink>,
    /// The model as JSON, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<TypedLink>,
    /// The same in other formats, once there is a model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternate: Vec<TypedLink>,
}

/// A link to something that needs no further word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// An absolute URL.
    pub href: String,
}

/// A link that says what is at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TypedLink {
    /// An absolute URL.
    pub href: String,
    /// The media type of what is there.
    #[serde(rename = "type")]
    pub media_type: &'static str,
}

impl<'a> Snapshot<'a> {
    /// What `record` looks like to a client, with `links` made for it.
    pub fn new(record: &'a Record, links: &'a Links) -> Self {
        Self {
            id: record.id,
            report_type: &record.report_type,
            parameters: &record.parameters,
            status: record.status,
            completed: record.status == Status::Completed,
            version: record.version,
            progress: record.progress.as_ref(),
            created_at: record.created_at,
            started_at: record.started_at,
            completed_at: record.completed_at,
            expires_at: record.expires_at,
            delivery: &record.delivery,
            deliveries: &record.deliveries,
            pdf_uri: links.download.as_ref().map(|link| link.href.as_str()),
            error: record.error.as_ref(),
            links,
        }
    }
}
