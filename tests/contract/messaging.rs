//! Messages: written with the state that they tell, held by one at a time, and gone when they are needless.

use std::{collections::HashMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use reportwire::{
    report::{
        Channel, Deliver, DeliveryState, EventId, EventType, NewReport, Owner, Proof, REMEMBERED_ATTEMPTS,
        Receipt, Record, Status,
    },
    store::{Attempted, ClaimedMessages, Message, NewEndpoint, Outcome, Room, StoreError, Then},
};

use super::{KEEP, LEASE, World, assert_refused, problem, report};

/// Room for more than any test has.
pub(crate) fn room() -> Room {
    Room { limit: 1000, per_lane: 1000, busy: HashMap::new(), after: String::new() }
}

pub(crate) fn attempted(status: u16, then: Then) -> Attempted {
    Attempted {
        took: Duration::from_millis(7),
        status: Some(status),
        answer: "thanks".into(),
        error: (then != Then::Delivered).then(|| "it did not like it".into()),
        then,
    }
}

pub(crate) fn endpoint(events: &[EventType]) -> NewEndpoint {
    NewEndpoint {
        owner: Owner::anonymous(),
        url: "https://receiver.example/hook".into(),
        description: "the back office".into(),
        events: events.to_vec(),
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
    }
}

/// A report whose client may be told by webhook.
fn called_back() -> NewReport {
    NewReport { callback_url: Some("https://client.example/done".into()), ..report() }
}

impl World {
    pub(crate) async fn messages(&self) -> Vec<Message> {
        self.claim_messages(&room()).await.messages
    }

    pub(crate) async fn claim_messages(&self, room: &Room) -> ClaimedMessages {
        self.store.claim_messages(LEASE, room).await.unwrap()
    }

    /// The one message that is due.
    pub(crate) async fn message(&self) -> Message {
        let mut messages = self.messages().await;
        assert_eq!(messages.len(), 1, "one message is due: {messages:?}");
        messages.remove(0)
    }

    pub(crate) async fn settle(&self, message: &Message, status: u16, then: Then) {
        self.store.settle_message(&message.claim, attempted(status, then)).await.unwrap();
    }

    /// A registered endpoint that has given its consent: nothing is due.
    pub(crate) async fn listening(&self, events: &[EventType]) -> reportwire::report::EndpointId {
        let id = self.store.register(endpoint(events)).await.unwrap().id;
        let consent = self.message().await;
        self.settle(&consent, 200, Then::Delivered).await;
        id
    }

    async fn cancelled(&self, new: NewReport) -> Record {
        let record = self.store.create(new).await.unwrap().record;
        self.store.cancel(record.id).await.unwrap()
    }

    pub(crate) fn in_seconds(&self, seconds: i64) -> Timestamp {
        self.clock.now() + SignedDuration::from_secs(seconds)
    }
}

pub(crate) async fn an_end_is_due_to_every_endpoint_that_asked_for_it(world: World) {
    let first = world.listening(&EventType::ENDS).await;
    let second = world.listening(&[EventType::Completed]).await;
    world.listening(&[EventType::Failed]).await;
    let end = world.completed().await;
    let messages = world.messages().await;
    let mut told: Vec<_> = messages.iter().filter_map(|message| message.target.endpoint).collect();
    told.sort();
    assert_eq!(told, [first, second]);
    for message in messages {
        assert_eq!(message.event, EventType::Completed);
        assert_eq!(message.event_id, EventId::of(&end).to_string());
        assert_eq!(message.target.address, "https://receiver.example/hook");
        assert_eq!(message.target.secrets, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
    }
}

pub(crate) async fn whatever_way_a_report_ends_it_is_told(world: World) {
    world.listening(&EventType::ENDS).await;
    let generating = world.generating().await;
    world.store.settle(&generating.claim, Outcome::Failed(problem())).await.unwrap();
    assert_eq!(world.message().await.event, EventType::Failed);
    world.cancelled(report()).await;
    assert_eq!(world.message().await.event, EventType::Cancelled);
    // nobody makes this one in time
    world.create().await;
    world.pass(KEEP);
    world.store.sweep().await.unwrap();
    let events: Vec<_> = world.messages().await.iter().map(|message| message.event).collect();
    assert!(events.contains(&EventType::Failed), "{events:?}");
}

pub(crate) async fn a_message_tells_the_state_in_which_the_work_ended(world: World) {
    world.listening(&EventType::ENDS).await;
    let end = world.completed().await;
    let receipt = Receipt::over(Channel::Websocket, Proof::Acked);
    world.store.delivered(end.id, end.version, receipt).await.unwrap();
    let message = world.message().await;
    assert_eq!(message.record, Some(end));
}

pub(crate) async fn a_message_has_one_holder_until_its_lease_runs_out(world: World) {
    world.cancelled(called_back()).await;
    let first = world.message().await;
    assert!(world.messages().await.is_empty());
    world.pass(LEASE);
    let second = world.message().await;
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!(first.event_id, second.event_id);
    let late = world.store.settle_message(&first.claim, attempted(200, Then::Delivered)).await;
    assert_refused!(late, StoreError::ClaimLost);
    world.settle(&second, 200, Then::Delivered).await;
    world.pass(LEASE);
    assert!(world.messages().await.is_empty());
}

pub(crate) async fn a_message_that_failed_is_due_at_its_time(world: World) {
    world.cancelled(called_back()).await;
    let message = world.message().await;
    world.settle(&message, 500, Then::RetryAt(world.in_seconds(5))).await;
    let claimed = world.claim_messages(&room()).await;
    assert!(claimed.messages.is_empty());
    assert_eq!(claimed.next_due, Some(world.stored(Duration::from_secs(5))));
    world.pass(Duration::from_secs(5));
    let again = world.message().await;
    assert_eq!((again.attempt, &again.event_id, &again.record), (2, &message.event_id, &message.record));
    world.settle(&again, 500, Then::GiveUp).await;
    world.pass(KEEP);
    assert!(world.messages().await.is_empty());
}

fn of<'a>(messages: &'a [Message], host: &str) -> Vec<&'a Message> {
    messages.iter().filter(|message| message.lane == format!("host {host}")).collect()
}

