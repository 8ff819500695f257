//! `POST /api/v1/report`: the request is checked whole, stored, synced, and only then answered.

use std::sync::Arc;

use futures_util::Stream;
use warp::{
    Buf,
    http::{StatusCode, header},
};

use super::{Answer, Api, Refusal, Visitor, body, json, prefer::Wait, put, show};
use crate::{links::Linker, report::Scope};

pub(super) async fn create<S, B>(api: Arc<Api>, visitor: Visitor, content: S) -> Answer
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let headers = &visitor.headers;
    let pass = api.pass(&visitor, Scope::Create).await?;
    let object = body::object(headers, content, &api.body).await?;
    // what is no text is no key either, and refused as one
    let key = headers.get("idempotency-key").map(|value| value.to_str().unwrap_or(""));
    let report = api.intake.read(object, key, api.origin(&visitor)?).map_err(Refusal::bad_request)?;
    let wait = Wait::of(headers);
    let created = api.reports.create(&pass, report).await?;
    let mut record = created.record;
    if let Some(wait) = wait.filter(|wait| !wait.time().is_zero()) {
        // it is stored, and that is what a 201 says: whatever goes wrong with the wait cannot take it back
        if let Ok(end) = api.wait(&pass, record.id, wait.time(), |record| record.status.is_terminal()).await {
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
