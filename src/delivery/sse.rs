//! One client of server-sent events (WHATWG HTML, section 9.2), as the body of its response.
//!
//! ```text
//!   retry · event, event … terminal event, end of the stream ──►
//!            a comment now and then, so that nobody takes the line for dead
//! ```
//!
//! The id of an event is the version of its state. The connection pulls: a client that is slow to read is
//! handed the newest state when it has room again, and nothing waits for it in a queue. What was handed over
//! may still be lost, so it convinces nobody; that the client knows is proved when it comes back with a cursor.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{Due, Frame, Stay, Subscription, retry_after_ms, websocket::Peer};
use crate::report::{Channel, Problem, Proof, Receipt};

struct Listener<H> {
    place: Subscription,
    frame: Arc<Frame>,
    peer: Arc<Peer>,
    step: Step,
    // what the connection has still to take, in its order
    out: VecDeque<Bytes>,
    beat_at: Instant,
    // set when the server drains: until then events go on
    leave_at: Option<Instant>,
    stay: Stay,
    // counted as long as it lives
    _held: H,
}

enum Step {
    /// There is a state to send.
    State,
    /// Nothing to send until something happens.
    Wait,
    /// The terminal event was taken.
    Told,
    /// Nothing will follow.
    Over,
}

/// What a client that has seen everything up to `cursor` hears, beginning with `frame`, the state at the
/// moment of `place`. `held` is let go of with the stream, which ends after the terminal event, and when the server drains.
pub fn events<H: Send + Sync>(
    place: Subscription,
    frame: Arc<Frame>,
    cursor: Option<u64>,
    peer: Arc<Peer>,
    stay: Stay,
    held: H,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let step = match frame.due(cursor) {
        Due::State => Step::State,
        Due::Later => Step::Wait,
        Due::Nothing => Step::Over,
    };
    let beat_at = Instant::now() + peer.patience.heartbeat;
    let listener = Listener {
        place,
        frame,
        peer,
        step,
        out: VecDeque::from([retry()]),
        beat_at,
        leave_at: None,
        stay,
        _held: held,
    };
    unfold(listener, |mut listener| async move {
        let piece = listener.next().await?;
        Some((Ok(piece), listener))
    })
}

impl<H> Listener<H> {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.out.pop_front() {
                return Some(piece);
            }
            match self.step {
                Step::State => self.say_state(),
                Step::Wait => self.wait().await?,
                Step::Told => {
                    // a turn for the connection: it writes what it took before it asks again
                    yield_now().await;
                    self.note().await;
                    self.step = Step::Over;
                }
                Step::Over => return None,
            }
        }
    }

    fn say_state(&mut self) {
        self.beat_at = Instant::now() + self.peer.patience.heartbeat;
        match self.frame.text() {
            Some(text) => {
                let head = format!("event: report\nid: {}\ndata: ", self.frame.version);
                // JSON text as we write it has no line breaks, so it is one line of data, shared by all
                self.out.extend([head.into(), text, Bytes::from_static(b"\n\n")]);
                self.step = if self.frame.is_terminal() { Step::Told } else { Step::Wait };
            }
            None => {
                let gone = Problem::new("gone", 410, "Report gone", "the report expired or was removed");
                let problem = serde_json::to_string(&gone).unwrap_or_default();
                self.out.push_back(format!("event: error\ndata: {problem}\n\n").into());
                self.step = Step::Over;
            }
        }
    }

    /// Waits for something to send. `None` when what is left is cut off.
    async fn wait(&mut self) -> Option<()> {
        let wake_at = self.wake_at();
        tokio::select! {
            biased;
            () = self.peer.deadline.cancelled() => return None,
            () = self.stay.called(), if self.leave_at.is_none() => {
                if !self.peer.farewell.is_cancelled() {
                    self.turn_out();
                    return Some(());
                }
                self.leave_at = Some(Instant::now() + self.peer.patience.farewell.mul_f32(fastrand::f32()));
            }
            () = self.place.changed() => {
                if let Some(frame) = self.place.latest() {
                    self.frame = frame;
                    self.step = Step::State;
                }
            }
            () = sleep_until(wake_at) => {
                if self.stay.is_over() {
                    self.turn_out();
                } else if self.leave_at.is_some() {
                    self.out.push_back(retry());
                    self.step = Step::Over;
                } else {
                    self.beat_at = Instant::now() + self.peer.patience.heartbeat;
                    self.out.push_back(Bytes::from_static(b":\n\n"));
                }
            }
        }
        Some(())
    }

    fn wake_at(&self) -> Instant {
        let due = self.leave_at.unwrap_or(self.beat_at);
        self.stay.until().map_or(due, |until| until.min(due))
    }

    /// What let it in is over. The client may come back with something else.
    fn turn_out(&mut self) {
        let problem = serde_json::to_string(&super::stay::over()).unwrap_or_default();
        self.out.push_back(format!("event: error\ndata: {problem}\n\n").into());
        self.step = Step::Over;
    }

    /// Notes that the end was handed over.
    async fn note(&self) {
        if self.place.newest().as_deref().unwrap_or(&self.frame).is_known() {
            return;
        }
        let (id, version) = (self.frame.id, self.frame.version);
        let receipt = Receipt::over(Channel::Sse, Proof::Flushed);
        if let Err(error) = self.peer.store.delivered(id, version, receipt).await {
            tracing::warn!(report = %id, error = &error as &dyn std::error::Error, "it was not noted that a client was told");
        }
    }
}

/// When to come back after the connection is lost: a different time for each client, so that they do not all
/// come at once.
fn retry() -> Bytes {
    format!("retry: {}\n\n", retry_after_ms()).into()
}
