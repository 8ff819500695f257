//! The model as a workbook (Office Open XML): the first sheet has what is said, and each table and each chart
//! has a sheet of its own.
//!
//! Numbers and dates are numbers and dates, so that they can be reckoned with; how they look is a matter of
//! their number format. Texts are written as texts and can never become formulas.

mod chart;
mod cover;
mod names;
mod number_format;
mod sheet;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

use self::{names::Names, number_format::NumberFormats};
use super::grid::Grid;
use crate::{
    generate::{
        GenerateError,
        model::{Model, Section},
    },
    locale::Locale,
    work::{Monitor, Stopped},
};

/// The rows of a sheet, as the format has it; one is the header.
const MOST_ROWS: usize = 1_048_576;
/// The columns of a sheet.
const MOST_COLUMNS: usize = 16_384;

/// The workbook.
pub(super) fn document(model: &Model, monitor: &Monitor) -> Result<Vec<u8>, GenerateError> {
    let locale = super::locale(model)?;
    build(model, &locale, monitor).map_err(|failed| match failed {
        Failed::Stopped(stopped) => stopped.into(),
        Failed::TooLarge(what) => GenerateError::permanent(what.clone(), what),
        Failed::Unwritten(error) => {
            GenerateError::permanent("the report could not be written as a workbook", error)
        }
    })
}

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error("{0}")]
    TooLarge(String),
    #[error(transparent)]
    Unwritten(#[from] XlsxError),
}

/// What every sheet needs.
struct Style<'a> {
    locale: &'a Locale,
    formats: NumberFormats<'a>,
    accent: rust_xlsxwriter::Color,
    palette: Vec<rust_xlsxwriter::Color>,
    monitor: &'a Monitor,
}

fn build(model: &Model, locale: &Locale, monitor: &Monitor) -> Result<Vec<u8>, Failed> {
    let color = |color: crate::catalog::Color| {
        rust_xlsxwriter::Color::from(color.to_string().to_uppercase().as_str())
    };
    let accent = color(super::accent(model));
    let style = Style {
        locale,
        formats: NumberFormats::new(locale, model.currency.as_deref()),
        accent,
        palette: model.look.palette.iter().copied().map(color).collect(),
        monitor,
    };
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(model)?);
    let mut names = Names::default();
    let mut cover = cover::sheet(model, &style)?;
    cover.set_name(names.take(&model.title, "Report"))?;
    workbook.push_worksheet(cover);
    for section in &model.sections {
        monitor.check()?;
        let sheet = match section {
            Section::Table(table) => {
                let grid = Grid::from(table);
                checked(&grid)?;
                let name = names.take(grid.title, "Table");
                sheet::sheet(&grid, name, &style)?
            }
            Section::Chart(chart) => {
                let grid = Grid::from(chart);
                checked(&grid)?;
                let name = names.take(grid.title, "Chart");
                let mut sheet = sheet::sheet(&grid, name.clone(), &style)?;
                chart::insert(chart, &name, &mut sheet, &style)?;
                sheet
            }
            _ => continue,
        };
        workbook.push_worksheet(page(sheet, model));
    }
    monitor.check()?;
    Ok(workbook.save_to_buffer()?)
}

fn checked(grid: &Grid<'_>) -> Result<(), Failed> {
    let room = MOST_ROWS - 1 - usize::from(grid.totals.is_some());
    let (rows, columns) = (grid.rows.len(), grid.columns.len());
    let too_large = |what: String| {
        Failed::TooLarge(format!("“{}” has {what} of a workbook; the CSV has all of it", grid.title))
    };
    if rows > room {
        Err(too_large(format!("{rows} rows and there is room for {room} on a sheet")))
    } else if columns > MOST_COLUMNS {
        Err(too_large(format!("{columns} columns and there is room for {MOST_COLUMNS} on a sheet")))
    } else {
        Ok(())
    }
}

/// How a sheet of rows is printed: as wide as the paper, its header on every page.
fn page(mut sheet: Worksheet, model: &Model) -> Worksheet {
    use crate::catalog::{Orientation, Paper};
    // numbers of paper sizes, ECMA-376 part 1, section 18.3.1.63
    sheet.set_paper_size(match model.look.paper {
        Paper::A3 => 8,
        Paper::A4 => 9,
        Paper::A5 => 11,
        Paper::Letter => 1,
        Paper::Legal => 5,
    });
    if model.look.orientation == Orientation::Landscape {
        sheet.set_landscape();
    }
    sheet.set_print_fit_to_pages(1, 0);
    sheet
}

/// The time is that of the order, so that the same model gives the same bytes.
fn properties(model: &Model) -> Result<DocProperties, XlsxError> {
    let properties = DocProperties::new()
        .set_title(&model.title)
        .set_subject(&model.subtitle)
        .set_author(model.author.as_deref().unwrap_or_default());
    let created = ExcelDateTime::from_timestamp(model.created_at.as_second())?;
    Ok(properties.set_creation_datetime(&created))
}
