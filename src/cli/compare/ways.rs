//! The ways of hearing that a report is ready.
//!
//! Each follows the report from its 201 until it holds the model, and then proves that it does, as its protocol has it. It
//! tells the moment at which it knew, which is before the model where that has to be fetched.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval_at};

use super::{
    graphql,
    line::{Line, json as document},
    meter::Meter,
    socket, stream,
    webhook::Receiver,
};
use crate::cli::request::is_terminal;

/// How often a client looks that does nothing but look.
const EVERY: Duration = Duration::from_secs(1);

/// Why a way did not hear.
pub(super) type Lost = Box<dyn std::error::Error + Send + Sync>;

/// A way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Way {
    Websocket,
    Sse,
    LongPoll,
    Polling,
    Graphql,
    Webhook,
}

/// What a way begins with.
pub(super) struct Trip {
    /// The resource that the 201 brought.
    pub(super) report: Value,
    /// Where its costs go.
    pub(super) meter: Arc<Meter>,
    /// After how much time of its first [`EVERY`] the client looks that only looks. The end of the work
    /// would otherwise always fall on the same place between two looks.
    pub(super) phase: f64,
    /// Where the webhook arrives.
    pub(super) receiver: Option<Receiver>,
}

impl Way {
    pub(super) const ALL: [Way; 6] =
        [Way::Websocket, Way::Sse, Way::LongPoll, Way::Polling, Way::Graphql, Way::Webhook];

    /// Its name for a person.
    pub(super) fn title(self) -> &'static str {
        match self {
            Way::Websocket => "WebSocket",
            Way::Sse => "Server-sent events",
            Way::LongPoll => "Long poll",
            Way::Polling => "Polling every second",
            Way::Graphql => "GraphQL subscription",
            Way::Webhook => "Webhook",
        }
    }

    /// Follows the report, and returns when it knew.
    pub(super) async fn follow(self, trip: Trip) -> Result<Timestamp, Lost> {
        match self {
            Way::Websocket => socket::follow(&trip).await,
            Way::Sse => stream::follow(&trip).await,
            Way::LongPoll => long_poll(&trip).await,
            Way::Polling => polling(&trip).await,
            Way::Graphql => graphql::follow(&trip).await,
            Way::Webhook => match trip.receiver {
                Some(receiver) => receiver.follow(&trip.meter).await,
                None => Err("nothing was called".into()),
            },
        }
    }
}

impl Trip {
    /// A link of the report.
    pub(super) fn link(&self, name: &str) -> &str {
        self.report["_links"][name]["href"].as_str().unwrap_or_default()
    }
}

/// Fetches the model that `report` links to, if it came to one.
pub(super) async fn fetch_model(line: &mut Line, report: &Value) -> Result<(), Lost> {
    match report["_links"]["model"]["href"].as_str() {
        Some(url) => line.json(url).await.map(drop),
        None => Ok(()),
    }
}

/// Asks for another state than the last one, and is answered when there is one.
async fn long_poll(trip: &Trip) -> Result<Timestamp, Lost> {
    let mut line = Line::new(&trip.meter);
    let mut last = trip.report.clone();
    while !is_terminal(&last) {
        last = look(&mut line, trip, last, &[("prefer", "wait=60")]).await?;
    }
    own(line, trip, &last).await
}

/// Asks every second whether there is another state than the last one.
async fn polling(trip: &Trip) -> Result<Timestamp, Lost> {
    let mut line = Line::new(&trip.meter);
    let mut last = trip.report.clone();
    let mut looks = interval_at(tokio::time::Instant::now() + EVERY.mul_f64(trip.phase), EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !is_terminal(&last) {
        looks.tick().await;
        last = look(&mut line, trip, last, &[]).await?;
    }
    own(line, trip, &last).await
}

/// The state of now, or `last` if it is still that.
async fn look(line: &mut Line, trip: &Trip, last: Value, headers: &[(&str, &str)]) -> Result<Value, Lost> {
    let tag = format!("W/\"{}\"", last["version"]);
    let headers = [&[("if-none-match", tag.as_str())], headers].concat();
    let answer = line.get(trip.link("self"), &headers).await?;
    if answer.status() == hyper::StatusCode::NOT_MODIFIED { Ok(last) } else { document(answer).await }
}

/// The end of a way that asks: it knows, fetches the model and acknowledges both.
async fn own(mut line: Line, trip: &Trip, end: &Value) -> Result<Timestamp, Lost> {
    let knew = Timestamp::now();
    fetch_model(&mut line, end).await?;
    line.post(&format!("{}/ack", trip.link("self")), &json!({ "version": end["version"] })).await?;
    Ok(knew)
}
