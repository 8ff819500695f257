//! The report as GraphQL shows it: the snapshot of every other channel, field by field.

use async_graphql::{
    Context, Enum, Error, ID, InputValueError, InputValueResult, Object, Result, Scalar, ScalarType,
    SimpleObject, Value,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::query::reports;
use crate::{
    access::Pass,
    catalog::Summary,
    delivery::MODEL_IN_FRAME,
    report::{self, Channel, DeliveryState, EventId, Links, Record, StartWhen, Status},
};

/// A report: what was asked, where the work is, and whether the person who asked knows.
pub(super) struct Report {
    pub(super) record: Record,
    pub(super) links: Links,
    /// By whose leave it is shown.
    pub(super) pass: Pass,
}

/// A report: what was asked, where the work is, and whether whoever asked knows.
#[Object]
impl Report {
    /// Its name, a UUID.
    async fn id(&self) -> ID {
        self.record.id.to_string().into()
    }

    /// What it is, as COFFEE_SALES.
    async fn report_type(&self) -> &str {
        &self.record.report_type
    }

    /// Its parameters by name, with the defaults filled in.
    async fn parameters(&self) -> serde_json::Value {
        serde_json::Value::Object(self.record.parameters.clone())
    }

    /// Where the work is.
    async fn status(&self) -> StatusName {
        self.record.status.into()
    }

    /// Whether the file and the model exist.
    async fn completed(&self) -> bool {
        self.record.status == Status::Completed
    }

    /// Counts the states that it has had, from 1: a cursor on every channel.
    async fn version(&self) -> u64 {
        self.record.version
    }

    /// The name of the event whose news this is, the same on every channel.
    async fn event_id(&self) -> String {
        EventId::of(&self.record).to_string()
    }

    /// How far the work is, while there is any.
    async fn progress(&self) -> Option<Progress> {
        let progress = self.record.progress.as_ref()?;
        Some(Progress { phase: progress.phase.clone(), percent: progress.percent })
    }

    /// When it was accepted.
    async fn created_at(&self) -> DateTime {
        DateTime(self.record.created_at)
    }

    /// When the work began.
    async fn started_at(&self) -> Option<DateTime> {
        self.record.started_at.map(DateTime)
    }

    /// When the work ended, however it ended.
    async fn completed_at(&self) -> Option<DateTime> {
        self.record.completed_at.map(DateTime)
    }

    /// When it will be gone.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.record.expires_at)
    }

    /// Whether whoever asked knows of the end.
    async fn delivery(&self) -> Result<Delivery> {
        let delivery = &self.record.delivery;
        Ok(Delivery {
            state: delivery.state.into(),
            until: delivery.until.map(DateTime),
            at: delivery.at.map(DateTime),
            proof: delivery.proof.map(name).transpose()?,
        })
    }

    /// Who was told of the end, and what proves it: the newest last.
    async fn deliveries(&self) -> Result<Vec<Attempt>> {
        self.record.deliveries.iter().map(Attempt::of).collect()
    }

    /// The finished file, once there is one.
    async fn pdf_uri(&self) -> Option<&str> {
        self.links.download.as_ref().map(|link| link.href.as_str())
    }

    /// Why it failed.
    async fn error(&self) -> Option<Problem> {
        self.record.error.as_ref().map(Problem::of)
    }

    /// Where to go from here.
    async fn links(&self) -> LinksOf {
        LinksOf::of(&self.links)
    }

    /// The report model, once it is completed. One over 256 KiB is null, as in every push: fetch links.model.
    #[graphql(complexity = 20)]
    async fn model(&self, ctx: &Context<'_>) -> Result<Option<serde_json::Value>> {
        let is_small = |artifact: &report::Artifact| artifact.model_size <= MODEL_IN_FRAME;
        if self.record.status != Status::Completed || !self.record.artifact.as_ref().is_some_and(is_small) {
            return Ok(None);
        }
        let text = reports(ctx)?.reports.model(&self.pass, self.record.id).await?;
        text.map(|text| serde_json::from_slice(&text).map_err(damaged)).transpose()
    }
}

/// What the store holds is not what was put there.
fn damaged(cause: serde_json::Error) -> Error {
    tracing::error!(error = &cause as &dyn std::error::Error, "internal error");
    report::Problem::new("internal", 500, "Internal error", "the server failed; the log says why").into()
}

/// The name of a value on the wire.
fn name(value: impl serde::Serialize) -> Result<String> {
    let value = serde_json::to_value(value).map_err(damaged)?;
    Ok(value.as_str().unwrap_or_default().into())
}

/// A moment in RFC 3339 and UTC, as 2021-01-01T12:00:00Z.
pub(super) struct DateTime(Timestamp);

/// A moment in RFC 3339 and UTC, as 2021-01-01T12:00:00Z.
#[Scalar]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                text.parse().map(Self).map_err(|_| InputValueError::custom("expected a moment in RFC 3339"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// Where the work on a report is. The names are those of every other channel.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "Status", remote = "Status", rename_items = "lowercase")]
pub(super) enum StatusName {
    /// Accepted and durable, not being worked on.
    Queued,
    /// Being made.
    Generating,
    /// The model and the file exist.
    Completed,
    /// It cannot be made; `error` says why.
    Failed,
    /// Nobody wanted it any more.
    Cancelled,
    /// Its time is over. Never shown: the answer is an error with the code GONE.
    Expired,
}

/// How far the news of the end has come.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "DeliveryState", remote = "DeliveryState", rename_items = "lowercase")]
pub(super) enum DeliveryStateName {
    /// Nobody has proved yet that they know.
    Waiting,
    /// A client received the end.
    Delivered,
    /// A client holds the very file.
    Verified,
    /// Nobody came in time.
    Unclaimed,
}

