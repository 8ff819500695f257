//! From a model to a PDF.
//!
//! ```text
//! Model ──layout──► sheets of marks ──frame──► with titles and “page n of m” ──press──► PDF
//! ```
//!
//! The layout places every text and every line before anything is drawn: it measures with the tables of the
//! typeface and breaks pages between rows. What comes out is a list of [`marks`] for each sheet, so the
//! number of pages is known before the first one is printed, and the characters in use are known before
//! the fonts are cut down to them. `genpdf` then does what it is good at: pages, fonts, the file.

mod chart;
mod document_id;
mod document_title;
mod figures;
mod flow;
mod frame;
mod marks;
mod press;
mod table;
mod text;
mod theme;
mod typeface;

use flow::Flow;

use super::{
    GenerateError,
    model::{Chart, Model, Section, Table},
};
use crate::work::Monitor;

/// A document and what went less than well.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The file.
    pub pdf: Vec<u8>,
    /// For the log, as sentences.
    pub warnings: Vec<String>,
}

/// Renders `model`, on A4.
///
/// A character that the typeface does not have is shown as a box and named in the warnings.
///
/// # Errors
///
/// [`GenerateError::Stopped`] when `monitor` says so, which is asked between rows and between pages;
/// [`GenerateError::Permanent`] when the document cannot be written.
pub fn render(model: &Model, monitor: &Monitor) -> Result<Rendered, GenerateError> {
    let mut flow = Flow::new(monitor, rows(model));
    frame::masthead(model, &mut flow);
    for section in &model.sections {
        match section {
            Section::KeyFigures { figures } => figures::place(figures, model, &mut flow),
            Section::Chart(Chart { title, labels, series, .. }) => {
                chart::place(title, labels, series, model, &mut flow);
            }
            Section::Table(Table { title, columns, rows, totals, .. }) => {
                table::place(title, columns, rows, totals.as_deref(), model, &mut flow)?;
            }
            Section::Heading { text, .. } => flow.heading(text),
            Section::Text { paragraphs } => {
                for paragraph in paragraphs {
                    let text: String = paragraph.iter().map(|span| span.text.as_str()).collect();
                    text::place(&text, &mut flow);
                }
            }
            Section::Image(_) | Section::PageBreak => {}
        }
        monitor.check()?;
    }
    let mut sheets = flow.into_sheets();
    frame::furnish(model, &mut sheets);
    press::print(sheets, model, monitor)
}

/// How many rows there are to place: the measure of progress.
fn rows(model: &Model) -> usize {
    let rows =
        |section: &Section| if let Section::Table(Table { rows, .. }) = section { rows.len() } else { 0 };
    model.sections.iter().map(rows).sum()
}
