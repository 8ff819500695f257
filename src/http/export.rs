//! `…/csv`, `…/xlsx` and `…/html`: the model in another format, made when it is asked for.
//!
//! It costs time and memory as a report does, so at most as many are made at once as there are workers; the
//! others wait their turn. Who goes away stops what was being made for them.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};
use tokio_util::sync::CancellationToken;
use warp::http::{HeaderValue, StatusCode, header};

use super::{
    ASK_FIRST_ALONE, Answer, Api, Query, Refusal, Response, Visitor, file::unfinished, matches_etag,
    not_modified, put, report_id,
};
use crate::{
    artifact::disposition,
    generate::{
        GenerateError, Model,
        export::{self, ExportFormat},
    },
    report::Fault,
    token::Action,
    work::Monitor,
};

/// A page may hold nothing but its own styles and pictures. It is said in the page as well, for a copy of it.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

pub(super) async fn export(id: String, format: ExportFormat, api: Arc<Api>, visitor: Visitor) -> Answer {
    let id = report_id(&id)?;
    let pass = api.entry(&visitor, Action::Download, id).await?;
    let table = wanted_table(format, &visitor.query)?;
    let record = api.reports.fetch(&pass, id).await?;
    let Some(artifact) = &record.artifact else { return Err(unfinished(&record)) };
    // weak: another release may write the same report in other bytes
    let etag = format!("W/\"{}-{}\"", format.name(), record.settled_version.unwrap_or_default());
    if matches_etag(&visitor.headers, &etag) {
        return Ok(not_modified(&etag, ASK_FIRST_ALONE));
    }
    // before the model is fetched, so that only so many are held
    let permit = Arc::clone(&api.exports).acquire_owned().await.map_err(|error| Refusal::internal(&error))?;
    let model = api.reports.model(&pass, id).await?.ok_or_else(|| unfinished(&record))?;
    let content = make(model, format, table, permit).await?;

    let mut response = Response::new(content.into());
    let headers = response.headers_mut();
    let charset = if format == ExportFormat::Xlsx { "" } else { "; charset=utf-8" };
    put(headers, header::CONTENT_TYPE, &format!("{}{charset}", format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(ASK_FIRST_ALONE));
    put(headers, header::ETAG, &etag);
    let stem = artifact.file_name.strip_suffix(".pdf").unwrap_or(&artifact.file_name);
    let part = table.map(|number| format!("-{number}")).unwrap_or_default();
    let kind = if format == ExportFormat::Html { "inline" } else { "attachment" };
    put(headers, header::CONTENT_DISPOSITION, &disposition(kind, &format!("{stem}{part}.{}", format.name())));
    if format == ExportFormat::Html {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        // the address has a token, which is nobody else's business
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    Ok(response)
}

/// The number of the one table that is wanted, if it is not the whole.
fn wanted_table(format: ExportFormat, query: &Query) -> Result<Option<usize>, Refusal> {
    let asked = query.iter().find(|(name, _)| name == "table");
    match asked {
        Some((_, number)) if format == ExportFormat::Csv => match number.parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(bad_table("expected the number of a table, counted from 1".into())),
        },
        _ => Ok(None),
    }
}

fn bad_table(detail: String) -> Refusal {
    Refusal::bad_request(vec![Fault { pointer: "?table".into(), detail }])
}

/// Makes it on a blocking thread, which owns the permit: work that outlives its caller still counts.
async fn make(
    model: Bytes,
    format: ExportFormat,
    table: Option<usize>,
    permit: OwnedSemaphorePermit,
) -> Result<Vec<u8>, Refusal> {
    let stop = CancellationToken::new();
    let monitor = Monitor::new(stop.clone());
    // when the client goes away this future is dropped, and the guard with it
    let _guard = stop.drop_guard();
    let made = spawn_blocking(move || {
        let _permit = permit;
        let model: Model = serde_json::from_slice(&model).map_err(|error| Refusal::internal(&error))?;
        match table {
            None => Ok(export::export(&model, format, &monitor)?),
            Some(number) => {
                export::table(&model, number, &monitor)?.ok_or_else(|| no_such_table(&export::tables(&model)))
            }
        }
    });
    made.await.unwrap_or_else(|error| Err(Refusal::internal(&error)))
}

fn no_such_table(there: &[String]) -> Refusal {
    let numbered = |(at, title): (usize, &String)| match title.as_str() {
        "" => format!("{}", at + 1),
        title => format!("{} ({title})", at + 1),
    };
    let names: Vec<String> = there.iter().enumerate().map(numbered).collect();
    bad_table(match names.is_empty() {
        true => "the report has no table".into(),
        false => format!("there is {}", names.join(", ")),
    })
}

impl From<GenerateError> for Refusal {
    fn from(error: GenerateError) -> Self {
        match error {
            GenerateError::Permanent { detail, .. } => {
                Self::new("format", StatusCode::UNPROCESSABLE_ENTITY, "Not in this format", detail)
            }
            // nobody is there to read it
            GenerateError::Stopped(_) | GenerateError::Transient { .. } => Self::internal(&error),
        }
    }
}
