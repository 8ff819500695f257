//! `GET /api/v1/report`: the reports, the newest first, page by page.

use std::sync::Arc;

use serde_json::{json, value::RawValue};
use warp::http::StatusCode;

use super::{Answer, Api, Query, Refusal, json as reply, show};
use crate::{
    report::{Fault, Status},
    store::Filter,
};

/// The longest page.
const MAX_LIMIT: usize = 100;

pub(super) async fn list(api: Arc<Api>, query: Query) -> Answer {
    let page = api.store.list(&filter(query)?).await?;
    let reports: Vec<Box<RawValue>> = page
        .records
        .iter()
        .map(|record| show::resource(&api, record).map(|text| RawValue::from_string(text).ok()))
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    Ok(reply(StatusCode::OK, json!({ "reports": reports, "next": page.next }).to_string()))
}

/// Reads the query, and names everything that is wrong with it.
fn filter(query: Query) -> Result<Filter, Refusal> {
    let mut filter = Filter { limit: 20, ..Filter::default() };
    let mut faults = Vec::new();
    for (name, value) in query {
        let mut fault = |detail: String| faults.push(Fault { pointer: format!("?{name}"), detail });
        match name.as_str() {
            "status" => match serde_json::from_value(json!(value)) {
                Ok(status) => filter.status = Some(status),
                Err(_) => fault(format!("must be one of {}", Status::ALL.map(Status::name).join(", "))),
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
