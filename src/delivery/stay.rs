//! How long a listener may stay.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::report::Problem;

/// What a listener is told whose time is over.
pub(crate) fn over() -> Problem {
    let detail = "what let you in has run out or was taken back; come again with a fresh link, key or token";
    Problem::new("link-expired", 403, "Your time is over", detail)
}

/// How long a listener may stay: what let it in runs out, or is taken back.
#[derive(Clone, Debug)]
pub struct Stay {
    leave: CancellationToken,
    until: Option<Instant>,
}

impl Stay {
    /// Until `until`, or until `leave` is cancelled, which is also how a drain begins. `now` is the time by the clock of
    /// `until`.
    pub fn new(leave: CancellationToken, until: Option<Timestamp>, now: Timestamp) -> Self {
        let left = |until: Timestamp| Duration::try_from(until.duration_since(now)).unwrap_or_default();
        // a moment too far for the timer is none
        Self { leave, until: until.and_then(|until| Instant::now().checked_add(left(until))) }
    }

    /// Ends when the listener has to look whether it may stay.
    pub(crate) async fn called(&self) {
        self.leave.cancelled().await;
    }

    /// When its time is over.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }
}
