//! Receivers answer well, badly, too much, too slowly and not at all.

use std::time::Duration;

use reportwire::delivery::webhook::{Answer, PATIENCE, SendError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    receiver::{Receiver, answer},
    subject::{hold_clock, post, sender},
};

const NEAR: [&str; 1] = ["127.0.0.0/8"];

#[tokio::test]
async fn the_answer_is_kept_with_its_first_bytes() {
    let long = "ä".repeat(2_000);
    let table = [
        (answer(200, "", "thanks"), 200, None, "thanks".to_owned()),
        (answer(204, "", ""), 204, None, String::new()),
        (answer(500, "", "\u{1b}[31mno"), 500, None, "\u{1b}[31mno".to_owned()),
        (answer(429, "retry-after: 7\r\n", ""), 429, Some(7), String::new()),
        (answer(200, "", &long), 200, None, "ä".repeat(128)),
        ("HTTP/1.0 418 x\r\n\r\nto the end".to_owned(), 418, None, String::new()),
    ];
    for (text, status, retry_after, head) in table {
        let sent = if status == 418 {
            // its body ends with the connection
            let address = once(move |mut stream| async move {
                let _ = stream.read(&mut [0; 4096]).await;
                stream.write_all(text.as_bytes()).await.unwrap();
            })
            .await;
            post(&sender(&NEAR), &address).await
        } else {
            let receiver = Receiver::answering(text).await;
            post(&sender(&NEAR), &receiver.url()).await
        };
        let head = if status == 418 { "to the end".to_owned() } else { head };
        let retry_after = retry_after.map(Duration::from_secs);
        assert_eq!(sent.result, Ok(Answer { status, retry_after, head }));
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let receiver = Receiver::answering(answer(200, "", "thanks")).await;
    let sender = sender(&NEAR);
    for _ in 0..20 {
        assert_eq!(post(&sender, &receiver.url()).await.result.unwrap().status, 200);
    }
    assert_eq!(receiver.arrived().len(), 20);
    assert!(receiver.knocks() < 20, "{} connections", receiver.knocks());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_not_used_for_five_seconds_is_not_kept() {
    let _clock = hold_clock();
    let receiver = Receiver::answering(answer(200, "", "")).await;
    let sender = sender(&NEAR);
    for knocks in [1, 2] {
        assert_eq!(post(&sender, &receiver.url()).await.result.unwrap().status, 200);
        assert_eq!(receiver.knocks(), knocks);
        tokio::time::advance(Duration::from_secs(6)).await;
    }
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let table: [(Vec<u8>, SendError); 5] = [
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), SendError::Protocol),
        (b"\x16\x03\x01\x00\x05hello".to_vec(), SendError::Protocol),
        (Vec::new(), SendError::Closed),
        (b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(), SendError::Closed),
        (
            format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(20_000)).into_bytes(),
            SendError::HeadTooLarge,
        ),
    ];
    for (bytes, expected) in table {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        let address = once(move |mut stream| async move {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&bytes).await;
        })
        .await;
        assert_eq!(post(&sender(&NEAR), &address).await.result, Err(expected), "{shown}");
    }
    let many = "x: y\r\n".repeat(200);
    let receiver = Receiver::answering(format!("HTTP/1.1 200 OK\r\n{many}\r\n")).await;
    assert_eq!(post(&sender(&NEAR), &receiver.url()).await.result, Err(SendError::HeadTooLarge));

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sent = post(&sender(&NEAR), &format!("http://{closed}/").parse().unwrap()).await;
    assert_eq!(sent.result, Err(SendError::Connect(std::io::ErrorKind::ConnectionRefused)));
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let address = once(move |mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        let mut written = 0;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        // until the other side hangs up
        while let Ok(length) = stream.write(&[b'x'; 4096]).await {
            written += length;
        }
        let _ = tell.send(written);
    })
    .await;
    let sent = post(&sender(&NEAR), &address).await;
    assert_eq!(sent.result, Ok(Answer { status: 200, retry_after: None, head: "x".repeat(256) }));
    told.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_never_answers_is_given_up_after_the_whole_time_and_hung_up_on() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let address = once(move |mut stream| async move {
        let mut gone = Vec::new();
        let _ = stream.read_to_end(&mut gone).await;
        let _ = tell.send(());
    })
    .await;
    let sent = post(&sender(&NEAR), &address).await;
    assert_eq!(sent.result, Err(SendError::Timeout));
    assert!((PATIENCE..PATIENCE + Duration::from_millis(10)).contains(&sent.took), "{:?}", sent.took);
    told.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_drips_its_head_byte_by_byte_is_given_up_after_the_same_time() {
    let address = once(move |mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
        for byte in b"HTTP/1.1 200 OK\r\nx: ".iter().chain(std::iter::repeat(&b'y')) {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    let sent = post(&sender(&NEAR), &address).await;
    assert_eq!(sent.result, Err(SendError::Timeout));
    assert!((PATIENCE..PATIENCE + Duration::from_millis(10)).contains(&sent.took), "{:?}", sent.took);
}

/// The URL of a listener that serves one connection in its own way.
async fn once<F>(serve: impl FnOnce(tokio::net::TcpStream) -> F + Send + 'static) -> url::Url
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        serve(stream).await;
    });
    format!("http://{address}/").parse().unwrap()
}
