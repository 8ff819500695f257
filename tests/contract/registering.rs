//! Registered endpoints: their consent, their health, their secrets and their log.

use std::time::Duration;

use reportwire::{
    report::{EndpointId, EndpointState, EventType, Owner},
    store::{Attempted, MOST_ENDPOINTS, NewEndpoint, Replay, StoreError, Then},
};

use super::{
    World, assert_refused,
    messaging::{attempted, endpoint},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

impl World {
    async fn endpoint(&self, id: EndpointId) -> reportwire::report::Endpoint {
        self.store.endpoint(&Owner::anonymous(), id).await.unwrap()
    }

    /// Something that the endpoint is told, and how it took it.
    async fn tell(&self, status: u16, then: Then) -> String {
        self.completed().await;
        let message = self.message().await;
        self.settle(&message, status, then).await;
        message.event_id
    }
}

pub(crate) async fn an_endpoint_is_asked_for_its_consent(world: World) {
    for (then, consented) in [(Then::Delivered, true), (Then::GiveUp, false)] {
        let new = world.store.register(endpoint(&EventType::ENDS)).await.unwrap();
        assert_eq!((new.state, new.consented), (EndpointState::Active, None));
        let question = world.message().await;
        assert_eq!((question.event, question.target.endpoint), (EventType::Consent, Some(new.id)));
        // "no" is an answer, too
        let answer = Attempted { error: None, ..attempted(200, then) };
        world.store.settle_message(&question.claim, answer).await.unwrap();
        let known = world.endpoint(new.id).await;
        assert_eq!((known.consented, known.failing_since), (Some(consented), None));
    }
    let all = world.store.endpoints(&Owner::anonymous()).await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].id < all[1].id);
}

pub(crate) async fn an_endpoint_that_could_not_be_asked_is_asked_again(world: World) {
    let id = world.store.register(endpoint(&EventType::ENDS)).await.unwrap().id;
    let question = world.message().await;
    world.settle(&question, 500, Then::GiveUp).await;
    assert_eq!(world.endpoint(id).await.consented, None);
    world.store.test(&Owner::anonymous(), id).await.unwrap();
    let events: Vec<_> = world.messages().await.iter().map(|message| message.event).collect();
    assert_eq!(events, [EventType::Consent, EventType::Test]);
}

pub(crate) async fn an_address_is_not_asked_for_consent(world: World) {
    let letters = NewEndpoint { url: "mailto:ops@example.org".into(), ..endpoint(&EventType::ENDS) };
    world.store.register(letters).await.unwrap();
    assert!(world.messages().await.is_empty());
    world.completed().await;
    let letter = world.message().await;
    assert_eq!(letter.target.channel, reportwire::report::Channel::Email);
}

pub(crate) async fn a_paused_endpoint_is_told_when_it_is_resumed(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    assert_eq!(world.store.pause(&Owner::anonymous(), id).await.unwrap().state, EndpointState::Paused);
    world.completed().await;
    let claimed = world.claim_messages(&super::messaging::room()).await;
    assert!(claimed.messages.is_empty());
    world.store.message_hint().await;
    assert_eq!(world.store.resume(&Owner::anonymous(), id).await.unwrap().state, EndpointState::Active);
    world.store.message_hint().await;
    assert_eq!(world.message().await.event, EventType::Completed);
}

pub(crate) async fn an_endpoint_that_is_gone_is_switched_off(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    world.completed().await;
    let first = world.message().await;
    world.completed().await;
    world.settle(&first, 410, Then::SwitchOff).await;
    let gone = world.endpoint(id).await;
    assert_eq!(gone.state, EndpointState::Disabled);
    assert!(gone.reason.unwrap().contains("410"));
    assert!(world.messages().await.is_empty(), "what waited has failed");
    world.completed().await;
    assert!(world.messages().await.is_empty(), "nothing waits any more");
    assert_eq!(world.store.pause(&Owner::anonymous(), id).await.unwrap().state, EndpointState::Disabled);
}

