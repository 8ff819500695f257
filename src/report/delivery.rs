//! Whether the person who asked knows: the second state machine, beside [`Status`](super::Status).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far the news of the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Nobody has proved yet that they know. Holds while the work goes on, and after it until the client
    /// comes or `deliver.waitForClientSeconds` is over.
    Waiting,
    /// A client proved that it received the terminal frame.
    Delivered,
    /// A client proved that it holds the very file, by its SHA-256.
    Verified,
    /// Nobody came in time. Whoever comes later still gets the terminal frame at once.
    Unclaimed,
}

/// What can happen to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryEvent {
    /// A client answered our Close, or sent an `ack`.
    Received,
    /// A client sent an `ack` with the digest of the file.
    Verified,
    /// The wait for the client is over.
    TimedOut,
    /// The report was queued again: there will be other news.
    Reset,
}

impl DeliveryState {
    /// The state after `event`. Every event is welcome in every state: proofs arrive late, twice and in
    /// any order, and knowledge once proved is not lost.
    pub fn after(self, event: DeliveryEvent) -> DeliveryState {
        use DeliveryState::*;
        match (self, event) {
            (_, DeliveryEvent::Reset) => Waiting,
            (_, DeliveryEvent::Verified) => Verified,
            (Verified, _) => Verified,
            (_, DeliveryEvent::Received) => Delivered,
            (Waiting, DeliveryEvent::TimedOut) => Unclaimed,
            (state, DeliveryEvent::TimedOut) => state,
        }
    }

    /// Whether somebody proved that they know.
    pub fn is_known(self) -> bool {
        matches!(self, DeliveryState::Delivered | DeliveryState::Verified)
    }

    /// The state as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Verified => "verified",
            DeliveryState::Unclaimed => "unclaimed",
        }
    }
}

/// What convinced us that a client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// Everything was handed to the connection, or to the mail server. It may still have been lost on the way,
    /// so it convinces nobody.
    Flushed,
    /// The client answered our Close (RFC 6455, section 5.5.1), which we sent after the terminal frame.
    CloseEcho,
    /// The client sent `{"type":"ack"}` for the terminal frame, or came back with a cursor behind it.
    Acked,
    /// The client sent `{"type":"ack","sha256":"…"}` and the digest is that of the file.
    Verified,
    /// The receiver of a webhook answered with a status from 200 to 299.
    #[serde(rename = "http 2xx")]
    Http2xx,
}

impl Proof {
    /// What this proof does to the delivery, if it convinces.
    pub fn event(self) -> Option<DeliveryEvent> {
        match self {
            Proof::Flushed => None,
            Proof::CloseEcho | Proof::Acked | Proof::Http2xx => Some(DeliveryEvent::Received),
            Proof::Verified => Some(DeliveryEvent::Verified),
        }
    }
}

/// The delivery as it is kept and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// How far the news has come.
    pub state: DeliveryState,
    /// Until when the server waits for the client; set when the work ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When the first (or, if better, the verifying) proof arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What that proof was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

impl Delivery {
    /// The delivery of a report whose work has not ended.
    pub fn waiting() -> Self {
        Self { state: DeliveryState::Waiting, until: None, at: None, proof: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_answers_every_event_as_in_this_table() {
        use DeliveryEvent as E;
        use DeliveryState as S;
        let events = [E::Received, E::Verified, E::TimedOut, E::Reset];
        let table = [
            (S::Waiting, [S::Delivered, S::Verified, S::Unclaimed, S::Waiting]),
            (S::Delivered, [S::Delivered, S::Verified, S::Delivered, S::Waiting]),
            (S::Verified, [S::Verified, S::Verified, S::Verified, S::Waiting]),
            (S::Unclaimed, [S::Delivered, S::Verified, S::Unclaimed, S::Waiting]),
        ];
        for (state, row) in table {
            for (event, expected) in events.into_iter().zip(row) {
                assert_eq!(state.after(event), expected, "{state:?} after {event:?}");
            }
        }
    }
}
