//! Asking again, and asking once and waiting: entity tags, `Prefer: wait`, and the proof that lies in a cursor.

use std::time::Duration;

use futures_util::future::join;
use reportwire::report::{Channel, DeliveryState, Proof};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{Answer, Call, Side, Stage, World, raw_answer};

fn path(id: &str) -> String {
    format!("/api/v1/report/{id}")
}

/// Asks with these headers, and waits as long as it takes.
async fn ask(world: &World, id: &str, headers: &[(&str, &str)]) -> Answer {
    world.get_with(&path(id), headers).await
}

async fn post_and_wait(world: &World, wait: &str, more: Value) -> Answer {
    let mut body = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request = world.http.post(format!("http://{}/api/v1/report", world.address));
    Answer::of(
        request.header("content-type", "application/json").header("prefer", wait).body(body.to_string()),
    )
    .await
}

async fn proof(world: &World, id: &str) -> (DeliveryState, Vec<(Channel, Option<Proof>)>) {
    let record = world.record(id, |_| true).await;
    let told = record.deliveries.iter().map(|attempt| (attempt.channel, attempt.proof)).collect();
    (record.delivery.state, told)
}

#[tokio::test]
async fn a_request_that_waits_is_a_listener_and_is_answered_with_the_end() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order_with(json!({"startWhen": "connected"})).await;
    let finish = async {
        // it is there, so the work begins
        let attempt = work.next().await;
        world.until_listeners(&id, 1).await;
        attempt.monitor.progress("testing", 42).unwrap();
        world.record(&id, |record| record.progress.is_some()).await;
        attempt.generate();
    };
    let (answer, ()) = join(ask(&world, &id, &[("prefer", "wait=60")]), finish).await;
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("completed")));
    assert_eq!(answer.header("preference-applied"), "wait=60");
    assert_eq!(answer.header("vary"), "Accept, Prefer");
    assert_eq!(answer.header("retry-after"), "");
    assert_eq!(answer.header("etag"), format!("W/\"{}\"", answer.json["version"]));
    world.finish().await;
}

#[tokio::test]
async fn a_conditional_request_that_waits_is_answered_with_the_next_state() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let first = ask(&world, &id, &[]).await;
    let etag = first.header("etag").to_owned();
    let go_on = async {
        world.until_listeners(&id, 1).await;
        attempt.monitor.progress("testing", 42).unwrap();
    };
    let (answer, ()) =
        join(ask(&world, &id, &[("if-none-match", &etag), ("prefer", "wait=60")]), go_on).await;
    assert_eq!((answer.status, &answer.json["progress"]["percent"]), (200, &json!(42)));
    // a state that is another already is no reason to wait
    let answer = ask(&world, &id, &[("if-none-match", &etag), ("prefer", "wait=60")]).await;
    assert_eq!((answer.status, &answer.json["progress"]["percent"]), (200, &json!(42)));
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    world.finish().await;
}

#[tokio::test]
async fn when_the_time_is_over_the_answer_is_the_state_of_then() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let etag = ask(&world, &id, &[]).await.header("etag").to_owned();
    let (plain, conditional) = join(
        ask(&world, &id, &[("prefer", "wait=1")]),
        ask(&world, &id, &[("prefer", "wait=1"), ("if-none-match", &etag)]),
    )
    .await;
    assert_eq!((plain.status, &plain.json["status"]), (200, &json!("generating")));
    assert_eq!((conditional.status, conditional.bytes.len()), (304, 0));
    assert_eq!(conditional.header("etag"), etag);
    for answer in [plain, conditional] {
        assert_eq!(answer.header("preference-applied"), "wait=1");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    }
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    world.finish().await;
}

#[tokio::test]
async fn a_wait_may_be_longer_than_a_client_may_take_to_send_its_request() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let answer = ask(&world, &id, &[("prefer", "wait=6")]).await;
    assert_eq!((answer.status, &answer.json["status"]), (200, &json!("generating")));
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    world.finish().await;
}

#[tokio::test]
async fn a_preference_that_makes_no_sense_is_as_good_as_none() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    for prefer in ["wait", "wait=soon", "wait=-1", "respond-async"] {
        let answer = ask(&world, &id, &[("prefer", prefer)]).await;
        assert_eq!((answer.status, answer.header("preference-applied")), (200, ""), "{prefer}");
    }
    assert_eq!(ask(&world, &id, &[("prefer", "wait=0")]).await.header("preference-applied"), "wait=0");
    attempt.generate();
    world.record(&id, |record| record.status.is_terminal()).await;
    // and more than a minute is a minute
    assert_eq!(ask(&world, &id, &[("prefer", "wait=3600")]).await.header("preference-applied"), "wait=60");
    world.finish().await;
}