pub(crate) async fn what_was_on_its_way_to_an_endpoint_that_is_gone_is_not_sent_again(world: World) {
    world.listening(&EventType::ENDS).await;
    world.completed().await;
    world.completed().await;
    let both = world.messages().await;
    world.settle(&both[0], 410, Then::SwitchOff).await;
    world.settle(&both[1], 503, Then::RetryAt(world.in_seconds(5))).await;
    world.pass(HOUR);
    assert!(world.messages().await.is_empty());
}

pub(crate) async fn nothing_but_failure_for_120_hours_switches_it_off(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    world.tell(500, Then::GiveUp).await;
    world.pass(119 * HOUR);
    world.tell(500, Then::GiveUp).await;
    assert_eq!(world.endpoint(id).await.state, EndpointState::Active);
    world.pass(HOUR);
    world.tell(500, Then::GiveUp).await;
    let off = world.endpoint(id).await;
    assert_eq!(off.state, EndpointState::Disabled);
    assert!(off.reason.unwrap().contains("120 hours"));
}

pub(crate) async fn one_success_counts_the_failures_anew(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    world.tell(500, Then::GiveUp).await;
    assert_eq!(world.endpoint(id).await.failing_since, Some(world.stored(Duration::ZERO)));
    world.tell(200, Then::Delivered).await;
    assert_eq!(world.endpoint(id).await.failing_since, None);
    world.pass(120 * HOUR);
    world.tell(500, Then::GiveUp).await;
    assert_eq!(world.endpoint(id).await.state, EndpointState::Active);
}

pub(crate) async fn a_resumed_endpoint_begins_anew(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    world.tell(410, Then::SwitchOff).await;
    let resumed = world.store.resume(&Owner::anonymous(), id).await.unwrap();
    assert_eq!((resumed.state, resumed.reason, resumed.failing_since), (EndpointState::Active, None, None));
    world.tell(200, Then::Delivered).await;
}

pub(crate) async fn both_secrets_are_valid_for_a_while(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    let (old, new) = (endpoint(&[]).secret, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned());
    world.store.rotate(&Owner::anonymous(), id, new.clone(), HOUR).await.unwrap();
    world.completed().await;
    assert_eq!(world.message().await.target.secrets, [new.clone(), old]);
    world.pass(HOUR);
    world.completed().await;
    let secrets: Vec<_> = world.messages().await.into_iter().map(|message| message.target.secrets).collect();
    assert!(secrets.contains(&vec![new.clone()]), "{secrets:?}");
    // a second rotation leaves the newest two
    let newest = "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0".to_owned();
    world.store.rotate(&Owner::anonymous(), id, newest.clone(), HOUR).await.unwrap();
    world.completed().await;
    assert_eq!(world.message().await.target.secrets, [newest, new]);
}

pub(crate) async fn a_test_does_not_count(world: World) {
    let id = world.listening(&[]).await;
    let name = world.store.test(&Owner::anonymous(), id).await.unwrap();
    let test = world.message().await;
    assert_eq!((test.event, &test.event_id), (EventType::Test, &name));
    assert!(test.record.is_none());
    world.settle(&test, 500, Then::GiveUp).await;
    assert_eq!(world.endpoint(id).await.failing_since, None);
    assert_eq!(world.store.attempts(&Owner::anonymous(), id, None, 10).await.unwrap()[0].event_id, name);
    assert_eq!(
        world.store.replay(&Owner::anonymous(), id, Replay::Failed).await.unwrap(),
        0,
        "it is not sent again"
    );
}

pub(crate) async fn one_event_is_sent_again(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    let first = world.tell(200, Then::Delivered).await;
    world.tell(200, Then::Delivered).await;
    assert_eq!(world.store.replay(&Owner::anonymous(), id, Replay::Event(first.clone())).await.unwrap(), 1);
    let again = world.message().await;
    assert_eq!((&again.event_id, again.attempt), (&first, 1));
    assert_eq!(
        world.store.replay(&Owner::anonymous(), id, Replay::Event("unknown_1".into())).await.unwrap(),
        0
    );
}

