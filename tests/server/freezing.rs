//! A worker that froze and came back finds its place taken, and can change nothing.

use std::{sync::Arc, time::Duration};

use reportwire::{
    store::TaskKind,
    work::{Limits, Runner},
};
use tokio_util::sync::CancellationToken;

use crate::support::{Call, Faults, Faulty, Hints, Side, Stage, Work, World, patiently, script};

const LEASE: Duration = Duration::from_secs(30);

/// A second node: a runner of its own on the same store, behind switches of its own.
struct Node {
    faults: Arc<Faults>,
    work: Work,
    stop: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Node {
    fn start(world: &World) -> Self {
        let faults = Arc::new(Faults::default());
        let store = Arc::new(Faulty::new(world.store(), Arc::clone(&faults), Hints::Honest));
        let (handler, work) = script(Arc::new(world.generator()));
        let poll = Duration::from_millis(20);
        let limits = Limits { workers: 1, lease: LEASE, poll, ..Limits::default() };
        let stop = CancellationToken::new();
        let running = tokio::spawn(Runner::new(store, handler, TaskKind::Generate, limits).run(stop.clone()));
        Self { faults, work, stop, running }
    }

    async fn stop(self) {
        self.stop.cancel();
        patiently("the second node stops", self.running).await.unwrap();
    }
}

/// A server whose own worker does not claim yet, a node beside it that holds a report, and that report.
async fn beside() -> (World, Work, crate::support::Caught, Node, String) {
    let (world, work) = Stage::start_scripted().await;
    let mut claiming = world.faults.catch(Call::Claim, Side::Before);
    claiming.here().await;
    let node = Node::start(&world);
    let id = world.order().await;
    (world, work, claiming, node, id)
}

#[tokio::test]
async fn a_worker_that_froze_before_it_settled_cannot_overwrite_its_successor() {
    let (world, mut work, claiming, mut node, id) = beside().await;
    let mut settling = node.faults.catch(Call::Settle, Side::Before);
    let frozen = node.work.next().await;
    let first = frozen.claim.token;
    // its file is written; its word is not
    frozen.generate();
    settling.here().await;
    world.pass(LEASE + Duration::from_secs(1));
    claiming.let_go();
    let successor = work.next().await;
    assert_eq!(successor.claim.attempt, 2);
    successor.generate();
    let end = world.record(&id, |record| record.status.is_terminal()).await;
    assert_eq!(world.files().await.len(), 2);

    settling.let_go();
    let discarded = node.work.discarded().await;
    assert!(discarded.contains(&first.simple().to_string()));
    let kept = end.artifact.clone().unwrap().key;
    assert_eq!(world.files().await, [kept]);
    assert_eq!(world.record(&id, |_| true).await, end, "the late call changed nothing");
    let frame = world.connect(&id).await.end("completed").await;
    assert_eq!(world.fetch(&frame["report"]["pdfUri"]).await.status, 200);
    node.stop().await;
    world.finish().await;
}

#[tokio::test]
async fn a_worker_that_froze_in_the_middle_stops_when_it_wakes() {
    let (world, mut work, claiming, mut node, id) = beside().await;
    let frozen = node.work.next().await;
    node.faults.freeze(true);
    frozen.monitor.progress("frozen", 99).unwrap();
    world.pass(LEASE + Duration::from_secs(1));
    claiming.let_go();
    let successor = work.next().await;
    let version = world.record(&id, |_| true).await.version;
    node.faults.freeze(false);
    frozen.let_go().await;
    let record = world.record(&id, |_| true).await;
    assert_eq!((record.version, record.progress), (version, None), "its progress is refused, too");
    successor.generate();
    world.connect(&id).await.end("completed").await;
    node.stop().await;
    world.finish().await;
}
