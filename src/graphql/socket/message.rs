//! The messages of the sub-protocol, in both directions.

use async_graphql::{Response, ServerError};
use serde::Serialize;
use serde_json::{Map, Value};

/// What a client may say.
#[derive(Debug, PartialEq)]
pub(super) enum Inbound {
    /// It wants to begin.
    ConnectionInit {
        /// The key or the token that it shows.
        credential: Option<String>,
    },
    /// It wants to know whether we are there; we say the same back.
    Ping(Option<Value>),
    /// It is there.
    Pong,
    /// It asks for an operation, under an id of its own.
    Subscribe { id: String, members: Map<String, Value> },
    /// It no longer wants to hear of an operation.
    Complete { id: String },
}

/// What a server may say.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outbound<'a> {
    ConnectionAck,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<&'a Value>,
    },
    Next {
        id: &'a str,
        payload: &'a Response,
    },
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    Complete {
        id: &'a str,
    },
}

/// Reads a message. Unknown members are passed over.
///
/// # Errors
///
/// What is wrong with it, for the reason of the Close.
pub(super) fn read(text: &str) -> Result<Inbound, String> {
    let mut message = match serde_json::from_str(text) {
        Ok(Value::Object(message)) => message,
        Ok(_) => return Err("a message is a JSON object".into()),
        Err(error) => return Err(format!("not JSON: {error}")),
    };
    let Some(Value::String(kind)) = message.remove("type") else {
        return Err("a message has a type, which is a string".into());
    };
    match kind.as_str() {
        "connection_init" => {
            let payload = payload(&mut message)?;
            Ok(Inbound::ConnectionInit { credential: payload.as_ref().and_then(credential) })
        }
        "ping" => payload(&mut message).map(Inbound::Ping),
        "pong" => payload(&mut message).map(|_| Inbound::Pong),
        "complete" => Ok(Inbound::Complete { id: id(&mut message)? }),
        "subscribe" => {
            let id = id(&mut message)?;
            match message.remove("payload") {
                Some(Value::Object(members)) => Ok(Inbound::Subscribe { id, members }),
                _ => Err("the payload of subscribe is an object".into()),
            }
        }
        _ => Err("there is no message of this type".into()),
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Value>, String> {
    match message.remove("payload") {
        None => Ok(None),
        Some(payload @ (Value::Object(_) | Value::Null)) => Ok(Some(payload)),
        Some(_) => Err("a payload is an object or null".into()),
    }
}

/// The key or the token in the payload of the beginning, as it would stand in the header of that name.
fn credential(payload: &Value) -> Option<String> {
    let members = payload.as_object()?;
    let (_, value) = members.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"))?;
    // what is no text is shown all the same, and lets nobody in
    let text = value.as_str().unwrap_or_default();
    let bearer = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Some(bearer.map_or(text, |(_, text)| text).trim().to_owned())
}

fn id(message: &mut Map<String, Value>) -> Result<String, String> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err("the id of an operation is a string that is not empty".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_messages_of_the_protocol_are_understood_and_nothing_else_is() {
        let members = json!({"query": "{ a }"}).as_object().unwrap().clone();
        let init =
            |credential: Option<&str>| Inbound::ConnectionInit { credential: credential.map(Into::into) };
        let good = [
            (r#"{"type":"connection_init"}"#, init(None)),
            (r#"{"type":"connection_init","payload":null}"#, init(None)),
            (r#"{"type":"connection_init","payload":{"a":1}}"#, init(None)),
            (r#"{"type":"connection_init","payload":{"Authorization":"Bearer k"}}"#, init(Some("k"))),
            (r#"{"type":"connection_init","payload":{"authorization":"k"}}"#, init(Some("k"))),
            (r#"{"type":"connection_init","payload":{"authorization":1}}"#, init(Some(""))),
            (r#"{"type":"ping"}"#, Inbound::Ping(None)),
            (r#"{"type":"ping","payload":{"a":1}}"#, Inbound::Ping(Some(json!({"a": 1})))),
            (r#"{"type":"pong","more":1}"#, Inbound::Pong),
            (r#"{"type":"complete","id":"1"}"#, Inbound::Complete { id: "1".into() }),
            (
                r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }"}}"#,
                Inbound::Subscribe { id: "1".into(), members },
            ),
        ];
        for (text, expected) in good {
            assert_eq!(read(text).as_ref(), Ok(&expected), "{text}");
        }
        let bad = [
            "",
            "{",
            "[]",
            "null",
            "ping",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"connection_init","payload":[]}"#,
            r#"{"type":"ping","payload":"x"}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"complete","id":1}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":"{ a }"}"#,
        ];
        for text in bad {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
