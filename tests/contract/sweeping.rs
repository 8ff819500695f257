//! What time alone moves on.

use std::time::Duration;

use reportwire::{
    report::Status,
    store::{Outcome, StoreError, Swept},
};

use super::{
    KEEP, LEASE, World, artifact, assert_refused, claiming::refused_everything, done, keyed, problem,
};

const MOMENT: Duration = Duration::from_millis(1);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(crate) async fn a_finished_report_expires_when_its_time_is_over(world: World) {
    let end = world.completed().await;
    world.pass(KEEP - MOMENT);
    assert_eq!(world.store.sweep().await.unwrap(), Swept::default());
    assert!(world.store.model(end.id).await.unwrap().is_some());
    world.pass(MOMENT);
    world.store.sweep().await.unwrap();
    assert_refused!(world.store.load(end.id).await, StoreError::Gone);
    assert_refused!(world.store.model(end.id).await, StoreError::Gone);
}

pub(crate) async fn the_end_of_the_work_counts_the_time_anew(world: World) {
    let claimed = world.generating().await;
    world.pass(KEEP - MOMENT);
    let failed = world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    assert_eq!(failed.expires_at, world.stored(KEEP));
    world.pass(KEEP - MOMENT);
    world.store.sweep().await.unwrap();
    world.load(failed.id).await;
    let queued = world.store.retry(failed.id).await.unwrap();
    assert_eq!(queued.expires_at, world.stored(KEEP), "a second try does not expire in its middle");
}

pub(crate) async fn an_unfinished_report_fails_before_it_expires(world: World) {
    let generating = world.generating().await;
    let queued = world.create().await;
    let held = world.create_held().await;
    world.pass(KEEP - MOMENT);
    world.store.renew(&generating.claim, LEASE, None).await.unwrap();
    world.store.sweep().await.unwrap();
    world.load(queued.id).await;
    world.pass(MOMENT);
    world.store.sweep().await.unwrap();
    let all = [generating.record.id, queued.id, held.id];
    for id in all {
        let record = world.load(id).await;
        assert_eq!(record.status, Status::Failed);
        assert_eq!(record.settled_version, Some(record.version));
        assert_eq!(record.error.map(|error| error.status), Some(504));
    }
    refused_everything(&world, &generating.claim).await;
    world.pass(LEASE);
    assert!(world.claims(10).await.is_empty());
    world.pass(KEEP);
    world.store.sweep().await.unwrap();
    for id in all {
        assert_refused!(world.store.load(id).await, StoreError::Gone);
    }
}

pub(crate) async fn a_file_is_named_until_it_is_forgotten(world: World) {
    let removed = world.completed().await;
    world.store.remove(removed.id).await.unwrap();
    let expired = world.completed().await;
    world.pass(KEEP);
    let mut both = vec![(removed.id, artifact().key), (expired.id, artifact().key)];
    both.sort();
    for _ in 0..2 {
        let mut named = world.store.sweep().await.unwrap().artifacts;
        named.sort();
        assert_eq!(named, both);
    }
    world.store.forget_artifacts(&[removed.id]).await.unwrap();
    assert_eq!(world.store.sweep().await.unwrap().artifacts, [(expired.id, artifact().key)]);
    world.store.forget_artifacts(&[removed.id, expired.id]).await.unwrap();
    assert_eq!(world.store.sweep().await.unwrap(), Swept::default());
}

pub(crate) async fn the_file_of_a_living_report_cannot_be_forgotten(world: World) {
    let end = world.completed().await;
    world.store.forget_artifacts(&[end.id]).await.unwrap();
    assert_eq!(world.load(end.id).await, end);
}

pub(crate) async fn a_tombstone_is_forgotten_after_seven_days(world: World) {
    let id = world.store.create(keyed("k", 1)).await.unwrap().record.id;
    world.store.cancel(id).await.unwrap();
    world.pass(KEEP);
    world.store.sweep().await.unwrap();
    world.pass(WEEK - MOMENT);
    world.store.sweep().await.unwrap();
    assert_refused!(world.store.load(id).await, StoreError::Gone);
    assert_refused!(world.store.create(keyed("k", 1)).await, StoreError::Gone);
    world.pass(MOMENT);
    world.store.sweep().await.unwrap();
    assert_refused!(world.store.load(id).await, StoreError::NotFound);
    assert!(!world.store.create(keyed("k", 1)).await.unwrap().replayed, "its key is free again");
}

pub(crate) async fn a_tombstone_with_a_file_is_remembered(world: World) {
    let end = world.completed().await;
    world.store.remove(end.id).await.unwrap();
    world.pass(WEEK * 2);
    assert_eq!(world.store.sweep().await.unwrap().artifacts.len(), 1);
    assert_refused!(world.store.load(end.id).await, StoreError::Gone);
    world.store.forget_artifacts(&[end.id]).await.unwrap();
    world.store.sweep().await.unwrap();
    assert_refused!(world.store.load(end.id).await, StoreError::NotFound);
}

pub(crate) async fn a_sweep_finishes_however_much_is_due(world: World) {
    const MANY: usize = 1001;
    let creates: Vec<_> = (0..MANY)
        .map(|_| {
            let store = std::sync::Arc::clone(&world.store);
            tokio::spawn(async move { store.create(super::report()).await.unwrap() })
        })
        .collect();
    for create in creates {
        create.await.unwrap();
    }
    for claimed in world.claims(MANY).await {
        let store = std::sync::Arc::clone(&world.store);
        tokio::spawn(async move { store.settle(&claimed.claim, done()).await.unwrap() }).await.unwrap();
    }
    world.pass(KEEP);
    let named = world.store.sweep().await.unwrap().artifacts;
    assert_eq!(named.len(), MANY);
    let ids: Vec<_> = named.into_iter().map(|(id, _)| id).collect();
    world.store.forget_artifacts(&ids).await.unwrap();
    world.pass(WEEK);
    assert_eq!(world.store.sweep().await.unwrap(), Swept::default());
    for id in ids {
        assert_refused!(world.store.load(id).await, StoreError::NotFound);
    }
}

pub(crate) async fn a_sweep_with_nothing_due_changes_nothing(world: World) {
    let end = world.completed().await;
    let queued = world.create().await;
    world.store.sweep().await.unwrap();
    assert_eq!((world.load(end.id).await, world.load(queued.id).await), (end, queued));
}
