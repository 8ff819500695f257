//! `/api/v1/webhook-endpoints`: who registered for events, and what became of them.

use std::{sync::Arc, time::Duration};

use futures_util::Stream;
use serde::Serialize;
use serde_json::{Map, Value, json};
use warp::{
    Buf,
    http::{StatusCode, header},
};

use super::{Answer, Api, Refusal, Response, Visitor, body, json as reply, put};
use crate::{
    delivery::webhook::Secret,
    report::{Endpoint, EndpointId, EventType, Fault, Owner, Scope},
    store::{Logged, NewEndpoint, Replay, StoreError},
};

/// Where the endpoints live, below the origin.
const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

/// The longest that the old secret may stay valid beside the new one, in seconds: a week.
const MOST_OVERLAP: u64 = 7 * 24 * 60 * 60;

/// How many characters a description may have.
const LONGEST_DESCRIPTION: usize = 500;

/// What registering and rotating answer: the only two that show the secret.
#[derive(Serialize)]
struct WithSecret<'a> {
    #[serde(flatten)]
    endpoint: &'a Endpoint,
    secret: String,
}

pub(super) async fn register<S, B>(api: Arc<Api>, visitor: Visitor, content: S) -> Answer
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let owner = api.admin(&visitor).await?;
    let wanted = body::object(&visitor.headers, content, &api.body).await?;
    let secret = Secret::generate().expose();
    let new = read(&api, owner, wanted, api.sealer.seal(&secret)).map_err(Refusal::bad_request)?;
    let endpoint = api.endpoints.register(new).await?;
    let mut response = revealed(StatusCode::CREATED, &endpoint, secret)?;
    put(response.headers_mut(), header::LOCATION, &format!("{ENDPOINTS}/{}", endpoint.id));
    Ok(response)
}

fn read(
    api: &Api,
    owner: Owner,
    mut wanted: Map<String, Value>,
    secret: String,
) -> Result<NewEndpoint, Vec<Fault>> {
    let mut faults = Vec::new();
    let url = match wanted.remove("url") {
        Some(Value::String(text)) => api
            .intake
            .terms
            .endpoint_url(&text)
            .map_err(|fault| faults.push(Fault::at("url", fault)))
            .unwrap_or_default(),
        Some(_) => {
            faults.push(Fault::at("url", "must be a URL in a string"));
            String::new()
        }
        None => {
            faults.push(Fault::at("url", "is missing: an https: URL, or mailto: and an address"));
            String::new()
        }
    };
    let names = || EventType::ALL.into_iter().map(EventType::name).collect::<Vec<_>>().join(", ");
    let events = match wanted.remove("events").map(serde_json::from_value::<Vec<EventType>>) {
        None => EventType::ENDS.to_vec(),
        Some(Ok(events))
            if !events.is_empty() && events.iter().all(|event| EventType::ALL.contains(event)) =>
        {
            if url.starts_with("mailto:") && events.contains(&EventType::Progress) {
                let detail = "report.progress is for webhooks; letters are for the end of a report";
                faults.push(Fault::at("events", detail));
            }
            events
        }
        Some(_) => {
            faults.push(Fault::at("events", format!("must list one or more of {}", names())));
            Vec::new()
        }
    };
    let description = match wanted.remove("description") {
        None => String::new(),
        Some(Value::String(text)) if text.chars().count() <= LONGEST_DESCRIPTION => text,
        Some(_) => {
            faults.push(Fault::at(
                "description",
                format!("must be a text of at most {LONGEST_DESCRIPTION} characters"),
            ));
            String::new()
        }
    };
    let unknown = |name: &String| Fault::at(name, "is not known; there are url, events and description");
    faults.extend(wanted.keys().map(unknown));
    if faults.is_empty() { Ok(NewEndpoint { owner, url, description, events, secret }) } else { Err(faults) }
}

pub(super) async fn list(api: Arc<Api>, visitor: Visitor) -> Answer {
    let owner = api.admin(&visitor).await?;
    let endpoints = api.endpoints.endpoints(&owner).await?;
    shown(StatusCode::OK, &json!({ "endpoints": endpoints }))
}

pub(super) async fn show(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let owner = api.admin(&visitor).await?;
    let endpoint = api.endpoints.endpoint(&owner, endpoint_id(&id)?).await.map_err(refused)?;
    shown(StatusCode::OK, &endpoint)
}