pub(crate) async fn no_lane_takes_more_than_its_share(world: World) {
    for _ in 0..6 {
        world.cancelled(called_back()).await;
        // the port makes no other receiver of it
        let other = NewReport { callback_url: Some("https://other.example:8443/".into()), ..report() };
        world.cancelled(other).await;
    }
    // nobody has answered yet, so each is tried with two
    let busy = HashMap::from([("host client.example".to_owned(), 1)]);
    let claimed = world.claim_messages(&Room { per_lane: 3, busy, ..room() }).await;
    let (client, other) = (of(&claimed.messages, "client.example"), of(&claimed.messages, "other.example"));
    assert_eq!((client.len(), other.len(), claimed.crowded), (1, 2, true));
    // the one that answers, whatever it says, gets its whole share
    world.settle(client[0], 500, Then::RetryAt(world.in_seconds(3600))).await;
    let silence = Attempted { status: None, ..attempted(0, Then::RetryAt(world.in_seconds(3600))) };
    world.store.settle_message(&other[0].claim, silence).await.unwrap();
    let claimed = world.claim_messages(&Room { per_lane: 3, ..room() }).await.messages;
    let counts = (of(&claimed, "client.example").len(), of(&claimed, "other.example").len());
    assert_eq!(counts, (3, 2));
    let none = world.claim_messages(&Room { per_lane: 0, ..room() }).await;
    assert!(none.messages.is_empty() && none.crowded);
    let none = world.claim_messages(&Room { limit: 0, ..room() }).await;
    assert!(none.messages.is_empty() && none.crowded);
}

pub(crate) async fn what_stands_behind_needless_messages_is_due_at_once(world: World) {
    for _ in 0..5 {
        let end = world.cancelled(socket_first()).await;
        let acked = Receipt::over(Channel::Websocket, Proof::Acked);
        world.store.delivered(end.id, end.version, acked).await.unwrap();
    }
    let owed = world.cancelled(socket_first()).await;
    world.pass(Duration::from_secs(10));
    let mut claimed = world.claim_messages(&room()).await;
    while claimed.messages.is_empty() {
        assert_eq!(claimed.next_due, Some(world.stored(Duration::ZERO)), "nothing says to look again");
        claimed = world.claim_messages(&room()).await;
    }
    assert_eq!(claimed.messages[0].event_id, EventId::of(&owed).to_string());
}

