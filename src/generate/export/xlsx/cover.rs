//! The first sheet: what the report says beside its tables.

use rust_xlsxwriter::{Format as CellFormat, FormatAlign, Worksheet};

use super::{
    Failed, Style,
    sheet::{write, write_text},
};
use crate::generate::{
    export::created,
    model::{Cell, Model, Section, Span},
};

/// The width of the column of names, in digits.
const NAMES: f64 = 36.0;
const VALUES: f64 = 24.0;

/// The sheet, without a name.
pub(super) fn sheet(model: &Model, style: &Style<'_>) -> Result<Worksheet, Failed> {
    let mut sheet = Worksheet::new();
    sheet.set_screen_gridlines(false);
    sheet.set_column_width(0, NAMES)?;
    sheet.set_column_width(1, VALUES)?;
    let plain = CellFormat::new();
    let muted = CellFormat::new().set_font_color(0x0068_707a);
    let heading = |size: f64| CellFormat::new().set_bold().set_font_size(size).set_font_color(style.accent);
    let mut row = 0;
    let mut line = |sheet: &mut Worksheet, text: &str, look: &CellFormat| {
        write_text(sheet, (row, 0), text, look)?;
        row += 1;
        Ok::<u32, Failed>(row)
    };
    line(&mut sheet, &model.title, &heading(18.0))?;
    let head = [Some(model.subtitle.clone()), model.author.clone(), Some(created(model, style.locale))];
    for text in head.into_iter().flatten().filter(|text| !text.is_empty()) {
        line(&mut sheet, &text, &muted)?;
    }
    let mut next = line(&mut sheet, "", &plain)?;
    for section in &model.sections {
        match section {
            Section::Heading { text, level } => {
                let look = heading(if *level == 1 { 14.0 } else { 12.0 });
                write_text(&mut sheet, (next, 0), text, &look)?;
                next += 1;
            }
            Section::Text { paragraphs } => {
                for paragraph in paragraphs {
                    write(
                        &mut sheet,
                        (next, 0),
                        &said(paragraph),
                        crate::catalog::Format::Text,
                        &plain,
                        true,
                    )?;
                    next += 1;
                }
                next += 1;
            }
            Section::KeyFigures { figures } => {
                for figure in figures {
                    write_text(&mut sheet, (next, 0), &figure.title, &plain)?;
                    let look = CellFormat::new().set_bold().set_align(FormatAlign::Right);
                    let look = match style.formats.code(figure.format) {
                        Some(code) => look.set_num_format(code),
                        None => look,
                    };
                    write(&mut sheet, (next, 1), &figure.value, figure.format, &look, true)?;
                    next += 1;
                }
                next += 1;
            }
            _ => {}
        }
    }
    for warning in &model.warnings {
        write_text(&mut sheet, (next, 0), warning, &muted)?;
        next += 1;
    }
    Ok(sheet)
}

/// A paragraph as one cell, which can lead to one place only.
fn said(paragraph: &[Span]) -> Cell {
    let text: String = paragraph.iter().map(|span| span.text.as_str()).collect();
    match paragraph.iter().find_map(|span| span.href.clone()) {
        Some(href) => Cell::Link { text, href },
        None => Cell::Text(text),
    }
}
