//! Claims, leases and the fence.

use std::{collections::HashSet, sync::Arc, time::Duration};

use reportwire::{
    report::{Progress, Status},
    store::{Claim, Outcome, StoreError, TaskKind},
};
use uuid::Uuid;

use super::{LEASE, World, assert_refused, done, problem};

fn rendering(percent: u8) -> Option<Progress> {
    Some(Progress { phase: "rendering".into(), percent })
}

pub(crate) async fn claiming_moves_the_report_on(world: World) {
    let queued = world.create().await;
    world.pass(Duration::from_secs(1));
    let claimed = world.claim().await;
    assert_eq!((claimed.claim.report, claimed.claim.attempt), (queued.id, 1));
    assert_eq!((claimed.record.status, claimed.record.version), (Status::Generating, 2));
    assert_eq!(claimed.record.started_at, Some(world.stored(Duration::ZERO)));
    assert_eq!(world.load(queued.id).await, claimed.record);
}

pub(crate) async fn claiming_an_empty_queue_returns_nothing(world: World) {
    assert!(world.claims(10).await.is_empty());
    world.generating().await;
    assert!(world.claims(10).await.is_empty());
}

pub(crate) async fn the_oldest_due_task_comes_first(world: World) {
    let postponed = world.generating().await;
    let wait = Duration::from_millis(2500);
    world.store.settle(&postponed.claim, Outcome::RetryIn(wait)).await.unwrap();
    let mut expected = Vec::new();
    for _ in 0..4 {
        world.pass(Duration::from_secs(1));
        expected.push(world.create().await.id);
    }
    expected.insert(2, postponed.record.id);
    let claimed: Vec<_> = world.claims(10).await.into_iter().map(|claimed| claimed.record.id).collect();
    assert_eq!(claimed, expected);
}

pub(crate) async fn no_more_than_the_limit_is_claimed(world: World) {
    for _ in 0..3 {
        world.create().await;
    }
    assert_eq!(world.claims(0).await.len(), 0);
    assert_eq!(world.claims(2).await.len(), 2);
    assert_eq!(world.claims(2).await.len(), 1);
}

pub(crate) async fn two_concurrent_claimers_never_get_one_task(world: World) {
    for _ in 0..40 {
        world.create().await;
    }
    let claimers: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&world.store);
            tokio::spawn(async move { store.claim(TaskKind::Generate, LEASE, 3).await.unwrap() })
        })
        .collect();
    let (mut reports, mut tokens) = (HashSet::new(), HashSet::new());
    for claimer in claimers {
        for claimed in claimer.await.unwrap() {
            assert!(reports.insert(claimed.claim.report), "{} was handed out twice", claimed.claim.report);
            assert!(tokens.insert(claimed.claim.token));
        }
    }
    assert_eq!(reports.len(), 40);
}

pub(crate) async fn a_held_back_report_is_not_due(world: World) {
    let record = world.create_held().await;
    assert!(record.held);
    world.pass(Duration::from_secs(3600));
    assert!(world.claims(1).await.is_empty());
}

pub(crate) async fn releasing_lets_a_held_back_report_begin_once(world: World) {
    let record = world.create_held().await;
    let released = world.store.release(record.id).await.unwrap();
    assert_eq!((released.held, released.version), (false, 2));
    assert_eq!(world.store.release(record.id).await.unwrap(), released);
    let claimed = world.claim().await;
    assert_eq!(world.store.release(record.id).await.unwrap(), claimed.record);
    assert!(world.claims(1).await.is_empty(), "releasing again does not free the claim");
}

pub(crate) async fn a_task_whose_lease_ran_out_is_due_again(world: World) {
    let first = world.generating().await;
    world.store.renew(&first.claim, LEASE, rendering(40)).await.unwrap();
    world.pass(LEASE - Duration::from_millis(1));
    assert!(world.claims(1).await.is_empty());
    world.pass(Duration::from_millis(1));
    let second = world.claim().await;
    assert_eq!(second.claim.attempt, 2);
    assert_ne!(second.claim.token, first.claim.token);
    assert_eq!(second.record.started_at, first.record.started_at);
    assert_eq!((second.record.version, second.record.progress), (4, None));
}

pub(crate) async fn renewing_extends_the_lease_from_now(world: World) {
    let claimed = world.generating().await;
    world.pass(LEASE / 2);
    world.store.renew(&claimed.claim, LEASE, None).await.unwrap();
    world.pass(LEASE - Duration::from_millis(1));
    assert!(world.claims(1).await.is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!(world.claims(1).await.len(), 1);
}

pub(crate) async fn renewing_without_news_changes_nothing(world: World) {
    let claimed = world.generating().await;
    world.store.renew(&claimed.claim, LEASE, None).await.unwrap();
    assert_eq!(world.load(claimed.record.id).await, claimed.record);
    world.store.renew(&claimed.claim, LEASE, rendering(1)).await.unwrap();
    let before = world.load(claimed.record.id).await;
    world.store.renew(&claimed.claim, LEASE, rendering(1)).await.unwrap();
    world.store.renew(&claimed.claim, LEASE, None).await.unwrap();
    assert_eq!(world.load(claimed.record.id).await, before);
}

pub(crate) async fn progress_is_a_new_version(world: World) {
    let claimed = world.generating().await;
    for percent in [10, 60, 100] {
        world.store.renew(&claimed.claim, LEASE, rendering(percent)).await.unwrap();
    }
    let record = world.load(claimed.record.id).await;
    assert_eq!((record.version, record.progress), (claimed.record.version + 3, rendering(100)));
}

pub(crate) async fn a_frozen_worker_cannot_change_the_report(world: World) {
    let frozen = world.generating().await;
    world.pass(LEASE);
    let successor = world.claim().await;
    refused_everything(&world, &frozen.claim).await;
    assert_eq!(world.load(frozen.record.id).await, successor.record);
    let end = world.store.settle(&successor.claim, done()).await.unwrap();
    refused_everything(&world, &frozen.claim).await;
    assert_eq!(world.load(frozen.record.id).await, end);
}

pub(crate) async fn a_lease_that_ran_out_is_still_held_until_somebody_takes_it(world: World) {
    let claimed = world.generating().await;
    world.pass(LEASE * 2);
    world.store.renew(&claimed.claim, LEASE, None).await.unwrap();
    world.pass(LEASE * 2);
    let end = world.store.settle(&claimed.claim, done()).await.unwrap();
    assert_eq!(end.status, Status::Completed);
}

pub(crate) async fn a_made_up_token_is_refused(world: World) {
    let claimed = world.generating().await;
    refused_everything(&world, &Claim { token: Uuid::nil(), ..claimed.claim }).await;
    assert_eq!(world.load(claimed.record.id).await, claimed.record);
}

/// Every call that takes a claim refuses this one.
pub(crate) async fn refused_everything(world: &World, claim: &Claim) {
    assert_refused!(world.store.renew(claim, LEASE, rendering(99)).await, StoreError::ClaimLost);
    let again = Outcome::RetryIn(Duration::ZERO);
    for outcome in [done(), Outcome::Failed(problem()), again, Outcome::Released] {
        assert_refused!(world.store.settle(claim, outcome).await, StoreError::ClaimLost);
    }
}
