//! `GET /api/v1/report/{id}` and its listeners.

use std::sync::Arc;

use warp::http::{HeaderMap, StatusCode, header};

use super::{Answer, Api, Refusal, json, matches_etag, not_modified, put, report_id};
use crate::report::{Record, Snapshot};

/// How many seconds a client that polls should wait before it looks again.
const LOOK_AGAIN: &str = "1";

pub(super) async fn show(id: String, api: Arc<Api>, headers: HeaderMap) -> Answer {
    let record = api.store.load(report_id(&id)?).await?;
    let etag = etag(&record);
    let mut response = if matches_etag(&headers, &etag) {
        not_modified(&etag)
    } else {
        let mut response = json(StatusCode::OK, resource(&api, &record)?);
        put(response.headers_mut(), header::ETAG, &etag);
        response
    };
    if !record.status.is_terminal() {
        put(response.headers_mut(), header::RETRY_AFTER, LOOK_AGAIN);
    }
    Ok(response)
}

pub(super) async fn listeners(id: String, api: Arc<Api>) -> Answer {
    let record = api.store.load(report_id(&id)?).await?;
    let count = api.hub.listeners(record.id);
    Ok(json(StatusCode::OK, serde_json::json!({ "count": count }).to_string()))
}

/// The resource as JSON text.
pub(super) fn resource(api: &Api, record: &Record) -> Result<String, Refusal> {
    let links = api.linker.links(record);
    serde_json::to_string(&Snapshot::new(record, &links)).map_err(|error| Refusal::internal(&error))
}

/// The entity tag of this state: weak, because two spellings of one state are the same to a client.
pub(super) fn etag(record: &Record) -> String {
    format!("W/\"{}\"", record.version)
}
