//! One who listens to a report, whichever way: a cursor in, states out, and the end.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{Answer, Client, Events, GraphqlEvents, GraphqlSocket, Heard, Said, World, patiently};

/// A way to hear about a report that takes a cursor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// `?since=`
    Socket,
    /// `If-None-Match` with `Prefer: wait`
    LongPoll,
    /// `Last-Event-ID`
    StreamByHeader,
    /// `?lastEventId=`
    StreamByQuery,
    /// `since:` over graphql-transport-ws
    GraphqlSocket,
    /// `since:` over graphql-sse
    GraphqlStream,
}

impl Way {
    pub(crate) const ALL: [Way; 6] = [
        Way::Socket,
        Way::LongPoll,
        Way::StreamByHeader,
        Way::StreamByQuery,
        Way::GraphqlSocket,
        Way::GraphqlStream,
    ];
}

pub(crate) enum Listener {
    Socket(Client),
    LongPoll(LongPoll),
    Stream(Events),
    GraphqlSocket(Box<GraphqlSocket>),
    GraphqlStream(GraphqlEvents),
}

impl Listener {
    /// Begins to listen with this cursor, or without one. A server that says at once that there is nothing left to
    /// say in an answer without a body is not for this: see [`Listener::is_over`].
    pub(crate) async fn open(world: &World, way: Way, id: &str, cursor: Option<u64>) -> Self {
        let text = cursor.map(|cursor| cursor.to_string());
        match (way, text.as_deref()) {
            (Way::Socket, since) => {
                // it stays, so that hearing the end proves nothing yet
                let since = since.map(|since| format!("&since={since}")).unwrap_or_default();
                let path = format!("/api/v1/report/{id}/ws?keep=1{since}");
                Self::Socket(Client::open(world.address, &path).await)
            }
            (Way::LongPoll, since) => {
                let url = format!("http://{}/api/v1/report/{id}", world.address);
                Self::LongPoll(LongPoll::begin(world.http.clone(), url, &etag(since.unwrap_or("0"))))
            }
            (Way::StreamByHeader, Some(last)) => {
                Self::Stream(Events::open(world, id, "", &[("last-event-id", last)]).await)
            }
            (Way::StreamByQuery, Some(last)) => {
                Self::Stream(Events::open(world, id, &format!("?lastEventId={last}"), &[]).await)
            }
            (Way::StreamByHeader | Way::StreamByQuery, None) => {
                Self::Stream(Events::open(world, id, "", &[]).await)
            }
            (Way::GraphqlSocket, since) => {
                let mut socket = world.graphql_conversation().await;
                socket.subscribe("1", &subscription(id, since)).await;
                Self::GraphqlSocket(Box::new(socket))
            }
            (Way::GraphqlStream, since) => {
                Self::GraphqlStream(GraphqlEvents::open(world, &subscription(id, since)).await)
            }
        }
    }

    /// The next state, with what every way says of it: `version`, `status`, `progress`, `eventId` (where the way
    /// names events) and `model` (once there is one).
    pub(crate) async fn state(&mut self, world: &World) -> Value {
        match self {
            Self::Socket(client) => flat(client.frame("report").await),
            Self::Stream(events) => flat(events.report().await),
            Self::GraphqlSocket(socket) => socket.about("1", "next").await["data"]["report"].take(),
            Self::GraphqlStream(events) => events.report().await,
            Self::LongPoll(poll) => {
                let mut state = poll.next().await;
                if state["completed"] == true {
                    state["model"] = world.fetch(&state["_links"]["model"]["href"]).await.json;
                }
                state
            }
        }
    }

    /// States up to one that is an end.
    pub(crate) async fn states(&mut self, world: &World) -> VecDeque<Value> {
        let mut states = VecDeque::new();
        while states.back().is_none_or(|state: &Value| state["status"] != "completed") {
            states.push_back(self.state(world).await);
        }
        states
    }

    /// Stops to listen, without a word.
    pub(crate) fn leave(self) {
        if let Self::LongPoll(poll) = self {
            poll.asked.abort();
        }
    }

    /// Asserts that whoever comes this way with the end as its cursor is told that there is nothing more.
    pub(crate) async fn is_over(world: &World, way: Way, id: &str, end: u64) {
        let cursor = end.to_string();
        let path = format!("/api/v1/report/{id}");
        match way {
            Way::Socket => {
                let mut client = Client::open(world.address, &format!("{path}/ws?since={cursor}")).await;
                let heard = client.hear().await;
                assert!(matches!(heard, Heard::Close(1000)), "{heard:?}");
            }
            Way::LongPoll => {
                let answer = world.get_with(&path, &[("if-none-match", &etag(&cursor))]).await;
                // whatever happened since can only be that somebody was told, and that is news, too
                match answer.status {
                    304 => assert_eq!(answer.bytes.len(), 0),
                    _ => assert!(answer.json["version"].as_u64() > Some(end), "{answer:?}"),
                }
            }
            Way::StreamByHeader => {
                let answer = world.get_with(&format!("{path}/events"), &[("last-event-id", &cursor)]).await;
                assert_eq!((answer.status, answer.bytes.len()), (204, 0), "{answer:?}");
            }
            Way::StreamByQuery => {
                let answer = world.get(&format!("{path}/events?lastEventId={cursor}")).await;
                assert_eq!((answer.status, answer.bytes.len()), (204, 0), "{answer:?}");
            }
            Way::GraphqlSocket => {
                let mut socket = world.graphql_conversation().await;
                socket.subscribe("1", &subscription(id, Some(&cursor))).await;
                assert_eq!(socket.hear().await, json!({"id": "1", "type": "complete"}));
            }
            Way::GraphqlStream => {
                GraphqlEvents::open(world, &subscription(id, Some(&cursor))).await.completes().await;
            }
        }
    }

    /// Asserts that after the end a stream ends, too. A socket that stays and a poll are just left.
    pub(crate) async fn ends(self) {
        match self {
            Self::Stream(mut events) => assert_eq!(events.hear().await, Said::End),
            Self::GraphqlStream(events) => events.completes().await,
            Self::GraphqlSocket(mut socket) => {
                assert_eq!(socket.hear().await, json!({"id": "1", "type": "complete"}));
            }
            // these stay for as long as they like
            Self::Socket(_) | Self::LongPoll(_) => self.leave(),
        }
    }
}

/// A client that always has one request under way.
pub(crate) struct LongPoll {
    http: reqwest::Client,
    url: String,
    asked: JoinHandle<Answer>,
}

impl LongPoll {
    fn begin(http: reqwest::Client, url: String, etag: &str) -> Self {
        let request = http.get(&url).header("prefer", "wait=60").header("if-none-match", etag);
        Self { asked: tokio::spawn(Answer::of(request)), http, url }
    }

    async fn next(&mut self) -> Value {
        let answer = patiently("an answer", &mut self.asked).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        *self = Self::begin(self.http.clone(), self.url.clone(), answer.header("etag"));
        answer.json
    }
}

fn etag(version: &str) -> String {
    format!("W/\"{version}\"")
}

fn subscription(id: &str, since: Option<&str>) -> String {
    let since = since.map(|since| format!(", since: {since}")).unwrap_or_default();
    format!(
        "subscription {{ report(id: \"{id}\"{since}) {{ status version eventId model progress {{ percent }} }} }}"
    )
}

/// A frame as one object.
fn flat(mut frame: Value) -> Value {
    let mut state = frame["report"].take();
    for name in ["eventId", "model"] {
        state[name] = frame[name].take();
    }
    state
}
