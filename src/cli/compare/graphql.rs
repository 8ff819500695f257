//! A GraphQL subscription over `graphql-transport-ws`: just the fields that one asks for.

use futures_util::{SinkExt as _, StreamExt as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use url::Url;

use super::{
    line::{Line, dial},
    meter::Counted,
    ways::{Lost, Trip},
};
use crate::cli::request::is_terminal;

pub(super) async fn follow(trip: &Trip) -> Result<Timestamp, Lost> {
    let mut url = Url::parse(trip.link("ws"))?;
    url.set_path("/graphql/ws");
    url.set_query(None);
    let mut request = url.as_str().into_client_request()?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("graphql-transport-ws"));
    let stream = dial(&url, &trip.meter).await?;
    trip.meter.request();
    let (socket, _) = client_async(request, stream).await?;
    let mut conversation = Conversation { socket };
    conversation.say(json!({ "type": "connection_init" })).await?;
    conversation.until("connection_ack").await?;

    let id = trip.report["id"].as_str().unwrap_or_default();
    let fields = "status version model links { model { href } }";
    let query = format!("subscription {{ report(id: \"{id}\") {{ {fields} }} }}");
    conversation.say(json!({ "type": "subscribe", "id": "1", "payload": { "query": query } })).await?;
    let (knew, end) = loop {
        let report = conversation.until("next").await?["payload"]["data"]["report"].take();
        if is_terminal(&report) {
            break (Timestamp::now(), report);
        }
    };
    conversation.until("complete").await?;
    if let (true, Some(model)) = (end["model"].is_null(), end["links"]["model"]["href"].as_str()) {
        Line::new(&trip.meter).json(model).await?;
    }
    // whoever asks for what follows the end has it: that is the proof
    let query = format!("subscription {{ report(id: \"{id}\", since: {}) {{ version }} }}", end["version"]);
    conversation.say(json!({ "type": "subscribe", "id": "2", "payload": { "query": query } })).await?;
    conversation.until("complete").await?;
    conversation.leave().await;
    Ok(knew)
}

struct Conversation {
    socket: WebSocketStream<Counted>,
}

impl Conversation {
    async fn say(&mut self, message: Value) -> Result<(), Lost> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    /// The next message, which must be of this type.
    async fn until(&mut self, expected: &str) -> Result<Value, Lost> {
        while let Some(message) = self.socket.next().await {
            let Message::Text(text) = message? else { continue };
            let message: Value = serde_json::from_str(&text)?;
            if message["type"] == expected {
                return Ok(message);
            }
            return Err(format!("{expected} was expected, and {text} came").into());
        }
        Err("the server closed before the end".into())
    }

    async fn leave(&mut self) {
        let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        if self.socket.close(Some(close)).await.is_ok() {
            while let Some(Ok(_)) = self.socket.next().await {}
        }
    }
}
