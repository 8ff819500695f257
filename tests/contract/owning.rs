//! What is one owner's is nothing to another, and no owner's work stands in the way of another's.

use std::time::Duration;

use reportwire::{
    report::{EventType, NewReport, Owner, Record, ReportId},
    store::{Claimed, Filter, NewEndpoint, Outcome, StoreError, TaskKind},
};

use super::{LEASE, SHARES, World, assert_refused, done, keyed, messaging::endpoint, problem, report};

fn owner(name: &str) -> Owner {
    name.parse().unwrap()
}

pub(crate) fn of(name: &str) -> NewReport {
    NewReport { owner: owner(name), ..report() }
}

impl World {
    async fn create_of(&self, name: &str) -> Record {
        self.store.create(of(name)).await.unwrap().record
    }

    /// Whose tasks are claimed, in their order.
    async fn owners_claimed(&self, limit: usize) -> Vec<String> {
        let name = |claimed: Claimed| claimed.record.owner.name().to_owned();
        self.claims(limit).await.into_iter().map(name).collect()
    }
}

pub(crate) async fn a_report_is_found_by_its_owner_alone(world: World) {
    let record = world.create_of("a").await;
    assert_eq!(record.owner, owner("a"));
    assert_eq!(world.store.find(&owner("a"), record.id).await.unwrap(), record);
    for other in [owner("b"), owner("A"), owner("a "), Owner::anonymous()] {
        assert_refused!(world.store.find(&other, record.id).await, StoreError::NotFound);
    }
    assert_refused!(world.store.find(&owner("a"), ReportId::generate()).await, StoreError::NotFound);
}

pub(crate) async fn a_report_that_is_gone_is_gone_to_its_owner_alone(world: World) {
    let id = world.create_of("a").await.id;
    world.store.remove(id).await.unwrap();
    assert_refused!(world.store.find(&owner("a"), id).await, StoreError::Gone);
    assert_refused!(world.store.find(&owner("b"), id).await, StoreError::NotFound);
}

pub(crate) async fn a_list_has_the_reports_of_one_owner(world: World) {
    let (mine, _theirs) = (world.create_of("a").await, world.create_of("b").await);
    let anonymous = world.create().await;
    for (owner, expected) in [(owner("a"), mine), (Owner::anonymous(), anonymous)] {
        let page = world.store.list(&Filter::of(owner, 10)).await.unwrap();
        assert_eq!(page.records, [expected]);
    }
    // a cursor of another's list tells nothing of it
    let cursor = Some(world.create_of("b").await.id.to_string());
    let page = world.store.list(&Filter { cursor, ..Filter::of(owner("a"), 10) }).await.unwrap();
    assert!(page.records.iter().all(|record| record.owner == owner("a")));
}

pub(crate) async fn an_idempotency_key_is_one_for_each_owner(world: World) {
    let keyed_of = |name, version| NewReport { owner: owner(name), ..keyed("k", version) };
    let first = world.store.create(keyed_of("a", 1)).await.unwrap();
    let other = world.store.create(keyed_of("b", 2)).await.unwrap();
    assert!(!first.replayed && !other.replayed);
    let again = world.store.create(keyed_of("a", 1)).await.unwrap();
    assert_eq!((again.replayed, again.record.id), (true, first.record.id));
}

pub(crate) async fn an_endpoint_is_told_of_its_owners_reports_alone(world: World) {
    let new = NewEndpoint { owner: owner("a"), ..endpoint(&EventType::ENDS) };
    let id = world.store.register(new).await.unwrap().id;
    // the question for its consent
    assert_eq!(world.messages().await.len(), 1);
    for other in ["b", "c"] {
        let theirs = world.create_of(other).await;
        world.store.cancel(theirs.id).await.unwrap();
    }
    let anonymous = world.create().await;
    world.store.cancel(anonymous.id).await.unwrap();
    assert!(world.messages().await.is_empty());
    let mine = world.create_of("a").await;
    world.store.cancel(mine.id).await.unwrap();
    assert_eq!(world.message().await.target.endpoint, Some(id));
}

