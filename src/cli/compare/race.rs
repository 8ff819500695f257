//! One run: one report, followed in every way at once, so that all wait for the same moment.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{
    meter::{Cost, Meter},
    ways::{Trip, Way},
    webhook::Receiver,
};
use crate::cli::{
    Failure,
    caller::Caller,
    request::{create, is_terminal},
};

/// How long the work may take. Whoever compares does not want to wait longer.
const LONGEST: Duration = Duration::from_secs(300);

/// Whoever has not heard so long after the first one will not.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is run.
pub(super) struct Race {
    /// The body of the request.
    pub(super) order: Map<String, Value>,
    /// The origin of the server.
    pub(super) server: String,
    /// Who follows.
    pub(super) ways: Vec<Way>,
    /// Whether the server's clock is ours.
    pub(super) one_clock: bool,
}

/// What one way came to in one run.
pub(super) struct Heard {
    pub(super) way: Way,
    /// How long after the work was done, or after the first way where the clocks are not the same. Milliseconds.
    pub(super) after: f64,
    pub(super) cost: Cost,
}

impl Race {
    /// Runs it once. `phase` is when in its second the client looks that looks every second, from 0 to 1.
    ///
    /// # Errors
    ///
    /// The server is out of reach or refuses, the report does not complete, or a way does not hear of it.
    pub(super) async fn run(&self, client: &reqwest::Client, phase: f64) -> Result<Vec<Heard>, Failure> {
        let mut order = self.order.clone();
        let mut receiver = None;
        if self.ways.contains(&Way::Webhook) {
            let unable = |error| Failure::caused("cannot listen for the webhook", &error);
            let opened = Receiver::open().await.map_err(unable)?;
            order.insert("callbackUrl".into(), json!(opened.url().map_err(unable)?));
            receiver = Some(opened);
        }
        let report = create(client, &Caller::default(), &self.server, &order).await?;

        let mut running = JoinSet::new();
        for way in self.ways.iter().copied() {
            let meter = Arc::new(Meter::default());
            let receiver = receiver.take_if(|_| way == Way::Webhook);
            let trip = Trip { report: report.clone(), meter: Arc::clone(&meter), phase, receiver };
            running.spawn(async move { (way, meter, way.follow(trip).await) });
        }
        let mut ended = Vec::new();
        let mut deadline = Instant::now() + LONGEST;
        while let Ok(Some(joined)) = timeout_at(deadline, running.join_next()).await {
            let (way, meter, knew) =
                joined.map_err(|error| Failure::caused("a way did not end well", &error))?;
            let knew = knew.map_err(|error| Failure::caused(way.title(), error.as_ref()))?;
            ended.push((way, knew, meter.cost()));
            deadline = deadline.min(Instant::now() + PATIENCE);
        }
        if let Some(lost) = self.ways.iter().find(|way| ended.iter().all(|(heard, ..)| heard != *way)) {
            return Err(Failure::new(format!("{} did not hear of the end in time", lost.title())));
        }

        let first = ended.iter().map(|(_, knew, _)| *knew).min().unwrap_or_default();
        let done = self.done(client, &report).await?;
        let from = if self.one_clock { done } else { first };
        let heard = ended.into_iter().map(|(way, knew, cost)| Heard { way, after: ms(from, knew), cost });
        Ok(heard.collect())
    }

    /// When the work was done, by the server's clock.
    async fn done(&self, client: &reqwest::Client, report: &Value) -> Result<Timestamp, Failure> {
        let lost = |error| Failure::caused("cannot read the report", &error);
        let url = report["_links"]["self"]["href"].as_str().unwrap_or_default();
        let report: Value = client.get(url).send().await.map_err(lost)?.json().await.map_err(lost)?;
        match report["completedAt"].as_str().and_then(|text| text.parse().ok()) {
            Some(done) if report["status"] == "completed" => Ok(done),
            _ if is_terminal(&report) => {
                let detail = report["error"]["detail"].as_str().unwrap_or("it was cancelled");
                Err(Failure::new(format!("the report was not completed: {detail}")))
            }
            _ => Err(Failure::new("the report has no end")),
        }
    }
}

/// From one moment to a later one, in milliseconds. The server's moments are whole milliseconds, cut off.
fn ms(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() * 1e3
}
