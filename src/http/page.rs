//! The demo page and what is embedded with it, the list of report types, and the words for a watchdog.

use std::sync::Arc;

use rust_embed::{EmbeddedFile, RustEmbed};
use serde_json::json;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    ASK_FIRST, Answer, Api, Refusal, Response, Visitor, json as reply, matches_etag, not_modified, put,
};

/// What the page may load from where. Nothing comes from anywhere else, but files from the origin `elsewhere` when downloads are
/// redirected to it; and no script or style stands in the page itself.
pub fn policy(elsewhere: Option<&str>) -> HeaderValue {
    let policy = format!(
        "default-src 'self'; img-src 'self' data: blob:; connect-src 'self' ws: wss:{}{}; \
         frame-src 'self' blob:; object-src 'self' blob:; frame-ancestors 'self'; base-uri 'none'; \
         form-action 'self'",
        if elsewhere.is_some() { " " } else { "" },
        elsewhere.unwrap_or_default(),
    );
    // an origin is ASCII without spaces
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

const FONT_LICENCE: &str = include_str!("../../assets/fonts/OFL.txt");

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

pub(super) async fn index(api: Arc<Api>, headers: HeaderMap) -> Answer {
    file("index.html", &api, &headers)
}

pub(super) async fn asset(name: String, api: Arc<Api>, headers: HeaderMap) -> Answer {
    file(&name, &api, &headers)
}

/// The licence of the font in the binary, which asks to travel with it.
pub(super) async fn font_licence() -> Answer {
    let mut response = Response::new(FONT_LICENCE.into());
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(response)
}

pub(super) async fn report_types(api: Arc<Api>, visitor: Visitor) -> Answer {
    api.caller(&visitor).await?;
    let today = crate::catalog::today();
    let catalog = api.library.catalog();
    let types: Vec<_> = catalog.summaries(today).collect();
    Ok(reply(StatusCode::OK, json!({ "reportTypes": types }).to_string()))
}

/// The process is alive.
pub(super) async fn healthz() -> Answer {
    Ok(reply(StatusCode::OK, json!({ "status": "ok" }).to_string()))
}

/// The process takes requests: it does not drain, and the store answers.
pub(super) async fn readyz(api: Arc<Api>) -> Answer {
    let unready = |detail: &str| {
        Refusal::new("unavailable", StatusCode::SERVICE_UNAVAILABLE, "Not ready", detail)
            .with(header::RETRY_AFTER, "1")
    };
    if api.peer.farewell.is_cancelled() {
        return Err(unready("the server is draining"));
    }
    api.reports.probe().await.map_err(|_| unready("the store does not answer"))?;
    Ok(reply(StatusCode::OK, json!({ "status": "ready" }).to_string()))
}

fn file(name: &str, api: &Api, headers: &HeaderMap) -> Answer {
    let EmbeddedFile { data, metadata } =
        Static::get(name).ok_or_else(|| Refusal::not_found("there is no such page"))?;
    let digest: String = metadata.sha256_hash()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{digest}\"");
    if matches_etag(headers, &etag) {
        return Ok(not_modified(&etag, ASK_FIRST));
    }
    let mut response = Response::new(data.into_owned().into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_FIRST));
    headers.insert(header::CONTENT_SECURITY_POLICY, api.page_policy.clone());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    put(headers, header::ETAG, &etag);
    Ok(response)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
