//! E-mail end to end: a real mail server, and the letters that arrive there.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    post_office::PostOffice,
    support::{Receiver, Stage, World, patiently},
    telling::stage,
};

/// Where the links in letters lead, however the server was reached.
const PUBLIC_URL: &str = "https://reports.example.com";

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

/// A server that hands its letters in at `post`.
async fn start(post: &PostOffice) -> World {
    let mut stage = stage();
    stage.layer.smtp = Some(post.url("").parse().unwrap());
    stage.layer.public_url = Some(PUBLIC_URL.into());
    stage.layer.mail_from = Some("Reports <reports@example.com>".into());
    stage.start().await
}

/// The event of a letter, as its `Message-ID` names it.
fn event_id(letter: &Value) -> &str {
    let id = letter["headers"]["Message-ID"].as_str().unwrap();
    id.strip_prefix('<').and_then(|id| id.strip_suffix("@example.com>")).unwrap_or_else(|| panic!("{id}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_neither_connects_nor_has_a_webhook_that_works_gets_one_letter_with_the_link() {
    let (mut post, mut receiver) = (PostOffice::open(), Receiver::open().await);
    let world = start(&post).await;
    receiver.answers(500, "");
    let deliver = json!({"prefer": ["websocket", "webhook", "email"], "ackWithinSeconds": 10, "email": "ada@example.com"});
    let id = world.order_with(json!({"deliver": deliver, "callbackUrl": receiver.url("/")})).await;
    let end = world.record(&id, |record| record.status.is_terminal()).await.settled_version.unwrap();
    let name = format!("{id}_{end}");
    assert!(receiver.is_idle(), "it is the turn of the socket");
    world.pass(Duration::from_secs(10));
    assert_eq!(receiver.next().await.event_id(), name);
    world.record(&id, |record| record.deliveries.iter().any(|told| told.status == Some(500))).await;
    world.pass(Duration::from_secs(10));

    let letter = post.next().await;
    assert_eq!(letter["to"], json!(["ada@example.com"]));
    assert_eq!(letter["headers"]["Subject"], "Coffee sales is ready");
    assert_eq!(event_id(&letter), name);
    let plain = letter["plain"].as_str().unwrap();
    let link =
        plain.split_whitespace().find(|word| word.contains("/pdf?token=")).expect("a link to the file");
    let path = link.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("{link}"));
    let file = world.get(path).await;
    assert_eq!((file.status, &file.bytes[..5]), (200, &b"%PDF-"[..]));

    world.record(&id, |record| record.deliveries.iter().any(|told| told.status == Some(250))).await;
    let shown = world.show(&id).await;
    let deliveries = shown["deliveries"].as_array().unwrap();
    assert!(deliveries.iter().all(|told| told["eventId"] == name.as_str()), "{deliveries:?}");
    let attempts = |channel: &str| -> Vec<_> {
        let of = deliveries.iter().filter(|told| told["channel"] == channel);
        of.map(|told| (told["attempt"].clone(), told["status"].clone(), told["proof"].clone())).collect()
    };
    assert_eq!(attempts("email"), [(json!(1), json!(250), json!("flushed"))]);
    assert_eq!(attempts("webhook")[0], (json!(1), json!(500), Value::Null));
    // that a mail server took a letter says nothing about the person
    assert_eq!(shown["delivery"]["state"], "waiting");

    // whatever arrives now is about something else: there was no second one
    world.pass(Duration::from_secs(3_600));
    for other in ["bob@example.com", "eve@example.com"] {
        let marker = world.order_with(json!({"deliver": {"email": other}})).await;
        let letter = post.next().await;
        assert_eq!(letter["to"], json!([other]));
        assert_eq!(event_id(&letter).split('_').next(), Some(&*marker));
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_told_in_time_gets_no_letter() {
    let mut post = PostOffice::open();
    let world = start(&post).await;
    let deliver =
        json!({"prefer": ["websocket", "email"], "ackWithinSeconds": 10, "email": "ada@example.com"});
    let id = world.order_with(json!({"deliver": deliver})).await;
    world.connect(&id).await.end("completed").await;
    world.record(&id, |record| record.delivery.state.is_known()).await;
    world.pass(Duration::from_secs(10));
    world.order_with(json!({"deliver": {"email": "bob@example.com"}})).await;
    assert_eq!(post.next().await["to"], json!(["bob@example.com"]));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registered_address_gets_its_letters_and_its_log_says_so() {
    let mut post = PostOffice::open();
    let world = start(&post).await;
    let registered = world.post(ENDPOINTS, &json!({"url": "mailto:office@example.com"})).await;
    assert_eq!((registered.status, &registered.json["url"]), (201, &json!("mailto:office@example.com")));
    let path = format!("{ENDPOINTS}/{}", registered.json["id"].as_str().unwrap());
    let test = world.post(&format!("{path}/test"), &json!({})).await;
    let letter = post.next().await;
    assert_eq!(
        (&letter["to"], event_id(&letter)),
        (&json!(["office@example.com"]), test.json["eventId"].as_str().unwrap())
    );

    let id = world.order().await;
    let letter = post.next().await;
    let end = world.record(&id, |record| record.deliveries.iter().any(|told| told.status == Some(250))).await;
    assert_eq!(event_id(&letter), format!("{id}_{}", end.settled_version.unwrap()));
    assert_eq!(end.deliveries[0].endpoint.as_deref(), registered.json["id"].as_str());
    let log = patiently("the log has both letters", async {
        loop {
            let log = world.get(&format!("{path}/attempts")).await.json["attempts"].take();
            if log.as_array().is_some_and(|log| log.iter().filter(|one| one["status"] == 250).count() == 2) {
                return log;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(log[0]["eventId"], event_id(&letter), "the newest first");
    world.finish().await;
}

#[tokio::test]
async fn a_registered_address_is_for_the_ends_of_reports_alone() {
    let post = PostOffice::open();
    let world = start(&post).await;
    let registering = async |events: Value| {
        let body = json!({"url": "mailto:office@example.com", "events": events});
        world.post(ENDPOINTS, &body).await
    };
    let refused = registering(json!(["report.completed", "report.progress"])).await;
    refused.assert_problem(400);
    let detail = "report.progress is for webhooks; letters are for the end of a report";
    assert_eq!(refused.json["errors"], json!([{"pointer": "/events", "detail": detail}]));
    assert_eq!(registering(json!(["report.completed", "report.failed"])).await.status, 201);
    world.finish().await;
}

#[tokio::test]
async fn a_server_without_a_mail_server_says_that_it_sends_no_letters() {
    let world = Stage::new().start().await;
    let endpoint = world.post(ENDPOINTS, &json!({"url": "mailto:ada@example.com"})).await;
    let order = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "deliver": {"email": "ada@example.com"}});
    for (answer, pointer) in
        [(endpoint, "/url"), (world.post("/api/v1/report", &order).await, "/deliver/email")]
    {
        answer.assert_problem(400);
        let errors = json!([{"pointer": pointer, "detail": "this server sends no e-mail"}]);
        assert_eq!(answer.json["errors"], errors);
    }
    world.finish().await;
}
