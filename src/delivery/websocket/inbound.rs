//! What a client may say, and what it is told when it says something else.

use serde::Deserialize;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::report::Problem;

/// A message that means something.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Inbound {
    /// The client knows the state of this version; with the digest it holds the file, too.
    Ack {
        /// The version of the frame that it acknowledges.
        version: u64,
        /// SHA-256 of the file that it downloaded, in hexadecimal.
        sha256: Option<String>,
    },
    /// The client no longer wants the report.
    Cancel {},
}

/// Reads a data message.
///
/// # Errors
///
/// What to tell the client, which may try again.
pub(super) fn read(message: &Message) -> Result<Inbound, Problem> {
    let detail = match message {
        Message::Text(text) => match serde_json::from_str(text) {
            Ok(inbound) => return Ok(inbound),
            Err(error) if error.is_data() => format!("not a message that means anything here: {error}"),
            Err(error) => format!("not JSON: {error}"),
        },
        _ => "messages are JSON text, not binary".into(),
    };
    Err(Problem::new(
        "bad-message",
        400,
        "Message not understood",
        format!("{detail}; expected {{\"type\":\"ack\",\"version\":N}} or {{\"type\":\"cancel\"}}"),
    ))
}

/// An error frame: the problem's members beside its type. `type` of the problem moves to `problem`,
/// because a frame's `type` says what kind of frame it is.
pub(super) fn error_frame(problem: &Problem) -> Utf8Bytes {
    let frame = serde_json::json!({
        "type": "error",
        "problem": problem.kind,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    });
    frame.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ack_and_cancel_are_understood_and_nothing_else_is() {
        let ack = |version, sha256: Option<&str>| Inbound::Ack { version, sha256: sha256.map(Into::into) };
        let good = [
            (r#"{"type":"ack","version":9}"#, ack(9, None)),
            (r#"{"type":"ack","version":9,"sha256":"ab"}"#, ack(9, Some("ab"))),
            (r#"{"type":"cancel"}"#, Inbound::Cancel {}),
        ];
        for (text, expected) in good {
            assert_eq!(read(&Message::text(text)).unwrap(), expected);
        }
        let bad = [
            "",
            "{",
            "[]",
            "null",
            "ack",
            r#"{"type":"ack"}"#,
            r#"{"type":"ack","version":-1}"#,
            r#"{"type":"ack","version":"9"}"#,
            r#"{"type":"nack","version":9}"#,
            r#"{"version":9}"#,
            r#"{"type":"cancel","why":"?"}"#,
        ];
        for text in bad {
            assert_eq!(read(&Message::text(text)).unwrap_err().status, 400, "{text}");
        }
        assert!(read(&Message::binary(r#"{"type":"cancel"}"#)).unwrap_err().detail.contains("binary"));
    }
}
