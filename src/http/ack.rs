//! `POST …/ack`: proof of delivery for clients that have no socket, by the rules of the WebSocket's `ack`.

use std::sync::Arc;

use futures_util::Stream;
use serde_json::{Map, Value};
use warp::{
    Buf,
    http::{StatusCode, header},
};

use super::{Answer, Api, Refusal, Visitor, body, json, put, report_id, show};
use crate::{
    delivery::ack::{no_such_version, weigh},
    links::Reader,
    report::{Channel, Fault, Receipt},
    token::Action,
};

pub(super) async fn ack<S, B>(id: String, api: Arc<Api>, visitor: Visitor, content: S) -> Answer
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let id = report_id(&id)?;
    let pass = api.entry(&visitor, Action::Follow, id).await?;
    let Ack { version, sha256 } = read(body::object(&visitor.headers, content, &api.body).await?)?;
    let record = api.reports.load(&pass, id).await?;
    let held = record.artifact.as_ref().map(|artifact| artifact.sha256.as_str());
    let proof = weigh(sha256.as_deref(), held)?;
    let record = api.reports.delivered(&pass, id, version, Receipt::over(Channel::Poll, proof)).await?;
    if version > record.version {
        return Err(no_such_version(version, record.version).into());
    }
    let mut response = json(StatusCode::OK, show::resource_for(&api, &record, Reader::Follower)?);
    put(response.headers_mut(), header::ETAG, &show::etag(&record));
    Ok(response)
}

struct Ack {
    version: u64,
    sha256: Option<String>,
}

/// Reads the body, and names everything that is wrong with it.
fn read(mut body: Map<String, Value>) -> Result<Ack, Refusal> {
    let mut faults = Vec::new();
    let version = match body.remove("version") {
        None => Err("is missing; it is that of the state that you acknowledge"),
        Some(version) => version.as_u64().ok_or("must be the version of a state, a whole number such as 9"),
    };
    let version = version.unwrap_or_else(|detail| {
        faults.push(Fault::at("version", detail));
        0
    });
    let sha256 = match body.remove("sha256") {
        None => None,
        Some(Value::String(digest)) => Some(digest),
        Some(_) => {
            faults.push(Fault::at("sha256", "must be the SHA-256 of the file in hexadecimal"));
            None
        }
    };
    faults.extend(body.keys().map(|name| Fault::at(name, "is not known here; there are version and sha256")));
    if faults.is_empty() { Ok(Ack { version, sha256 }) } else { Err(Refusal::bad_request(faults)) }
}
