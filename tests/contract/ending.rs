//! The ends of the work, and the ways out of them.

use std::time::Duration;

use reportwire::{
    report::{Delivery, DeliveryState, Progress, Proof, Record, Status},
    store::{Outcome, StoreError},
};

use super::{
    KEEP, LEASE, MODEL, WAIT, World, artifact, assert_refused, claiming::refused_everything, done, problem,
    receipt,
};

/// What every end of the work has in common.
fn assert_ended(world: &World, record: &Record) {
    assert_eq!(record.settled_version, Some(record.version));
    assert_eq!(record.completed_at, Some(world.stored(Duration::ZERO)));
    assert_eq!(record.expires_at, world.stored(KEEP));
    assert_eq!(record.delivery, Delivery { until: Some(world.stored(WAIT)), ..Delivery::waiting() });
    assert_eq!(record.progress, None);
}

pub(crate) async fn completing_stores_the_artifact_the_model_and_the_end(world: World) {
    let claimed = world.generating().await;
    let progress = Some(Progress { phase: "rendering".into(), percent: 90 });
    world.store.renew(&claimed.claim, LEASE, progress).await.unwrap();
    world.pass(Duration::from_secs(7));
    let record = world.store.settle(&claimed.claim, done()).await.unwrap();
    assert_eq!((record.status, record.version), (Status::Completed, 4));
    assert_eq!(record.artifact, Some(artifact()));
    assert_ended(&world, &record);
    assert_eq!(world.load(record.id).await, record);
    assert_eq!(world.store.model(record.id).await.unwrap().unwrap(), MODEL);
    world.pass(LEASE * 10);
    assert!(world.claims(1).await.is_empty());
}

pub(crate) async fn failing_stores_why(world: World) {
    let claimed = world.generating().await;
    let progress = Some(Progress { phase: "querying".into(), percent: 5 });
    world.store.renew(&claimed.claim, LEASE, progress).await.unwrap();
    let record = world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    assert_eq!((record.status, record.error.clone()), (Status::Failed, Some(problem())));
    assert_ended(&world, &record);
    assert_eq!(world.load(record.id).await, record);
    assert_eq!(world.store.model(record.id).await.unwrap(), None);
    world.pass(LEASE * 10);
    assert!(world.claims(1).await.is_empty());
}

