//! Limits: whoever wants more than there is hears of which, and when to come again; it is counted, and others have room.

use reportwire::report::Scopes;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::support::{Answer, Client, Events, Key, Stage, World, patiently, raw, raw_answer};

async fn refused(world: &World, key: Option<&Key>, limit: &str) -> u64 {
    let text = match key {
        Some(key) => world.get_as(key, "/metrics").await,
        None => world.get("/metrics").await,
    };
    let text = String::from_utf8(text.bytes).unwrap();
    let name = format!("reportwire_refused_total{{limit=\"{limit}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

fn assert_later(answer: &Answer, status: u16) {
    answer.assert_problem(status);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1, "{answer:?}");
}

async fn order(world: &World, key: &Key) -> Answer {
    let body = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01", "startWhen": "connected"});
    let request = world.http.post(format!("http://{}/api/v1/report", world.address));
    let request = request.header("content-type", "application/json").body(body.to_string());
    Answer::of(request.bearer_auth(&key.text)).await
}

#[tokio::test]
async fn only_so_many_follow_one_report() {
    let mut stage = Stage::new();
    stage.layer.max_sockets_per_report = Some(2);
    let world = stage.start().await;
    let (id, other) = (world.order().await, world.order().await);
    let first = world.connect_to_stay(&id).await;
    let second = world.connect_to_stay(&id).await;
    assert_later(&world.get(&format!("/api/v1/report/{id}/events")).await, 429);
    world.connect(&other).await.end("completed").await;
    assert_eq!(refused(&world, None, "sockets_per_report").await, 1);
    first.leave().await;
    world.until_listeners(&id, 1).await;
    Events::open(&world, &id, "", &[]).await.end("completed").await;
    second.leave().await;
    world.finish().await;
}

#[tokio::test]
async fn one_owner_has_only_so_many_sockets_and_asks_for_only_so_many_reports() {
    let mut stage = Stage::new();
    stage.layer.max_connections_per_owner = Some(1);
    stage.layer.max_unfinished_per_owner = Some(3);
    stage.layer.creates_per_minute = Some(4);
    let world = stage.start().await;
    let (key, other) = (world.key("acme", Scopes::all()), world.key("other", Scopes::all()));
    world.until_closed().await;
    let first = order(&world, &key).await.json;
    for _ in 0..2 {
        assert_eq!(order(&world, &key).await.status, 201);
    }
    assert_later(&order(&world, &key).await, 429);
    let fast = order(&world, &key).await;
    assert_later(&fast, 429);
    assert_eq!(fast.json["type"], "/problems/too-fast");
    assert_eq!(order(&world, &other).await.status, 201, "another has room");

    let link = |report: &Value| {
        report["_links"]["ws"]["href"].as_str().unwrap().split_once("/api").unwrap().1.to_owned()
    };
    let socket = Client::open(world.address, &format!("/api{}&keep=1", link(&first))).await;
    let events = first["_links"]["events"]["href"].clone();
    assert_later(&world.fetch(&events).await, 429);
    socket.leave().await;
    patiently("the place is free", async {
        while world.fetch(&events).await.status == 429 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for (limit, least) in
        [("unfinished_per_owner", 1), ("creates_per_minute", 1), ("connections_per_owner", 1)]
    {
        assert!(refused(&world, Some(&key), limit).await >= least, "{limit}");
    }
    world.finish_as(&key).await;
}

/// A connection that says nothing and is said nothing, or what it is told.
async fn silent(world: &World) -> TcpStream {
    TcpStream::connect(world.address).await.unwrap()
}

async fn told(mut stream: TcpStream) -> Answer {
    let mut text = String::new();
    patiently("a refusal", stream.read_to_string(&mut text)).await.unwrap();
    Answer::parse(&text)
}

async fn silent_ones(world: &World, count: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(silent(world).await);
    }
    held
}

async fn there_is_room_without(held: Vec<TcpStream>, world: &World) {
    drop(held);
    patiently("there is room again", async { while world.get("/healthz").await.status != 200 {} }).await;
}

#[tokio::test]
async fn whoever_comes_when_all_places_are_taken_is_told_so_at_once() {
    let mut stage = Stage::new();
    stage.layer.max_connections = Some(5);
    let world = stage.start().await;
    let held = silent_ones(&world, 5).await;
    assert_later(&told(silent(&world).await).await, 503);
    there_is_room_without(held, &world).await;
    assert!(refused(&world, None, "connections").await >= 1);
    world.finish().await;
}

#[tokio::test]
async fn one_address_has_only_so_many_connections() {
    let mut stage = Stage::new();
    stage.layer.max_connections_per_address = Some(3);
    let world = stage.start().await;
    let held = silent_ones(&world, 3).await;
    let refusal = told(silent(&world).await).await;
    assert_later(&refusal, 429);
    // another address of this machine
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = other.connect(world.address).await.unwrap();
    other.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(told(other).await.status, 200);
    there_is_room_without(held, &world).await;
    assert!(refused(&world, None, "connections_per_address").await >= 1);
    world.finish().await;
}

#[tokio::test]
async fn what_is_too_long_is_refused_by_its_name() {
    let mut stage = Stage::new();
    (stage.layer.max_url, stage.layer.max_body, stage.layer.max_frame) = (Some(300), Some(1024), Some(256));
    let world = stage.start().await;
    world.get(&format!("/api/v1/report?cursor={}", "x".repeat(400))).await.assert_problem(414);
    let long = json!({"reportType": "COFFEE_SALES", "reportDate": "x".repeat(2000)});
    world.post("/api/v1/report", &long).await.assert_problem(413);
    let head = format!("GET / HTTP/1.1\r\nHost: h\r\nX-Long: {}\r\n\r\n", "x".repeat(40_000));
    assert!(raw(world.address, head.as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let id = world.order().await;
    let mut client = world.connect_to_stay(&id).await;
    client.say("x".repeat(300)).await;
    assert_eq!(client.until_error().await, 413);
    client.closes(1009).await;
    for limit in ["url", "body", "frame"] {
        assert_eq!(refused(&world, None, limit).await, 1, "{limit}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_client_that_floods_its_socket_is_closed() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    for path in [format!("/api/v1/report/{id}/ws"), "/graphql/ws".into()] {
        let mut client = Client::open(world.address, &path).await;
        let mut code = 0;
        // a Close may come while more is still being said
        for _ in 0..1_000 {
            if client.ping_it().await.is_err() {
                break;
            }
        }
        while code == 0 {
            match client.hear().await {
                crate::support::Heard::Close(found) => code = found,
                crate::support::Heard::Frame(_) => {}
                crate::support::Heard::Lost => break,
            }
        }
        // without its sub-protocol a GraphQL socket is over before that
        assert!([1008, 4406].contains(&code), "{path}: {code}");
    }
    assert!(refused(&world, None, "messages").await >= 1);
    attempt.fail_for_good();
    world.finish().await;
}

#[tokio::test]
async fn thousands_who_say_nothing_or_say_it_slowly_are_let_go_and_others_are_served() {
    let mut stage = Stage::new();
    stage.layer.max_connections_per_address = Some(10_000);
    stage.layer.header_timeout = Some(std::time::Duration::from_secs(2));
    stage.layer.body_timeout = Some(std::time::Duration::from_secs(2));
    let world = stage.start().await;
    let mut ends = JoinSet::new();
    for number in 0..2_000 {
        let mut stream = silent(&world).await;
        ends.spawn(async move {
            let head = b"POST /api/v1/report HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
            let mut answer = Vec::new();
            if number % 2 == 0 {
                let _ = stream.read_to_end(&mut answer).await;
                return;
            }
            // a byte now and then, and every fourth with a whole head and a body that never comes
            let text: &[u8] = if number % 4 == 1 { head } else { &head[..20] };
            if stream.write_all(text).await.is_ok() {
                let mut tick = tokio::time::interval(std::time::Duration::from_millis(400));
                let mut buffer = [0; 512];
                loop {
                    tokio::select! {
                        read = stream.read(&mut buffer) => match read {
                            Ok(1..) => {}
                            _ => return,
                        },
                        _ = tick.tick() => if stream.write_all(b"x").await.is_err() { return },
                    }
                }
            }
        });
    }
    for _ in 0..20 {
        let id = world.order().await;
        world.connect(&id).await.end("completed").await;
    }
    patiently("all of them are let go", ends.join_all()).await;
    assert_eq!(
        raw_answer(world.address, b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await
            .status,
        200
    );
    world.finish().await;
}
