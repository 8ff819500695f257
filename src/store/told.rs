//! What becomes of a message, of its endpoint and of its report after an attempt: pure functions, once for all engines.

use jiff::{SignedDuration, Timestamp};

use super::{
    Attempted, Then,
    announce::PATIENCE,
    transitions::{self, stored_time},
};
use crate::report::{Attempt, Channel, EndpointId, EventId, EventType, Proof, Record, Status};

/// How many messages may be under way to a receiver that has not answered yet: with fifteen seconds for each, the
/// dead must not hold what the living need.
pub(super) const PROBATION: usize = 2;

/// Why an endpoint is switched off that said so itself.
pub(super) const GONE: &str = "it answered that it is gone (410)";

/// … and one that nobody could reach for too long.
pub(super) const WORN_OUT: &str = "nothing but failures for 120 hours";

/// What becomes of a message that told an end, or something about its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is sent again.
    Again(Timestamp),
    /// It is kept in this state, in which it can be replayed.
    Kept(&'static str),
    /// Nobody needs it any more.
    Gone,
}

/// The fate of a message; `replayable` when an endpoint was told of a report: the rest need not be kept.
pub(super) fn fate(then: Then, is_disabled: bool, replayable: bool) -> Fate {
    match then {
        // it was under way when its endpoint was switched off
        Then::RetryAt(_) if is_disabled => Fate::Kept("failed"),
        Then::RetryAt(time) => Fate::Again(stored_time(time)),
        _ if !replayable => Fate::Gone,
        Then::Delivered => Fate::Kept("delivered"),
        Then::GiveUp | Then::SwitchOff => Fate::Kept("failed"),
    }
}

/// Whether a message need not be sent any more: progress when there is newer or the work has ended, and what was for
/// the case that nobody knows when somebody does. `told` is what it says, `now` its report, unless that is forgotten.
pub(super) fn is_old(event: EventType, told: &Record, now: Option<&Record>) -> bool {
    match (event, now) {
        (EventType::Progress, None) => true,
        // whoever sends what is newer sends it all: a lease that ran out left the older behind
        (EventType::Progress, Some(now)) => now.status != Status::Generating || now.progress != told.progress,
        // with it is forgotten whether anybody knew: the news is still owed
        (_, None) => false,
        // another end may have taken the place of the one that this message tells
        (_, Some(now)) => now.delivery.state.is_known() || now.settled_version != told.settled_version,
    }
}

/// What an attempt says about the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: it could not be asked, or its owner is looking.
    Nothing,
    /// Whether it consents to being told.
    Consented(bool),
    /// It is told nothing any more.
    Gone,
    /// It answers.
    Healthy,
    /// It failed, as it may have before.
    Failing,
}

/// What the attempt says about the endpoint.
pub(super) fn verdict(event: EventType, attempted: &Attempted) -> Verdict {
    match (event, attempted.then) {
        // who could not be asked has said nothing
        (EventType::Consent, _) if attempted.error.is_some() => Verdict::Nothing,
        (EventType::Consent, then) => Verdict::Consented(then == Then::Delivered),
        (_, Then::SwitchOff) => Verdict::Gone,
        (EventType::Test, _) => Verdict::Nothing,
        (_, Then::Delivered) => Verdict::Healthy,
        _ => Verdict::Failing,
    }
}

/// Whether an endpoint that has failed since then is switched off.
pub(super) fn is_worn_out(since: Option<Timestamp>, now: Timestamp) -> bool {
    let patience = SignedDuration::try_from(PATIENCE).unwrap_or(SignedDuration::MAX);
    since.is_some_and(|since| now.duration_since(since) >= patience)
}

/// An attempt as its report notes it.
pub(super) struct Noted<'a> {
    pub(super) event: EventType,
    pub(super) event_id: &'a str,
    pub(super) channel: Channel,
    pub(super) endpoint: Option<EndpointId>,
    pub(super) number: u32,
    pub(super) attempted: &'a Attempted,
}

/// The record with the attempt in it, if it was about an end and the report still is where the message says.
pub(super) fn noted(record: &Record, noted: &Noted<'_>, now: Timestamp) -> Option<Record> {
    let is_there = EventType::ENDS.contains(&noted.event)
        && record.status != Status::Expired
        && EventId::of(record).to_string() == noted.event_id;
    if !is_there {
        return None;
    }
    let received = noted.attempted.then == Then::Delivered;
    let proof = received.then_some(match noted.channel {
        Channel::Email => Proof::Flushed,
        _ => Proof::Http2xx,
    });
    let attempt = Attempt {
        channel: noted.channel,
        event_id: noted.event_id.to_owned(),
        at: now,
        endpoint: noted.endpoint.map(|id| id.to_string()),
        attempt: Some(noted.number),
        status: noted.attempted.status,
        proof,
        error: noted.attempted.error.clone(),
    };
    Some(transitions::told(record.clone(), attempt, now))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_told_to_an_endpoint_is_kept_and_the_rest_is_not() {
        let at = Timestamp::from_second(9).unwrap();
        let table = [
            (Then::RetryAt(at), false, true, Fate::Again(at)),
            (Then::RetryAt(at), false, false, Fate::Again(at)),
            (Then::RetryAt(at), true, true, Fate::Kept("failed")),
            (Then::Delivered, false, true, Fate::Kept("delivered")),
            (Then::GiveUp, false, true, Fate::Kept("failed")),
            (Then::SwitchOff, true, true, Fate::Kept("failed")),
            (Then::Delivered, false, false, Fate::Gone),
            (Then::GiveUp, true, false, Fate::Gone),
        ];
        for (then, is_disabled, replayable, expected) in table {
            assert_eq!(fate(then, is_disabled, replayable), expected, "{then:?} {is_disabled} {replayable}");
        }
    }

    #[test]
    fn a_trial_and_a_question_that_was_not_heard_say_nothing_about_an_endpoint() {
        let attempted = |then, error: Option<&str>| Attempted {
            took: Duration::ZERO,
            status: None,
            answer: String::new(),
            error: error.map(Into::into),
            then,
        };
        let table = [
            (EventType::Completed, attempted(Then::Delivered, None), Verdict::Healthy),
            (EventType::Completed, attempted(Then::GiveUp, None), Verdict::Failing),
            (EventType::Completed, attempted(Then::SwitchOff, None), Verdict::Gone),
            (EventType::Test, attempted(Then::GiveUp, None), Verdict::Nothing),
            (EventType::Test, attempted(Then::SwitchOff, None), Verdict::Gone),
            (EventType::Consent, attempted(Then::Delivered, None), Verdict::Consented(true)),
            (EventType::Consent, attempted(Then::GiveUp, None), Verdict::Consented(false)),
            (EventType::Consent, attempted(Then::GiveUp, Some("refused")), Verdict::Nothing),
        ];
        for (event, attempted, expected) in table {
            assert_eq!(verdict(event, &attempted), expected, "{event:?} {attempted:?}");
        }
        let at = |hours: i64| Timestamp::from_second(hours * 3600).unwrap();
        assert!(!is_worn_out(None, at(500)));
        assert!(!is_worn_out(Some(at(1)), at(120)));
        assert!(is_worn_out(Some(at(1)), at(121)));
    }
}