#[tokio::test]
async fn a_wait_ends_with_the_report_and_with_the_client() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut gone = TcpStream::connect(world.address).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: h\r\nPrefer: wait=60\r\n\r\n", path(&id));
    gone.write_all(request.as_bytes()).await.unwrap();
    world.until_listeners(&id, 1).await;
    drop(gone);
    world.until_listeners(&id, 0).await;
    let remove = async {
        world.until_listeners(&id, 1).await;
        world.call(Method::DELETE, &path(&id), None).await;
    };
    let (answer, ()) = join(ask(&world, &id, &[("prefer", "wait=60")]), remove).await;
    answer.assert_problem(410);
    attempt.let_go().await;
    world.finish().await;
}

#[tokio::test]
async fn a_drain_ends_every_wait_with_the_state_of_now() {
    let (mut world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let (http, url) = (world.http.clone(), format!("http://{}{}", world.address, path(&id)));
    let waiting = tokio::spawn(async move { Answer::of(http.get(url).header("prefer", "wait=60")).await });
    world.until_listeners(&id, 1).await;
    let run = world.begin_to_stop();
    let answer = waiting.await.unwrap();
    assert_eq!((answer.status, &answer.json["completed"]), (200, &json!(false)));
    attempt.let_go().await;
    world.ended(run).await;
}

#[tokio::test]
async fn a_settlement_between_the_look_and_the_wait_is_not_lost() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let mut witness = world.connect_to_stay(&id).await;
    witness.report().await;
    // the second look: the first one is only about what the request names
    let first = world.faults.catch(Call::Find, Side::After);
    let settle = async {
        let (mut first, mut second) = (first, world.faults.catch(Call::Find, Side::After));
        first.here().await;
        first.let_go();
        second.here().await;
        attempt.generate();
        witness.until_status("completed").await;
        second.let_go();
    };
    let (answer, ()) = join(ask(&world, &id, &[("prefer", "wait=60")]), settle).await;
    assert_eq!(answer.json["status"], "completed");
    drop(witness);
    world.finish().await;
}

