//! Data, then model, then rendered file: how a report is made.
//!
//! ```text
//! Order ──data::Sources (SQL)──► rows ──model::build──► Model ──┬──► JSON
//!                                                              ├──pdf::render──► PDF
//!                                                              └──export──► CSV, XLSX, HTML, when asked for
//! ```
//!
//! Everything here is a function of its input and of the data. It blocks and it computes, so the caller runs
//! it on a bounded blocking pool; it asks its [`Monitor`] between rows, so a cancelled report stops at once.
//! It knows neither the store nor any client. The same input gives the same bytes.

mod check;
mod error;
pub mod export;
mod file_name;
mod generator;
pub mod model;
pub mod pdf;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub use check::check;
pub use error::GenerateError;
pub use generator::Generator;
pub use model::Model;

use crate::{
    catalog::ReportType,
    data::{Asked, Sources},
    report::Parameters,
    work::Monitor,
};

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// What kind of report.
    pub report_type: &'a ReportType,
    /// With these parameters, which were checked.
    pub parameters: &'a Parameters,
    /// The rows that came with the request, by the name of their entry of data.
    pub data: Option<&'a Map<String, Value>>,
    /// When it was asked for; the file carries it instead of the time of rendering, so that a second attempt
    /// gives the same bytes.
    pub created_at: Timestamp,
}

/// A report that is made.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The [`Model`] as JSON.
    pub model: Bytes,
    /// The file.
    pub pdf: Vec<u8>,
    /// What a download is called, as in `coffee-sales-2021-01-01.pdf`.
    pub file_name: String,
    /// What went less than well: characters, for example, that the typeface does not have. The model has the
    /// same.
    pub warnings: Vec<String>,
}

/// Makes a report: the model, and the file.
///
/// Blocks for a few milliseconds, or as long as the data, the queries and the pages take.
///
/// # Errors
///
/// [`GenerateError::Stopped`] soon after `monitor` says so, [`GenerateError::Transient`] when another
/// attempt may succeed, [`GenerateError::Permanent`] when none will.
pub fn generate(order: &Order<'_>, sources: &Sources, monitor: &Monitor) -> Result<Generated, GenerateError> {
    let mut model = model(order, sources, monitor)?;
    monitor.progress("rendering", 80)?;
    let rendered = pdf::render(&model, monitor)?;
    model.warnings.extend_from_slice(&rendered.warnings);
    let json = serde_json::to_vec(&model)
        .map_err(|error| GenerateError::permanent("the model could not be written as JSON", error))?;
    Ok(Generated {
        model: json.into(),
        pdf: rendered.pdf,
        file_name: file_name::file_name(order.report_type, order.parameters, "pdf"),
        warnings: rendered.warnings,
    })
}

/// Makes the model of a report: reads its data, runs its queries, and puts their rows into sections.
///
/// # Errors
///
/// As [`generate`].
pub fn model(order: &Order<'_>, sources: &Sources, monitor: &Monitor) -> Result<Model, GenerateError> {
    let Order { report_type, parameters, data, .. } = *order;
    monitor.progress("reading", 0)?;
    let asked = Asked {
        report_type: &report_type.name,
        data: &report_type.data,
        folder: &report_type.folder,
        limits: &report_type.limits,
        declared: &report_type.parameters,
        parameters,
        rows: data,
    };
    let failed = |error| GenerateError::from_data(report_type, error);
    let mut database = sources.open(&asked, monitor).map_err(failed)?;
    let queries = &report_type.page.queries;
    let mut answers = Vec::with_capacity(queries.len());
    for (at, query) in queries.iter().enumerate() {
        monitor.progress("querying", (70 + 10 * at / queries.len()) as u8)?;
        answers.push(database.query(&query.name, &query.sql).map_err(failed)?);
    }
    drop(database);
    model::build(order, &answers, monitor)
}
