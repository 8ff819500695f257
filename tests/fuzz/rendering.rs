//! Models that no query would fill: every one of them becomes a PDF.

use std::{fs, process::Command};

use fastrand::Rng;
use jiff::Timestamp;
use reportwire::{
    catalog::{Align, Color, DateStyle, Format, Look, Orientation, Paper, RowStyle},
    generate::{
        GenerateError, Model,
        model::{Cell, Chart, ChartKind, Column, Figure, Group, Image, Section, Series, Span, Table},
        pdf,
    },
    work::Monitor,
};

use crate::support::{cases, hostile};

const NUMBERS: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1e12,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    1e-300,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.1,
];

fn number(rng: &mut Rng) -> f64 {
    if rng.bool() {
        NUMBERS[rng.usize(..NUMBERS.len())]
    } else {
        (rng.f64() - 0.3) * 10f64.powi(rng.i32(-3..9))
    }
}

fn format(rng: &mut Rng) -> Format {
    let (digits, style) =
        (rng.u8(..20), [DateStyle::Short, DateStyle::Full, DateStyle::Month, DateStyle::Iso][rng.usize(..4)]);
    match rng.u8(..7) {
        0 => Format::Integer,
        1 => Format::Decimal { digits },
        2 => Format::Money { digits },
        3 => Format::Percent { digits },
        4 => Format::Date { style },
        5 => Format::DateTime { style },
        _ => Format::Text,
    }
}

fn cell(rng: &mut Rng) -> Cell {
    match rng.u8(..7) {
        0 => Cell::Nothing,
        1 => Cell::Integer(rng.i64(..)),
        2 | 3 => Cell::Decimal(number(rng)),
        4 => Cell::Link { text: hostile(rng), href: format!("https://example.com/{}", hostile(rng)) },
        5 => {
            Cell::Text(["2021-01-31", "2021-01-31T08:15", "9999-12-31", "-0001-01-01"][rng.usize(..4)].into())
        }
        _ => Cell::Text(hostile(rng)),
    }
}

fn chart(rng: &mut Rng) -> Chart {
    let labels: Vec<String> = (0..[0, 1, 2, 12, 300][rng.usize(..5)]).map(|_| hostile(rng)).collect();
    let series = (0..rng.usize(..5))
        .map(|_| {
            // as many values as labels, or a lie
            let count = if rng.u8(..6) == 0 { rng.usize(..20) } else { labels.len() };
            let values = (0..count).map(|_| rng.bool().then(|| number(rng))).collect();
            Series { name: "s".into(), title: hostile(rng), format: format(rng), values }
        })
        .collect();
    let kind = [ChartKind::Bar, ChartKind::StackedBar, ChartKind::Line, ChartKind::Pie][rng.usize(..4)];
    Chart { title: hostile(rng), kind, labels, series }
}

fn table(rng: &mut Rng) -> Table {
    let width = [0, 1, 2, 5, 60][rng.usize(..5)];
    let columns = (0..width)
        .map(|_| Column {
            align: [Align::Left, Align::Center, Align::Right][rng.usize(..3)],
            width: rng.bool().then(|| number(rng) as f32),
            grouped: rng.u8(..5) == 0,
            ..Column::new("c", hostile(rng), format(rng))
        })
        .collect();
    // as many cells as columns, or a lie
    let row = |rng: &mut Rng| {
        let count = if rng.u8(..30) == 0 { rng.usize(..8) } else { width };
        (0..count).map(|_| cell(rng)).collect::<Vec<_>>()
    };
    let rows: Vec<_> = (0..[0, 1, 7, 80][rng.usize(..4)]).map(|_| row(rng)).collect();
    let groups = (0..rng.usize(..4))
        .map(|_| Group {
            level: rng.u8(..3),
            title: hostile(rng),
            // rows that are there, or a lie
            first: rng.usize(..90),
            rows: if rng.u8(..4) == 0 { usize::MAX - rng.usize(..9) } else { rng.usize(..40) },
            subtotals: rng.bool().then(|| row(rng)),
        })
        .collect();
    let totals = rng.bool().then(|| row(rng));
    Table { title: hostile(rng), columns, rows, groups, totals }
}

