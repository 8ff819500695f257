//! One cursor for all channels: the version that a client has seen, wherever it saw it, leads on anywhere, and one
//! event has one name wherever it is told.

use bytes::Bytes;
use reportwire::report::{DeliveryState, Progress, Record};
use serde_json::{Value, json};

use crate::{
    support::{Attempt, Listener, Receiver, Way, Work, World},
    telling::stage,
};

const MODEL: &[u8] = br#"{"title":"tested"}"#;

/// Where a client has its cursor from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Heard(Way),
    /// The ETag of an answer that did not wait.
    Poll,
    /// `data.version` of a webhook.
    Webhook,
}

const SOURCES: [Source; 7] = [
    Source::Heard(Way::Socket),
    Source::Heard(Way::LongPoll),
    Source::Heard(Way::StreamByQuery),
    Source::Heard(Way::GraphqlSocket),
    Source::Heard(Way::GraphqlStream),
    Source::Poll,
    Source::Webhook,
];

async fn start() -> (World, Work, Receiver) {
    let (send, work) = tokio::sync::oneshot::channel();
    let stage = stage().handler(move |generator| {
        let (handler, work) = crate::support::script(generator);
        let _ = send.send(work);
        handler
    });
    (stage.start().await, work.await.unwrap(), Receiver::open().await)
}

/// A report that is being made; the receiver hears of everything, if it is the one who is asked.
async fn generating(
    world: &World,
    work: &mut Work,
    receiver: &Receiver,
    source: Source,
) -> (String, Attempt) {
    let events = json!(["report.progress", "report.completed"]);
    let order = match source {
        Source::Webhook => json!({"callbackUrl": receiver.url("/"), "deliver": {"events": events}}),
        Source::Heard(_) | Source::Poll => json!({}),
    };
    (world.order_with(order).await, work.next().await)
}

/// Brings the report to `percent`, and returns the version of that state.
async fn advance(world: &World, id: &str, attempt: &Attempt, percent: u8) -> u64 {
    attempt.monitor.progress("testing", percent).unwrap();
    let there = |progress: &Progress| progress.percent == percent;
    world.record(id, |record| record.progress.as_ref().is_some_and(there)).await.version
}

/// The version of the state of now, as `source` tells it.
async fn cursor(world: &World, receiver: &mut Receiver, source: Source, id: &str, now: u64) -> u64 {
    let seen = match source {
        Source::Heard(way) => {
            let mut listener = Listener::open(world, way, id, None).await;
            let state = listener.state(world).await;
            listener.leave();
            state["version"].as_u64()
        }
        Source::Poll => {
            let answer = world.get(&format!("/api/v1/report/{id}")).await;
            let etag = answer.header("etag").strip_prefix("W/\"").and_then(|etag| etag.strip_suffix('"'));
            etag.and_then(|etag| etag.parse().ok())
        }
        Source::Webhook => loop {
            let told = receiver.next().await.json();
            if told["data"]["id"] == id && told["data"]["version"].as_u64() >= Some(now) {
                break told["data"]["version"].as_u64();
            }
        },
    };
    seen.expect("a version")
}

fn percent(state: &Value) -> &Value {
    &state["progress"]["percent"]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_any_channel_resumes_on_any_other_without_a_gap_and_without_a_repeat() {
    let (world, mut work, mut receiver) = start().await;
    for source in SOURCES {
        for target in Way::ALL {
            let pair = format!("{source:?}, then {target:?}");
            let (id, attempt) = generating(&world, &mut work, &receiver, source).await;
            let ten = advance(&world, &id, &attempt, 10).await;
            let seen = cursor(&world, &mut receiver, source, &id, ten).await;
            assert_eq!(seen, ten, "{pair}");

            // one comes back before anything has happened, the other after it has
            world.until_listeners(&id, 0).await;
            let mut prompt = Listener::open(&world, target, &id, Some(seen)).await;
            world.until_listeners(&id, 1).await;
            let twenty = advance(&world, &id, &attempt, 20).await;
            let mut late = Listener::open(&world, target, &id, Some(seen)).await;
            for listener in [&mut prompt, &mut late] {
                let state = listener.state(&world).await;
                assert_eq!((&state["version"], percent(&state)), (&json!(twenty), &json!(20)), "{pair}");
            }
            let thirty = advance(&world, &id, &attempt, 30).await;
            attempt.finish_with(Bytes::from_static(MODEL));
            let end = world.record(&id, |record| record.status.is_terminal()).await.settled_version.unwrap();
            for mut listener in [prompt, late] {
                let mut states = listener.states(&world).await;
                let last = states.pop_back().unwrap();
                // a reader that is slow may skip to the newest state
                for state in states {
                    assert_eq!((&state["version"], percent(&state)), (&json!(thirty), &json!(30)), "{pair}");
                }
                // that another listener was told of the end is news, too
                assert!(last["version"].as_u64() >= Some(end), "{pair}: {last}");
                assert_eq!(last["model"], serde_json::from_slice::<Value>(MODEL).unwrap(), "{pair}");
                listener.ends().await;
            }
        }
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_as_any_channel_tells_it_is_known_on_every_other() {
    let (world, mut work, mut receiver) = start().await;
    for source in SOURCES {
        for target in Way::ALL {
            let (id, attempt) = generating(&world, &mut work, &receiver, source).await;
            attempt.finish_with(Bytes::from_static(MODEL));
            let end = world.record(&id, |record| record.status.is_terminal()).await.settled_version.unwrap();
            let seen = cursor(&world, &mut receiver, source, &id, end).await;
            assert!(seen >= end, "{source:?}");
            world.until_listeners(&id, 0).await;
            Listener::is_over(&world, target, &id, seen).await;
            let record = world.record(&id, |_| true).await;
            assert_eq!(record.delivery.state, DeliveryState::Delivered, "{source:?}, then {target:?}");
        }
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_has_one_name_on_every_channel() {
    let (world, mut work, mut receiver) = start().await;
    let mut office = Receiver::open().await;
    let registered = world.post("/api/v1/webhook-endpoints", &json!({"url": office.url("/")})).await;
    assert_eq!((registered.status, office.next().await.method.as_str()), (201, "OPTIONS"));
    let (id, attempt) = generating(&world, &mut work, &receiver, Source::Webhook).await;
    let ways = [Way::Socket, Way::StreamByQuery, Way::GraphqlSocket, Way::GraphqlStream];
    let mut listeners = Vec::new();
    for way in ways {
        listeners.push(Listener::open(&world, way, &id, None).await);
    }
    attempt.finish_with(Bytes::from_static(MODEL));
    let end = world.record(&id, |record| record.status.is_terminal()).await.settled_version.unwrap();
    let name = format!("{id}_{end}");
    for (mut listener, way) in listeners.into_iter().zip(ways) {
        assert_eq!(listener.states(&world).await.pop_back().unwrap()["eventId"], name.as_str(), "{way:?}");
        listener.ends().await;
    }
    assert_eq!(receiver.next().await.event_id(), name);
    assert_eq!(office.next().await.event_id(), name);
    let both =
        |record: &Record| record.deliveries.iter().filter(|told| told.status == Some(200)).count() == 2;
    let record = world.record(&id, both).await;
    assert!(record.deliveries.iter().all(|told| told.event_id == name), "{:?}", record.deliveries);
    world.finish().await;
}
