//! `GET …/events`: server-sent events (WHATWG HTML, section 9.2).

use std::sync::Arc;

use sync_wrapper::SyncStream;
use warp::{
    Reply as _,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

use super::{Answer, Api, Response, Visitor, listen, report_id};
use crate::{
    access::Met,
    delivery::{Due, Stay, sse},
    metrics::Way,
    report::Channel,
    token::Action,
};

pub(super) async fn events(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let id = report_id(&id)?;
    let asked = listen::cursor(&visitor.query, "lastEventId")?;
    let pass = api.entry(&visitor, Action::Follow, id).await?;
    // the header wins: a browser repeats the URL of its first connect for ever, and only the header moves on
    let cursor = last_event_id(&visitor.headers).or(asked);

    api.metrics.asked(Way::Sse);
    let Met { subscription, frame, place, .. } = api.reports.meet(&pass, id).await?;
    if let (Due::Nothing, Some(version)) = (frame.due(cursor), cursor) {
        if !frame.is_known() {
            api.acknowledged(&pass, id, version, Channel::Sse).await;
        }
        return Ok(over());
    }
    let stay = Stay::new(pass.leave().clone(), pass.until(), api.gate.now());
    let listening = api.metrics.listening(Way::Sse);
    let events = sse::events(subscription, frame, cursor, Arc::clone(&api.peer), stay, (listening, place));
    let mut response = warp::reply::stream(SyncStream::new(events)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx and those who learned from it would collect events before they pass them on
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The cursor that an event source sends when it reconnects. One that is not ours is none: no person wrote it.
fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok().and_then(|text| listen::version(text.trim()))
}

/// The only answer after which an event source does not come back.
fn over() -> Response {
    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
