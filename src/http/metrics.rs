//! `GET /metrics`: what the server counted.

use std::sync::Arc;

use warp::http::{HeaderValue, header};

use super::{Answer, Api, Refusal, Response, Visitor};
use crate::{metrics::MEDIA_TYPE, report::Scope};

pub(super) async fn metrics(api: Arc<Api>, visitor: Visitor) -> Answer {
    api.caller(&visitor).await?.identity.require(Scope::Admin)?;
    let text = api.metrics.text().map_err(|error| Refusal::internal(&error))?;
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
