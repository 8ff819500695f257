//! What becomes of the work: retries, ends, cancellations and panics, and the worker after each of them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::{join, join_all};
use reportwire::{
    store::TaskKind,
    work::{Finished, Handler, Limits, Stopped, Task, WorkError},
};
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::{Call, Side, Stage, patiently};

/// One worker, so that the next report shows whether its permit came back.
async fn one_worker(limits: impl FnOnce(&mut Limits)) -> (crate::support::World, crate::support::Work) {
    let (mut stage, work) = Stage::scripted();
    stage.limits.workers = 1;
    limits(&mut stage.limits);
    (stage.start().await, work.await.unwrap())
}

#[tokio::test]
async fn a_transient_failure_is_tried_again_after_a_while_and_not_before() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    let first = work.next().await;
    assert_eq!(first.claim.attempt, 1);
    first.fail_for_now();
    world.record(&id, |record| record.status.name() == "queued" && record.version > 2).await;
    // nothing is due yet: a claim of our own finds that out without waiting
    assert!(world.store().claim(TaskKind::Generate, Duration::from_secs(9), 1).await.unwrap().is_empty());
    assert!(work.is_idle());
    world.pass(Duration::from_secs(2));
    let second = work.next().await;
    assert_eq!(second.claim.attempt, 2);
    second.generate();
    world.connect(&id).await.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_report_that_fails_each_time_ends_after_the_fifth_with_the_last_reason() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    for number in 1..=5 {
        let attempt = work.next().await;
        assert_eq!(attempt.claim.attempt, number);
        let version = world.record(&id, |_| true).await.version;
        attempt.fail_for_now();
        world.record(&id, |record| record.version > version).await;
        world.pass(Duration::from_secs(100));
    }
    let frame = world.connect(&id).await.end("failed").await;
    assert_eq!(frame["report"]["error"]["detail"], "the disk is full");
    assert!(work.is_idle());
    world.finish().await;
}

#[tokio::test]
async fn a_permanent_failure_is_not_tried_again() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    work.next().await.fail_for_good();
    let frame = world.connect(&id).await.end("failed").await;
    assert_eq!(frame["report"]["error"]["title"], "Report failed");
    world.pass(Duration::from_secs(100));
    let other = world.order().await;
    assert_eq!(work.next().await.claim.report.to_string(), other, "the worker goes on with the next one");
    world.connect(&other).await.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn work_that_killed_five_workers_is_not_given_to_a_sixth() {
    let (world, mut work) = one_worker(|_| {}).await;
    let mut claiming = world.faults.catch(Call::Claim, Side::Before);
    claiming.here().await;
    let id = world.order().await;
    let lease = Duration::from_secs(30);
    for _ in 0..5 {
        let died = world.store().claim(TaskKind::Generate, lease, 1).await.unwrap();
        assert_eq!(died.len(), 1);
        world.pass(lease);
    }
    claiming.let_go();
    let frame = world.connect(&id).await.end("failed").await;
    let detail = frame["report"]["error"]["detail"].as_str().unwrap();
    assert!(detail.contains("every attempt"), "{detail}");
    assert!(work.is_idle(), "the handler never saw it");
    world.finish().await;
}

