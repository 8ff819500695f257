//! Letters to a real mail server, and to one that takes its time.

use std::time::Duration;

use reportwire::{
    delivery::{
        email::{Letter, Mailer, NoMailer},
        webhook::{PATIENCE, SendError},
    },
    report::EventType,
};
use tokio::{sync::oneshot, task::JoinSet, time::advance};

use crate::{
    letter_box::LetterBox,
    post_office::PostOffice,
    subject::{EVENT, hold_clock, links, record},
};

fn mailer(post: &PostOffice) -> Mailer {
    Mailer::new(&post.url(""), "Reports <reports@example.com>").unwrap()
}

fn letter() -> Letter {
    Letter::of(EventType::Completed, &record(), &links())
}

#[tokio::test]
async fn a_letter_arrives_with_its_headers_and_both_its_texts() {
    let mut post = PostOffice::open();
    let sent = mailer(&post).send("ada@example.com", &letter()).await;
    assert_eq!(sent.result.unwrap().status, 250);

    let arrived = post.next().await;
    assert_eq!(arrived["from"], "reports@example.com");
    assert_eq!(arrived["to"], serde_json::json!(["ada@example.com"]));
    let header = |name: &str| arrived["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(header("From"), "Reports <reports@example.com>");
    assert_eq!(header("To"), "ada@example.com");
    assert_eq!(header("Subject"), "Coffee sales is ready");
    assert_eq!(header("Message-ID"), format!("<{EVENT}@example.com>"));
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert!(!header("Date").is_empty());
    assert!(header("Content-Type").starts_with("multipart/alternative"));
    let plain = arrived["plain"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(plain.trim_end(), letter().text.trim_end());
    let html = arrived["html"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(html.trim_end(), letter().html.trim_end());
}

#[tokio::test]
async fn the_answers_of_a_mail_server_are_kept() {
    let post = PostOffice::open();
    for (to, status, head) in
        [("later@example.com", 451, "come again"), ("nobody@example.com", 550, "no such person")]
    {
        let answer = mailer(&post).send(to, &letter()).await.result.unwrap();
        assert_eq!(answer.status, status);
        assert!(answer.head.contains(head), "{answer:?}");
    }
    let sent = mailer(&post).send("ada@example.com\r\nBcc: eve@example.com", &letter()).await;
    assert_eq!(sent.result, Err(SendError::Unsendable));
}

#[tokio::test]
async fn a_mail_server_that_will_not_know_us_is_asked_again_later() {
    let post = PostOffice::open();
    let knowing = |credentials: &str| Mailer::new(&post.url(credentials), "reports@example.com").unwrap();
    let wrong = knowing("ada:hunter2@");
    assert!(!format!("{wrong:?}").contains("hunter2"));
    assert_eq!(wrong.send("ada@example.com", &letter()).await.result, Err(SendError::Unable));
    let right = knowing("ada:p%40ss@");
    assert_eq!(right.send("ada@example.com", &letter()).await.result.unwrap().status, 250);
    // it does not speak TLS
    let url = post.url("").replace("smtp:", "smtp+starttls:");
    let mailer = Mailer::new(&url, "reports@example.com").unwrap();
    assert_eq!(mailer.send("ada@example.com", &letter()).await.result, Err(SendError::Unable));
    assert_eq!(Mailer::new(&url, "nobody").unwrap_err(), NoMailer::From);
}

#[tokio::test]
async fn no_mail_server_is_no_connection() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mailer = Mailer::new(&format!("smtp://{closed}"), "reports@example.com").unwrap();
    let sent = mailer.send("ada@example.com", &letter()).await;
    assert_eq!(sent.result, Err(SendError::Connect(std::io::ErrorKind::ConnectionRefused)));
}

#[tokio::test(start_paused = true)]
async fn a_mail_server_that_says_nothing_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mailer =
        Mailer::new(&format!("smtp://{}", listener.local_addr().unwrap()), "reports@example.com").unwrap();
    let sent = mailer.send("ada@example.com", &letter()).await;
    assert_eq!(sent.result, Err(SendError::Timeout));
    assert!(sent.took >= PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_is_taken_at_the_last_moment_is_taken_whatever_the_farewell_does() {
    let _clock = hold_clock();
    let mut post = LetterBox::open().await;
    let mailer = Mailer::new(&post.url(), "reports@example.com").unwrap();
    let sending = tokio::spawn(async move { mailer.send("ada@example.com", &letter()).await });
    let taking = post.letters(1).await;
    let took = PATIENCE - Duration::from_millis(700);
    advance(took).await;
    take(taking);
    // it is said, and never answered
    post.farewells(1).await;
    advance(Duration::from_secs(1)).await;
    let sent = sending.await.unwrap();
    assert_eq!((sent.result.map(|answer| answer.status), sent.took), (Ok(250), took));
}

#[tokio::test(start_paused = true)]
async fn eight_letters_are_under_way_at_once_and_one_whose_turn_does_not_come_is_offered_again() {
    let _clock = hold_clock();
    let mut post = LetterBox::open().await;
    let mailer = Mailer::new(&post.url(), "reports@example.com").unwrap();
    let mut letters = JoinSet::new();
    for _ in 0..26 {
        let mailer = mailer.clone();
        letters.spawn(async move { mailer.send("ada@example.com", &letter()).await });
    }
    // three rounds begin within half a minute: each is an attempt and the wait for a farewell
    for wait in [13, 13, 2] {
        let taking = post.letters(8).await;
        advance(Duration::from_secs(wait)).await;
        take(taking);
        post.farewells(8).await;
        advance(Duration::from_secs(1)).await;
    }
    let (taken, busy): (Vec<_>, Vec<_>) =
        letters.join_all().await.into_iter().partition(|sent| sent.result.is_ok());
    assert!(taken.iter().all(|sent| sent.took < PATIENCE), "to wait for a turn takes none of its time");
    assert!(busy.iter().all(|sent| sent.result == Err(SendError::Busy)), "{busy:?}");
    assert_eq!((taken.len(), busy.len()), (24, 2));
}

fn take(letters: Vec<oneshot::Sender<()>>) {
    for letter in letters {
        letter.send(()).unwrap();
    }
}
