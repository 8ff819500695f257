//! From marks to the file, through `genpdf`.

use std::collections::BTreeSet;

use genpdf::{
    Context, Document, Element, Mm, PaperSize, Position, RenderResult,
    error::{Error, ErrorKind},
    fonts::FontFamily,
    render::Area,
    style::{LineStyle, Style},
};
use jiff::Timestamp;
use time::OffsetDateTime;

use super::{
    Rendered, document_id,
    marks::{Mark, Sheet},
    typeface::{self, Weight},
};
use crate::{
    generate::{GenerateError, model::Model},
    work::Monitor,
};

/// Prints the sheets.
pub(super) fn print(sheets: Vec<Sheet>, model: &Model, monitor: &Monitor) -> Result<Rendered, GenerateError> {
    let regular = typeface::get(Weight::Regular).cut(&characters(&sheets, Weight::Regular))?;
    let bold = typeface::get(Weight::Bold).cut(&characters(&sheets, Weight::Bold))?;
    let missing: BTreeSet<char> = regular.missing.into_iter().chain(bold.missing).collect();

    let mut document = Document::new(FontFamily {
        // Fonts with the same data are embedded once.
        italic: regular.font.clone(),
        bold_italic: bold.font.clone(),
        regular: regular.font,
        bold: bold.font,
    });
    document.set_title(format!("{} – {}", model.title, model.subtitle));
    document.set_paper_size(PaperSize::A4);
    // Without: half a megabyte of colour profile in every file.
    document.set_minimal_conformance();
    let created = date(model.created_at);
    document.set_creation_date(created);
    document.set_modification_date(created);
    document.push(Sheets { sheets: sheets.into_iter(), monitor: monitor.clone() });
    let mut pdf = Vec::new();
    let printed = document.render(&mut pdf);
    monitor.check()?;
    printed.map_err(|error| GenerateError::permanent("the document could not be written", error))?;
    document_id::settle(&mut pdf);

    let warnings = missing.iter().map(|c| format!("no glyph for U+{:04X} {c:?}", u32::from(*c))).collect();
    Ok(Rendered { pdf, warnings })
}

fn characters(sheets: &[Sheet], weight: Weight) -> BTreeSet<char> {
    let texts = sheets.iter().flat_map(|sheet| &sheet.marks).filter_map(|mark| match mark {
        Mark::Text { text, face, .. } if face.weight == weight => Some(text),
        _ => None,
    });
    texts.flat_map(|text| text.chars()).collect()
}

fn date(time: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(time.as_second()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// All sheets as one element, which `genpdf` asks again for each page.
struct Sheets {
    sheets: std::vec::IntoIter<Sheet>,
    monitor: Monitor,
}

impl Element for Sheets {
    fn render(&mut self, context: &Context, area: Area<'_>, _: Style) -> Result<RenderResult, Error> {
        self.monitor.check().map_err(|stopped| Error::new(stopped.to_string(), ErrorKind::Internal))?;
        for mark in self.sheets.next().unwrap_or_default().marks {
            draw(&mark, context, &area)?;
        }
        Ok(RenderResult { size: area.size(), has_more: self.sheets.len() > 0 })
    }
}

fn draw(mark: &Mark, context: &Context, area: &Area<'_>) -> Result<(), Error> {
    match mark {
        Mark::Text { x, y, text, face } => {
            let mut style = Style::new().with_font_size(face.size).with_color(face.color);
            if face.weight == Weight::Bold {
                style.set_bold();
            }
            let fonts = &context.font_cache;
            // genpdf moves a text to the left by the blank before its first letter, which would let a
            // column of numbers dance; and it counts from the top of the line, we from the baseline.
            let blank = text.chars().next().map_or(Mm::from(0), |c| style.char_left_side_bearing(fonts, c));
            let top = Mm::from(*y) - style.font(fonts).ascent(face.size);
            area.print_str(fonts, Position::new(Mm::from(*x) + blank, top), style, text)?;
        }
        Mark::Line { from, to, width, color } => {
            let style = LineStyle::new().with_thickness(*width).with_color(*color);
            area.draw_line([Position::from(*from), Position::from(*to)], style);
        }
    }
    Ok(())
}