fn section(rng: &mut Rng) -> Section {
    match rng.u8(..8) {
        0 => Section::Heading { text: hostile(rng), level: rng.u8(..) },
        1 => {
            let span = |rng: &mut Rng| Span {
                text: hostile(rng),
                bold: rng.bool(),
                href: rng.bool().then(|| format!("https://example.com/{}", rng.u8(..))),
            };
            Section::Text {
                paragraphs: (0..rng.usize(..3))
                    .map(|_| (0..rng.usize(..4)).map(|_| span(rng)).collect())
                    .collect(),
            }
        }
        2 => Section::KeyFigures {
            figures: (0..rng.usize(..9))
                .map(|_| Figure {
                    name: "f".into(),
                    title: hostile(rng),
                    format: format(rng),
                    value: cell(rng),
                })
                .collect(),
        },
        3 | 4 => Section::Chart(chart(rng)),
        5 => Section::PageBreak,
        6 => Section::Image(Image {
            alt: hostile(rng),
            source: format!("data:image/png;base64,{}", PICTURES[rng.usize(..PICTURES.len())]),
            width: rng.bool().then(|| number(rng) as f32),
            caption: rng.bool().then(|| hostile(rng)),
        }),
        _ => Section::Table(table(rng)),
    }
}

/// Mostly one that can be read: a red point.
const PICTURES: [&str; 8] = [POINT, POINT, POINT, POINT, POINT, "", "iVBORw0KGgo=", "%"];

const POINT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

fn model(rng: &mut Rng) -> Model {
    let color = |rng: &mut Rng| Color { red: rng.u8(..), green: rng.u8(..), blue: rng.u8(..) };
    Model {
        report_type: "FUZZED".into(),
        title: hostile(rng),
        subtitle: hostile(rng),
        author: rng.bool().then(|| hostile(rng)),
        parameters: serde_json::Map::new(),
        created_at: Timestamp::UNIX_EPOCH,
        locale: ["en-GB", "de-CH", "ar-EG", "hi-IN", "ja-JP", "fr-FR"][rng.usize(..6)].into(),
        currency: rng.bool().then(|| ["EUR", "JPY", "XTS"][rng.usize(..3)].into()),
        look: Look {
            paper: [Paper::A3, Paper::A4, Paper::A5, Paper::Letter, Paper::Legal][rng.usize(..5)],
            orientation: [Orientation::Portrait, Orientation::Landscape][rng.usize(..2)],
            accent: rng.bool().then(|| color(rng)),
            palette: (0..rng.usize(..3)).map(|_| color(rng)).collect(),
            rows: [RowStyle::Hairlines, RowStyle::Zebra][rng.usize(..2)],
            logo: None,
            header: rng.bool().then(|| hostile(rng)),
            footer: rng.bool().then(|| hostile(rng)),
        },
        sections: (0..rng.usize(..5)).map(|_| section(rng)).collect(),
        warnings: Vec::new(),
    }
}

#[test]
fn models() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fuzzed.pdf");
    let mut made = 0_u32;
    cases("models", 1_000, |rng| {
        let model = model(rng);
        let has_pictures = model.sections.iter().any(|section| matches!(section, Section::Image(_)));
        let rendered = match pdf::render(&model, &Monitor::detached()) {
            Ok(rendered) => rendered,
            // most of them are nonsense; then that is what is said
            Err(GenerateError::Permanent { detail, .. }) if has_pictures => {
                assert!(detail.contains("picture"), "{detail}");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        assert!(rendered.pdf.starts_with(b"%PDF-"));
        made += 1;
        let document = lopdf::Document::load_mem(&rendered.pdf).unwrap();
        assert!(!document.get_pages().is_empty());
        // the stricter reader is a process of its own for each
        if made.is_multiple_of(50) {
            fs::write(&path, &rendered.pdf).unwrap();
            let checked = Command::new("qpdf").arg("--check").arg(&path).output().unwrap();
            let said = String::from_utf8_lossy(&checked.stdout) + String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success(), "{said}");
        }
    });
    assert!(made > 400, "{made} of the models were drawn");
}