pub(super) async fn unregister(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let owner = api.admin(&visitor).await?;
    api.endpoints.unregister(&owner, endpoint_id(&id)?).await.map_err(refused)?;
    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

pub(super) async fn pause(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let owner = api.admin(&visitor).await?;
    let endpoint = api.endpoints.pause(&owner, endpoint_id(&id)?).await.map_err(refused)?;
    shown(StatusCode::OK, &endpoint)
}

pub(super) async fn resume(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let owner = api.admin(&visitor).await?;
    let endpoint = api.endpoints.resume(&owner, endpoint_id(&id)?).await.map_err(refused)?;
    shown(StatusCode::OK, &endpoint)
}

pub(super) async fn rotate<S, B>(id: String, api: Arc<Api>, visitor: Visitor, content: S) -> Answer
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let owner = api.admin(&visitor).await?;
    let id = endpoint_id(&id)?;
    let mut wanted = body::optional(&visitor.headers, content, &api.body).await?;
    let overlap = match wanted.remove("overlapSeconds") {
        None => Some(24 * 60 * 60),
        Some(value) => value.as_u64().filter(|seconds| *seconds <= MOST_OVERLAP),
    };
    let detail = format!("must be a whole number of seconds from 0 to {MOST_OVERLAP}");
    let fault = overlap.is_none().then(|| Fault::at("overlapSeconds", detail));
    let unknown = |name: &String| Fault::at(name, "is not known; there is overlapSeconds");
    let faults: Vec<_> = fault.into_iter().chain(wanted.keys().map(unknown)).collect();
    let (Some(overlap), true) = (overlap, faults.is_empty()) else {
        return Err(Refusal::bad_request(faults));
    };
    let secret = Secret::generate().expose();
    let rotated =
        api.endpoints.rotate(&owner, id, api.sealer.seal(&secret), Duration::from_secs(overlap)).await;
    let endpoint = rotated.map_err(refused)?;
    revealed(StatusCode::OK, &endpoint, secret)
}

/// The answer of the endpoint stands in its log a moment later.
pub(super) async fn test(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let owner = api.admin(&visitor).await?;
    let event_id = api.endpoints.test(&owner, endpoint_id(&id)?).await.map_err(refused)?;
    shown(StatusCode::ACCEPTED, &json!({ "eventId": event_id }))
}

pub(super) async fn replay<S, B>(id: String, api: Arc<Api>, visitor: Visitor, content: S) -> Answer
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let owner = api.admin(&visitor).await?;
    let id = endpoint_id(&id)?;
    let mut wanted = body::optional(&visitor.headers, content, &api.body).await?;
    let which = match wanted.remove("eventId") {
        None => Some(Replay::Failed),
        Some(Value::String(name)) => Some(Replay::Event(name)),
        Some(_) => None,
    };
    let fault = which.is_none().then(|| Fault::at("eventId", "must be the name of an event in a string"));
    let unknown = |name: &String| Fault::at(name, "is not known; there is eventId");
    let faults: Vec<_> = fault.into_iter().chain(wanted.keys().map(unknown)).collect();
    let (Some(which), true) = (which, faults.is_empty()) else { return Err(Refusal::bad_request(faults)) };
    let is_one = matches!(which, Replay::Event(_));
    let count = api.endpoints.replay(&owner, id, which).await.map_err(refused)?;
    if is_one && count == 0 {
        let detail = "no event of this name has ended for this endpoint; its attempts name those that did";
        return Err(Refusal::not_found(detail));
    }
    shown(StatusCode::ACCEPTED, &json!({ "replayed": count }))
}

/// A page of the log.
#[derive(Serialize)]
struct Log {
    attempts: Vec<Logged>,
    next: Option<String>,
}

pub(super) async fn attempts(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let owner = api.admin(&visitor).await?;
    let id = endpoint_id(&id)?;
    let (mut limit, mut before, mut faults) = (20_usize, None, Vec::new());
    for (name, value) in visitor.query {
        let mut fault =
            |detail: &str| faults.push(Fault { pointer: format!("?{name}"), detail: detail.into() });
        match name.as_str() {
            "limit" => match value.parse() {
                Ok(number @ 1..=100) => limit = number,
                _ => fault("must be a whole number from 1 to 100"),
            },
            "cursor" => match value.parse() {
                Ok(number) => before = Some(number),
                Err(_) => fault("not a cursor that a page of this log named"),
            },
            _ => fault("is not known; there are cursor and limit"),
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::bad_request(faults));
    }
    // one more than asked for tells whether there is a next page
    let mut attempts = api.endpoints.attempts(&owner, id, before, limit + 1).await.map_err(refused)?;
    let more = attempts.len() > limit;
    attempts.truncate(limit);
    let next = attempts.last().filter(|_| more).map(|entry| entry.number.to_string());
    shown(StatusCode::OK, &Log { attempts, next })
}

impl Api {
    /// Whoever may administer endpoints, and whose they are.
    async fn admin(&self, visitor: &Visitor) -> Result<Owner, Refusal> {
        let caller = self.caller(visitor).await?;
        caller.identity.require(Scope::Admin)?;
        Ok(caller.identity.owner)
    }
}

fn endpoint_id(text: &str) -> Result<EndpointId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("an endpoint's id is a UUID such as its 201 named"))
}

/// There is no such endpoint, rather than no such report.
fn refused(error: StoreError) -> Refusal {
    match error {
        StoreError::NotFound => Refusal::not_found("there is no such endpoint"),
        other => other.into(),
    }
}

/// The endpoint with its secret, which nobody on the way may keep.
fn revealed(status: StatusCode, endpoint: &Endpoint, secret: String) -> Answer {
    let mut response = shown(status, &WithSecret { endpoint, secret })?;
    put(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    Ok(response)
}

fn shown(status: StatusCode, what: &impl Serialize) -> Answer {
    let text = serde_json::to_string(what).map_err(|error| Refusal::internal(&error))?;
    Ok(reply(status, text))
}
