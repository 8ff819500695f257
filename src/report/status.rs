//! Where the work is: the states of a report and the only ways between them.

use serde::{Deserialize, Serialize};

/// Where the work on a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Accepted and durable, not being worked on. A worker that claims its task moves it on; with
    /// `startWhen: "connected"` no worker may, until its first client is there.
    Queued,
    /// A worker holds a lease on it. That worker settles it; when the worker dies, the end of the lease
    /// makes it claimable by another, without passing through `Queued`.
    Generating,
    /// The model and the file exist. Terminal, until it expires.
    Completed,
    /// It cannot be made, and `error` says why. A client may have it queued again.
    Failed,
    /// A client no longer wants it. A client may have it queued again.
    Cancelled,
    /// Its time is over or its owner removed it: the file is gone and the answer is 410. The sweep
    /// forgets it later.
    Expired,
}

/// What can happen to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A worker took the task: the first time, or again after a lease ran out.
    Claimed,
    /// The worker gave the task back, or an attempt failed and another is due later.
    Released,
    /// The worker stored the model and the file.
    Completed,
    /// The worker found that it cannot be made, or its time ran out before a worker came.
    Failed,
    /// A client cancelled it.
    Cancelled,
    /// A client asked for another try.
    Retried,
    /// `expiresAt` passed, or a client deleted it.
    Expired,
}

/// The event does not belong to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a report that is {status} cannot be {event}", status = .0.name(), event = .1.participle())]
pub struct Illegal(pub Status, pub Event);

impl Status {
    /// Every state, for tests and for filters.
    pub const ALL: [Status; 6] = [
        Status::Queued,
        Status::Generating,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
        Status::Expired,
    ];

    /// The state after `event`.
    ///
    /// # Errors
    ///
    /// [`Illegal`] when the event does not belong to the state.
    pub fn after(self, event: Event) -> Result<Status, Illegal> {
        use Status::*;
        match (self, event) {
            (Queued | Generating, Event::Claimed) => Ok(Generating),
            (Generating, Event::Released) => Ok(Queued),
            (Generating, Event::Completed) => Ok(Completed),
            (Queued | Generating, Event::Failed) => Ok(Failed),
            (Queued | Generating, Event::Cancelled) => Ok(Cancelled),
            (Failed | Cancelled, Event::Retried) => Ok(Queued),
            (_, Event::Expired) => Ok(Expired),
            _ => Err(Illegal(self, event)),
        }
    }

    /// Whether the work is over, well or badly: the next frame is the last one.
    pub fn is_terminal(self) -> bool {
        matches!(self, Status::Completed | Status::Failed | Status::Cancelled | Status::Expired)
    }

    /// The state as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Generating => "generating",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::Expired => "expired",
        }
    }
}

impl Event {
    fn participle(self) -> &'static str {
        match self {
            Event::Claimed => "claimed",
            Event::Released => "released",
            Event::Completed => "completed",
            Event::Failed => "failed",
            Event::Cancelled => "cancelled",
            Event::Retried => "retried",
            Event::Expired => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_answers_every_event_as_in_this_table() {
        use Event as E;
        use Status as S;
        let events = [E::Claimed, E::Released, E::Completed, E::Failed, E::Cancelled, E::Retried, E::Expired];
        #[rustfmt::skip]
        let table: [(S, [Option<S>; 7]); 6] = [
            // state           claimed              released         completed           failed           cancelled           retried          expired
            (S::Queued,     [Some(S::Generating), None,            None,               Some(S::Failed), Some(S::Cancelled), None,            Some(S::Expired)]),
            (S::Generating, [Some(S::Generating), Some(S::Queued), Some(S::Completed), Some(S::Failed), Some(S::Cancelled), None,            Some(S::Expired)]),
            (S::Completed,  [None,                None,            None,               None,            None,               None,            Some(S::Expired)]),
            (S::Failed,     [None,                None,            None,               None,            None,               Some(S::Queued), Some(S::Expired)]),
            (S::Cancelled,  [None,                None,            None,               None,            None,               Some(S::Queued), Some(S::Expired)]),
            (S::Expired,    [None,                None,            None,               None,            None,               None,            Some(S::Expired)]),
        ];
        for (state, row) in table {
            for (event, expected) in events.into_iter().zip(row) {
                assert_eq!(state.after(event).ok(), expected, "{state:?} after {event:?}");
            }
        }
    }
}
