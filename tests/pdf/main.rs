//! The PDF as other programs read it: qpdf for its structure, pdftotext for what can be searched and copied.
//!
//! Both have to be installed (Debian: `qpdf`, `poppler-utils`); without them these tests fail.

#![allow(clippy::unwrap_used, reason = "Clippy sees a test only in a function that is marked as one")]

mod drawing;
mod gallery;
mod golden;
mod structure;

use std::process::Command;

use jiff::Timestamp;
use reportwire::{
    catalog::{Format, Look, file},
    data::Sources,
    generate::{
        GenerateError, Model, Order, generate,
        model::{Cell, Chart, ChartKind, Column, Figure, Section, Series, Table},
        pdf,
    },
    work::Monitor,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn created() -> Timestamp {
    "2026-11-23T14:12:00Z".parse().unwrap()
}

fn coffee(parameters: Value) -> reportwire::generate::Generated {
    let folder = tempfile::tempdir().unwrap();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/coffee-sales.toml");
    let coffee = file::read(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
    let parameters = coffee.check(parameters.as_object().unwrap(), jiff::civil::date(2024, 3, 1)).unwrap();
    let order = Order { report_type: &coffee, parameters: &parameters, data: None, created_at: created() };
    generate(&order, &Sources::new(folder.path().into()), &Monitor::detached()).unwrap()
}

fn model(sections: Vec<Section>) -> Model {
    Model {
        report_type: "TEST".into(),
        title: "Ćwiczenie".into(),
        subtitle: "Δοκιμή · Проверка".into(),
        author: None,
        parameters: serde_json::Map::new(),
        created_at: created(),
        locale: "en-GB".into(),
        currency: Some("EUR".into()),
        look: Look::default(),
        sections,
        warnings: Vec::new(),
    }
}

fn long_table(rows: usize) -> Section {
    let column = |name: &str, format| Column::new(name, name, format);
    Section::Table(Table {
        title: "Rows".into(),
        groups: Vec::new(),
        columns: vec![
            column("Number", Format::Text),
            column("Amount", Format::Money { digits: 2 }),
            column("Count", Format::Integer),
        ],
        rows: (0..rows)
            .map(|n| {
                vec![Cell::Text(format!("row{n:05}.")), Cell::Decimal(n as f64), Cell::Integer(n as i64)]
            })
            .collect(),
        totals: Some(vec![Cell::Text("Grand total".into()), Cell::Decimal(1.0), Cell::Nothing]),
    })
}

fn render(model: &Model) -> pdf::Rendered {
    pdf::render(model, &Monitor::detached()).unwrap()
}

/// The text of each page, after qpdf found nothing wrong with the file.
fn pages(pdf: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.pdf");
    std::fs::write(&file, pdf).unwrap();
    let check = Command::new("qpdf").arg("--check").arg(&file).output().expect("qpdf is installed");
    assert!(check.status.success(), "{}{}", text(&check.stdout), text(&check.stderr));
    pdftotext(pdf, "-layout").split_terminator('\u{c}').map(String::from).collect()
}

fn pdftotext(pdf: &[u8], mode: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.pdf");
    std::fs::write(&file, pdf).unwrap();
    let read = Command::new("pdftotext").args([mode, "-enc", "UTF-8"]).arg(&file).arg("-").output();
    let read = read.expect("pdftotext is installed");
    assert!(read.status.success(), "{}", text(&read.stderr));
    assert_eq!(text(&read.stderr), "");
    text(&read.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_day_of_coffee_is_one_page_whose_text_can_be_found() {
    let report = coffee(json!({"reportDate": "2021-01-01"}));
    assert_eq!(report.file_name, "coffee-sales-2021-01-01.pdf");
    assert_eq!(report.warnings, [""; 0]);
    assert!(report.pdf.len() < 100_000, "{} bytes", report.pdf.len());
    let pages = pages(&report.pdf);
    assert_eq!(pages.len(), 1);
    let words =
        ["Coffee sales", "Friday, 1 January 2021 · all shops", "Αθήνα", "София", "Zürich", "København"];
    for word in words.into_iter().chain(["Kraków", "Caffè latte", "Page 1 of 1", "14:12 UTC", "100.0%"]) {
        assert!(pages[0].contains(word), "{word} is not in\n{}", pages[0]);
    }
    // What the page says is what the model says.
    let model: Model = serde_json::from_slice(&report.model).unwrap();
    let Section::KeyFigures { figures } = &model.sections[0] else { panic!("{:?}", model.sections) };
    let revenue = format!("€{:.2}", figures[0].value.number().unwrap());
    assert!(pages[0].contains(&revenue), "{revenue} is not in\n{}", pages[0]);
}

#[test]
fn days_all_over_the_year_render() {
    let mut day = jiff::civil::date(2021, 1, 1);
    while day.year() == 2021 {
        let report = coffee(json!({"reportDate": day.to_string()}));
        assert_eq!(report.warnings, [""; 0], "{day}");
        day = day.checked_add(jiff::Span::new().days(13)).unwrap();
    }
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let asked = json!({"reportDate": "2021-03-14", "shop": "София"});
    let (first, second) = (coffee(asked.clone()), coffee(asked));
    assert_eq!(first.model, second.model);
    assert!(first.pdf == second.pdf);
}

#[test]
fn a_day_without_sales_says_so() {
    let pages = pages(&coffee(json!({"reportDate": "2021-12-25"})).pdf);
    assert_eq!(pages.len(), 1);
    assert!(pages[0].contains("Nothing was sold on this day."), "{}", pages[0]);
}

#[test]
fn a_long_table_repeats_its_header_and_loses_no_row() {
    for rows in [1, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 500] {
        let pages = pages(&render(&model(vec![long_table(rows)])).pdf);
        let all = pages.concat();
        assert_eq!(all.matches("row0").count(), rows);
        let last = pages.len();
        for (at, page) in pages.iter().enumerate() {
            assert!(page.contains(&format!("Page {} of {last}", at + 1)), "{page}");
            assert!(page.contains("Amount, €"), "{page}");
            assert!(page.contains("Δοκιμή · Проверка"), "{page}");
        }
        // The total is never alone on a page.
        assert!(pages[last - 1].contains("Grand total") && pages[last - 1].contains("row0"), "{rows}");
    }
}

#[test]
fn digits_of_a_column_end_at_the_same_place() {
    // Each word with its box, in points: <word xMin="…" yMin="…" xMax="…" yMax="…">11.00</word>
    let boxes = pdftotext(&render(&model(vec![long_table(30)])).pdf, "-bbox");
    let amounts = boxes.lines().filter(|line| line.contains(".00</word>"));
    let ends: Vec<f64> = amounts
        .map(|line| line.split("xMax=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(ends.len(), 31);
    assert!(ends.iter().all(|end| (end - ends[0]).abs() < 0.05), "{ends:?}");
}

#[test]
fn a_character_without_a_glyph_is_a_box_and_a_warning() {
    let text = Section::paragraph("before 茶 and 😀 after\u{0}\u{7}\u{202e}");
    let rendered = render(&model(vec![text]));
    let pages = pages(&rendered.pdf);
    assert!(pages[0].contains("before \u{fffd} and \u{fffd} after"), "{}", pages[0]);
    let warning =
        "2 characters have no glyph in the typeface and are shown as a box: 茶 (U+8336), 😀 (U+1F600)";
    assert_eq!(rendered.warnings, [warning]);
}

#[test]
fn texts_and_numbers_of_any_size_stay_on_the_page() {
    let long = "wide ".repeat(60);
    let column = |title: &str| Column::new(title, title, Format::Money { digits: 2 });
    let figure =
        |value| Figure { name: "f".into(), title: long.clone(), format: Format::Money { digits: 2 }, value };
    let values = [0.0, -1e12, 1e12, f64::MAX, 0.001].map(Some).to_vec();
    let sections = vec![
        Section::KeyFigures { figures: vec![] },
        Section::KeyFigures {
            figures: vec![
                figure(Cell::Text(long.clone())),
                figure(Cell::Decimal(-1e15)),
                figure(Cell::Nothing),
            ],
        },
        Section::Chart(Chart { title: long.clone(), kind: ChartKind::Bar, labels: vec![], series: vec![] }),
        Section::Chart(Chart {
            title: String::new(),
            kind: ChartKind::Bar,
            labels: vec![long.clone(); 5],
            series: vec![Series {
                name: "s".into(),
                title: "S".into(),
                format: Format::Money { digits: 2 },
                values,
            }],
        }),
        Section::Chart(Chart {
            title: "Many".into(),
            kind: ChartKind::Bar,
            labels: (0..400).map(|n| n.to_string()).collect(),
            series: vec![Series {
                name: "s".into(),
                title: "S".into(),
                format: Format::Integer,
                values: (0..400).map(|n| Some(f64::from(n))).collect(),
            }],
        }),
        Section::Table(Table { title: long.clone(), ..Table::default() }),
        Section::Table(Table {
            title: long.clone(),
            columns: (0..40).map(|_| column(&long)).collect(),
            rows: vec![vec![Cell::Text(long.clone()); 40]; 3],
            ..Table::default()
        }),
        Section::paragraph(format!("{}\n\n{long}{long}", "unbroken".repeat(2000))),
    ];
    let pages = pages(&render(&model(sections)).pdf);
    assert!(pages.len() > 1);
}

#[test]
fn work_that_was_told_to_stop_stops_between_rows() {
    let stop = CancellationToken::new();
    let monitor = Monitor::new(stop.clone());
    let mut seen = monitor.subscribe();
    let long = model(vec![long_table(30_000)]);
    let work = std::thread::spawn(move || pdf::render(&long, &monitor));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        seen.changed().await.unwrap();
        stop.cancel();
    });
    assert!(matches!(work.join().unwrap(), Err(GenerateError::Stopped(_))));
    let percent = seen.borrow().as_ref().unwrap().percent;
    assert!((80..98).contains(&percent), "{percent}");
}
