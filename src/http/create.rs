//! `POST /api/v1/report`: the request is checked whole, stored, synced, and only then answered.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use warp::{
    Buf,
    http::{HeaderMap, StatusCode, header},
};

use super::{Answer, Api, Refusal, body, json, prefer::Wait, put, show};
use crate::{
    catalog::{Catalog, today},
    links::Linker,
    report::{Deliver, Fault, IdempotencyKey, NewReport, Parameters, ReportId, StartWhen},
};

/// The longest that a request may have the server wait for its client, in seconds.
const MAX_WAIT: u32 = 86_400;

pub(super) async fn create<S, B>(api: Arc<Api>, headers: HeaderMap, content: S) -> Answer
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let object = body::object(&headers, content, api.body_timeout).await?;
    let idempotency = idempotency(&headers, &object);
    let wanted = read(&api.library.catalog(), object);
    let (idempotency, wanted) = match (idempotency, wanted) {
        (Ok(idempotency), Ok(wanted)) => (idempotency, wanted),
        (idempotency, wanted) => {
            let faults = idempotency.err().into_iter().chain(wanted.err().into_iter().flatten());
            return Err(Refusal::bad_request(faults.collect()));
        }
    };
    let report = NewReport {
        id: ReportId::generate(),
        report_type: wanted.report_type,
        parameters: wanted.parameters,
        data: wanted.data,
        deliver: wanted.deliver,
        callback_url: wanted.callback_url,
        start_when: wanted.start_when,
        origin: origin(&api, &headers)?,
        keep: api.keep,
        idempotency,
    };
    let wait = Wait::of(&headers);
    let created = api.store.create(report).await?;
    let mut record = created.record;
    if let Some(wait) = wait.filter(|wait| !wait.time().is_zero()) {
        // it is stored, and that is what a 201 says: whatever goes wrong with the wait cannot take it back
        if let Ok(end) = api.wait(record.id, wait.time(), |record| record.status.is_terminal()).await {
            record = end;
        }
    }
    let text = show::resource(&api, &record)?;
    let mut response = json(StatusCode::CREATED, text);
    let headers = response.headers_mut();
    put(headers, header::LOCATION, &Linker::path(record.id));
    put(headers, header::ETAG, &show::etag(&record));
    if let Some(wait) = wait {
        put(headers, header::HeaderName::from_static("preference-applied"), &wait.applied());
    }
    if created.replayed {
        put(headers, header::HeaderName::from_static("idempotent-replayed"), "true");
    }
    Ok(response)
}

struct Wanted {
    report_type: String,
    parameters: Parameters,
    data: Option<Bytes>,
    deliver: Deliver,
    callback_url: Option<String>,
    start_when: StartWhen,
}

/// Reads the request out of its body, and names everything that is wrong with it.
fn read(catalog: &Catalog, mut body: Map<String, Value>) -> Result<Wanted, Vec<Fault>> {
    let mut faults = Vec::new();
    let deliver = deliver(body.remove("deliver"), &mut faults);
    let start_when = start_when(body.remove("startWhen"), &mut faults);
    if body.remove("callbackUrl").is_some() {
        faults.push(Fault::at("callbackUrl", "this server sends no webhooks; follow _links.ws instead"));
    }
    let data = body.remove("data");
    let report_type = match body.remove("reportType") {
        Some(Value::String(name)) => name,
        Some(_) => {
            faults.push(Fault::at("reportType", "must be a string"));
            return Err(faults);
        }
        None => {
            faults.push(Fault::at("reportType", "is missing; GET /api/v1/report-types lists what there is"));
            return Err(faults);
        }
    };
    let Some(found) = catalog.get(&report_type) else {
        let hint = match catalog.nearest(&report_type) {
            Some(name) => format!("; did you mean {name}?"),
            None => "; GET /api/v1/report-types lists what there is".into(),
        };
        faults.push(Fault::at("reportType", format!("there is no report type of this name{hint}")));
        return Err(faults);
    };
    faults.extend(found.check_data(data.as_ref()));
    match found.check(&body, today()) {
        Ok(parameters) if faults.is_empty() => {
            let data = data.map(|data| data.to_string().into());
            Ok(Wanted { report_type, parameters, data, deliver, callback_url: None, start_when })
        }
        Ok(_) => Err(faults),
        Err(more) => Err(faults.into_iter().chain(more).collect()),
    }
}

fn deliver(value: Option<Value>, faults: &mut Vec<Fault>) -> Deliver {
    let Some(value) = value else { return Deliver::default() };
    let expected = format!("expected {{\"waitForClientSeconds\": 0 to {MAX_WAIT}}}");
    match serde_json::from_value::<Deliver>(value) {
        Ok(deliver) if deliver.wait_for_client_seconds <= MAX_WAIT => return deliver,
        Ok(_) => faults.push(Fault {
            pointer: "/deliver/waitForClientSeconds".into(),
            detail: format!("is too long; {expected}"),
        }),
        Err(error) => faults.push(Fault::at("deliver", format!("{error}; {expected}"))),
    }
    Deliver::default()
}

fn start_when(value: Option<Value>, faults: &mut Vec<Fault>) -> StartWhen {
    let Some(value) = value else { return StartWhen::default() };
    serde_json::from_value(value).unwrap_or_else(|_| {
        faults.push(Fault::at("startWhen", "must be \"now\" or \"connected\""));
        StartWhen::default()
    })
}

/// The `Idempotency-Key` with the fingerprint of the body, in which the order of members does not count.
fn idempotency(headers: &HeaderMap, body: &Map<String, Value>) -> Result<Option<IdempotencyKey>, Fault> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or("").trim();
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = "must be 1 to 255 visible ASCII characters";
        return Err(Fault { pointer: "Idempotency-Key".into(), detail: detail.into() });
    }
    let mut canonical = Value::Object(body.clone());
    canonical.sort_all_objects();
    let text = canonical.to_string();
    Ok(Some(IdempotencyKey { key: key.into(), fingerprint: Sha256::digest(text.as_bytes()).into() }))
}

/// Scheme and authority of the report's links: configured, or those by which this request came.
fn origin(api: &Api, headers: &HeaderMap) -> Result<String, Refusal> {
    if let Some(url) = &api.public_url {
        return Ok(url.clone());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    // it becomes part of every link of the report: what is no authority may not get that far
    match host.parse::<warp::http::uri::Authority>() {
        Ok(authority) if !authority.as_str().contains('@') => Ok(format!("http://{authority}")),
        _ => Err(Refusal::bad_request(vec![Fault {
            pointer: "Host".into(),
            detail: "must name the host and port of this server".into(),
        }])),
    }
}
