//! What a reader's program finds beside the pages: metadata, the outline, links, pictures.

use lopdf::{Dictionary, Document, Object};
use reportwire::{
    generate::{
        GenerateError,
        model::{Cell, Column, Image, Section, Span, Table},
        pdf,
    },
    work::Monitor,
};

use super::{gallery, model, pages, render};

fn read(pdf: &[u8]) -> Document {
    Document::load_mem(pdf).unwrap()
}

/// A text string (ISO 32000-1, section 7.9.2.2).
fn text(object: &Object) -> String {
    let bytes = object.as_str().unwrap();
    match bytes.strip_prefix(&[0xfe, 0xff]) {
        Some(units) => {
            let units: Vec<u16> =
                units.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
        None => String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn outline(document: &Document, item: &Dictionary, depth: usize, lines: &mut Vec<String>) {
    let at = |item: &Dictionary, key: &[u8]| item.get(key).ok().map(|id| id.as_reference().unwrap());
    let mut next = at(item, b"First");
    let mut before = None;
    while let Some(id) = next {
        let child = document.get_object(id).unwrap().as_dict().unwrap();
        assert_eq!(at(child, b"Prev"), before);
        lines.push(format!("{}{}", "  ".repeat(depth), text(child.get(b"Title").unwrap())));
        outline(document, child, depth + 1, lines);
        before = Some(id);
        next = at(child, b"Next");
    }
    assert_eq!(at(item, b"Last"), before);
}

#[test]
fn metadata_is_in_any_script() {
    let document = read(&render(&gallery::model()).pdf);
    let about = document.trailer.get(b"Info").unwrap().as_reference().unwrap();
    let about = document.get_object(about).unwrap().as_dict().unwrap();
    let of = |key: &[u8]| text(about.get(key).unwrap());
    assert_eq!(of(b"Title"), "Everything at once – Δοκιμή · Проверка · 2024");
    assert_eq!(of(b"Author"), "Zoë Łuczak");
    assert_eq!(of(b"Subject"), "Δοκιμή · Проверка · 2024");
    assert_eq!(of(b"CreationDate"), "D:20261123141200Z");
    assert_eq!(text(document.catalog().unwrap().get(b"Lang").unwrap()), "en-GB");
}

#[test]
fn headings_and_titled_sections_are_the_outline() {
    let document = read(&render(&gallery::model()).pdf);
    let root = document.catalog().unwrap().get(b"Outlines").unwrap().as_reference().unwrap();
    let mut lines = Vec::new();
    outline(&document, document.get_object(root).unwrap().as_dict().unwrap(), 0, &mut lines);
    let expected = [
        "Overview",
        "  Two years",
        "  On top of each other",
        "  Lines and slices",
        "  Lines with a gap",
        "  A pie",
        "  Leaning labels",
        "Tables",
        "  All kinds of cells",
        "  By country",
        "Pictures",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn links_lead_to_the_web_and_to_mail_only() {
    let link = |href: &str| Span { text: "here ".into(), href: Some(href.into()), bold: false };
    let hrefs =
        ["https://a.example/ü?x=(1)", "mailto:b@example.org", "javascript:alert(1)", "file:///etc/passwd"];
    let cell = Cell::Link { text: "cell".into(), href: "http://c.example/".into() };
    let table = Table {
        columns: vec![Column::new("c", "C", reportwire::catalog::Format::Text)],
        rows: vec![vec![cell]],
        ..Table::default()
    };
    let sections = vec![Section::Text { paragraphs: vec![hrefs.map(link).to_vec()] }, Section::Table(table)];
    let document = read(&render(&model(sections)).pdf);
    let page = document.get_dictionary(document.get_pages()[&1]).unwrap();
    let found: Vec<String> = page
        .get(b"Annots")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|annotation| {
            let action = annotation.as_dict().unwrap().get(b"A").unwrap().as_dict().unwrap();
            text(action.get(b"URI").unwrap())
        })
        .collect();
    assert_eq!(found, ["https://a.example/%C3%BC?x=(1)", "mailto:b@example.org", "http://c.example/"]);
}

#[test]
fn pictures_keep_their_transparency_and_a_jpeg_its_bytes() {
    let document = read(&render(&gallery::model()).pdf);
    let images: Vec<&Dictionary> = document
        .objects
        .values()
        .filter_map(|object| object.as_stream().ok())
        .map(|stream| &stream.dict)
        .filter(|dict| {
            dict.get(b"Subtype").is_ok_and(|kind| kind.as_name_str().is_ok_and(|kind| kind == "Image"))
        })
        .collect();
    let filters = images.iter().map(|dict| dict.get(b"Filter").unwrap().as_name_str().unwrap());
    assert_eq!(filters.filter(|filter| *filter == "DCTDecode").count(), 1);
    // the logo and the PNG, each with its mask, and the JPEG
    assert_eq!(images.len(), 5);
    assert_eq!(images.iter().filter(|dict| dict.get(b"SMask").is_ok()).count(), 2);
}

#[test]
fn a_broken_picture_is_named() {
    let huge = {
        // A PNG whose header promises 60,000 by 60,000 pixels.
        use base64::{Engine, engine::general_purpose::STANDARD};
        let source = gallery::png(1, 1);
        let mut bytes = STANDARD.decode(source.split_once(',').unwrap().1).unwrap();
        bytes[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        format!("data:image/png;base64,{}", STANDARD.encode(bytes))
    };
    for source in ["", "https://example.org/a.png", "data:image/png;base64,AAAA", "data:;base64,@", &huge] {
        let image = Image { alt: "the plan".into(), source: source.into(), width: None, caption: None };
        let failed = pdf::render(&model(vec![Section::Image(image)]), &Monitor::detached()).unwrap_err();
        assert!(matches!(failed, GenerateError::Permanent { .. }));
        assert!(failed.to_string().contains("the plan"), "{failed}");
    }
}

#[test]
fn one_model_is_one_file_however_often_it_is_rendered() {
    let model = gallery::model();
    let first = render(&model).pdf;
    pages(&first);
    for _ in 0..20 {
        assert!(render(&model).pdf == first);
    }
}

#[test]
fn a_table_of_thirty_rows_is_a_small_file() {
    let pdf = render(&model(vec![super::long_table(30)])).pdf;
    assert!(pdf.len() < 25_000, "{} bytes", pdf.len());
    let pdf = render(&model(vec![super::long_table(3_000)])).pdf;
    assert!(pdf.len() < 250_000, "{} bytes", pdf.len());
}
