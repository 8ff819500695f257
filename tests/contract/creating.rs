//! Creating and loading.

use std::{collections::HashSet, sync::Arc};

use reportwire::{
    report::{DeliveryState, NewReport, Owner, ReportId, Status},
    store::{Filter, StoreError},
};

use super::{KEEP, World, assert_refused, keyed, receipt, report};

pub(crate) async fn a_report_starts_queued_with_version_1(world: World) {
    let new = report();
    let created = world.store.create(new.clone()).await.unwrap();
    assert!(!created.replayed);
    let record = created.record;
    assert_eq!((record.id, record.version, record.status), (new.id, 1, Status::Queued));
    assert_eq!((record.parameters.clone(), record.origin.clone()), (new.parameters, new.origin));
    assert_eq!(record.created_at, world.stored(std::time::Duration::ZERO));
    assert_eq!(record.expires_at, world.stored(KEEP));
    assert_eq!((record.delivery.state, record.held), (DeliveryState::Waiting, false));
    assert_eq!(world.load(new.id).await, record);
    assert_eq!(world.store.model(new.id).await.unwrap(), None);
}

pub(crate) async fn a_created_report_has_a_task_at_once(world: World) {
    let record = world.create().await;
    assert_eq!(world.claim().await.record.id, record.id);
}

pub(crate) async fn a_known_key_returns_the_first_report_and_writes_nothing(world: World) {
    let first = world.store.create(keyed("k", 1)).await.unwrap();
    let again = world.store.create(keyed("k", 1)).await.unwrap();
    assert!(!first.replayed && again.replayed);
    assert_eq!(again.record, first.record);
    assert_eq!(world.claims(10).await.len(), 1);
    assert_eq!(world.store.list(&Filter::of(Owner::anonymous(), 10)).await.unwrap().records.len(), 1);
    let moved_on = world.store.create(keyed("k", 1)).await.unwrap().record;
    assert_eq!(moved_on.status, Status::Generating, "a replay shows the report as it is now");
}

pub(crate) async fn concurrent_creates_with_one_key_make_one_report(world: World) {
    let calls: Vec<_> = (0..32)
        .map(|_| {
            let store = Arc::clone(&world.store);
            tokio::spawn(async move { store.create(keyed("k", 1)).await.unwrap() })
        })
        .collect();
    let (mut ids, mut originals) = (HashSet::new(), 0);
    for call in calls {
        let created = call.await.unwrap();
        ids.insert(created.record.id);
        originals += usize::from(!created.replayed);
    }
    assert_eq!((ids.len(), originals), (1, 1));
}

pub(crate) async fn a_known_key_with_another_fingerprint_is_refused(world: World) {
    world.store.create(keyed("k", 1)).await.unwrap();
    assert_refused!(world.store.create(keyed("k", 2)).await, StoreError::KeyReused);
    assert!(!world.store.create(keyed("K", 2)).await.unwrap().replayed, "another spelling is another key");
}

pub(crate) async fn a_key_stays_known_when_its_report_is_removed(world: World) {
    let first = world.store.create(keyed("k", 1)).await.unwrap().record;
    world.store.remove(first.id).await.unwrap();
    assert_refused!(world.store.create(keyed("k", 1)).await, StoreError::Gone);
    assert_refused!(world.store.create(keyed("k", 2)).await, StoreError::KeyReused);
}

pub(crate) async fn an_unknown_report_is_not_found(world: World) {
    let id = ReportId::generate();
    assert_refused!(world.store.load(id).await, StoreError::NotFound);
    assert_refused!(world.store.model(id).await, StoreError::NotFound);
    assert_refused!(world.store.release(id).await, StoreError::NotFound);
    assert_refused!(world.store.cancel(id).await, StoreError::NotFound);
    assert_refused!(world.store.retry(id).await, StoreError::NotFound);
    assert_refused!(world.store.remove(id).await, StoreError::NotFound);
    let proof = reportwire::report::Proof::Acked;
    assert_refused!(world.store.delivered(id, 1, receipt(proof)).await, StoreError::NotFound);
}

pub(crate) async fn an_id_is_not_used_twice(world: World) {
    let first = world.create().await;
    let second = NewReport { id: first.id, origin: "http://other".into(), ..report() };
    assert_refused!(world.store.create(second).await, StoreError::Engine(_));
    assert_eq!(world.load(first.id).await, first);
}

pub(crate) async fn parameters_come_back_as_they_were(world: World) {
    let text = r#"{"a": 0.1, "b": 1.7976931348623157e308, "c": 5e-324, "d": 0.30000000000000004, "e": -0.0,
        "f": 9007199254740993, "g": 18446744073709551615, "h": -9223372036854775808, "i": null,
        "j": ["Zoë", "\u0000\"\\", {"z": 1, "a": [true, {}]}], "k": 122.416294033786585}"#;
    let new = NewReport { parameters: serde_json::from_str(text).unwrap(), ..report() };
    world.store.create(new.clone()).await.unwrap();
    assert_eq!(world.load(new.id).await.parameters, new.parameters);
}

pub(crate) async fn concurrent_creates_are_all_there(world: World) {
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&world.store);
            tokio::spawn(async move { store.create(report()).await.unwrap().record })
        })
        .collect();
    for call in calls {
        let record = call.await.unwrap();
        assert_eq!(world.load(record.id).await, record);
    }
    assert_eq!(world.claims(100).await.len(), 64);
}

pub(crate) async fn a_call_that_fails_does_not_disturb_its_neighbours(world: World) {
    let taken = world.create().await;
    let calls: Vec<_> = (0..64)
        .map(|turn| {
            let store = Arc::clone(&world.store);
            let id = if turn % 2 == 0 { taken.id } else { ReportId::generate() };
            tokio::spawn(async move { store.create(NewReport { id, ..report() }).await })
        })
        .collect();
    for (turn, call) in calls.into_iter().enumerate() {
        let result = call.await.unwrap();
        if turn % 2 == 0 {
            assert_refused!(result, StoreError::Engine(_));
        } else {
            let record = result.unwrap().record;
            assert_eq!(world.load(record.id).await, record);
        }
    }
    assert_eq!(world.claims(100).await.len(), 33);
}
