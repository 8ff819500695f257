//! Letters to a real mail server.

use reportwire::{
    delivery::{
        email::{Letter, Mailer, NoMailer},
        webhook::{PATIENCE, SendError},
    },
    report::EventType,
};

use crate::{
    post_office::PostOffice,
    subject::{EVENT, links, record},
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
