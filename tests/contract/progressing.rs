//! Messages that tell progress: one for each target, and the last word counts.

use std::time::Duration;

use reportwire::{
    report::{EventId, EventType, Progress},
    store::Then,
};

use super::{KEEP, LEASE, World};

pub(crate) async fn progress_waits_as_one_message(world: World) {
    world.listening(&EventType::ALL).await;
    let generating = world.generating().await;
    for percent in [10, 20, 30] {
        let progress = Some(Progress { phase: "querying".into(), percent });
        world.store.renew(&generating.claim, LEASE, progress).await.unwrap();
    }
    let message = world.message().await;
    let told = message.record.clone().unwrap();
    assert_eq!(message.event, EventType::Progress);
    assert_eq!(told.progress.as_ref().map(|progress| progress.percent), Some(30));
    assert_eq!(message.event_id, EventId::of(&told).to_string());
    // while that one is on its way, the next one waits, and each one after it takes its place
    for percent in [40, 50] {
        let progress = Some(Progress { phase: "querying".into(), percent });
        world.store.renew(&generating.claim, LEASE, progress).await.unwrap();
    }
    assert!(world.messages().await.is_empty());
    world.settle(&message, 500, Then::RetryAt(world.in_seconds(5))).await;
    assert!(world.messages().await.is_empty(), "what failed is not offered again beside a newer one");
    world.pass(Duration::from_secs(5));
    let newest = world.message().await;
    assert_eq!(newest.record.clone().unwrap().progress.unwrap().percent, 50);
    assert!(world.load(told.id).await.deliveries.is_empty(), "only ends stand there");
    // the work ends while it is on its way: it is not offered again
    world.store.cancel(told.id).await.unwrap();
    world.settle(&newest, 500, Then::RetryAt(world.in_seconds(5))).await;
    let end = world.message().await;
    assert_eq!(end.event, EventType::Cancelled);
    world.settle(&end, 200, Then::Delivered).await;
    world.pass(KEEP);
    assert!(world.messages().await.is_empty());
}

pub(crate) async fn an_end_takes_the_place_of_progress(world: World) {
    world.listening(&EventType::ALL).await;
    let generating = world.generating().await;
    let progress = Some(Progress { phase: "querying".into(), percent: 10 });
    world.store.renew(&generating.claim, LEASE, progress).await.unwrap();
    world.store.cancel(generating.record.id).await.unwrap();
    assert_eq!(world.message().await.event, EventType::Cancelled);
}

pub(crate) async fn progress_whose_sender_died_is_not_told_beside_newer(world: World) {
    world.listening(&EventType::ALL).await;
    let generating = world.generating().await;
    for percent in [10, 20] {
        let progress = Some(Progress { phase: "querying".into(), percent });
        world.store.renew(&generating.claim, LEASE * 3, progress).await.unwrap();
        // the first is claimed by somebody who says no more; the second waits behind it
        let found = world.messages().await;
        assert_eq!(found.len(), usize::from(percent == 10));
    }
    world.pass(LEASE);
    let newest = world.message().await;
    assert_eq!(newest.record.clone().unwrap().progress.unwrap().percent, 20);
    // and so does that one, and the end comes while it is on its way
    world.store.cancel(generating.record.id).await.unwrap();
    let end = world.message().await;
    assert_eq!(end.event, EventType::Cancelled);
    world.settle(&end, 200, Then::Delivered).await;
    world.pass(LEASE);
    assert!(world.messages().await.is_empty(), "progress after the end is no news");
}
