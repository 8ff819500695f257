//! How much of everything one may have: the defaults are for a machine of modest size on the open internet.

use std::time::Duration;

use super::Layer;

/// What a server puts up with. Whoever asks for more is refused with the name of the limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Sockets and streams at once of one owner.
    pub connections_per_owner: usize,
    /// Sockets and streams at once on one report.
    pub sockets_per_report: usize,
    /// Reports that one owner may ask for in a minute.
    pub creates_per_minute: usize,
    /// Reports of one owner that are queued or generating.
    pub unfinished_per_owner: usize,
    /// Reports of one owner that are made at once.
    pub running_per_owner: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// Bytes of a request's head.
    pub head: usize,
    /// Bytes of a request's URL.
    pub url: usize,
    /// Bytes of a message from a WebSocket client.
    pub frame: usize,
    /// For the head of a request.
    pub header_timeout: Duration,
    /// For the body of a request.
    pub body_timeout: Duration,
    /// Between two requests.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_000,
            connections_per_address: 1_000,
            connections_per_owner: 1_000,
            sockets_per_report: 100,
            creates_per_minute: 600,
            unfinished_per_owner: 10_000,
            running_per_owner: usize::MAX,
            body: 64 * 1024,
            head: 16 * 1024,
            url: 8 * 1024,
            frame: 64 * 1024,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// The limits that a layer sets, and the defaults for the others.
    pub(super) fn of(layer: &Layer) -> Self {
        let usual = Self::default();
        Self {
            connections: layer.max_connections.unwrap_or(usual.connections),
            connections_per_address: layer
                .max_connections_per_address
                .unwrap_or(usual.connections_per_address),
            connections_per_owner: layer.max_connections_per_owner.unwrap_or(usual.connections_per_owner),
            sockets_per_report: layer.max_sockets_per_report.unwrap_or(usual.sockets_per_report),
            creates_per_minute: layer.creates_per_minute.unwrap_or(usual.creates_per_minute),
            unfinished_per_owner: layer.max_unfinished_per_owner.unwrap_or(usual.unfinished_per_owner),
            running_per_owner: layer.max_running_per_owner.unwrap_or(usual.running_per_owner),
            body: layer.max_body.unwrap_or(usual.body),
            head: layer.max_head.unwrap_or(usual.head),
            url: layer.max_url.unwrap_or(usual.url),
            frame: layer.max_frame.unwrap_or(usual.frame),
            header_timeout: layer.header_timeout.unwrap_or(usual.header_timeout),
            body_timeout: layer.body_timeout.unwrap_or(usual.body_timeout),
            idle_timeout: layer.idle_timeout.unwrap_or(usual.idle_timeout),
        }
    }

    /// What is wrong with them.
    pub(super) fn faults(&self) -> Vec<String> {
        const MOST: usize = 1_000_000;
        // hyper reads a head into a buffer of at least this size
        const LEAST_HEAD: usize = 8 * 1024;
        let counts = [
            ("max-connections", self.connections, 1, MOST),
            ("max-connections-per-address", self.connections_per_address, 1, MOST),
            ("max-connections-per-owner", self.connections_per_owner, 1, MOST),
            ("max-sockets-per-report", self.sockets_per_report, 1, MOST),
            ("creates-per-minute", self.creates_per_minute, 1, MOST),
            ("max-unfinished-per-owner", self.unfinished_per_owner, 1, MOST),
            ("max-running-per-owner", self.running_per_owner.min(MOST), 1, MOST),
            ("max-body", self.body, 1024, 64 << 20),
            ("max-head", self.head, LEAST_HEAD, 1 << 20),
            ("max-url", self.url, 256, self.head),
            ("max-frame", self.frame, 256, 1 << 20),
        ];
        let times = [
            ("header-timeout", self.header_timeout),
            ("body-timeout", self.body_timeout),
            ("idle-timeout", self.idle_timeout),
        ];
        let counts = counts.into_iter().filter(|(_, count, least, most)| !(least..=most).contains(&count));
        let times = times
            .into_iter()
            .filter(|(_, time)| !(Duration::from_millis(100)..=Duration::from_secs(3600)).contains(time));
        counts
            .map(|(name, _, least, most)| format!("{name} must be from {least} to {most}"))
            .chain(times.map(|(name, _)| format!("{name} must be from 100ms to 1h")))
            .collect()
    }
}
