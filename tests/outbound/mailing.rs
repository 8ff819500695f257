//! Letters to a real mail server.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdin, Command, Stdio},
};

use reportwire::{
    delivery::{
        email::{Letter, Mailer, NoMailer},
        webhook::{PATIENCE, SendError},
    },
    report::EventType,
};
use serde_json::Value;

use crate::subject::{EVENT, links, record};

/// aiosmtpd, which prints each letter as a line of JSON.
struct Post {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    // it runs until this is closed
    _stdin: ChildStdin,
    port: u64,
}

impl Post {
    fn office() -> Self {
        let mut child = Command::new("target/venv/bin/python")
            .args(["-u", "tests/outbound/post_office.py"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (lines, stdin) = (BufReader::new(child.stdout.take().unwrap()), child.stdin.take().unwrap());
        let mut post = Self { child, lines, _stdin: stdin, port: 0 };
        post.port = post.next().as_u64().unwrap();
        post
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn mailer(&self) -> Mailer {
        let url = format!("smtp://127.0.0.1:{}", self.port);
        Mailer::new(&url, "Reports <reports@example.com>").unwrap()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn letter() -> Letter {
    Letter::of(EventType::Completed, &record(), &links())
}

#[tokio::test]
async fn a_letter_arrives_with_its_headers_and_both_its_texts() {
    let mut post = Post::office();
    let sent = post.mailer().send("ada@example.com", &letter()).await;
    assert_eq!(sent.result.unwrap().status, 250);

    let arrived = post.next();
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
    let post = Post::office();
    for (to, status, head) in
        [("later@example.com", 451, "come again"), ("nobody@example.com", 550, "no such person")]
    {
        let answer = post.mailer().send(to, &letter()).await.result.unwrap();
        assert_eq!(answer.status, status);
        assert!(answer.head.contains(head), "{answer:?}");
    }
    let sent = post.mailer().send("ada@example.com\r\nBcc: eve@example.com", &letter()).await;
    assert_eq!(sent.result, Err(SendError::Unsendable));
}

#[tokio::test]
async fn a_mail_server_that_will_not_know_us_is_asked_again_later() {
    let post = Post::office();
    let knowing = |credentials: &str| {
        let url = format!("smtp://{credentials}@127.0.0.1:{}", post.port);
        Mailer::new(&url, "reports@example.com").unwrap()
    };
    let wrong = knowing("ada:hunter2");
    assert!(!format!("{wrong:?}").contains("hunter2"));
    assert_eq!(wrong.send("ada@example.com", &letter()).await.result, Err(SendError::Unable));
    let right = knowing("ada:p%40ss");
    assert_eq!(right.send("ada@example.com", &letter()).await.result.unwrap().status, 250);
    // it does not speak TLS
    let url = format!("smtp+starttls://127.0.0.1:{}", post.port);
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
