//! `…/pdf` and `…/model`: the finished file, in part if asked (RFC 9110, section 14), and the model.

use std::{ops::Range, sync::Arc, time::Duration};

use sync_wrapper::SyncStream;
use warp::{
    Reply as _,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use super::{
    ASK_FIRST_ALONE, Answer, Api, Refusal, Response, Visitor, json, matches_etag, not_modified, put,
    report_id,
};
use crate::{
    artifact::{ArtifactError, Label},
    config::Downloads,
    report::{Record, Status},
    token::Action,
};

/// How long the link of a redirect is good for: it is followed at once, or not at all.
const CLICK: Duration = Duration::from_secs(60);

pub(super) async fn pdf(id: String, api: Arc<Api>, visitor: Visitor, method: Method) -> Answer {
    let id = report_id(&id)?;
    let pass = api.entry(&visitor, Action::Download, id).await?;
    let headers = &visitor.headers;
    let record = api.reports.fetch(&pass, id).await?;
    let Some(artifact) = &record.artifact else { return Err(unfinished(&record)) };
    // strong: a key belongs to one attempt, and its bytes never change. Not the digest itself: a client
    // that could read it here could prove to hold a file that it never fetched
    let etag = format!("\"{}\"", artifact.key);
    if matches_etag(headers, &etag) {
        return Ok(not_modified(&etag, ASK_FIRST_ALONE));
    }
    if api.downloads == Downloads::Redirect {
        return redirect(&api, &method, &artifact.key, &etag).await;
    }
    // a Range means something to GET only (RFC 9110, section 14.2)
    let in_part = method == Method::GET && if_range(headers, &etag);
    let part = in_part.then(|| wanted_range(headers, artifact.size)).flatten();
    let (status, range) = match part {
        None => (StatusCode::OK, 0..artifact.size),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => {
            let detail = format!("the file has {} bytes", artifact.size);
            return Err(Refusal::new(
                "range",
                StatusCode::RANGE_NOT_SATISFIABLE,
                "Range not satisfiable",
                detail,
            )
            .with(header::CONTENT_RANGE, &format!("bytes */{}", artifact.size)));
        }
    };
    let content = match api.artifacts.read(&artifact.key, range.clone()).await {
        Ok(content) => content,
        Err(error) => {
            // removed while we looked: then that is the answer
            api.reports.load(&pass, id).await?;
            return Err(error.into());
        }
    };
    let mut response = warp::reply::stream(SyncStream::new(content)).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let Label { media_type, disposition } = Label::pdf(&artifact.file_name);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_FIRST_ALONE));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    put(headers, header::ETAG, &etag);
    put(headers, header::CONTENT_DISPOSITION, &disposition);
    if status == StatusCode::PARTIAL_CONTENT {
        let value = format!("bytes {}-{}/{}", range.start, range.end - 1, artifact.size);
        put(headers, header::CONTENT_RANGE, &value);
    }
    Ok(response)
}

/// Sends whoever may have the file to the bucket, by a link that is made for this click and good for no other use. The bucket
/// knows the name and the type of the file, and what a `Range` is.
async fn redirect(api: &Api, method: &Method, key: &str, etag: &str) -> Answer {
    // one that takes so long to sign is of no use either
    let link = tokio::time::timeout(CLICK, api.artifacts.link(key, method.clone(), CLICK)).await;
    let late = |_| ArtifactError::Away("signing a link takes too long".into());
    let link = link.map_err(late)??;
    let mut response = Response::new(String::new().into());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    put(headers, header::LOCATION, link.as_str());
    put(headers, header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

pub(super) async fn model(id: String, api: Arc<Api>, visitor: Visitor) -> Answer {
    let id = report_id(&id)?;
    let pass = api.entry(&visitor, Action::Download, id).await?;
    let headers = &visitor.headers;
    let record = api.reports.fetch(&pass, id).await?;
    if record.artifact.is_none() {
        return Err(unfinished(&record));
    }
    // a report that is tried again has a new end, and with it a new model
    let etag = format!("\"model-{}\"", record.settled_version.unwrap_or_default());
    if matches_etag(headers, &etag) {
        return Ok(not_modified(&etag, ASK_FIRST_ALONE));
    }
    let model = api.reports.model(&pass, id).await?.ok_or_else(|| unfinished(&record))?;
    let mut response = json(StatusCode::OK, String::new());
    put(response.headers_mut(), header::ETAG, &etag);
    put(response.headers_mut(), header::CACHE_CONTROL, ASK_FIRST_ALONE);
    *response.body_mut() = model.into();
    Ok(response)
}

pub(super) fn unfinished(record: &Record) -> Refusal {
    let name = record.status.name();
    let detail = match record.status {
        Status::Failed | Status::Cancelled => format!("the report is {name}, so there is no file"),
        _ => format!("the report is {name}; there will be a file when it is completed"),
    };
    let refusal = Refusal::new("not-ready", StatusCode::CONFLICT, "No file", detail);
    if record.status.is_terminal() { refusal } else { refusal.with(header::RETRY_AFTER, "1") }
}

/// Whether a `Range` counts: without an `If-Range`, or when it names the very bytes we have.
fn if_range(headers: &HeaderMap, etag: &str) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|value| value == etag)
}

/// The one range that is asked for (RFC 9110, section 14.1.2): `None` for the whole, `Some(None)` for one
/// that lies outside. Several ranges at once, or a header that is not understood, are answered with the
/// whole, as is allowed.
fn wanted_range(headers: &HeaderMap, size: u64) -> Option<Option<Range<u64>>> {
    // a number too large for us is still a number, and further than any file goes
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (first, last) = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first.trim(), last.trim()) {
        ("", suffix) => size.saturating_sub(number(suffix)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some((!range.is_empty()).then_some(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_this_table_says() {
        let table = [
            ("bytes=0-0", Some(Some(0..1))),
            ("bytes=2-5", Some(Some(2..6))),
            ("bytes=2-", Some(Some(2..10))),
            ("bytes=5-99", Some(Some(5..10))),
            ("bytes=0-99999999999999999999999", Some(Some(0..10))),
            ("bytes=-3", Some(Some(7..10))),
            ("bytes=-99", Some(Some(0..10))),
            ("bytes=10-", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=5-2", None),
            ("bytes=a-", None),
            ("bytes=-", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
        ];
        for (text, expected) in table {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(text))]);
            assert_eq!(wanted_range(&headers, 10), expected, "{text}");
        }
    }
}
