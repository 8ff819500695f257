//! Whether a receiver wants to hear from us.

use reportwire::delivery::webhook::SendError;

use crate::{
    receiver::{Receiver, answer},
    subject::sender,
};

#[tokio::test]
async fn only_who_names_us_or_everybody_consents() {
    let table = [
        (
            answer(200, "WebHook-Allowed-Origin: reports.example.com\r\nWebHook-Allowed-Rate: 100\r\n", ""),
            true,
        ),
        (answer(204, "webhook-allowed-origin: Reports.Example.COM \r\n", ""), true),
        (answer(200, "WebHook-Allowed-Origin: *\r\n", ""), true),
        (answer(200, "WebHook-Allowed-Origin: other.example.com\r\n", ""), false),
        (answer(200, "WebHook-Allowed-Origin: evilreports.example.com\r\n", ""), false),
        (answer(200, "WebHook-Allowed-Origin: \r\n", ""), false),
        (answer(200, "", ""), false),
        (answer(405, "WebHook-Allowed-Origin: *\r\n", ""), false),
        (answer(302, "WebHook-Allowed-Origin: *\r\nlocation: /\r\n", ""), false),
    ];
    for (text, expected) in table {
        let receiver = Receiver::answering(text.clone()).await;
        let asked = sender(&["127.0.0.0/8"]).ask_consent(&receiver.url()).await;
        assert_eq!(asked.result, Ok(expected), "{text}");
        let arrived = receiver.arrived().remove(0);
        assert_eq!(arrived.line, "OPTIONS /hook HTTP/1.1");
        assert_eq!(arrived.headers["webhook-request-origin"], "reports.example.com");
    }
}

#[tokio::test]
async fn the_question_is_guarded_like_the_message() {
    let trap = Receiver::answering(answer(200, "WebHook-Allowed-Origin: *\r\n", "")).await;
    let asked = sender(&[]).ask_consent(&trap.url()).await;
    assert!(matches!(asked.result, Err(SendError::Address { .. })), "{asked:?}");
    assert_eq!(trap.knocks(), 0);
}
