//! The body of a webhook: the thin snapshot, and never more than a receiver takes.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::report::{EventType, Links, Record, Snapshot};

/// How many bytes a body may have: Standard Webhooks 1.0 recommends less than 20 kB.
pub const LARGEST_BODY: usize = 19_999;

#[derive(Serialize)]
struct Message<T> {
    #[serde(rename = "type")]
    event: EventType,
    timestamp: Timestamp,
    data: T,
}

/// Takes something out of a resource that is too large.
type Shorten = fn(&mut Map<String, Value>, &Record);

/// The body that tells of `event` at the time `at`: `{"type":…,"timestamp":…,"data":{…the resource…}}`.
///
/// A resource that is too large for [`LARGEST_BODY`] loses its parameters, then `deliveries` and the list in
/// `error`, at last everything but what names it and `_links.self`, where the whole is. It says `"truncated": true`.
pub fn body(event: EventType, record: &Record, links: &Links, at: Timestamp) -> Bytes {
    let whole = written(event, at, Snapshot::new(record, links));
    if whole.len() <= LARGEST_BODY {
        return whole;
    }
    let Ok(Value::Object(mut data)) = serde_json::to_value(Snapshot::new(record, links)) else {
        return whole;
    };
    data.insert("truncated".to_owned(), Value::Bool(true));
    let steps: [Shorten; 3] = [
        |data, record| data.retain(|name, _| !record.parameters.contains_key(name)),
        |data, _| {
            data.shift_remove("deliveries");
            if let Some(Value::Object(error)) = data.get_mut("error") {
                error.shift_remove("errors");
            }
        },
        |data, _| {
            const KEPT: [&str; 6] = ["id", "status", "completed", "version", "_links", "truncated"];
            data.retain(|name, _| KEPT.contains(&name.as_str()));
            if let Some(Value::Object(links)) = data.get_mut("_links") {
                links.retain(|name, _| name == "self");
            }
        },
    ];
    for shorten in steps {
        shorten(&mut data, record);
        let body = written(event, at, &data);
        if body.len() <= LARGEST_BODY {
            return body;
        }
    }
    // an id, a status, a version and one link are never that long
    Bytes::new()
}

/// The body that tries an endpoint.
pub fn test_body(at: Timestamp) -> Bytes {
    let text = "this is a test: nothing happened to any report";
    written(EventType::Test, at, json!({ "message": text }))
}

fn written(event: EventType, timestamp: Timestamp, data: impl Serialize) -> Bytes {
    // strings for keys and no failing member: writing it to memory does not fail
    serde_json::to_vec(&Message { event, timestamp, data }).unwrap_or_default().into()
}
