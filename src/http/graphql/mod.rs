//! GraphQL over HTTP: `/graphql`, as the GraphQL-over-HTTP specification has it; subscriptions over server-sent
//! events (the graphql-sse protocol, distinct connections) or over [`socket`].

mod graphiql;
mod socket;
mod stream;

use std::sync::Arc;

use async_graphql::Response as Answered;
use futures_util::Stream;
use serde_json::{Map, Value};
use warp::{
    Buf,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

use super::{Answer, Api, Query, Refusal, Response, Visitor, accept, body};
use crate::{
    graphql::{Kind, Operation, Sender, Unreadable, is_request_error, refused},
    report::Fault,
};

pub(super) use graphiql::asset;
pub(super) use socket::socket;

const RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const HTML: &str = "text/html";

/// `POST /graphql`. Only a JSON body is read, so that no form of another site can send one.
pub(super) async fn post<S, B>(api: Arc<Api>, visitor: Visitor, content: S) -> Answer
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let sender = sender(&api, &visitor).await?;
    let members = body::object(&visitor.headers, content, &api.body).await?;
    answer(&api, &visitor.headers, sender, Operation::read(members), "").await
}

/// `GET /graphql`: the page for a browser, queries and subscriptions for everybody. Nothing is changed by a link.
pub(super) async fn get(api: Arc<Api>, visitor: Visitor) -> Answer {
    let asks = visitor.query.iter().any(|(name, _)| name == "query");
    if !asks && accept::best(&visitor.headers, &[JSON, HTML]) == Some(HTML) {
        return graphiql::page(&visitor.headers);
    }
    let sender = sender(&api, &visitor).await?;
    let operation = Operation::read(members(visitor.query)?);
    if matches!(operation, Ok(Operation { kind: Kind::Mutation, .. })) {
        let detail = "a mutation is sent with POST";
        let refusal = Refusal::new("method", StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", detail);
        return Err(refusal.with(header::ALLOW, "POST"));
    }
    answer(&api, &visitor.headers, sender, operation, "?").await
}

/// Who sends the operation. Whoever may not gets no answer of GraphQL's: nothing of theirs was read.
async fn sender(api: &Api, visitor: &Visitor) -> Result<Sender, Refusal> {
    let caller = api.caller(visitor).await?;
    Ok(Sender { url: api.origin(visitor)?, caller })
}

/// The members of a request in a query string, where variables and extensions are JSON text.
fn members(query: Query) -> Result<Map<String, Value>, Refusal> {
    let mut members = Map::new();
    let mut faults = Vec::new();
    for (name, value) in query {
        let value = match name.as_str() {
            "variables" | "extensions" => serde_json::from_str(&value).unwrap_or_else(|error| {
                faults.push(Fault { pointer: format!("?{name}"), detail: format!("is not JSON: {error}") });
                Value::Null
            }),
            _ => value.into(),
        };
        members.insert(name, value);
    }
    if faults.is_empty() { Ok(members) } else { Err(Refusal::bad_request(faults)) }
}

async fn answer(
    api: &Arc<Api>,
    headers: &HeaderMap,
    sender: Sender,
    operation: Result<Operation, Unreadable>,
    prefix: &str,
) -> Answer {
    let offered: &[&str] = match &operation {
        Ok(Operation { kind: Kind::Subscription, .. }) => &[EVENTS],
        _ => &[RESPONSE, JSON, EVENTS],
    };
    // a subscription has many answers: a client that takes anything may still not expect a stream
    let wants_events = accept::best(headers, &[RESPONSE, EVENTS]) == Some(EVENTS);
    let media_type = match accept::best(headers, offered) {
        Some(EVENTS) if !wants_events => None,
        chosen => chosen,
    };
    let Some(media_type) = media_type else { return Err(not_acceptable(&operation)) };
    let operation = match operation {
        Err(Unreadable::Request(faults)) => return Err(Refusal::bad_request(pointed(faults, prefix))),
        Err(Unreadable::Document(response)) => Err(*response),
        Ok(operation) => Ok(operation),
    };
    if media_type == EVENTS {
        return Ok(match operation {
            Ok(operation) => stream::events(&api.peer, api.schema.run(operation, sender)),
            Err(response) => stream::events(&api.peer, refused(response)),
        });
    }
    let response = match operation {
        Ok(operation) => api.schema.answer(operation, sender).await,
        Err(response) => response,
    };
    whole(&response, media_type)
}

/// One response. As `application/json` it is 200 whatever it says, because what stands between us may answer
/// with the same type; the other type says by the status whether anything was run (GraphQL over HTTP, section 6.4).
fn whole(response: &Answered, media_type: &'static str) -> Answer {
    let text = serde_json::to_string(response).map_err(|error| Refusal::internal(&error))?;
    let mut answer = Response::new(text.into());
    if media_type == RESPONSE && is_request_error(response) {
        *answer.status_mut() = StatusCode::BAD_REQUEST;
    }
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(answer)
}

fn not_acceptable(operation: &Result<Operation, Unreadable>) -> Refusal {
    let detail = match operation {
        Ok(Operation { kind: Kind::Subscription, .. }) => {
            "a subscription is answered with text/event-stream, or over the WebSocket at /graphql/ws"
        }
        _ => "there are application/graphql-response+json, application/json and text/event-stream",
    };
    Refusal::new("not-acceptable", StatusCode::NOT_ACCEPTABLE, "Not acceptable", detail)
}

/// Faults of a query string are named by parameter, not by pointer.
fn pointed(mut faults: Vec<Fault>, prefix: &str) -> Vec<Fault> {
    if !prefix.is_empty() {
        faults
            .iter_mut()
            .for_each(|fault| fault.pointer = format!("{prefix}{}", fault.pointer.trim_start_matches('/')));
    }
    faults
}
