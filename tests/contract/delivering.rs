//! Proofs of delivery, and waiting for them.

use std::time::Duration;

use reportwire::{
    report::{Deliver, DeliveryState, NewReport, Proof, Status},
    store::Outcome,
};

use super::{WAIT, World, problem, receipt, report};

pub(crate) async fn a_proof_of_the_end_is_noted(world: World) {
    let end = world.completed().await;
    world.pass(Duration::from_secs(3));
    let record = world.store.delivered(end.id, end.version, receipt(Proof::CloseEcho)).await.unwrap();
    assert_eq!((record.version, record.delivery.state), (end.version + 1, DeliveryState::Delivered));
    assert_eq!(record.delivery.at, Some(world.stored(Duration::ZERO)));
    assert_eq!(record.delivery.proof, Some(Proof::CloseEcho));
    assert_eq!(record.delivery.until, end.delivery.until);
    assert_eq!((record.settled_version, record.artifact.clone()), (end.settled_version, end.artifact));
    assert_eq!(world.load(end.id).await, record);
}

pub(crate) async fn a_repeated_proof_writes_nothing(world: World) {
    let end = world.completed().await;
    let first = world.store.delivered(end.id, end.version, receipt(Proof::Acked)).await.unwrap();
    world.pass(Duration::from_secs(3));
    for proof in [Proof::Acked, Proof::CloseEcho] {
        assert_eq!(world.store.delivered(end.id, first.version, receipt(proof)).await.unwrap(), first);
    }
    assert_eq!(world.load(end.id).await, first);
}

pub(crate) async fn a_better_proof_replaces_a_weaker_one(world: World) {
    let end = world.completed().await;
    world.store.delivered(end.id, end.version, receipt(Proof::Acked)).await.unwrap();
    world.pass(Duration::from_secs(3));
    let verified = world.store.delivered(end.id, end.version, receipt(Proof::Verified)).await.unwrap();
    assert_eq!((verified.version, verified.delivery.state), (end.version + 2, DeliveryState::Verified));
    assert_eq!(verified.delivery.proof, Some(Proof::Verified));
    assert_eq!(verified.delivery.at, Some(world.stored(Duration::ZERO)));
    assert_eq!(world.store.delivered(end.id, end.version, receipt(Proof::Acked)).await.unwrap(), verified);
}

pub(crate) async fn a_proof_of_an_earlier_version_changes_nothing(world: World) {
    let end = world.completed().await;
    assert_eq!(world.store.delivered(end.id, end.version - 1, receipt(Proof::Acked)).await.unwrap(), end);
    assert_eq!(world.load(end.id).await, end);
}

pub(crate) async fn a_proof_before_the_end_changes_nothing(world: World) {
    let claimed = world.generating().await;
    let record = claimed.record;
    assert_eq!(
        world.store.delivered(record.id, record.version, receipt(Proof::Acked)).await.unwrap(),
        record
    );
    assert_eq!(world.load(record.id).await, record);
}

pub(crate) async fn a_proof_of_an_end_that_was_retried_changes_nothing(world: World) {
    let claimed = world.generating().await;
    let failed = world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    let queued = world.store.retry(failed.id).await.unwrap();
    assert_eq!(
        world.store.delivered(failed.id, failed.version, receipt(Proof::Acked)).await.unwrap(),
        queued
    );
    let end = world.store.cancel(failed.id).await.unwrap();
    assert_eq!(world.store.delivered(failed.id, failed.version, receipt(Proof::Acked)).await.unwrap(), end);
}

pub(crate) async fn nobody_came_in_time(world: World) {
    let end = world.completed().await;
    world.pass(WAIT - Duration::from_millis(1));
    world.store.sweep().await.unwrap();
    assert_eq!(world.load(end.id).await, end);
    world.pass(Duration::from_millis(1));
    world.store.sweep().await.unwrap();
    let record = world.load(end.id).await;
    assert_eq!((record.version, record.delivery.state), (end.version + 1, DeliveryState::Unclaimed));
    assert_eq!((record.status, record.delivery.until), (Status::Completed, end.delivery.until));
    world.store.sweep().await.unwrap();
    assert_eq!(world.load(end.id).await, record);
}

pub(crate) async fn whoever_comes_late_can_still_prove_it(world: World) {
    let end = world.completed().await;
    world.pass(WAIT);
    world.store.sweep().await.unwrap();
    let record = world.store.delivered(end.id, end.version, receipt(Proof::CloseEcho)).await.unwrap();
    assert_eq!(record.delivery.state, DeliveryState::Delivered);
    world.pass(WAIT);
    world.store.sweep().await.unwrap();
    assert_eq!(world.load(end.id).await, record, "what is proved is not timed out");
}

pub(crate) async fn the_wait_begins_with_the_end_of_the_work(world: World) {
    let impatient =
        NewReport { deliver: Deliver { wait_for_client_seconds: 0, ..Deliver::default() }, ..report() };
    let queued = world.store.create(impatient).await.unwrap().record;
    world.pass(WAIT * 10);
    world.store.sweep().await.unwrap();
    assert_eq!(world.load(queued.id).await, queued);
    world.store.cancel(queued.id).await.unwrap();
    world.store.sweep().await.unwrap();
    assert_eq!(world.load(queued.id).await.delivery.state, DeliveryState::Unclaimed);
}
