//! From marks to the file: `genpdf` makes the pages and embeds the fonts; what it cannot say is put into the
//! document that it made.

use std::collections::BTreeSet;

use genpdf::{
    Size,
    fonts::{FontCache, FontFamily},
    render::Renderer,
};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};
use printpdf::{CustomPdfConformance, PdfConformance};

use super::{
    Rendered, content, finish,
    marks::{Link, Mark, Sheet},
    metadata,
    outline::{self, Entry},
    page::Page,
    pictures::Pictures,
    theme,
    typeface::{self, Cut, Weight},
};
use crate::{generate::GenerateError, work::Monitor};

/// More characters without a glyph than these are counted, not named.
const NAMED: usize = 10;

/// The fonts of a document.
pub(super) struct Fonts {
    regular: Cut,
    bold: Cut,
}

impl Fonts {
    pub(super) fn of(&self, weight: Weight) -> &Cut {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

/// Prints the sheets.
pub(super) fn print(
    sheets: &[Sheet],
    entries: &[Entry],
    pictures: Pictures,
    page: &Page<'_>,
    monitor: &Monitor,
) -> Result<Rendered, GenerateError> {
    let fonts = Fonts {
        regular: typeface::get(Weight::Regular).cut(&characters(sheets, Weight::Regular))?,
        bold: typeface::get(Weight::Bold).cut(&characters(sheets, Weight::Bold))?,
    };
    let mut document = blank(sheets.len(), page, &fonts)?;
    let mut resources = Dictionary::new();
    resources.set("Font", fonts_of(&document).ok_or_else(|| broken("the fonts were not embedded"))?);
    let mut drawn = Dictionary::new();
    for (at, picture) in pictures.into_streams().into_iter().enumerate() {
        let mut image = picture.image;
        if let Some(mask) = picture.mask {
            image.dict.set("SMask", document.add_object(mask));
        }
        drawn.set(format!("P{at}"), document.add_object(image));
    }
    if !drawn.is_empty() {
        resources.set("XObject", drawn);
    }
    let resources = document.add_object(resources);
    let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
    for (sheet, id) in sheets.iter().zip(&pages) {
        monitor.check()?;
        let stream = Stream::new(Dictionary::new(), content::of(sheet, page.paper.1, &fonts));
        let content = document.add_object(stream);
        let links: Vec<Object> = sheet.links.iter().map(|link| annotation(link, page)).collect();
        let dictionary = document
            .get_object_mut(*id)
            .and_then(Object::as_dict_mut)
            .map_err(|error| broken(error.to_string()))?;
        // the same as the paper, which they are by default
        for key in [&b"TrimBox"[..], b"CropBox", b"Rotate", b"Annots"] {
            dictionary.remove(key);
        }
        dictionary.set("Contents", content);
        dictionary.set("Resources", resources);
        if !links.is_empty() {
            dictionary.set("Annots", links);
        }
    }
    let outlines = outline::add(&mut document, entries, &pages, page);
    let about = document.add_object(metadata::of(page.model));
    document.trailer.set("Info", about);
    let catalog = document.catalog_mut().map_err(|error| broken(error.to_string()))?;
    // layers, which nobody asked for
    catalog.remove(b"OCProperties");
    catalog.remove(b"Outlines");
    catalog.set("PageMode", if outlines.is_some() { "UseOutlines" } else { "UseNone" });
    if let Some(outlines) = outlines {
        catalog.set("Outlines", outlines);
    }
    catalog.set("Lang", metadata::text(&page.model.locale));
    // the title in the window, not the name of the file
    let mut preferences = Dictionary::new();
    preferences.set("DisplayDocTitle", true);
    catalog.set("ViewerPreferences", preferences);
    monitor.check()?;
    let pdf = finish::write(document).map_err(|error| broken(error.to_string()))?;
    let missing: BTreeSet<char> = fonts.regular.missing.into_iter().chain(fonts.bold.missing).collect();
    Ok(Rendered { pdf, warnings: warning(&missing).into_iter().collect() })
}

/// The document as `genpdf` makes it, with so many empty pages.
fn blank(pages: usize, page: &Page<'_>, fonts: &Fonts) -> Result<Document, GenerateError> {
    let mut cache = FontCache::new(FontFamily {
        // Fonts with the same data are embedded once.
        italic: fonts.regular.font.clone(),
        bold_italic: fonts.bold.font.clone(),
        regular: fonts.regular.font.clone(),
        bold: fonts.bold.font.clone(),
    });
    // Without: half a megabyte of colour profile in every file.
    let plain = CustomPdfConformance {
        requires_icc_profile: false,
        requires_xmp_metadata: false,
        ..CustomPdfConformance::default()
    };
    let size = || Size::new(page.paper.0, page.paper.1);
    let failed = |error: genpdf::error::Error| broken(error.to_string());
    let mut renderer =
        Renderer::new(size(), "").map_err(failed)?.with_conformance(PdfConformance::Custom(plain));
    cache.load_pdf_fonts(&renderer).map_err(failed)?;
    for _ in 1..pages {
        renderer.add_page(size());
    }
    let mut file = Vec::new();
    renderer.write(&mut file).map_err(failed)?;
    Document::load_mem(&file).map_err(|error| broken(error.to_string()))
}

/// The embedded fonts under the names that the content uses.
fn fonts_of(document: &Document) -> Option<Dictionary> {
    let dictionaries = document.objects.values().filter_map(|object| object.as_dict().ok());
    let mut fonts = Dictionary::new();
    for dictionary in dictionaries {
        // in the order in which they were loaded
        if let (Ok(regular), Ok(bold)) = (dictionary.get(b"F0"), dictionary.get(b"F1")) {
            fonts.set("R", regular.clone());
            fonts.set("B", bold.clone());
            return Some(fonts);
        }
    }
    None
}

fn annotation(link: &Link, page: &Page<'_>) -> Object {
    let (left, right) = (link.x, link.x + link.width);
    let (lower, upper) = (page.paper.1 - link.y - link.height, page.paper.1 - link.y);
    let points = |length: f32| Object::Real((length / theme::POINT * 100.0).round() / 100.0);
    let mut action = Dictionary::new();
    action.set("S", "URI");
    action.set("URI", Object::string_literal(ascii(&link.href)));
    let mut annotation = Dictionary::new();
    annotation.set("Type", "Annot");
    annotation.set("Subtype", "Link");
    annotation.set("Rect", [left, lower, right, upper].map(points).to_vec());
    annotation.set("Border", vec![0.into(), 0.into(), 0.into()]);
    annotation.set("A", action);
    annotation.into()
}

/// A URI is ASCII (RFC 3986, section 2); anything else is escaped.
fn ascii(href: &str) -> String {
    let mut escaped = String::with_capacity(href.len());
    for byte in href.bytes() {
        match byte {
            b'!'..=b'~' => escaped.push(byte.into()),
            byte => escaped += &format!("%{byte:02X}"),
        }
    }
    escaped
}

fn characters(sheets: &[Sheet], weight: Weight) -> BTreeSet<char> {
    let mut common = [false; 0x530];
    let mut others = BTreeSet::new();
    let texts = sheets.iter().flat_map(|sheet| &sheet.marks).filter_map(|mark| match mark {
        Mark::Text { text, face, .. } | Mark::Leaning { text, face, .. } if face.weight == weight => {
            Some(text)
        }
        _ => None,
    });
    for character in texts.flat_map(|text| text.chars()) {
        match common.get_mut(u32::from(character) as usize) {
            Some(used) => *used = true,
            None => {
                others.insert(character);
            }
        }
    }
    let common = common.iter().zip(0u32..).filter(|(used, _)| **used);
    others.extend(common.filter_map(|(_, code)| char::from_u32(code)));
    others
}

/// One sentence for the reader about the characters that are shown as a box.
fn warning(missing: &BTreeSet<char>) -> Option<String> {
    let named: Vec<String> =
        missing.iter().take(NAMED).map(|c| format!("{c} (U+{:04X})", u32::from(*c))).collect();
    let (named, more) = (named.join(", "), missing.len().saturating_sub(NAMED));
    match missing.len() {
        0 => None,
        1 => Some(format!("1 character has no glyph in the typeface and is shown as a box: {named}")),
        count if more == 0 => {
            Some(format!("{count} characters have no glyph in the typeface and are shown as a box: {named}"))
        }
        count => Some(format!(
            "{count} characters have no glyph in the typeface and are shown as a box: {named} and {more} more"
        )),
    }
}

fn broken(reason: impl Into<String>) -> GenerateError {
    GenerateError::permanent("the document could not be written", reason.into())
}