pub(crate) async fn a_fallback_is_dropped_even_when_its_report_has_expired(world: World) {
    let end = world.cancelled(socket_first()).await;
    let acked = Receipt::over(Channel::Websocket, Proof::Acked);
    world.store.delivered(end.id, end.version, acked).await.unwrap();
    world.pass(KEEP);
    world.store.sweep().await.unwrap();
    assert!(world.messages().await.is_empty());
}

pub(crate) async fn lanes_take_turns(world: World) {
    for host in ["a", "b", "c"] {
        for _ in 0..2 {
            let callback_url = Some(format!("https://{host}.example/"));
            world.cancelled(NewReport { callback_url, ..report() }).await;
        }
    }
    let mut after = String::new();
    let mut lanes = Vec::new();
    for _ in 0..6 {
        let room = Room { limit: 1, per_lane: 1, after: after.clone(), ..room() };
        let message = world.claim_messages(&room).await.messages.remove(0);
        lanes.push(message.lane.chars().nth(5).unwrap());
        after = message.lane;
    }
    assert_eq!(lanes, ['a', 'b', 'c', 'a', 'b', 'c']);
}

pub(crate) async fn an_answer_stands_in_the_deliveries(world: World) {
    let endpoint = world.listening(&EventType::ENDS).await;
    let end = world.completed().await;
    let message = world.message().await;
    world.settle(&message, 503, Then::RetryAt(world.in_seconds(0))).await;
    world.settle(&world.message().await, 200, Then::Delivered).await;
    let record = world.load(end.id).await;
    assert_eq!(record.version, end.version + 2);
    let [failed, received] = &record.deliveries[..] else { panic!("{:?}", record.deliveries) };
    for (number, entry) in [(1, failed), (2, received)] {
        assert_eq!(entry.channel, Channel::Webhook);
        assert_eq!(entry.event_id, EventId::of(&end).to_string());
        assert_eq!(entry.endpoint, Some(endpoint.to_string()));
        assert_eq!(entry.attempt, Some(number));
    }
    assert_eq!((failed.status, failed.proof), (Some(503), None));
    assert_eq!((received.status, received.proof), (Some(200), Some(Proof::Http2xx)));
    assert_eq!(record.delivery.state, DeliveryState::Waiting, "the back office is not who asked");
}

pub(crate) async fn the_answer_of_the_callback_is_a_proof(world: World) {
    let end = world.cancelled(called_back()).await;
    let message = world.message().await;
    world.settle(&message, 204, Then::Delivered).await;
    let record = world.load(end.id).await;
    assert_eq!(
        (record.delivery.state, record.delivery.proof),
        (DeliveryState::Delivered, Some(Proof::Http2xx))
    );
    assert_eq!(record.deliveries.len(), 1);
}

/// The socket first, then the callback after 10 seconds.
fn socket_first() -> NewReport {
    let deliver = Deliver { prefer: vec![Channel::Websocket, Channel::Webhook], ..Deliver::default() };
    NewReport { deliver, ..called_back() }
}

pub(crate) async fn a_fallback_is_dropped_when_somebody_knows(world: World) {
    let end = world.cancelled(socket_first()).await;
    assert!(world.messages().await.is_empty(), "its turn has not come");
    let flushed = Receipt::over(Channel::Websocket, Proof::Flushed);
    world.store.delivered(end.id, end.version, flushed).await.unwrap();
    let acked = Receipt::over(Channel::Websocket, Proof::Acked);
    world.store.delivered(end.id, end.version, acked).await.unwrap();
    world.pass(Duration::from_secs(10));
    let claimed = world.claim_messages(&room()).await;
    assert!(claimed.messages.is_empty());
    assert_eq!(claimed.next_due, None, "it is not kept");
}

pub(crate) async fn a_fallback_is_due_when_nobody_knows_in_time(world: World) {
    let end = world.cancelled(socket_first()).await;
    let flushed = Receipt::over(Channel::Websocket, Proof::Flushed);
    world.store.delivered(end.id, end.version, flushed).await.unwrap();
    let claimed = world.claim_messages(&room()).await;
    assert_eq!(claimed.next_due, Some(world.stored(Duration::from_secs(10))));
    world.pass(Duration::from_secs(10));
    let message = world.message().await;
    assert_eq!(message.event_id, EventId::of(&end).to_string());
}

