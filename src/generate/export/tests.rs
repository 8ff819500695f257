//! What holds for every format, and what hostile content comes to in HTML.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    catalog::{Format, Look},
    generate::model::{Cell, Chart, ChartKind, Column, Figure, Group, Image, Section, Series, Span, Table},
};

fn model(sections: Vec<Section>) -> Model {
    Model {
        report_type: "TEST".into(),
        title: "Sales <b>\"&'".into(),
        subtitle: "1 January 2021".into(),
        author: Some("</title><script>alert(1)</script>".into()),
        parameters: serde_json::Map::new(),
        created_at: "2026-11-23T14:12:00Z".parse().unwrap(),
        locale: "en-GB".into(),
        currency: Some("EUR".into()),
        look: Look { footer: Some("</style><script>alert(2)</script>".into()), ..Look::default() },
        sections,
        warnings: vec!["<i>a flaw</i>".into()],
    }
}

fn sales() -> Table {
    let text = |text: &str| Cell::Text(text.into());
    let mut columns = vec![
        Column::new("region", "Region", Format::Text),
        Column::new("shop", "Shop", Format::Text),
        Column::new("revenue", "Revenue", Format::Money { digits: 2 }),
    ];
    columns[0].grouped = true;
    let group = |title: &str, first, rows, sum| Group {
        level: 0,
        title: title.into(),
        first,
        rows,
        subtotals: Some(vec![Cell::Nothing, Cell::Nothing, Cell::Decimal(sum)]),
    };
    Table {
        title: "Shops".into(),
        columns,
        rows: vec![
            vec![text("North"), text("=A1"), Cell::Decimal(1234.5)],
            vec![text("North"), text("b, c"), Cell::Decimal(-2.0)],
            vec![text("South"), text("d"), Cell::Nothing],
        ],
        groups: vec![group("North", 0, 2, 1232.5), group("South", 2, 1, 0.0)],
        totals: Some(vec![Cell::Nothing, text("Total"), Cell::Decimal(1232.5)]),
    }
}

fn chart(kind: ChartKind, series: usize) -> Chart {
    let one = |at: usize| Series {
        name: format!("s{at}"),
        title: format!("<s{at}>"),
        format: Format::Integer,
        values: vec![Some(1.0), None, Some(-(at as f64)), Some(f64::MAX)],
    };
    let labels = ["a", "<b>", "c", "d"].map(String::from).into();
    Chart { title: "<Chart>".into(), kind, labels, series: (0..series).map(one).collect() }
}