pub(crate) async fn an_endpoint_is_its_owners_alone(world: World) {
    let new = NewEndpoint { owner: owner("a"), ..endpoint(&EventType::ENDS) };
    let store = &world.store;
    let id = store.register(new).await.unwrap().id;
    let b = owner("b");
    assert!(store.endpoints(&b).await.unwrap().is_empty());
    assert_refused!(store.endpoint(&b, id).await, StoreError::NotFound);
    assert_refused!(store.pause(&b, id).await, StoreError::NotFound);
    assert_refused!(store.resume(&b, id).await, StoreError::NotFound);
    assert_refused!(store.rotate(&b, id, "s".into(), Duration::ZERO).await, StoreError::NotFound);
    assert_refused!(store.test(&b, id).await, StoreError::NotFound);
    assert_refused!(store.replay(&b, id, reportwire::store::Replay::Failed).await, StoreError::NotFound);
    assert_refused!(store.attempts(&b, id, None, 9).await, StoreError::NotFound);
    assert_refused!(store.unregister(&b, id).await, StoreError::NotFound);
    assert_eq!(store.endpoints(&owner("a")).await.unwrap().len(), 1);
}

pub(crate) async fn owners_take_turns(world: World) {
    for _ in 0..6 {
        world.create_of("flood").await;
    }
    world.pass(Duration::from_secs(1));
    for name in ["a", "b"] {
        world.create_of(name).await;
        world.create_of(name).await;
    }
    let order = world.owners_claimed(6).await;
    // each has had as many turns as the others, as long as they have work
    for round in order.chunks(3) {
        let mut names = round.to_vec();
        names.sort();
        assert_eq!(names, ["a", "b", "flood"], "{order:?}");
    }
}

pub(crate) async fn who_comes_anew_is_next_and_has_saved_nothing_up(world: World) {
    for _ in 0..40 {
        world.create_of("flood").await;
    }
    // the flood has had many turns before the other comes
    for _ in 0..10 {
        let claimed = world.claim_one().await;
        world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    }
    for _ in 0..5 {
        world.create_of("late").await;
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let claimed = world.claim_one().await;
        order.push(claimed.record.owner.name().to_owned());
        world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    }
    let late = order.iter().filter(|name| *name == "late").count();
    assert_eq!(late, 3, "neither waits for ten turns of the other: {order:?}");
    assert!(order[..2].contains(&"late".to_owned()), "{order:?}");
}

pub(crate) async fn no_owner_has_more_under_way_than_one_may(world: World) {
    for _ in 0..5 {
        world.create_of("a").await;
    }
    let claimed = world.claims(9).await;
    assert_eq!(claimed.len(), SHARES.running);
    assert!(world.claims(9).await.is_empty());
    world.create_of("b").await;
    assert_eq!(world.owners_claimed(9).await, ["b"], "another may");
    world.store.settle(&claimed[0].claim, done()).await.unwrap();
    assert_eq!(world.claims(9).await.len(), 1, "what has ended makes room");
    // a lease that ran out is under way no longer
    world.pass(2 * LEASE);
    assert_eq!(world.claims(1).await.len(), 1);
}

pub(crate) async fn no_owner_has_more_unfinished_reports_than_one_may(world: World) {
    let mut first = None;
    for _ in 0..SHARES.unfinished {
        first = Some(world.create_of("a").await.id);
    }
    assert_refused!(world.store.create(of("a")).await, StoreError::Backlog { .. });
    world.create_of("b").await;
    world.create().await;
    let ended = first.unwrap();
    world.store.cancel(ended).await.unwrap();
    world.create_of("a").await;
    assert_refused!(world.store.retry(ended).await, StoreError::Backlog { .. });
    // whoever is nobody in particular is everybody, and not bound
    for _ in 0..SHARES.unfinished {
        world.create().await;
    }
}

impl World {
    async fn claim_one(&self) -> Claimed {
        self.store.claim(TaskKind::Generate, LEASE, 1).await.unwrap().remove(0)
    }
}
