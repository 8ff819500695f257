//! Hints. Other changes may be hinted at any time, and one change more than once, so a test waits for the
//! hint that it needs; that nothing is hinted is shown by a later change being the next one heard of.

use reportwire::{
    report::{NewReport, Progress, Proof, ReportId, StartWhen},
    store::{Hint, Outcome, StoreError},
};
use tokio::sync::broadcast::Receiver;

use super::{KEEP, LEASE, WAIT, World, assert_refused, keyed, owning, problem, receipt, report};

async fn heard(hints: &mut Receiver<Hint>, id: ReportId) {
    while hints.recv().await.unwrap() != Hint::Changed(id) {}
}

pub(crate) async fn a_hint_comes_after_the_change_can_be_read(world: World) {
    let mut hints = world.store.hints();
    for _ in 0..50 {
        let new = report();
        let id = new.id;
        let store = std::sync::Arc::clone(&world.store);
        let call = tokio::spawn(async move { store.create(new).await.unwrap() });
        heard(&mut hints, id).await;
        world.load(id).await;
        call.await.unwrap();
    }
}

pub(crate) async fn every_change_is_hinted(world: World) {
    let mut hints = world.store.hints();
    let new = NewReport { start_when: StartWhen::Connected, ..report() };
    let id = world.store.create(new).await.unwrap().record.id;
    heard(&mut hints, id).await;
    world.store.release(id).await.unwrap();
    heard(&mut hints, id).await;
    let claimed = world.claim().await;
    heard(&mut hints, id).await;
    let progress = Some(Progress { phase: "querying".into(), percent: 1 });
    world.store.renew(&claimed.claim, LEASE, progress).await.unwrap();
    heard(&mut hints, id).await;
    world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    heard(&mut hints, id).await;
    world.store.retry(id).await.unwrap();
    heard(&mut hints, id).await;
    let end = world.store.cancel(id).await.unwrap();
    heard(&mut hints, id).await;
    world.pass(WAIT);
    world.store.sweep().await.unwrap();
    heard(&mut hints, id).await;
    world.store.delivered(id, end.version, receipt(Proof::Acked)).await.unwrap();
    heard(&mut hints, id).await;
    world.store.remove(id).await.unwrap();
    heard(&mut hints, id).await;
    let expiring = world.create().await.id;
    heard(&mut hints, expiring).await;
    world.pass(KEEP);
    world.store.sweep().await.unwrap();
    heard(&mut hints, expiring).await;
}

pub(crate) async fn what_changes_nothing_is_not_hinted(world: World) {
    let mut hints = world.store.hints();
    let claimed = world.generating().await;
    let id = claimed.record.id;
    let first = world.store.create(keyed("k", 1)).await.unwrap().record;
    heard(&mut hints, first.id).await;
    world.store.create(keyed("k", 1)).await.unwrap();
    assert_refused!(world.store.create(keyed("k", 2)).await, StoreError::KeyReused);
    let twice = NewReport { id, ..report() };
    assert_refused!(world.store.create(twice).await, StoreError::Engine(_));
    world.store.renew(&claimed.claim, LEASE, None).await.unwrap();
    world.store.release(id).await.unwrap();
    world.store.delivered(id, 2, receipt(Proof::Acked)).await.unwrap();
    assert_refused!(world.store.retry(id).await, StoreError::Illegal(_));
    world.store.sweep().await.unwrap();
    let change = world.create().await;
    assert_eq!(next_change(&mut hints).await, change.id);
}

/// The next report that is said to have changed.
pub(crate) async fn next_change(hints: &mut Receiver<Hint>) -> ReportId {
    loop {
        if let Hint::Changed(id) = hints.recv().await.unwrap() {
            return id;
        }
    }
}

/// Whether work was said to be due before the report was said to have changed.
async fn is_due(hints: &mut Receiver<Hint>, id: ReportId) -> bool {
    let mut due = false;
    loop {
        match hints.recv().await.unwrap() {
            Hint::Due => due = true,
            Hint::Changed(changed) if changed == id => return due,
            _ => {}
        }
    }
}

pub(crate) async fn work_that_is_due_is_hinted_and_other_changes_call_no_worker(world: World) {
    let mut hints = world.store.hints();
    let held = NewReport { start_when: StartWhen::Connected, ..report() };
    let id = world.store.create(held).await.unwrap().record.id;
    assert!(!is_due(&mut hints, id).await, "a report that is held back");
    world.store.release(id).await.unwrap();
    assert!(is_due(&mut hints, id).await, "one that is let go");
    let claimed = world.claim().await;
    assert!(!is_due(&mut hints, id).await, "a claim");
    let progress = Some(Progress { phase: "querying".into(), percent: 1 });
    world.store.renew(&claimed.claim, LEASE, progress).await.unwrap();
    assert!(!is_due(&mut hints, id).await, "progress");
    world.store.settle(&claimed.claim, Outcome::Released).await.unwrap();
    assert!(is_due(&mut hints, id).await, "a task that was given back");
    let claimed = world.claim().await;
    assert!(!is_due(&mut hints, id).await, "another claim");
    let end = world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    assert!(!is_due(&mut hints, id).await, "an end");
    world.store.delivered(id, end.version, receipt(Proof::Acked)).await.unwrap();
    assert!(!is_due(&mut hints, id).await, "a proof");
    world.store.retry(id).await.unwrap();
    assert!(is_due(&mut hints, id).await, "another try");
    let other = world.create().await.id;
    assert!(is_due(&mut hints, other).await, "a new report");
}

pub(crate) async fn an_end_makes_work_due_where_an_owner_may_have_only_so_much_under_way(world: World) {
    let mut hints = world.store.hints();
    let id = world.store.create(owning::of("a")).await.unwrap().record.id;
    let claimed = world.claim().await;
    while is_due(&mut hints, id).await {}
    world.store.settle(&claimed.claim, Outcome::Failed(problem())).await.unwrap();
    assert!(is_due(&mut hints, id).await);
}
