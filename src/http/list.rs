//! `GET /api/v1/report`: the reports, the newest first, page by page.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use warp::http::StatusCode;

use super::{Answer, Api, Query, Refusal, Visitor, json, show};
use crate::{
    report::{Fault, Owner, Record, Scope, Status},
    store::Filter,
};

/// The longest page.
const MAX_LIMIT: usize = 100;

#[derive(Serialize)]
struct Reports {
    reports: Vec<Box<RawValue>>,
    next: Option<String>,
}

pub(super) async fn list(api: Arc<Api>, visitor: Visitor) -> Answer {
    let pass = api.pass(&visitor, Scope::Read).await?;
    let page = api.reports.list(&pass, filter(visitor.query)?).await?;
    let raw = |record: &Record| {
        RawValue::from_string(show::resource(&api, record)?).map_err(|error| Refusal::internal(&error))
    };
    let reports = page.records.iter().map(raw).collect::<Result<_, _>>()?;
    let body = serde_json::to_string(&Reports { reports, next: page.next });
    Ok(json(StatusCode::OK, body.map_err(|error| Refusal::internal(&error))?))
}

/// Reads the query, and names everything that is wrong with it.
fn filter(query: Query) -> Result<Filter, Refusal> {
    // whose they are is for the pass to say
    let mut filter = Filter::of(Owner::anonymous(), 20);
    let mut faults = Vec::new();
    for (name, value) in query {
        let mut fault = |detail: String| faults.push(Fault { pointer: format!("?{name}"), detail });
        match name.as_str() {
            "status" => match Status::ALL.into_iter().find(|status| status.name() == value) {
                Some(status) => filter.status = Some(status),
                None => fault(format!("must be one of {}", Status::ALL.map(Status::name).join(", "))),
            },
            "reportType" => filter.report_type = Some(value),
            "cursor" => filter.cursor = Some(value),
            "limit" => match value.parse() {
                Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => filter.limit = limit,
                _ => fault(format!("must be a number from 1 to {MAX_LIMIT}")),
            },
            _ => fault("is not known here; there are status, reportType, cursor and limit".into()),
        }
    }
    if faults.is_empty() { Ok(filter) } else { Err(Refusal::bad_request(faults)) }
}