pub(crate) async fn a_removed_report_is_told_to_nobody(world: World) {
    let end = world.cancelled(called_back()).await;
    world.store.remove(end.id).await.unwrap();
    assert!(world.messages().await.is_empty());
}

pub(crate) async fn an_expired_report_is_told_all_the_same(world: World) {
    let end = world.cancelled(socket_first()).await;
    world.pass(KEEP);
    world.store.sweep().await.unwrap();
    assert_refused!(world.store.load(end.id).await, StoreError::Gone);
    let message = world.message().await;
    assert_eq!(message.record.as_ref().map(|record| record.status), Some(Status::Cancelled));
    world.settle(&message, 200, Then::Delivered).await;
}

pub(crate) async fn a_second_end_is_another_event(world: World) {
    let first = world.cancelled(socket_first()).await;
    world.store.retry(first.id).await.unwrap();
    let second = world.store.cancel(first.id).await.unwrap();
    assert_ne!(EventId::of(&first), EventId::of(&second));
    world.pass(Duration::from_secs(10));
    // what was meant for the case that nobody knows of the first end is needless
    assert_eq!(world.message().await.event_id, EventId::of(&second).to_string());
}

pub(crate) async fn a_hint_comes_with_a_message(world: World) {
    world.cancelled(called_back()).await;
    world.store.message_hint().await;
    assert_eq!(world.messages().await.len(), 1);
}

pub(crate) async fn a_receipt_that_convinces_nobody_is_noted_while_nobody_knows(world: World) {
    let end = world.completed().await;
    let flushed = Receipt::over(Channel::Sse, Proof::Flushed);
    let record = world.store.delivered(end.id, end.version, flushed).await.unwrap();
    assert_eq!((record.version, record.delivery.state), (end.version + 1, DeliveryState::Waiting));
    let acked = Receipt::over(Channel::Sse, Proof::Acked);
    let record = world.store.delivered(end.id, end.version, acked).await.unwrap();
    assert_eq!(record.delivery.state, DeliveryState::Delivered);
    assert_eq!(world.store.delivered(end.id, end.version, flushed).await.unwrap(), record);
    let proofs: Vec<_> = record.deliveries.iter().map(|entry| (entry.channel, entry.proof)).collect();
    assert_eq!(proofs, [(Channel::Sse, Some(Proof::Flushed)), (Channel::Sse, Some(Proof::Acked))]);
}

pub(crate) async fn what_endpoints_were_told_is_forgotten_before_what_the_client_was_told(world: World) {
    world.listening(&EventType::ENDS).await;
    let end = world.cancelled(called_back()).await;
    let mut both = world.messages().await;
    both.sort_by_key(|message| message.target.endpoint.is_some());
    world.settle(&both[0], 200, Then::Delivered).await;
    world.settle(&both[1], 500, Then::RetryAt(world.in_seconds(0))).await;
    for _ in 0..REMEMBERED_ATTEMPTS {
        world.settle(&world.message().await, 500, Then::RetryAt(world.in_seconds(0))).await;
    }
    let record = world.load(end.id).await;
    assert_eq!(record.deliveries.len(), REMEMBERED_ATTEMPTS);
    assert_eq!((record.deliveries[0].proof, &record.deliveries[0].endpoint), (Some(Proof::Http2xx), &None));
}

pub(crate) async fn the_oldest_attempts_are_forgotten_first(world: World) {
    let end = world.cancelled(called_back()).await;
    for _ in 0..=REMEMBERED_ATTEMPTS {
        let message = world.message().await;
        world.settle(&message, 500, Then::RetryAt(world.in_seconds(0))).await;
    }
    let record = world.load(end.id).await;
    let numbers: Vec<_> = record.deliveries.iter().filter_map(|entry| entry.attempt).collect();
    let last = u32::try_from(REMEMBERED_ATTEMPTS).unwrap() + 1;
    assert_eq!(numbers, (2..=last).collect::<Vec<_>>());
}