#[tokio::test]
async fn work_that_takes_too_long_fails_clearly_and_gives_its_worker_back() {
    let (world, mut work) = one_worker(|limits| limits.timeout = Duration::from_millis(300)).await;
    let id = world.order().await;
    let attempt = work.next().await;
    let monitor = attempt.monitor.clone();
    let frame = world.connect(&id).await.end("failed").await;
    assert_eq!(frame["report"]["error"]["status"], 504);
    assert_eq!(frame["report"]["error"]["type"], "/problems/report-timeout");
    assert_eq!(monitor.check(), Err(Stopped));
    attempt.let_go().await;
    let other = world.order().await;
    work.next().await.fail_for_good();
    world.connect(&other).await.end("failed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt_and_the_loop_lives_on() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    work.next().await.panic();
    world.record(&id, |record| record.status.name() == "queued" && record.version > 2).await;
    world.pass(Duration::from_secs(2));
    work.next().await.generate();
    world.connect(&id).await.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_settlement_that_the_store_refuses_for_a_moment_is_tried_again() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    let attempt = work.next().await;
    world.faults.fail(Call::Settle, 2);
    attempt.generate();
    world.connect(&id).await.end("completed").await;
    assert_eq!(world.files().await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_report_keeps_its_file_when_the_answer_to_its_settlement_is_lost() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    let attempt = work.next().await;
    world.faults.lose(Call::Settle, 1);
    attempt.generate();
    world.connect(&id).await.end("completed").await;
    // the only worker is free again when it has asked once more, was refused, and has looked what became of it
    let other = world.order().await;
    let next = work.next().await;
    let file = world.fetch(&world.show(&id).await["pdfUri"]).await;
    assert_eq!(file.status, 200);
    next.generate();
    world.connect(&other).await.end("completed").await;
    world.finish().await;
}

/// Renders row after row on a thread that holds the permit, as the real generator does, for ever.
struct Endless(mpsc::UnboundedSender<&'static str>);

#[async_trait]
impl Handler for Endless {
    async fn handle(&self, task: Task) -> Result<Finished, WorkError> {
        let said = self.0.clone();
        let rows = tokio::task::spawn_blocking(move || {
            let Task { monitor, permit: _permit, .. } = task;
            let _ = said.send("began");
            while monitor.check().is_ok() {
                std::thread::yield_now();
            }
            let _ = said.send("stopped");
        });
        rows.await.unwrap();
        Err(WorkError::Stopped)
    }

    async fn discard(&self, _: Finished) {}
}

#[tokio::test]
async fn a_cancelled_render_stops_between_two_rows_and_frees_its_worker() {
    let (said, mut heard) = mpsc::unbounded_channel();
    let mut stage = Stage::new().handler(|_| Arc::new(Endless(said)));
    stage.limits.workers = 1;
    let world = stage.start().await;
    for _ in 0..2 {
        let id = world.order().await;
        assert_eq!(patiently("the render begins", heard.recv()).await, Some("began"));
        assert_eq!(world.act(&id, "cancel").await.json["status"], "cancelled");
        assert_eq!(patiently("the render stops", heard.recv()).await, Some("stopped"));
    }
    world.finish().await;
}

#[tokio::test]
async fn a_removed_report_stops_its_worker_and_leaves_no_file() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    let mut settling = world.faults.catch(Call::Settle, Side::Before);
    work.next().await.generate();
    settling.here().await;
    assert_eq!(world.files().await.len(), 1);
    let path = format!("/api/v1/report/{id}");
    assert_eq!(world.call(reqwest::Method::DELETE, &path, None).await.status, 204);
    settling.let_go();
    let thrown = work.discarded().await;
    assert!(thrown.contains(&id));
    assert_eq!(world.files().await, Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn a_thousand_absent_clients_hold_no_worker() {
    let (world, mut work) = one_worker(|_| {}).await;
    let mut last = String::new();
    let deliver = json!({"deliver": {"waitForClientSeconds": 86_400}});
    for _ in 0..20 {
        let orders = join_all((0..50).map(|_| world.order_with(deliver.clone())));
        let attempts = async {
            for _ in 0..50 {
                let attempt = work.next().await;
                last = attempt.claim.report.to_string();
                attempt.finish_with(bytes::Bytes::from_static(b"{}"));
            }
        };
        join(orders, attempts).await;
    }
    let record = world.record(&last, |record| record.status.is_terminal()).await;
    assert_eq!(record.delivery.state.name(), "waiting");
    let id = world.order().await;
    let attempt = work.next().await;
    assert_eq!(attempt.claim.report.to_string(), id, "the one worker is free for the next one");
    attempt.generate();
    world.connect(&id).await.end("completed").await;
    // the harness looks at the newest hundred
    world.finish().await;
}

#[tokio::test]
async fn a_drain_gives_the_work_back_without_counting_the_attempt() {
    let (world, mut work) = one_worker(|_| {}).await;
    let id = world.order().await;
    let attempt = work.next().await;
    let (stage, next) = Stage::scripted();
    let world = world.restart(stage).await;
    attempt.let_go().await;
    let mut work = next.await.unwrap();
    let again = work.next().await;
    assert_eq!((again.claim.report.to_string(), again.claim.attempt), (id.clone(), 1));
    again.generate();
    world.connect(&id).await.end("completed").await;
    world.finish().await;
}

#[tokio::test]
async fn a_store_that_fails_answers_503_and_keeps_nothing() {
    let world = Stage::new().start().await;
    world.faults.fail(Call::Create, 1);
    let body = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"});
    let answer = world.post("/api/v1/report", &body).await;
    answer.assert_problem(503);
    assert_eq!(answer.header("retry-after"), "1");
    assert!(!answer.json["detail"].as_str().unwrap().contains("disk"), "the cause is for the log");
    assert_eq!(world.count().await, 0);
    world.finish().await;
}
