//! Where a socket goes on with a cursor, and which cursors are none. Those of all channels: see `cursors`.

use reportwire::report::{Channel, DeliveryState, Proof};

use crate::support::{Client, Heard, Stage, World, raw_answer};

async fn socket(world: &World, id: &str, since: u64) -> Client {
    Client::open(world.address, &format!("/api/v1/report/{id}/ws?since={since}")).await
}

#[tokio::test]
async fn a_socket_that_has_seen_the_state_of_now_hears_the_next_one_first() {
    let (world, mut work) = Stage::start_scripted().await;
    let id = world.order().await;
    let attempt = work.next().await;
    let now = world.show(&id).await["version"].as_u64().unwrap();
    let mut known = socket(&world, &id, now).await;
    let mut behind = socket(&world, &id, now - 1).await;
    let mut ahead = socket(&world, &id, now + 100).await;
    assert_eq!(behind.report().await["version"], now);
    assert_eq!(ahead.report().await["version"], now, "a version that there never was is no cursor");
    attempt.monitor.progress("testing", 1).unwrap();
    assert_eq!(known.report().await["version"], now + 1);
    attempt.generate();
    for client in [known, behind, ahead] {
        client.end("completed").await;
    }
    world.finish().await;
}

#[tokio::test]
async fn a_socket_that_has_seen_the_end_is_closed_at_once_and_has_proved_that_it_knows() {
    let world = Stage::new().start().await;
    for keep in ["", "&keep=1"] {
        let id = world.order().await;
        let end = world.record(&id, |record| record.status.is_terminal()).await.version;
        let mut client =
            Client::open(world.address, &format!("/api/v1/report/{id}/ws?since={end}{keep}")).await;
        match client.hear().await {
            Heard::Close(1000) => {}
            other => panic!("expected Close 1000, heard {other:?}"),
        }
        let record = world.record(&id, |_| true).await;
        assert_eq!(record.delivery.state, DeliveryState::Delivered);
        let told: Vec<_> = record.deliveries.iter().map(|told| (told.channel, told.proof)).collect();
        assert_eq!(told, [(Channel::Websocket, Some(Proof::Acked))]);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_cursor_that_is_no_version_is_refused_before_the_upgrade() {
    let world = Stage::new().start().await;
    let id = world.order().await;
    for bad in ["", "x", "-1", "1.5", "99999999999999999999999"] {
        let request = format!(
            "GET /api/v1/report/{id}/ws?since={bad} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let answer = raw_answer(world.address, request.as_bytes()).await;
        answer.assert_problem(400);
        assert_eq!(answer.pointers(), ["?since"]);
    }
    world.record(&id, |record| record.status.is_terminal()).await;
    world.finish().await;
}
