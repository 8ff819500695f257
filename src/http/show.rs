//! `GET /api/v1/report/{id}`, at once or after a while, and its listeners.

use std::sync::Arc;

use warp::http::{HeaderMap, StatusCode, header};

use super::{
    Answer, Api, NOT_KEPT, Refusal, Response, Visitor, accept, json, listen, matches_etag, not_modified,
    prefer::Wait, put, report_id,
};
use crate::{
    access::Pass,
    links::Reader,
    metrics::Way,
    report::{Channel, Record, Scope, Snapshot, Status},
};

/// The longest time after which a client that polls should look again, in seconds.
const LONGEST: u64 = 60;

pub(super) async fn show(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let id = report_id(&id)?;
    let pass = api.pass(&visitor, Scope::Read).await?;
    let headers = &visitor.headers;
    let wait = Wait::of(headers);
    let mut record = api.reports.read(&pass, id).await?;
    let mut response = match wait.filter(|wait| !wait.time().is_zero()) {
        None => {
            api.metrics.asked(Way::Poll);
            let response = state(&api, &record, headers)?;
            note(&api, &pass, &record, headers).await;
            response
        }
        Some(wait) => {
            api.metrics.asked(Way::LongPoll);
            note(&api, &pass, &record, headers).await;
            let conditional = headers.contains_key(header::IF_NONE_MATCH);
            let enough = |record: &Record| match conditional {
                true => !matches_etag(headers, &etag(record)),
                false => record.status.is_terminal(),
            };
            record = api.wait(&pass, id, wait.time(), enough).await?;
            state(&api, &record, headers)?
        }
    };
    let headers = response.headers_mut();
    put(headers, header::VARY, "Accept, Prefer");
    if let Some(wait) = wait {
        put(headers, header::HeaderName::from_static("preference-applied"), &wait.applied());
    }
    if !record.status.is_terminal() {
        let seconds = look_again(&api, &record).await.to_string();
        put(response.headers_mut(), header::RETRY_AFTER, &seconds);
    }
    api.estimator.seen(&record);
    Ok(response)
}

/// In how many seconds the report will be there, as far as can be told; then is the time to look again.
async fn look_again(api: &Api, record: &Record) -> u64 {
    let ahead = match record.status {
        // a queue that cannot be looked at is no reason to withhold the report
        Status::Queued => api.queue.ahead(record.id).await.unwrap_or(0),
        _ => 0,
    };
    let left = api.estimator.predict(record, ahead, (api.clock)());
    (left.as_secs() + u64::from(left.subsec_nanos() > 0)).clamp(1, LONGEST)
}

/// The answer for this state: the resource, word that the client has it already, or the way to the file.
fn state(api: &Api, record: &Record, headers: &HeaderMap) -> Answer {
    if record.status == Status::Completed
        && accept::prefers(headers, "application/pdf", "application/json")
        && let Some(download) = api.linker.links(record, Reader::Owner).download
    {
        let mut response = Response::new(String::new().into());
        *response.status_mut() = StatusCode::SEE_OTHER;
        put(response.headers_mut(), header::LOCATION, &download.href);
        put(response.headers_mut(), header::CACHE_CONTROL, NOT_KEPT);
        return Ok(response);
    }
    let etag = etag(record);
    if matches_etag(headers, &etag) {
        return Ok(not_modified(&etag, NOT_KEPT));
    }
    let mut response = json(StatusCode::OK, resource(api, record)?);
    put(response.headers_mut(), header::ETAG, &etag);
    Ok(response)
}

/// A client that names the end, or a later state, as the one that it has, proves that it knows.
async fn note(api: &Api, pass: &Pass, record: &Record, headers: &HeaderMap) {
    let Some(end) = record.settled_version.filter(|_| !record.delivery.state.is_known()) else { return };
    let named = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let versions = named.flat_map(|line| line.split(',')).filter_map(version);
    if let Some(version) = versions.filter(|version| (end..=record.version).contains(version)).max() {
        api.acknowledged(pass, record.id, version, Channel::Poll).await;
    }
}

pub(super) async fn listeners(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let pass = api.pass(&visitor, Scope::Read).await?;
    let record = api.reports.read(&pass, report_id(&id)?).await?;
    let elsewhere = match &api.fleet {
        Some(fleet) => fleet.elsewhere(record.id).await?,
        None => 0,
    };
    let count = api.hub.listeners(record.id) + elsewhere;
    Ok(json(StatusCode::OK, serde_json::json!({ "count": count }).to_string()))
}

/// The resource as JSON text, with fresh links for its owner.
pub(super) fn resource(api: &Api, record: &Record) -> Result<String, Refusal> {
    resource_for(api, record, Reader::Owner)
}

/// The resource as JSON text, for this reader.
pub(super) fn resource_for(api: &Api, record: &Record, reader: Reader) -> Result<String, Refusal> {
    let links = api.linker.links(record, reader);
    serde_json::to_string(&Snapshot::new(record, &links)).map_err(|error| Refusal::internal(&error))
}

/// The entity tag of this state: weak, because two spellings of one state are the same to a client.
pub(super) fn etag(record: &Record) -> String {
    format!("W/\"{}\"", record.version)
}

/// The version in an entity tag of ours. Tags of others, and `*`, name none.
fn version(tag: &str) -> Option<u64> {
    let tag = tag.trim();
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    listen::version(opaque.strip_prefix('"')?.strip_suffix('"')?)
}
