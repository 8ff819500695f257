//! From a model to a PDF.
//!
//! ```text
//! Model ──layout──► sheets of marks ──frame──► with titles and “page n of m” ──press──► PDF
//! ```
//!
//! The layout places every text and every line before anything is drawn: it measures with the tables of the
//! typeface and breaks pages between rows. What comes out is a list of [`marks`] for each sheet, so the
//! number of pages is known before the first one is printed, and the characters in use are known before
//! the fonts are cut down to them. `genpdf` then does what it is good at: pages and fonts. What it cannot
//! say (links, the outline, pictures, metadata in any script) is put into the document that it made.

mod chart;
mod content;
mod figures;
mod finish;
mod flow;
mod frame;
mod heading;
mod image;
mod marks;
mod metadata;
mod outline;
mod page;
mod palette;
mod pictures;
mod press;
mod table;
mod text;
mod theme;
mod typeface;

use flow::Flow;
use page::Page;

use super::{
    GenerateError,
    model::{Model, Section, Table},
};
use crate::work::Monitor;

/// A document and what went less than well.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The file.
    pub pdf: Vec<u8>,
    /// For the reader, as sentences.
    pub warnings: Vec<String>,
}

/// Renders `model` on the paper that it asks for.
///
/// A character that the typeface does not have is shown as a box and named in the warnings.
///
/// # Errors
///
/// [`GenerateError::Stopped`] when `monitor` says so, which is asked between rows and between pages;
/// [`GenerateError::Permanent`] when a picture cannot be read or the document cannot be written.
pub fn render(model: &Model, monitor: &Monitor) -> Result<Rendered, GenerateError> {
    let page = Page::of(model);
    let mut flow = Flow::new(&page, monitor, rows(model));
    frame::masthead(&mut flow)?;
    for (at, section) in model.sections.iter().enumerate() {
        match section {
            Section::Heading { text, level } => heading::place(text, *level, &mut flow),
            Section::Text { paragraphs } => text::place(paragraphs, &mut flow),
            Section::KeyFigures { figures } => figures::place(figures, &mut flow),
            Section::Chart(chart) => chart::place(chart, &mut flow),
            Section::Table(table) => table::place(table, &mut flow)?,
            Section::Image(image) => image::place(image, at, &mut flow)?,
            Section::PageBreak => flow.turn(),
        }
        monitor.check()?;
    }
    let Flow { mut sheets, outline, pictures, .. } = flow;
    frame::furnish(&page, &mut sheets);
    press::print(&sheets, &outline, pictures, &page, monitor)
}

/// How many rows there are to place: the measure of progress.
fn rows(model: &Model) -> usize {
    let rows =
        |section: &Section| if let Section::Table(Table { rows, .. }) = section { rows.len() } else { 0 };
    model.sections.iter().map(rows).sum()
}
