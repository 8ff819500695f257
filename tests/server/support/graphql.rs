//! GraphQL as a client speaks it: over HTTP, and over a raw WebSocket.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::{Answer, World, patiently};

impl World {
    /// Sends members of a request, and asks for `accept`.
    pub(crate) async fn graphql_as(&self, accept: &str, members: &Value) -> Answer {
        let request = self.http.post(format!("http://{}/graphql", self.address)).header("accept", accept);
        Answer::of(request.header("content-type", "application/json").body(members.to_string())).await
    }

    /// The whole response to a document.
    pub(crate) async fn graphql(&self, document: &str) -> Value {
        let answer = self.graphql_as("application/json", &json!({ "query": document })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/json");
        answer.json
    }

    /// The data of a document in which nothing is wrong.
    pub(crate) async fn data(&self, document: &str) -> Value {
        let mut response = self.graphql(document).await;
        assert_eq!(response.get("errors"), None, "{response}");
        response["data"].take()
    }

    /// A socket that speaks the sub-protocol.
    pub(crate) async fn graphql_socket(&self) -> GraphqlSocket {
        GraphqlSocket::open(self, "graphql-transport-ws").await
    }

    /// A socket on which the conversation has begun.
    pub(crate) async fn graphql_conversation(&self) -> GraphqlSocket {
        let mut socket = self.graphql_socket().await;
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.hear().await, json!({"type": "connection_ack"}));
        socket
    }
}

pub(crate) struct GraphqlSocket {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl GraphqlSocket {
    /// Opens a socket that offers these sub-protocols; none, if the text is empty. One that is not taken is no
    /// reason for this client to go.
    pub(crate) async fn open(world: &World, protocols: &str) -> Self {
        Self::open_from(world, protocols, None).await
    }

    /// The same, as a web page of this origin would.
    pub(crate) async fn open_from(world: &World, protocols: &str, origin: Option<&str>) -> Self {
        let stream = TcpStream::connect(world.address).await.unwrap();
        let mut request = format!("ws://{}/graphql/ws", world.address).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        if protocols.split(", ").any(|protocol| protocol == "graphql-transport-ws") {
            request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
            let (socket, response) = patiently("the handshake", client_async(request, stream)).await.unwrap();
            assert_eq!(response.headers()["sec-websocket-protocol"], "graphql-transport-ws");
            return Self { socket };
        }
        let (socket, _) = patiently("the handshake", client_async(request, stream)).await.unwrap();
        Self { socket }
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, id: &str, document: &str) {
        self.say(json!({"type": "subscribe", "id": id, "payload": {"query": document}})).await;
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match patiently("the next message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    crate::watch::answer(&text);
                    return serde_json::from_str(&text).unwrap();
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a message: {other:?}"),
            }
        }
    }

    /// The payload of the next message, which must be of this type and about this operation.
    pub(crate) async fn about(&mut self, id: &str, kind: &str) -> Value {
        let mut message = self.hear().await;
        assert_eq!((&message["id"], &message["type"]), (&id.into(), &kind.into()), "{message}");
        message["payload"].take()
    }

    /// The code and the reason of the server's Close, which must come next; messages before it are passed over.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match patiently("the Close", self.socket.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    while let Some(Ok(_)) = patiently("the end of the stream", self.socket.next()).await {}
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("expected a Close: {other:?}"),
            }
        }
    }
}