pub(crate) async fn a_retry_is_due_at_its_time_and_counts(world: World) {
    let claimed = world.generating().await;
    let wait = Duration::from_secs(90);
    let record = world.store.settle(&claimed.claim, Outcome::RetryIn(wait)).await.unwrap();
    assert_eq!((record.status, record.version, record.progress.clone()), (Status::Queued, 3, None));
    assert_eq!(world.load(record.id).await, record);
    refused_everything(&world, &claimed.claim).await;
    world.pass(wait - Duration::from_millis(1));
    assert!(world.claims(1).await.is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!(world.claim().await.claim.attempt, 2);
}

pub(crate) async fn a_released_task_is_due_at_once_and_does_not_count(world: World) {
    let claimed = world.generating().await;
    let record = world.store.settle(&claimed.claim, Outcome::Released).await.unwrap();
    assert_eq!((record.status, record.progress.clone()), (Status::Queued, None));
    refused_everything(&world, &claimed.claim).await;
    let again = world.claim().await;
    assert_eq!((again.claim.report, again.claim.attempt), (record.id, 1));
    assert_eq!(again.record.started_at, claimed.record.started_at);
}

pub(crate) async fn settling_twice_is_refused(world: World) {
    let claimed = world.generating().await;
    let record = world.store.settle(&claimed.claim, done()).await.unwrap();
    refused_everything(&world, &claimed.claim).await;
    assert_eq!(world.load(record.id).await, record);
}

pub(crate) async fn cancelling_ends_the_work_and_its_claim(world: World) {
    let claimed = world.generating().await;
    let record = world.store.cancel(claimed.record.id).await.unwrap();
    assert_eq!((record.status, record.version), (Status::Cancelled, 3));
    assert_ended(&world, &record);
    refused_everything(&world, &claimed.claim).await;
    assert_eq!(world.load(record.id).await, record);
    assert_eq!(world.store.model(record.id).await.unwrap(), None);
    let queued = world.create().await;
    assert_eq!(world.store.cancel(queued.id).await.unwrap().status, Status::Cancelled);
    world.pass(LEASE * 2);
    assert!(world.claims(1).await.is_empty());
}

pub(crate) async fn cancelling_keeps_an_end_that_is_there(world: World) {
    let completed = world.completed().await;
    assert_eq!(world.store.cancel(completed.id).await.unwrap(), completed);
    let cancelled = world.store.cancel(world.create().await.id).await.unwrap();
    world.pass(Duration::from_secs(1));
    assert_eq!(world.store.cancel(cancelled.id).await.unwrap(), cancelled);
}

pub(crate) async fn cancelling_a_held_back_report_lets_go_of_it(world: World) {
    let held = world.create_held().await;
    let record = world.store.cancel(held.id).await.unwrap();
    assert_eq!((record.status, record.held), (Status::Cancelled, false));
    assert_eq!(world.store.release(held.id).await.unwrap(), record);
    assert!(world.claims(1).await.is_empty());
}

pub(crate) async fn retrying_starts_anew(world: World) {
    let first = world.generating().await;
    world.store.settle(&first.claim, Outcome::RetryIn(Duration::ZERO)).await.unwrap();
    let second = world.claim().await;
    let failed = world.store.settle(&second.claim, Outcome::Failed(problem())).await.unwrap();
    let failed = world.store.delivered(failed.id, failed.version, receipt(Proof::CloseEcho)).await.unwrap();
    world.pass(Duration::from_secs(5));
    let record = world.store.retry(failed.id).await.unwrap();
    assert_eq!((record.status, record.version), (Status::Queued, failed.version + 1));
    assert_eq!((record.started_at, record.completed_at, record.settled_version), (None, None, None));
    assert_eq!((record.error.clone(), record.artifact.clone(), record.held), (None, None, false));
    assert_eq!(record.delivery, Delivery::waiting());
    assert_eq!(record.expires_at, world.stored(KEEP));
    assert_eq!(world.load(record.id).await, record);
    let claimed = world.claim().await;
    assert_eq!(claimed.claim.attempt, 1);
    refused_everything(&world, &second.claim).await;
}

pub(crate) async fn only_a_failed_or_cancelled_report_can_be_retried(world: World) {
    let queued = world.create().await;
    assert_refused!(world.store.retry(queued.id).await, StoreError::Illegal(_));
    let claimed = world.claim().await;
    assert_refused!(world.store.retry(queued.id).await, StoreError::Illegal(_));
    let completed = world.store.settle(&claimed.claim, done()).await.unwrap();
    assert_refused!(world.store.retry(queued.id).await, StoreError::Illegal(_));
    assert_eq!(world.load(queued.id).await, completed);
    let cancelled = world.store.cancel(world.create().await.id).await.unwrap();
    assert_eq!(world.store.retry(cancelled.id).await.unwrap().status, Status::Queued);
}

pub(crate) async fn a_removed_report_is_gone_for_every_call(world: World) {
    for id in [world.completed().await.id, world.create().await.id] {
        world.store.remove(id).await.unwrap();
        assert_refused!(world.store.load(id).await, StoreError::Gone);
        assert_refused!(world.store.model(id).await, StoreError::Gone);
        assert_refused!(world.store.release(id).await, StoreError::Gone);
        assert_refused!(world.store.cancel(id).await, StoreError::Gone);
        assert_refused!(world.store.retry(id).await, StoreError::Gone);
        assert_refused!(world.store.delivered(id, 99, receipt(Proof::Acked)).await, StoreError::Gone);
    }
    assert!(world.claims(1).await.is_empty());
}

pub(crate) async fn removing_is_idempotent_until_it_is_forgotten(world: World) {
    let id = world.create().await.id;
    world.store.remove(id).await.unwrap();
    world.store.remove(id).await.unwrap();
    world.pass(Duration::from_secs(8 * 24 * 60 * 60));
    world.store.sweep().await.unwrap();
    assert_refused!(world.store.remove(id).await, StoreError::NotFound);
}

pub(crate) async fn removing_takes_the_claim_away(world: World) {
    let claimed = world.generating().await;
    world.store.remove(claimed.record.id).await.unwrap();
    refused_everything(&world, &claimed.claim).await;
    assert_refused!(world.store.load(claimed.record.id).await, StoreError::Gone);
    assert_eq!(world.store.sweep().await.unwrap().artifacts, []);
}

pub(crate) async fn every_call_returns_what_is_read_back(world: World) {
    let odd = Duration::from_nanos(1_234_567_891);
    let id = world.create_held().await.id;
    world.pass(odd);
    same(&world, world.store.release(id).await.unwrap()).await;
    let claimed = world.claim().await;
    same(&world, claimed.record).await;
    world.pass(odd);
    same(&world, world.store.settle(&claimed.claim, Outcome::RetryIn(Duration::ZERO)).await.unwrap()).await;
    let claimed = world.claim().await;
    same(&world, claimed.record).await;
    same(&world, world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap()).await;
    world.pass(odd);
    same(&world, world.store.retry(id).await.unwrap()).await;
    same(&world, world.store.cancel(id).await.unwrap()).await;
    world.pass(odd);
    same(&world, world.store.retry(id).await.unwrap()).await;
    let claimed = world.claim().await;
    let done = world.store.settle(&claimed.claim, done()).await.unwrap();
    same(&world, done.clone()).await;
    world.pass(WAIT);
    world.store.sweep().await.unwrap();
    assert_eq!(world.load(id).await.delivery.state, DeliveryState::Unclaimed);
    world.pass(odd);
    same(&world, world.store.delivered(id, done.version, receipt(Proof::Acked)).await.unwrap()).await;
    same(&world, world.store.delivered(id, done.version, receipt(Proof::Verified)).await.unwrap()).await;
}

async fn same(world: &World, returned: Record) {
    assert_eq!(world.load(returned.id).await, returned);
}
