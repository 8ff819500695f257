//! Record and event in, record out: every way in which a stored report changes, without any I/O.
//!
//! Whether a change is legal is asked of [`Status::after`](crate::report::Status::after) and
//! [`DeliveryState::after`](crate::report::DeliveryState::after); what else changes with it stands here,
//! once for all engines. A function that returns a record has raised its version; `None` means that
//! nothing changed, and that the engine must neither write nor hint.

use std::time::Duration;

use jiff::Timestamp;

use crate::report::{
    Artifact, Attempt, Deliver, Delivery, DeliveryEvent, DeliveryState, Event, EventId, Illegal, NewReport,
    Parameters, Problem, Progress, Proof, REMEMBERED_ATTEMPTS, Receipt, Record, StartWhen, Status,
};

/// How long a tombstone is remembered: a client that comes back hears "gone" and not "never was".
pub(super) const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The moment that is stored for `time`: whole milliseconds, so that what a call returns is what a later
/// call reads back.
pub(super) fn stored_time(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// `span` after `time` in whole milliseconds, or the end of time.
pub(super) fn later(time: Timestamp, span: Duration) -> Timestamp {
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(time.as_millisecond().saturating_add(millis)).unwrap_or(Timestamp::MAX)
}

/// The first state of a report.
pub(super) fn created(report: NewReport, now: Timestamp) -> Record {
    Record {
        id: report.id,
        owner: report.owner,
        version: 1,
        status: Status::Queued,
        report_type: report.report_type,
        parameters: report.parameters,
        deliver: report.deliver,
        callback_url: report.callback_url,
        start_when: report.start_when,
        held: report.start_when == StartWhen::Connected,
        origin: report.origin,
        progress: None,
        created_at: now,
        started_at: None,
        completed_at: None,
        expires_at: later(now, report.keep),
        delivery: Delivery::waiting(),
        deliveries: Vec::new(),
        settled_version: None,
        artifact: None,
        error: None,
    }
}

/// A worker took the task. Progress of an attempt that died is not progress of this one.
pub(super) fn claimed(record: Record, now: Timestamp) -> Result<Record, Illegal> {
    let started_at = record.started_at.or(Some(now));
    Ok(Record { started_at, progress: None, ..moved(record, Event::Claimed)? })
}

/// The worker said how far it is.
pub(super) fn progressed(record: Record, progress: Progress) -> Option<Record> {
    (record.progress.as_ref() != Some(&progress)).then(|| Record {
        version: record.version + 1,
        progress: Some(progress),
        ..record
    })
}

/// The worker gave the task back, or will try again later.
pub(super) fn requeued(record: Record) -> Result<Record, Illegal> {
    Ok(Record { progress: None, ..moved(record, Event::Released)? })
}

/// The file exists.
pub(super) fn completed(
    record: Record,
    artifact: Artifact,
    now: Timestamp,
    keep: Duration,
) -> Result<Record, Illegal> {
    Ok(Record { artifact: Some(artifact), ..ended(record, Event::Completed, now, keep)? })
}

/// It cannot be made.
pub(super) fn failed(
    record: Record,
    error: Problem,
    now: Timestamp,
    keep: Duration,
) -> Result<Record, Illegal> {
    Ok(Record { error: Some(error), ..ended(record, Event::Failed, now, keep)? })
}

/// Its time is over, and it was not made.
pub(super) fn overdue(record: Record, now: Timestamp, keep: Duration) -> Result<Record, Illegal> {
    let detail = "the report was not made in the time for which it is kept";
    failed(record, Problem::new("overdue", 504, "Report overdue", detail), now, keep)
}

/// Nobody wants it any more; `None` when it has its end already.
pub(super) fn cancelled(record: Record, now: Timestamp, keep: Duration) -> Result<Option<Record>, Illegal> {
    if record.status.is_terminal() {
        return Ok(None);
    }
    ended(record, Event::Cancelled, now, keep).map(Some)
}

/// Queued again by a client. Its time counts anew: it must not expire in the middle of the second try.
pub(super) fn retried(record: Record, now: Timestamp, keep: Duration) -> Result<Record, Illegal> {
    let record = moved(record, Event::Retried)?;
    Ok(Record {
        held: false,
        started_at: None,
        completed_at: None,
        expires_at: later(now, keep),
        delivery: Delivery {
            state: record.delivery.state.after(DeliveryEvent::Reset),
            ..Delivery::waiting()
        },
        deliveries: Vec::new(),
        settled_version: None,
        artifact: None,
        error: None,
        ..record
    })
}

/// The first client is there.
pub(super) fn let_begin(record: Record) -> Option<Record> {
    record.held.then(|| Record { version: record.version + 1, held: false, ..record })
}

/// A client gave a receipt for the state `version`. One that convinces is noted when it says more than was
/// known; one that does not, as long as nobody knows.
pub(super) fn proved(record: Record, version: u64, receipt: Receipt, now: Timestamp) -> Option<Record> {
    // nor does one of a state that there never was
    let about_the_end = record.settled_version.is_some_and(|end| (end..=record.version).contains(&version));
    if !about_the_end || !record.status.is_terminal() {
        return None;
    }
    let Receipt { channel, proof } = receipt;
    let news = match proof.event() {
        Some(event) => record.delivery.state.after(event) != record.delivery.state,
        // … and once for each way: a crowd of clients says no more than one
        None => {
            let same = |told: &Attempt| told.channel == channel && told.proof == Some(proof);
            !record.delivery.state.is_known() && !record.deliveries.iter().any(same)
        }
    };
    let attempt = Attempt {
        channel,
        event_id: EventId::of(&record).to_string(),
        at: now,
        endpoint: None,
        attempt: None,
        status: None,
        proof: Some(proof),
        error: None,
    };
    news.then(|| told(record, attempt, now))
}

/// Somebody was told, or could not be. What the client that asked for the report answered moves its delivery
/// on; what a registered endpoint answered is another's business.
pub(super) fn told(record: Record, attempt: Attempt, now: Timestamp) -> Record {
    let event = attempt.proof.filter(|_| attempt.endpoint.is_none()).and_then(Proof::event);
    let state = event.map_or(record.delivery.state, |event| record.delivery.state.after(event));
    let delivery = if state == record.delivery.state {
        record.delivery
    } else {
        Delivery { state, at: Some(now), proof: attempt.proof, ..record.delivery }
    };
    let mut deliveries = record.deliveries;
    if deliveries.len() >= REMEMBERED_ATTEMPTS {
        // what endpoints were told stands in their logs, too; what the client was told stands here alone
        let oldest = deliveries.iter().position(|told| told.endpoint.is_some()).unwrap_or(0);
        deliveries.remove(oldest);
    }
    deliveries.push(attempt);
    Record { version: record.version + 1, delivery, deliveries, ..record }
}

/// The wait for the client is over; `None` if it is not, or if there is nothing to wait for.
pub(super) fn unclaimed(record: Record, now: Timestamp) -> Option<Record> {
    let over = record.status.is_terminal() && record.delivery.until.is_some_and(|until| until <= now);
    let state = record.delivery.state.after(DeliveryEvent::TimedOut);
    (over && state != record.delivery.state).then(|| Record {
        version: record.version + 1,
        delivery: Delivery { state, ..record.delivery },
        ..record
    })
}

/// Its time is over, or its owner removed it. What stays is what must be remembered: the id, and the
/// file that is still to be deleted. Parameters may be private, so they go at once.
pub(super) fn expired(record: Record, now: Timestamp) -> Result<Record, Illegal> {
    let record = moved(record, Event::Expired)?;
    Ok(Record {
        parameters: Parameters::new(),
        deliver: Deliver::default(),
        callback_url: None,
        deliveries: Vec::new(),
        held: false,
        progress: None,
        expires_at: record.expires_at.min(now),
        error: None,
        ..record
    })
}

/// The work is over, well or badly: the wait for the client begins, and the time to keep it counts anew.
fn ended(record: Record, event: Event, now: Timestamp, keep: Duration) -> Result<Record, Illegal> {
    let record = moved(record, event)?;
    let wait = Duration::from_secs(record.deliver.wait_for_client_seconds.into());
    Ok(Record {
        held: false,
        progress: None,
        completed_at: Some(now),
        expires_at: later(now, keep),
        delivery: Delivery {
            state: DeliveryState::Waiting,
            until: Some(later(now, wait)),
            ..Delivery::waiting()
        },
        settled_version: Some(record.version),
        ..record
    })
}

fn moved(record: Record, event: Event) -> Result<Record, Illegal> {
    Ok(Record { status: record.status.after(event)?, version: record.version + 1, ..record })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Owner, ReportId};

    fn receipt() -> Receipt {
        Receipt::over(crate::report::Channel::Websocket, Proof::Acked)
    }

    const KEEP: Duration = Duration::from_secs(3600);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn queued() -> Record {
        created(
            NewReport {
                id: ReportId::generate(),
                owner: Owner::anonymous(),
                report_type: "T".into(),
                parameters: Parameters::new(),
                data: None,
                deliver: Deliver::default(),
                callback_url: None,
                start_when: StartWhen::Now,
                origin: "http://h".into(),
                keep: KEEP,
                idempotency: None,
            },
            at(0),
        )
    }

    #[test]
    fn time_is_kept_in_whole_milliseconds() {
        let odd = Timestamp::new(5, 123_456_789).unwrap();
        assert_eq!(stored_time(odd), Timestamp::from_millisecond(5_123).unwrap());
        assert_eq!(later(at(5), Duration::from_micros(1_999)), Timestamp::from_millisecond(5_001).unwrap());
        assert_eq!(later(at(5), Duration::MAX), Timestamp::MAX);
    }

    #[test]
    fn a_proof_of_a_state_before_the_end_proves_nothing() {
        let record = claimed(queued(), at(1)).unwrap();
        assert_eq!(proved(record.clone(), 9, receipt(), at(2)), None);
        let record = cancelled(record, at(2), KEEP).unwrap().unwrap();
        assert_eq!(proved(record.clone(), 2, receipt(), at(3)), None);
        let proven = proved(record, 3, receipt(), at(3)).unwrap();
        assert_eq!((proven.version, proven.delivery.state), (4, DeliveryState::Delivered));
        assert_eq!(proven.delivery.until, Some(at(62)));
    }

    #[test]
    fn nobody_is_waited_for_before_the_end_or_for_longer_than_asked() {
        let record = queued();
        assert_eq!(unclaimed(record.clone(), at(1_000_000)), None);
        let record = cancelled(record, at(10), KEEP).unwrap().unwrap();
        assert_eq!(unclaimed(record.clone(), at(69)), None);
        let late = unclaimed(record, at(70)).unwrap();
        assert_eq!(late.delivery.state, DeliveryState::Unclaimed);
        assert_eq!(unclaimed(late, at(80)), None);
    }
}
