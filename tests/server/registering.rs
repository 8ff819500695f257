//! Registered endpoints over HTTP: every action, its effect on the receiver, and what is refused.

use serde_json::{Value, json};

use crate::{
    support::{Receiver, World},
    telling::stage,
};

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

async fn register(world: &World, receiver: &mut Receiver, events: Value) -> (String, String) {
    let body = json!({"url": receiver.url("/hook"), "events": events, "description": "the back office"});
    let answer = world.post(ENDPOINTS, &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.json["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("{ENDPOINTS}/{id}"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let question = receiver.next().await;
    assert_eq!((question.method.as_str(), question.path.as_str()), ("OPTIONS", "/hook"));
    assert!(question.headers.contains_key("webhook-request-origin"));
    until(world, &id, |endpoint| !endpoint["consented"].is_null()).await;
    (id, answer.json["secret"].as_str().unwrap().to_owned())
}

async fn show(world: &World, id: &str) -> Value {
    let answer = world.get(&format!("{ENDPOINTS}/{id}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json
}

/// Waits until the endpoint is as wanted. Nothing announces it, so it is asked for again and again.
async fn until(world: &World, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    crate::support::patiently("the endpoint is as wanted", async {
        loop {
            let endpoint = show(world, id).await;
            if wanted(&endpoint) {
                return endpoint;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn log(world: &World, id: &str, entries: usize) -> Vec<Value> {
    crate::support::patiently("the log is long enough", async {
        loop {
            let answer = world.get(&format!("{ENDPOINTS}/{id}/attempts?limit=100")).await;
            let attempts = answer.json["attempts"].as_array().unwrap().clone();
            if attempts.len() >= entries {
                return attempts;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

async fn act(world: &World, id: &str, action: &str, body: Value) -> Value {
    let answer = world.post(&format!("{ENDPOINTS}/{id}/{action}"), &body).await;
    assert!(answer.status == 200 || answer.status == 202, "{action}: {answer:?}");
    answer.json
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_consents_is_shown_so_and_its_secret_only_once() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    receiver.answers(200, "webhook-allowed-origin: *\r\n");
    let (id, secret) = register(&world, &mut receiver, json!(["report.completed"])).await;
    let endpoint = show(&world, &id).await;
    assert_eq!((&endpoint["consented"], &endpoint["state"]), (&json!(true), &json!("active")));
    assert!(!endpoint.to_string().contains(&secret));
    let list = world.get(ENDPOINTS).await.json;
    assert_eq!(list["endpoints"], json!([endpoint]));

    world.order().await;
    let told = receiver.next().await;
    told.assert_signed(&secret);
    assert_eq!(told.json()["type"], "report.completed");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_endpoint_hears_later_and_a_removed_one_never() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let (id, _) = register(&world, &mut receiver, json!(["report.completed"])).await;
    assert_eq!(act(&world, &id, "pause", json!({})).await["state"], "paused");
    let report = world.order().await;
    world.record(&report, |record| record.artifact.is_some()).await;
    // a test is sent all the same, and it is the first to arrive
    let name = act(&world, &id, "test", json!({})).await["eventId"].clone();
    assert_eq!(receiver.next().await.event_id(), name);
    assert_eq!(act(&world, &id, "resume", json!({})).await["state"], "active");
    assert_eq!(receiver.next().await.json()["data"]["id"], report.as_str());

    let answer = world.call(reqwest::Method::DELETE, &format!("{ENDPOINTS}/{id}"), None).await;
    assert_eq!(answer.status, 204);
    world.get(&format!("{ENDPOINTS}/{id}")).await.assert_problem(404);
    let (other, _) = register(&world, &mut receiver, json!(["report.completed"])).await;
    world.order().await;
    receiver.next().await;
    log(&world, &other, 2).await;
    assert!(receiver.is_idle(), "the removed endpoint was told");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_sign_while_the_secret_is_changed() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let (id, old) = register(&world, &mut receiver, json!(["report.completed"])).await;
    let new = act(&world, &id, "rotate", json!({"overlapSeconds": 60})).await["secret"].clone();
    let new = new.as_str().unwrap();
    assert_ne!(new, old);
    act(&world, &id, "test", json!({})).await;
    let told = receiver.next().await;
    told.assert_signed(new);
    told.assert_signed(&old);
    world.pass(std::time::Duration::from_secs(60));
    act(&world, &id, "test", json!({})).await;
    let told = receiver.next().await;
    told.assert_signed(new);
    assert_eq!(told.headers["webhook-signature"].split(' ').count(), 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_is_in_the_log_and_is_sent_again_when_asked_for() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let (id, _) = register(&world, &mut receiver, json!(["report.completed"])).await;
    receiver.answers(410, "");
    world.order().await;
    let name = receiver.next().await.event_id().to_owned();
    let off = until(&world, &id, |endpoint| endpoint["state"] == "disabled").await;
    assert!(off["reason"].as_str().unwrap().contains("410"));
    let entry = log(&world, &id, 2).await.remove(0);
    assert_eq!(
        (&entry["status"], &entry["answer"], &entry["attempt"]),
        (&json!(410), &json!("no"), &json!(1))
    );
    assert_eq!(entry["eventId"], name.as_str());
    assert!(entry["tookMs"].is_u64());

    receiver.answers(200, "");
    act(&world, &id, "resume", json!({})).await;
    assert_eq!(act(&world, &id, "replay", json!({})).await["replayed"], 1);
    assert_eq!(receiver.next().await.event_id(), name);
    log(&world, &id, 3).await;
    assert_eq!(act(&world, &id, "replay", json!({"eventId": name})).await["replayed"], 1);
    assert_eq!(receiver.next().await.event_id(), name);
    let unknown = world.post(&format!("{ENDPOINTS}/{id}/replay"), &json!({"eventId": "x_1"})).await;
    unknown.assert_problem(404);
    // the log comes in pages
    log(&world, &id, 4).await;
    let page = world.get(&format!("{ENDPOINTS}/{id}/attempts?limit=3")).await.json;
    let rest = world
        .get(&format!("{ENDPOINTS}/{id}/attempts?limit=3&cursor={}", page["next"].as_str().unwrap()))
        .await;
    assert_eq!((rest.json["attempts"].as_array().unwrap().len(), &rest.json["next"]), (1, &Value::Null));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_told_to_who_asked_for_it() {
    let (world, mut receiver) = (stage().start().await, Receiver::open().await);
    let events = json!(["report.completed", "report.progress"]);
    register(&world, &mut receiver, events).await;
    let report = world.order().await;
    loop {
        let told = receiver.next().await.json();
        assert_eq!(told["data"]["id"], report.as_str());
        if told["type"] == "report.completed" {
            break;
        }
        assert_eq!(told["type"], "report.progress");
        assert!(told["data"]["progress"]["percent"].is_u64());
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_an_endpoint_is_named() {
    let world = stage().start().await;
    let table = [
        (json!({}), vec!["/url"]),
        (json!({"url": 7}), vec!["/url"]),
        (json!({"url": "no url"}), vec!["/url"]),
        (json!({"url": "ftp://example.com/"}), vec!["/url"]),
        (json!({"url": "https://user:pass@example.com/"}), vec!["/url"]),
        (json!({"url": format!("https://example.com/{}", "x".repeat(2048))}), vec!["/url"]),
        (json!({"url": "https://10.0.0.1/"}), vec!["/url"]),
        (json!({"url": "mailto:ada@example.com"}), vec!["/url"]),
        (json!({"url": "https://example.com/", "events": []}), vec!["/events"]),
        (json!({"url": "https://example.com/", "events": ["report.done"]}), vec!["/events"]),
        (
            json!({"url": "x", "events": 1, "description": 1, "secret": "y"}),
            vec!["/url", "/events", "/description", "/secret"],
        ),
    ];
    for (body, expected) in table {
        let answer = world.post(ENDPOINTS, &body).await;
        answer.assert_problem(400);
        let pointers: Vec<_> = answer.json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(pointers, expected, "{body}: {answer:?}");
    }
    let unknown = "0192f0c1-2345-7abc-8def-0123456789ab";
    for path in [unknown.to_owned(), format!("{unknown}/attempts"), "nonsense".into()] {
        world.get(&format!("{ENDPOINTS}/{path}")).await.assert_problem(404);
    }
    for action in ["pause", "resume", "rotate", "test", "replay"] {
        world.post(&format!("{ENDPOINTS}/{unknown}/{action}"), &json!({})).await.assert_problem(404);
        world.get(&format!("{ENDPOINTS}/{unknown}/{action}")).await.assert_problem(405);
    }
    let rotate =
        world.post(&format!("{ENDPOINTS}/{unknown}/rotate"), &json!({"overlapSeconds": -1, "x": 1})).await;
    rotate.assert_problem(400);
    assert_eq!(rotate.json["errors"].as_array().unwrap().len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn the_database_does_not_give_away_what_webhooks_are_signed_with() {
    let mut receiver = Receiver::open().await;
    let world = stage().start().await;
    let (id, first) = register(&world, &mut receiver, json!(["report.completed"])).await;
    let rotated = act(&world, &id, "rotate", json!({})).await;
    let second = rotated["secret"].as_str().unwrap();
    for name in ["reportwire.db", "reportwire.db-wal"] {
        let bytes = std::fs::read(world.folder().join(name)).unwrap();
        for secret in [first.as_str(), second] {
            let bare = secret.trim_start_matches("whsec_").as_bytes();
            assert!(!bytes.windows(bare.len()).any(|window| window == bare), "{name}");
        }
    }
    // and still both are used: the test is signed with what the receiver was told
    act(&world, &id, "test", json!({})).await;
    let arrived = receiver.next().await;
    arrived.assert_signed(second);
    arrived.assert_signed(&first);
    world.finish().await;
}
