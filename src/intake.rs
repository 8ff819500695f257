//! What a client asks for becomes a report: the same checks, whoever asks and however.
//!
//! ```text
//! the members of a request ──read──► NewReport, or every Fault at once
//! ```
//!
//! `POST /api/v1/report` reads them from its body, GraphQL's `createReport` from its arguments. Nothing here
//! writes: the store does, and only what passed whole.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::http::uri::Authority;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{
    catalog::{Catalog, Library, today},
    delivery::Terms,
    report::{Deliver, Fault, IdempotencyKey, NewReport, Owner, Parameters, ReportId, StartWhen},
};

/// Reads requests for reports.
pub struct Intake {
    /// What can be asked for.
    pub library: Arc<Library>,
    /// What may be asked of the delivery.
    pub terms: Terms,
    /// How long a report is kept.
    pub keep: Duration,
    /// Scheme and authority of all links, if they are not to be those of the request.
    pub public_url: Option<String>,
}

impl Intake {
    /// The report that `body` asks for: the parameters at the top level, beside them what is reserved. `key`
    /// is the idempotency key, as it was given; `origin` is what [`Intake::origin`] returned.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn read(
        &self,
        body: Map<String, Value>,
        key: Option<&str>,
        origin: String,
    ) -> Result<NewReport, Vec<Fault>> {
        let idempotency = key.map(|key| idempotency(key, &body)).transpose();
        let (idempotency, wanted) = match (idempotency, read(&self.library.catalog(), &self.terms, body)) {
            (Ok(idempotency), Ok(wanted)) => (idempotency, wanted),
            (idempotency, wanted) => {
                return Err(idempotency
                    .err()
                    .into_iter()
                    .chain(wanted.err().into_iter().flatten())
                    .collect());
            }
        };
        Ok(NewReport {
            id: ReportId::generate(),
            // whose it is is for whoever let the caller in to say
            owner: Owner::anonymous(),
            report_type: wanted.report_type,
            parameters: wanted.parameters,
            data: wanted.data,
            deliver: wanted.deliver,
            callback_url: wanted.callback_url,
            start_when: wanted.start_when,
            origin,
            keep: self.keep,
            idempotency,
        })
    }

    /// Scheme and authority of a report's links: configured, or those by which the request came, whose `Host`
    /// was `host`, over TLS or not.
    ///
    /// # Errors
    ///
    /// The `Host` is none.
    pub fn origin(&self, host: &str, secure: bool) -> Result<String, Fault> {
        if let Some(url) = &self.public_url {
            return Ok(url.clone());
        }
        // it becomes part of every link of the report: what is no authority may not get that far
        let scheme = if secure { "https" } else { "http" };
        match host.parse::<Authority>() {
            Ok(authority) if !authority.as_str().contains('@') && has_port(&authority) => {
                Ok(format!("{scheme}://{authority}"))
            }
            _ => Err(Fault {
                pointer: "Host".into(),
                detail: "must name the host and port of this server".into(),
            }),
        }
    }
}

/// Whether what stands where a port would is one.
fn has_port(authority: &Authority) -> bool {
    let rest = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    rest.is_empty() || authority.port_u16().is_some()
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
fn read(catalog: &Catalog, terms: &Terms, mut body: Map<String, Value>) -> Result<Wanted, Vec<Fault>> {
    let mut faults = Vec::new();
    let (deliver, callback_url) = terms.read(body.remove("deliver"), body.remove("callbackUrl"), &mut faults);
    let start_when = start_when(body.remove("startWhen"), &mut faults);
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
            Ok(Wanted { report_type, parameters, data, deliver, callback_url, start_when })
        }
        Ok(_) => Err(faults),
        Err(more) => Err(faults.into_iter().chain(more).collect()),
    }
}

fn start_when(value: Option<Value>, faults: &mut Vec<Fault>) -> StartWhen {
    let Some(value) = value else { return StartWhen::default() };
    serde_json::from_value(value).unwrap_or_else(|_| {
        faults.push(Fault::at("startWhen", "must be \"now\" or \"connected\""));
        StartWhen::default()
    })
}

/// The `Idempotency-Key` with the fingerprint of the body, in which the order of members does not count.
fn idempotency(key: &str, body: &Map<String, Value>) -> Result<IdempotencyKey, Fault> {
    let key = key.trim();
    if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = "must be 1 to 255 visible ASCII characters";
        return Err(Fault { pointer: "Idempotency-Key".into(), detail: detail.into() });
    }
    let mut canonical = Value::Object(body.clone());
    canonical.sort_all_objects();
    let text = canonical.to_string();
    Ok(IdempotencyKey { key: key.into(), fingerprint: Sha256::digest(text.as_bytes()).into() })
}
