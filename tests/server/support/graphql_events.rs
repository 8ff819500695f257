//! A GraphQL subscription over server-sent events (graphql-sse, distinct connections).

use futures_util::{StreamExt as _, stream::BoxStream};
use serde_json::{Value, json};

use super::{World, patiently};

/// A stream of events as they come.
pub(crate) struct GraphqlEvents {
    bytes: BoxStream<'static, Vec<u8>>,
    text: String,
}

impl GraphqlEvents {
    pub(crate) async fn open(world: &World, document: &str) -> Self {
        let request = world
            .http
            .post(format!("http://{}/graphql", world.address))
            .header("accept", "text/event-stream");
        let request =
            request.header("content-type", "application/json").body(json!({"query": document}).to_string());
        let response = patiently("an answer", request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let bytes = response.bytes_stream().filter_map(async |piece| Some(piece.ok()?.to_vec())).boxed();
        Self { bytes, text: String::new() }
    }

    /// The next event as it stands there, without what parts it from the next; `None` at the end of the stream.
    pub(crate) async fn raw(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                return Some(event);
            }
            let piece = patiently("the next event", self.bytes.next()).await?;
            self.text += std::str::from_utf8(&piece).unwrap();
        }
    }

    /// The report in the next response.
    pub(crate) async fn report(&mut self) -> Value {
        let event = self.raw().await.expect("an event");
        let data = event
            .strip_prefix("event: next\ndata: ")
            .unwrap_or_else(|| panic!("expected a response: {event}"));
        let mut response: Value = serde_json::from_str(data).unwrap();
        assert_eq!(response.get("errors"), None, "{response}");
        response["data"]["report"].take()
    }

    pub(crate) async fn completes(mut self) {
        assert_eq!(self.raw().await.as_deref(), Some("event: complete\ndata:"));
        assert_eq!(self.raw().await, None);
    }
}
