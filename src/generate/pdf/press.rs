//! From marks to the file, through `genpdf`.

use std::collections::BTreeSet;

use genpdf::{
    Mm, PaperSize, Position,
    error::Error,
    fonts::{FontCache, FontFamily},
    render::{Layer, Renderer},
    style::{Color, LineStyle},
};
use jiff::Timestamp;
use printpdf::{CustomPdfConformance, OffsetDateTime, PdfConformance};

use super::{
    Rendered, document_id, document_title,
    marks::{Mark, Sheet},
    theme,
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

    let mut fonts = FontCache::new(FontFamily {
        // Fonts with the same data are embedded once.
        italic: regular.font.clone(),
        bold_italic: bold.font.clone(),
        regular: regular.font,
        bold: bold.font,
    });
    let broken = |error: Error| GenerateError::permanent("the document could not be written", error);
    let mut document = begin(model).map_err(broken)?;
    fonts.load_pdf_fonts(&document).map_err(broken)?;
    for (at, sheet) in sheets.iter().enumerate() {
        monitor.check()?;
        if at > 0 {
            document.add_page(PaperSize::A4);
        }
        draw(sheet, &document.last_page().last_layer(), &fonts);
    }
    let mut pdf = Vec::new();
    document.write(&mut pdf).map_err(broken)?;
    document_title::settle(&mut pdf, &title(model));
    // last, because it is a digest of everything else
    document_id::settle(&mut pdf);

    let warnings = missing.iter().map(|c| format!("no glyph for U+{:04X} {c:?}", u32::from(*c))).collect();
    Ok(Rendered { pdf, warnings })
}

fn begin(model: &Model) -> Result<Renderer, Error> {
    let title = document_title::placeholder(&title(model));
    let created = date(model.created_at);
    // Without: half a megabyte of colour profile in every file.
    let plain = CustomPdfConformance {
        requires_icc_profile: false,
        requires_xmp_metadata: false,
        ..CustomPdfConformance::default()
    };
    Ok(Renderer::new(PaperSize::A4, title)?
        .with_conformance(PdfConformance::Custom(plain))
        .with_creation_date(created)
        .with_modification_date(created))
}

fn title(model: &Model) -> String {
    format!("{} – {}", model.title, model.subtitle)
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

/// Draws `sheet` on an empty page.
///
/// `genpdf` prints a text letter by letter, each with its distance from the one before: for kerning, which
/// the typeface does without. Written as one string, a text takes a third of the room and of the time.
fn draw(sheet: &Sheet, layer: &Layer<'_>, fonts: &FontCache) {
    let family = fonts.default_font_family();
    let area = layer.area();
    let page = layer.layer();
    let mut current: Option<Color> = None;
    for mark in &sheet.marks {
        match mark {
            Mark::Text { x, y, text, face } => {
                let font = match face.weight {
                    Weight::Regular => family.regular,
                    Weight::Bold => family.bold,
                };
                let Some(embedded) = fonts.get_pdf_font(font) else { continue };
                if current.replace(face.color) != Some(face.color) {
                    page.set_fill_color(face.color.into());
                }
                page.begin_text_section();
                page.set_font(embedded, face.size.into());
                // PDF counts from the lower edge of the paper.
                page.set_text_cursor(Mm::from(*x).into(), Mm::from(theme::PAGE.1 - y).into());
                page.write_codepoints(font.glyph_ids(fonts, text.chars()));
                page.end_text_section();
            }
            Mark::Line { from, to, width, color } => {
                let style = LineStyle::new().with_thickness(*width).with_color(*color);
                area.draw_line([Position::from(*from), Position::from(*to)], style);
            }
        }
    }
}