pub(crate) async fn all_that_failed_is_sent_again(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    let mut failed = vec![world.tell(500, Then::GiveUp).await];
    world.tell(200, Then::Delivered).await;
    failed.push(world.tell(500, Then::GiveUp).await);
    assert_eq!(world.store.replay(&Owner::anonymous(), id, Replay::Failed).await.unwrap(), 2);
    world.store.message_hint().await;
    let again: Vec<_> = world.messages().await.into_iter().map(|message| message.event_id).collect();
    assert_eq!(again, failed);
}

pub(crate) async fn the_log_has_every_attempt_the_newest_first(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    world.completed().await;
    let message = world.message().await;
    world.settle(&message, 503, Then::RetryAt(world.in_seconds(0))).await;
    let message = world.message().await;
    world.settle(&message, 200, Then::Delivered).await;
    let log = world.store.attempts(&Owner::anonymous(), id, None, 2).await.unwrap();
    let said: Vec<_> = log.iter().map(|entry| (entry.attempt, entry.status, entry.error.is_some())).collect();
    assert_eq!(said, [(2, Some(200), false), (1, Some(503), true)]);
    assert_eq!((log[0].took_ms, log[0].answer.as_str()), (7, "thanks"));
    assert_eq!(log[0].event_id, message.event_id);
    let rest = world.store.attempts(&Owner::anonymous(), id, Some(log[1].number), 2).await.unwrap();
    assert_eq!(rest.iter().map(|entry| entry.event).collect::<Vec<_>>(), [EventType::Consent]);
}

pub(crate) async fn what_is_removed_leaves_nothing_behind(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    world.completed().await;
    let message = world.message().await;
    world.completed().await;
    world.store.unregister(&Owner::anonymous(), id).await.unwrap();
    let late = world.store.settle_message(&message.claim, attempted(200, Then::Delivered)).await;
    assert_refused!(late, StoreError::ClaimLost);
    assert!(world.messages().await.is_empty());
    assert_refused!(world.store.endpoint(&Owner::anonymous(), id).await, StoreError::NotFound);
}

pub(crate) async fn there_are_only_so_many(world: World) {
    for _ in 0..MOST_ENDPOINTS {
        world.store.register(endpoint(&[])).await.unwrap();
    }
    assert_refused!(world.store.register(endpoint(&[])).await, StoreError::TooMany);
}

pub(crate) async fn what_is_old_is_forgotten(world: World) {
    let id = world.listening(&EventType::ENDS).await;
    world.tell(500, Then::GiveUp).await;
    world.pass(7 * 24 * HOUR);
    world.store.sweep().await.unwrap();
    assert_eq!(world.store.attempts(&Owner::anonymous(), id, None, 10).await.unwrap(), []);
    assert_eq!(world.store.replay(&Owner::anonymous(), id, Replay::Failed).await.unwrap(), 0);
}

pub(crate) async fn what_still_waits_is_not_forgotten(world: World) {
    world.listening(&EventType::ENDS).await;
    world.completed().await;
    let message = world.message().await;
    let week = 7 * 24 * HOUR;
    world
        .settle(&message, 503, Then::RetryAt(world.in_seconds(i64::try_from(week.as_secs()).unwrap())))
        .await;
    world.pass(week);
    world.store.sweep().await.unwrap();
    assert_eq!(world.message().await.event_id, message.event_id);
}

pub(crate) async fn an_unknown_endpoint_is_not_found(world: World) {
    let id = EndpointId::generate();
    let store = &world.store;
    assert_refused!(store.endpoint(&Owner::anonymous(), id).await, StoreError::NotFound);
    assert_refused!(store.pause(&Owner::anonymous(), id).await, StoreError::NotFound);
    assert_refused!(store.resume(&Owner::anonymous(), id).await, StoreError::NotFound);
    assert_refused!(store.rotate(&Owner::anonymous(), id, String::new(), HOUR).await, StoreError::NotFound);
    assert_refused!(store.unregister(&Owner::anonymous(), id).await, StoreError::NotFound);
    assert_refused!(store.test(&Owner::anonymous(), id).await, StoreError::NotFound);
    assert_refused!(store.replay(&Owner::anonymous(), id, Replay::Failed).await, StoreError::NotFound);
    assert_refused!(store.attempts(&Owner::anonymous(), id, None, 1).await, StoreError::NotFound);
}