fn everything() -> Model {
    let link = |href: &str| Span { text: "<link>".into(), bold: true, href: Some(href.into()) };
    let image = |source: &str| {
        let (alt, caption) = ("\" onerror=\"alert(3)".into(), Some("<caption>".into()));
        Section::Image(Image { alt, source: source.into(), width: Some(20.0), caption })
    };
    let mut sections = vec![
        Section::Heading { text: "<h>".into(), level: 1 },
        Section::Text {
            paragraphs: vec![vec![
                link("https://example.org/?a=1&b=\"2\""),
                link("javascript:alert(4)"),
                link("data:text/html,<script>alert(5)</script>"),
                link("JAVASCRIPT:alert(6)"),
                link("/relative"),
            ]],
        },
        Section::KeyFigures {
            figures: vec![Figure {
                name: "x".into(),
                title: "<x>".into(),
                format: Format::Text,
                value: Cell::Text("<img src=x onerror=alert(7)>".into()),
            }],
        },
        Section::PageBreak,
        Section::Table(sales()),
        Section::Table(Table {
            title: "<Links>".into(),
            columns: vec![Column::new("l", "<L>", Format::Text)],
            rows: ["javascript:alert(8)", "mailto:a@example.org", "https://example.org\n"]
                .map(|href| vec![Cell::Link { text: "<go>".into(), href: href.into() }])
                .into(),
            ..Table::default()
        }),
        image("data:image/png;base64,iVBORw0KGgo="),
        image("data:image/png;base64,\"><script>alert(9)</script>"),
        image("data:image/svg+xml;base64,PHN2Zy8+"),
        image("https://example.org/x.png"),
    ];
    for kind in [ChartKind::Bar, ChartKind::StackedBar, ChartKind::Line, ChartKind::Pie] {
        sections.extend([0, 1, 2, 9].map(|series| Section::Chart(chart(kind, series))));
    }
    model(sections)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn html(model: &Model) -> String {
    text(export(model, ExportFormat::Html, &Monitor::detached()).unwrap())
}

#[test]
fn the_same_model_gives_the_same_bytes_also_after_it_was_stored() {
    let model = everything();
    let stored = serde_json::from_value(json!(model)).unwrap();
    for format in ExportFormat::ALL {
        let [first, second] =
            [&model, &stored].map(|model| export(model, format, &Monitor::detached()).unwrap());
        assert!(first == second, "{format:?}");
    }
}

#[test]
fn no_format_is_written_for_somebody_who_left() {
    let stop = CancellationToken::new();
    stop.cancel();
    for format in ExportFormat::ALL {
        let written = export(&everything(), format, &Monitor::new(stop.clone()));
        assert!(matches!(written, Err(GenerateError::Stopped(_))), "{format:?}");
    }
}

#[test]
fn a_flat_file_has_the_grouped_columns_and_no_sums() {
    let rows = "Region,Shop,Revenue\r\nNorth,'=A1,1234.5\r\nNorth,\"b, c\",-2\r\nSouth,d,\r\n";
    let model = model(vec![Section::Table(sales())]);
    assert_eq!(
        text(export(&model, ExportFormat::Csv, &Monitor::detached()).unwrap()),
        format!("\u{feff}{rows}")
    );
    assert_eq!(text(table(&model, 1, &Monitor::detached()).unwrap().unwrap()), rows);
    for none in [0, 2, usize::MAX] {
        assert_eq!(table(&model, none, &Monitor::detached()).unwrap(), None);
    }
}

#[test]
fn several_tables_stand_below_their_titles_and_each_can_be_had_alone() {
    let mut second = sales();
    second.title = "-Second".into();
    second.rows.truncate(1);
    let model = model(vec![Section::Table(sales()), Section::Table(second)]);
    let csv = text(export(&model, ExportFormat::Csv, &Monitor::detached()).unwrap());
    assert!(csv.starts_with("\u{feff}Shops\r\nRegion,"), "{csv}");
    assert!(
        csv.ends_with("\r\nSouth,d,\r\n\r\n'-Second\r\nRegion,Shop,Revenue\r\nNorth,'=A1,1234.5\r\n"),
        "{csv}"
    );
    assert_eq!(tables(&model), ["Shops", "-Second"]);
    let alone = text(table(&model, 2, &Monitor::detached()).unwrap().unwrap());
    assert_eq!(alone, "Region,Shop,Revenue\r\nNorth,'=A1,1234.5\r\n");
}

#[test]
fn a_report_without_tables_gives_its_figures_and_charts() {
    let figure =
        Figure { name: "n".into(), title: "Sold".into(), format: Format::Integer, value: Cell::Integer(7) };
    let mut chart = chart(ChartKind::Bar, 2);
    chart.series.iter_mut().for_each(|series| series.values.truncate(3));
    chart.labels.truncate(3);
    let model = model(vec![Section::KeyFigures { figures: vec![figure] }, Section::Chart(chart)]);
    let csv = text(export(&model, ExportFormat::Csv, &Monitor::detached()).unwrap());
    assert_eq!(csv, "\u{feff}Sold\r\n7\r\n\r\n<Chart>\r\n,<s0>,<s1>\r\na,1,1\r\n<b>,,\r\nc,0,-1\r\n");
}

#[test]
fn nothing_in_a_page_runs_or_leads_astray() {
    let page = html(&everything());
    for hostile in [
        "<script",
        "<b>\"",
        "<img src=x",
        "</style><",
        "<link>",
        "<go>",
        "<s0>",
        "<Chart>",
        "<caption>\n",
        "<i>a",
    ] {
        assert!(!page.contains(hostile), "{hostile}");
    }
    assert!(!page.contains("onerror=\""), "an attribute was left");
    let links: Vec<&str> =
        page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(
        links,
        ["https:&#x2f;&#x2f;example.org&#x2f;?a=1&amp;b=&quot;2&quot;", "mailto:a@example.org"],
        "only what is safe is a link"
    );
    let pictures: Vec<&str> =
        page.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(pictures, ["data:image/png;base64,iVBORw0KGgo="]);
    for said in ["&lt;link&gt;", "Sales &lt;b&gt;", "&lt;img src=x", "alt=\"&quot; onerror="] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"), "a mark has no place");
}

#[test]
fn a_page_shows_groups_with_their_sums_and_names_the_currency_once() {
    let page = html(&model(vec![Section::Table(sales())]));
    let rows = page.split("<table").nth(1).unwrap();
    let order = [
        "Revenue, €",
        ">North<",
        "=A1",
        "1,234.50",
        "b, c",
        "−2.00",
        "subtotal",
        "1,232.50",
        ">South<",
        "total",
        "Total",
    ];
    let mut from = 0;
    for text in order {
        from += rows[from..].find(text).unwrap_or_else(|| panic!("{text} in {rows}")) + text.len();
    }
    assert_eq!(rows.matches("subtotal").count(), 1, "one row needs no sum");
    assert!(!rows.contains("€1") && !rows.contains(">Region<"), "{rows}");
}

#[test]
fn a_sheet_that_is_too_long_is_refused_with_both_numbers() {
    let rows = vec![vec![]; 1_048_576];
    let model = model(vec![Section::Table(Table { title: "Long".into(), rows, ..Table::default() })]);
    let error = export(&model, ExportFormat::Xlsx, &Monitor::detached()).unwrap_err().to_string();
    assert!(error.contains("1048576 rows") && error.contains("1048575"), "{error}");
}
