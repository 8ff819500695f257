//! The model in the formats that people and programs go on with.
//!
//! ```text
//! Model ──┬──grid──┬──csv──► rows as text
//!         │        └──xlsx─► a workbook
//!         └──html──────────► a page
//! ```
//!
//! Made from the model alone, when asked for, without touching the data again. The same model gives the same
//! bytes. A text that came from outside stays a text in each of them: no formula, no markup, no script.

mod csv;
mod grid;
mod html;
mod xlsx;

pub use crate::report::ExportFormat;

use super::{GenerateError, Model};
use crate::{
    catalog::{Color, DateStyle},
    locale::Locale,
    work::Monitor,
};

/// Writes the model in this format.
///
/// # Errors
///
/// [`GenerateError::Stopped`] soon after `monitor` says so, [`GenerateError::Permanent`] when the format has
/// no room for it.
pub fn export(model: &Model, format: ExportFormat, monitor: &Monitor) -> Result<Vec<u8>, GenerateError> {
    match format {
        ExportFormat::Csv => csv::document(model, monitor),
        ExportFormat::Xlsx => xlsx::document(model, monitor),
        ExportFormat::Html => html::document(model, monitor),
    }
}

/// The titles of what [`table`] can give, in the order of the report.
pub fn tables(model: &Model) -> Vec<String> {
    grid::tables(model).iter().map(|grid| grid.title.to_string()).collect()
}

/// One table as CSV for programs, without a byte order mark. `number` counts from 1, as in [`tables`]; nothing
/// when there is no such table.
///
/// # Errors
///
/// [`GenerateError::Stopped`] soon after `monitor` says so.
pub fn table(model: &Model, number: usize, monitor: &Monitor) -> Result<Option<Vec<u8>>, GenerateError> {
    let tables = grid::tables(model);
    let found = number.checked_sub(1).and_then(|at| tables.get(at));
    found.map(|grid| csv::table(grid, monitor)).transpose()
}

/// How values are written.
fn locale(model: &Model) -> Result<Locale, GenerateError> {
    let unknown = |error| GenerateError::permanent("the report has a locale that is not known", error);
    Locale::new(&model.locale).map_err(unknown)
}

/// The one colour.
fn accent(model: &Model) -> Color {
    model.look.accent.unwrap_or(Color { red: 15, green: 92, blue: 99 })
}

/// When the report was asked for, in words.
fn created(model: &Model, locale: &Locale) -> String {
    let at = jiff::tz::Offset::UTC.to_datetime(model.created_at);
    let minute = at.date().at(at.hour(), at.minute(), 0, 0);
    format!("{} {} UTC", locale.words().created, locale.date_time(minute, DateStyle::Medium))
}

#[cfg(test)]
mod tests;