/// A way to hear about a report.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "Channel", remote = "Channel", rename_items = "lowercase")]
pub(super) enum ChannelName {
    /// The report's WebSocket.
    Websocket,
    /// Server-sent events.
    Sse,
    /// A look now and then.
    Poll,
    /// A subscription such as those here.
    Graphql,
    /// A POST to a URL of theirs.
    Webhook,
    /// A letter.
    Email,
}

/// When the work on a report may begin.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "StartWhen", remote = "StartWhen", rename_items = "lowercase")]
pub(super) enum StartWhenName {
    /// As soon as a worker is free.
    Now,
    /// Not before the first client has connected.
    Connected,
}

impl ChannelName {
    /// The name on the wire.
    pub(super) fn name(self) -> String {
        async_graphql::resolver_utils::enum_value(self).to_string()
    }
}

impl StartWhenName {
    /// The name on the wire.
    pub(super) fn name(self) -> String {
        async_graphql::resolver_utils::enum_value(self).to_string()
    }
}

/// How far the work is.
#[derive(SimpleObject)]
pub(super) struct Progress {
    /// What is being done, as rendering.
    phase: String,
    /// How much of the whole work is done, from 0 to 100.
    percent: u8,
}

/// Whether whoever asked knows of the end.
#[derive(SimpleObject)]
pub(super) struct Delivery {
    /// How far the news has come.
    state: DeliveryStateName,
    /// Until when the server waits for the client.
    until: Option<DateTime>,
    /// When the proof arrived.
    at: Option<DateTime>,
    /// What it was: flushed, closeEcho, acked, verified or http 2xx.
    proof: Option<String>,
}

/// One attempt to tell somebody.
#[derive(SimpleObject)]
pub(super) struct Attempt {
    /// Which way.
    channel: ChannelName,
    /// The event that was told.
    event_id: String,
    /// When the attempt ended.
    at: DateTime,
    /// The registered endpoint that was told; null for whoever asked.
    endpoint: Option<String>,
    /// Which attempt at the same target it was, from 1.
    attempt: Option<u32>,
    /// The status that was answered.
    status: Option<u16>,
    /// What proves that it was received: flushed, closeEcho, acked, verified or http 2xx.
    proof: Option<String>,
    /// Why it was not received.
    error: Option<String>,
}

impl Attempt {
    fn of(attempt: &report::Attempt) -> Result<Self> {
        Ok(Self {
            channel: attempt.channel.into(),
            event_id: attempt.event_id.clone(),
            at: DateTime(attempt.at),
            endpoint: attempt.endpoint.clone(),
            attempt: attempt.attempt,
            status: attempt.status,
            proof: attempt.proof.map(name).transpose()?,
            error: attempt.error.clone(),
        })
    }
}

/// Why something is not as it was asked for (RFC 9457).
#[derive(SimpleObject)]
pub(super) struct Problem {
    /// The kind of problem, as a URI reference.
    #[graphql(name = "type")]
    kind: String,
    /// The kind of problem in a few words.
    title: String,
    /// The HTTP status code that it is, or would be, answered with.
    status: u16,
    /// This occurrence, in a sentence.
    detail: String,
    /// Everything that is wrong.
    errors: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(SimpleObject)]
pub(super) struct Fault {
    /// Where: a JSON pointer (RFC 6901).
    pointer: String,
    /// What is wrong and what was expected.
    detail: String,
}

impl Problem {
    fn of(problem: &report::Problem) -> Self {
        let report::Problem { kind, title, status, detail, errors } = problem.clone();
        let errors = errors.into_iter().map(|fault| Fault { pointer: fault.pointer, detail: fault.detail });
        Self { kind, title, status, detail, errors: errors.collect() }
    }
}

/// Where to go from a report.
#[derive(SimpleObject)]
#[graphql(name = "Links")]
pub(super) struct LinksOf {
    /// The resource itself.
    #[graphql(name = "self")]
    this: Link,
    /// Its WebSocket.
    ws: Link,
    /// Its server-sent events.
    events: Link,
    /// The finished file, once there is one.
    download: Option<Link>,
    /// The model as JSON, once there is one.
    model: Option<Link>,
    /// The same in other formats, once there is a model.
    alternate: Vec<Link>,
}

/// A link.
#[derive(SimpleObject)]
pub(super) struct Link {
    /// An absolute URL.
    href: String,
    /// The media type of what is there, where it needs saying.
    #[graphql(name = "type")]
    media_type: Option<&'static str>,
}

impl LinksOf {
    fn of(links: &Links) -> Self {
        let plain = |link: &report::Link| Link { href: link.href.clone(), media_type: None };
        let typed =
            |link: &report::TypedLink| Link { href: link.href.clone(), media_type: Some(link.media_type) };
        Self {
            this: plain(&links.this),
            ws: plain(&links.ws),
            events: plain(&links.events),
            download: links.download.as_ref().map(typed),
            model: links.model.as_ref().map(typed),
            alternate: links.alternate.iter().map(typed).collect(),
        }
    }
}

/// What can be asked for.
#[derive(SimpleObject, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportType {
    /// What a request names it by, as COFFEE_SALES.
    report_type: String,
    /// What people call it.
    title: String,
    /// What it shows.
    description: String,
    /// Its parameters as a JSON Schema (draft 2020-12).
    parameters: serde_json::Value,
    /// The names under which rows are sent with the request.
    #[serde(default)]
    data: Vec<String>,
    /// What a reader should know about it.
    #[serde(default)]
    problem: Option<String>,
}

impl ReportType {
    pub(super) fn of(summary: Summary<'_>) -> Result<Self> {
        serde_json::to_value(summary).and_then(serde_json::from_value).map_err(damaged)
    }
}