#[tokio::test]
async fn who_names_the_end_as_the_state_it_has_proves_that_it_knows() {
    let world = Stage::new().start().await;
    for headers in [&[][..], &[("prefer", "wait=60")]] {
        let id = world.order().await;
        let record = world.record(&id, |record| record.status.is_terminal()).await;
        let end = record.version;
        for nothing in ["*", "\"x\"", "W/\"\"", "W/", "", "W/\"1\"", &format!("W/\"{}\"", end + 50)] {
            ask(&world, &id, &[("if-none-match", nothing)]).await;
        }
        assert_eq!(proof(&world, &id).await, (DeliveryState::Waiting, vec![]), "none of these names the end");
        let etag = format!("W/\"1\", W/\"{end}\"");
        let answer = ask(&world, &id, &[&[("if-none-match", etag.as_str())], headers].concat()).await;
        let told = vec![(Channel::Poll, Some(Proof::Acked))];
        assert_eq!(proof(&world, &id).await, (DeliveryState::Delivered, told));
        // who only looks has the state that it has; who waits for another one gets the one that it made
        assert_eq!(answer.status, if headers.is_empty() { 304 } else { 200 });
        // once is enough
        ask(&world, &id, &[("if-none-match", &etag)]).await;
        assert_eq!(world.record(&id, |_| true).await.version, end + 1);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_post_that_waits_is_answered_with_the_finished_report() {
    let (world, mut work) = Stage::start_scripted().await;
    let finish = async {
        let mut stored = world.faults.catch(Call::Create, Side::After);
        stored.here().await;
        stored.let_go();
        work.next().await.generate();
    };
    // it is the client that the report was held back for
    let more = json!({"startWhen": "connected"});
    let (answer, ()) = join(post_and_wait(&world, "wait=60", more), finish).await;
    assert_eq!((answer.status, &answer.json["status"]), (201, &json!("completed")));
    assert_eq!(answer.header("preference-applied"), "wait=60");
    assert_eq!(answer.header("location"), path(answer.json["id"].as_str().unwrap()));
    assert_eq!(answer.header("etag"), format!("W/\"{}\"", answer.json["version"]));
    assert!(world.fetch(&answer.json["pdfUri"]).await.bytes.starts_with(b"%PDF"));
    world.finish().await;
}

#[tokio::test]
async fn a_post_that_waited_in_vain_is_a_201_all_the_same() {
    let (world, mut work) = Stage::start_scripted().await;
    let answer = post_and_wait(&world, "wait=1", json!({})).await;
    assert_eq!((answer.status, &answer.json["status"]), (201, &json!("generating")));
    let removed = async {
        let attempt = work.next().await;
        let id = attempt.claim.report.to_string();
        attempt.generate();
        world.record(&id, |record| record.status.is_terminal()).await;
        let attempt = work.next().await;
        let id = attempt.claim.report.to_string();
        world.until_listeners(&id, 1).await;
        world.call(Method::DELETE, &path(&id), None).await;
        attempt.let_go().await;
    };
    let (answer, ()) =
        join(post_and_wait(&world, "wait=60", json!({"reportDate": "2021-01-02"})), removed).await;
    assert_eq!((answer.status, &answer.json["status"]), (201, &json!("queued")), "what was stored is said");
    world.finish().await;
}

#[tokio::test]
async fn who_would_rather_have_the_file_is_sent_to_it_as_soon_as_there_is_one() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let pdf = [("accept", "application/pdf")];
    let early = ask(&world, &id, &pdf).await;
    assert_eq!((early.status, early.header("content-type")), (200, "application/json"));
    assert!(early.header("retry-after").parse::<u64>().is_ok());
    let finish = async {
        world.until_listeners(&id, 1).await;
        attempt.generate();
    };
    // this client follows the redirection
    let wait = [("accept", "application/pdf, application/json;q=0.5"), ("prefer", "wait=60")];
    let (file, ()) = join(ask(&world, &id, &wait), finish).await;
    assert_eq!((file.status, file.header("content-type")), (200, "application/pdf"));
    assert!(file.bytes.starts_with(b"%PDF"));

    let request = |accept: &str| format!("GET {} HTTP/1.1\r\nHost: h\r\nAccept: {accept}\r\n\r\n", path(&id));
    let answer = raw_answer(world.address, request("application/pdf").as_bytes()).await;
    assert_eq!((answer.status, answer.header("vary")), (303, "Accept, Prefer"));
    assert_eq!(answer.header("location"), world.show(&id).await["pdfUri"].as_str().unwrap());
    for accept in ["*/*", "application/*", "application/pdf;q=0.5, */*", "text/html"] {
        let answer = raw_answer(world.address, request(accept).as_bytes()).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{accept}");
    }
    world.finish().await;
}

#[tokio::test]
async fn an_ack_by_post_proves_as_one_on_a_socket_does() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    let end = world.record(&id, |record| record.status.is_terminal()).await;
    let ack = format!("{}/ack", path(&id));
    let early = world.post(&ack, &json!({"version": end.version - 1})).await;
    assert_eq!((early.status, &early.json["delivery"]["state"]), (200, &json!("waiting")));
    let wrong = world.post(&ack, &json!({"version": end.version, "sha256": "0".repeat(64)})).await;
    wrong.assert_problem(409);
    assert_eq!(wrong.json["type"], "/problems/digest-mismatch");
    let unknown = world.post(&ack, &json!({"version": end.version + 1})).await;
    unknown.assert_problem(409);
    assert_eq!(unknown.json["title"], "No such version");
    assert_eq!(proof(&world, &id).await, (DeliveryState::Waiting, vec![]));

    let told = world.post(&ack, &json!({"version": end.version})).await;
    assert_eq!((told.status, &told.json["delivery"]["proof"]), (200, &json!("acked")));
    assert_eq!(told.header("etag"), format!("W/\"{}\"", end.version + 1));
    let file = world.fetch(&told.json["pdfUri"]).await.bytes;
    let digest: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02X}")).collect();
    let verified = world.post(&ack, &json!({"version": end.version, "sha256": digest})).await;
    assert_eq!((verified.status, &verified.json["delivery"]["state"]), (200, &json!("verified")));
    let told = vec![(Channel::Poll, Some(Proof::Acked)), (Channel::Poll, Some(Proof::Verified))];
    assert_eq!(proof(&world, &id).await, (DeliveryState::Verified, told));
    world.finish().await;
}

#[tokio::test]
async fn an_ack_that_says_nothing_is_told_everything_that_is_wrong_with_it() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    world.record(&id, |record| record.status.is_terminal()).await;
    let ack = format!("{}/ack", path(&id));
    for (body, pointers) in [
        (json!({}), vec!["/version"]),
        (json!({"version": -1}), vec!["/version"]),
        (json!({"version": "9", "sha256": 1, "type": "ack"}), vec!["/version", "/sha256", "/type"]),
    ] {
        let answer = world.post(&ack, &body).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), pointers, "{body}");
    }
    world.post(&ack, &json!([])).await.assert_problem(400);
    world.post(&format!("{ack}?token=x"), &json!({"version": 1})).await.assert_problem(403);
    world.get(&ack).await.assert_problem(405);
    let nobody = "/api/v1/report/01939e2c-0000-7000-8000-000000000000/ack";
    world.post(nobody, &json!({"version": 1})).await.assert_problem(404);
    world.pass(Duration::from_secs(100 * 3600));
    world.store().sweep().await.unwrap();
    world.post(&ack, &json!({"version": 1})).await.assert_problem(410);
    world.finish().await;
}
