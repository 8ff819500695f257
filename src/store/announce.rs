//! Who is told what a record has become, and when: pure functions, once for all engines.

use std::time::Duration;

use jiff::Timestamp;

use super::transitions::later;
use crate::report::{Channel, EndpointId, EventType, Record};

/// After this much time of nothing but failure an endpoint is switched off.
pub(super) const PATIENCE: Duration = Duration::from_secs(120 * 60 * 60);

/// How long a message that has ended can be replayed, how long one waits for a paused endpoint, and how long
/// the log of attempts reaches back.
pub(super) const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A message to the client that asked for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) channel: Channel,
    pub(super) address: String,
    pub(super) lane: String,
    pub(super) due_at: Timestamp,
    /// It is only sent if nobody knows by then.
    pub(super) fallback: bool,
}

/// The event that `record` is the news of, if it has just become so.
pub(super) fn news(record: &Record) -> Option<EventType> {
    let event = EventType::of(record)?;
    let just_now = event == EventType::Progress || record.settled_version == Some(record.version);
    just_now.then_some(event)
}

/// The messages that the request itself asked for.
pub(super) fn planned(record: &Record, event: EventType, now: Timestamp) -> Vec<Planned> {
    let deliver = &record.deliver;
    let webhook = record.callback_url.as_ref().filter(|_| match &deliver.events {
        Some(events) => events.contains(&event),
        None => EventType::ENDS.contains(&event),
    });
    let email = deliver.email.as_ref().filter(|_| EventType::ENDS.contains(&event));
    let wait = Duration::from_secs(deliver.ack_within_seconds.into());
    let plan = |channel, address: &String, lane| {
        // what is told while the work goes on stands in nobody's place, and what is not preferred waits for nobody
        let ends = event != EventType::Progress;
        let turn = deliver.prefer.iter().position(|preferred| *preferred == channel && ends).unwrap_or(0);
        let turns = u32::try_from(turn).unwrap_or(u32::MAX);
        let due_at = later(now, wait.saturating_mul(turns));
        Planned { channel, address: address.clone(), lane, due_at, fallback: turn > 0 }
    };
    let webhook = webhook.map(|url| plan(Channel::Webhook, url, host_lane(url)));
    let email = email.map(|address| plan(Channel::Email, address, MAIL_LANE.to_owned()));
    webhook.into_iter().chain(email).collect()
}

/// All letters go by one mail server.
const MAIL_LANE: &str = "mail";

fn host_lane(url: &str) -> String {
    let host = url::Url::parse(url).ok().and_then(|url| {
        let host = url.host_str()?;
        // without the port: a dead machine has many
        Some(format!("host {host}"))
    });
    host.unwrap_or_else(|| "host".into())
}

/// The lane of what is about an endpoint itself: it need not wait behind what waits for a paused one.
pub(super) fn own_lane(lane: &str) -> String {
    format!("{lane} itself")
}

/// The name of an event about an endpoint itself. Each has its own: two trials are two events.
pub(super) fn own_event_id(event: EventType) -> String {
    format!("{}_{}", EndpointId::generate(), event.name().rsplit('.').next().unwrap_or_default())
}

/// The way to a registered endpoint, and its lane.
pub(super) fn endpoint_way(id: EndpointId, url: &str) -> (Channel, String) {
    let channel = if url.starts_with("mailto:") { Channel::Email } else { Channel::Webhook };
    (channel, format!("endpoint {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::{Deliver, NewReport, Owner, Parameters, Progress, ReportId, StartWhen},
        store::transitions,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ended(prefer: Vec<Channel>) -> Record {
        let deliver = Deliver { prefer, email: Some("a@b.example".into()), ..Deliver::default() };
        let report = NewReport {
            id: ReportId::generate(),
            owner: Owner::anonymous(),
            report_type: "T".into(),
            parameters: Parameters::new(),
            data: None,
            deliver,
            callback_url: Some("https://b.example/hook".into()),
            start_when: StartWhen::Now,
            origin: "http://h".into(),
            keep: Duration::from_secs(3600),
            idempotency: None,
        };
        let record = transitions::created(report, at(0));
        transitions::cancelled(record, at(1), Duration::from_secs(3600)).unwrap().unwrap()
    }

    #[test]
    fn each_channel_has_its_turn_in_the_order_of_preference() {
        use Channel::{Email, Webhook, Websocket};
        let table = [
            (vec![], [(Webhook, 1, false), (Email, 1, false)]),
            (vec![Websocket], [(Webhook, 1, false), (Email, 1, false)]),
            (vec![Websocket, Webhook, Email], [(Webhook, 11, true), (Email, 21, true)]),
            (vec![Websocket, Email, Webhook], [(Webhook, 21, true), (Email, 11, true)]),
            (vec![Webhook, Email], [(Webhook, 1, false), (Email, 11, true)]),
        ];
        for (prefer, expected) in table {
            let record = ended(prefer.clone());
            let planned = planned(&record, EventType::Cancelled, at(1));
            let planned: Vec<_> =
                planned.into_iter().map(|one| (one.channel, one.due_at.as_second(), one.fallback)).collect();
            assert_eq!(planned, expected, "{prefer:?}");
        }
    }

    #[test]
    fn progress_is_told_to_those_who_asked_and_never_by_letter() {
        let record = ended(vec![Channel::Websocket, Channel::Webhook]);
        assert_eq!(planned(&record, EventType::Progress, at(1)), []);
        let deliver = Deliver { events: Some(vec![EventType::Progress]), ..record.deliver.clone() };
        let record = Record { deliver, ..record };
        let progress = planned(&record, EventType::Progress, at(1));
        assert_eq!(progress.len(), 1);
        assert_eq!((progress[0].due_at, progress[0].fallback), (at(1), false));
        assert_eq!(planned(&record, EventType::Cancelled, at(1)).len(), 1, "the letter only");
    }

    #[test]
    fn the_end_is_news_once_and_progress_each_time() {
        let end = ended(vec![]);
        assert_eq!(news(&end), Some(EventType::Cancelled));
        assert_eq!(news(&Record { version: end.version + 1, ..end.clone() }), None);
        let progress = Some(Progress { phase: "rendering".into(), percent: 1 });
        let working = Record { status: crate::report::Status::Generating, settled_version: None, ..end };
        assert_eq!(news(&working), None);
        assert_eq!(news(&Record { progress, ..working }), Some(EventType::Progress));
    }
}
