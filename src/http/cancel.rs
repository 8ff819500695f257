//! What a client may do to a report that exists: cancel it, have it tried again, remove it.

use std::sync::Arc;

use warp::http::{StatusCode, header};

use super::{Answer, Api, Response, Visitor, json, put, report_id, show};
use crate::report::{Record, Scope};

pub(super) async fn cancel(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let pass = api.pass(&visitor, Scope::Cancel).await?;
    let record = api.reports.cancel(&pass, report_id(&id)?).await?;
    state(&api, &record)
}

pub(super) async fn retry(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let pass = api.pass(&visitor, Scope::Create).await?;
    let record = api.reports.retry(&pass, report_id(&id)?).await?;
    state(&api, &record)
}

/// The files go with the next sweep: the report is gone from this moment, and a crash in between leaves
/// nothing behind.
pub(super) async fn remove(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let pass = api.pass(&visitor, Scope::Cancel).await?;
    api.reports.remove(&pass, report_id(&id)?).await?;
    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn state(api: &Api, record: &Record) -> Answer {
    let mut response = json(StatusCode::OK, show::resource(api, record)?);
    put(response.headers_mut(), header::ETAG, &show::etag(record));
    Ok(response)
}
