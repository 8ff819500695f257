//! What the server counts, for `GET /metrics` in the OpenMetrics text format.
//!
//! Whoever sees something happen says so here, in words and not in labels; the names on the wire, which follow
//! the conventions of Prometheus, stand in this file only. A gauge is moved by guards alone.

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::report::Status;

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Label = [(&'static str, &'static str); 1];

/// How a client comes to hear about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It asks for the state of now.
    Poll,
    /// It asks and waits.
    LongPoll,
    /// Server-sent events.
    Sse,
    /// The WebSocket.
    Websocket,
    /// A GraphQL subscription.
    Graphql,
}

impl Way {
    fn label(self) -> Label {
        let name = match self {
            Way::Poll => "poll",
            Way::LongPoll => "long_poll",
            Way::Sse => "sse",
            Way::Websocket => "websocket",
            Way::Graphql => "graphql",
        };
        [("channel", name)]
    }
}

/// Something of which there is only so much for each. Whoever wants more is refused, and counted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Connections in all.
    Connections,
    /// Connections of an address.
    ConnectionsPerAddress,
    /// Sockets and streams of an owner.
    ConnectionsPerOwner,
    /// Sockets and streams on a report.
    SocketsPerReport,
    /// Reports that an owner asks for in a minute.
    CreatesPerMinute,
    /// Reports of an owner that are queued or generating.
    UnfinishedPerOwner,
    /// Bytes of a URL.
    Url,
    /// Bytes of a body.
    Body,
    /// Bytes of a message over a WebSocket.
    Frame,
    /// Messages of a WebSocket client in a second.
    Messages,
    /// Time for a body.
    BodyTimeout,
}

impl Limit {
    /// Its name in the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Connections => "connections",
            Limit::ConnectionsPerAddress => "connections_per_address",
            Limit::ConnectionsPerOwner => "connections_per_owner",
            Limit::SocketsPerReport => "sockets_per_report",
            Limit::CreatesPerMinute => "creates_per_minute",
            Limit::UnfinishedPerOwner => "unfinished_per_owner",
            Limit::Url => "url",
            Limit::Body => "body",
            Limit::Frame => "frame",
            Limit::Messages => "messages",
            Limit::BodyTimeout => "body_timeout",
        }
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Label, Counter>,
    listeners: Family<Label, Gauge>,
    ended: Family<Label, Counter>,
    estimate_error: Family<Label, Histogram>,
    refused: Family<Label, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let buckets = || Histogram::new([0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0]);
        let (requests, listeners, ended) = (Family::default(), Family::default(), Family::default());
        let estimate_error = Family::new_with_constructor(buckets as fn() -> Histogram);
        let mut registry = Registry::with_prefix("reportwire");
        registry.register("requests", "Requests for the state of a report, by channel", requests.clone());
        registry.register("listeners", "Clients that wait for news now, by channel", listeners.clone());
        registry.register(
            "reports_ended",
            "Reports that the workers of this process ended, by status",
            ended.clone(),
        );
        // two of them, because a histogram with buckets below zero may have no sum (OpenMetrics 1.0)
        registry.register_with_unit(
            "estimate_error",
            "How far the end of a report was from the last estimate that a client was given, by direction",
            Unit::Seconds,
            estimate_error.clone(),
        );
        let refused = Family::default();
        registry.register(
            "refused",
            "What was refused because there is only so much of it, by limit",
            refused.clone(),
        );
        Self { registry, requests, listeners, ended, estimate_error, refused }
    }
}

impl Metrics {
    /// A client asked.
    pub fn asked(&self, way: Way) {
        self.requests.get_or_create(&way.label()).inc();
    }

    /// A client waits for news, as long as the guard lives.
    pub fn listening(&self, way: Way) -> Listening {
        let gauge = self.listeners.get_or_create(&way.label()).clone();
        gauge.inc();
        Listening(gauge)
    }

    /// Somebody wanted more than there is.
    pub fn refused(&self, limit: Limit) {
        self.refused.get_or_create(&[("limit", limit.name())]).inc();
    }

    /// A worker ended a report.
    pub fn ended(&self, status: Status) {
        self.ended.get_or_create(&[("status", status.name())]).inc();
    }

    /// The end came so many seconds after it was expected, or, below zero, before.
    pub fn missed_by(&self, seconds: f64) {
        let direction = if seconds < 0.0 { "early" } else { "late" };
        self.estimate_error.get_or_create(&[("direction", direction)]).observe(seconds.abs());
    }

    /// All of it as text.
    ///
    /// # Errors
    ///
    /// When a label cannot be written.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// One client that waits for news.
#[derive(Debug)]
pub struct Listening(Gauge);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_and_a_gauge_falls_with_its_guards() {
        let metrics = Metrics::default();
        metrics.asked(Way::LongPoll);
        metrics.ended(Status::Completed);
        metrics.missed_by(-0.2);
        metrics.missed_by(3.0);
        let (first, second) = (metrics.listening(Way::Sse), metrics.listening(Way::Sse));
        drop(first);
        let text = metrics.text().unwrap();
        for line in [
            "reportwire_requests_total{channel=\"long_poll\"} 1",
            "reportwire_reports_ended_total{status=\"completed\"} 1",
            "reportwire_estimate_error_seconds_sum{direction=\"early\"} 0.2",
            "reportwire_estimate_error_seconds_bucket{le=\"5.0\",direction=\"late\"} 1",
            "# UNIT reportwire_estimate_error_seconds seconds",
            "reportwire_listeners{channel=\"sse\"} 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        drop(second);
        assert!(metrics.text().unwrap().contains("reportwire_listeners{channel=\"sse\"} 0"));
    }
}
