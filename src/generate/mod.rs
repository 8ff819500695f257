//! Query, then model, then rendered file: how a report is made.
//!
//! ```text
//! ReportType + Parameters ──model::build (SQL)──► Model ──┬──► JSON
//!                                                        └──pdf::render──► PDF
//! ```
//!
//! Everything here is a function of its input. It blocks and it computes, so the caller runs it on a
//! bounded blocking pool; it asks its [`Monitor`] between rows, so a cancelled report stops at once. It
//! knows neither the store nor any client. The same input gives the same bytes.

mod database;
mod error;
mod format;
mod generator;
pub mod model;
pub mod pdf;

use bytes::Bytes;
use jiff::Timestamp;

pub use error::GenerateError;
pub use generator::Generator;
pub use model::Model;

use crate::{catalog::ReportType, report::Parameters, work::Monitor};

/// A report that is made.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The [`Model`] as JSON.
    pub model: Bytes,
    /// The file.
    pub pdf: Vec<u8>,
    /// What a download is called, as in `coffee-sales-2021-01-01.pdf`.
    pub file_name: String,
    /// What went less than well, for the log: characters, for example, that the font does not have.
    pub warnings: Vec<String>,
}

/// Makes a report: runs the queries of `report_type` with `parameters`, which were checked, and renders the
/// result. `created_at` is when the report was asked for; the file carries it instead of the time of
/// rendering, so that a second attempt gives the same bytes.
///
/// Blocks for a few milliseconds, or as long as the queries and the pages take.
///
/// # Errors
///
/// [`GenerateError::Stopped`] soon after `monitor` says so, [`GenerateError::Transient`] when another
/// attempt may succeed, [`GenerateError::Permanent`] when none will.
pub fn generate(
    report_type: &ReportType,
    parameters: &Parameters,
    created_at: Timestamp,
    monitor: &Monitor,
) -> Result<Generated, GenerateError> {
    monitor.progress("querying", 10)?;
    let mut model = model::build(report_type, parameters, created_at, monitor)?;
    monitor.progress("rendering", 80)?;
    let rendered = pdf::render(&model, monitor)?;
    model.warnings.extend_from_slice(&rendered.warnings);
    let json = serde_json::to_vec(&model)
        .map_err(|error| GenerateError::permanent("the model could not be written as JSON", error))?;
    Ok(Generated {
        model: json.into(),
        pdf: rendered.pdf,
        file_name: format::file_name(report_type, parameters, "pdf"),
        warnings: rendered.warnings,
    })
}
