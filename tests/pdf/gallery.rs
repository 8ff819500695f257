//! A model with every element, in all their variants.

use base64::{Engine, engine::general_purpose::STANDARD};
use reportwire::{
    catalog::{DateStyle, Format},
    generate::{
        Model,
        model::{Align, Cell, Chart, ChartKind, Column, Figure, Group, Image, Section, Series, Span, Table},
    },
};

pub(crate) const MONEY: Format = Format::Money { digits: 2 };

pub(crate) fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn series(title: &str, format: Format, values: &[f64]) -> Series {
    let values = values.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect();
    Series { name: title.to_lowercase(), title: title.into(), format, values }
}

pub(crate) fn chart(title: &str, kind: ChartKind, labels: &[&str], series: Vec<Series>) -> Section {
    Section::Chart(Chart { title: title.into(), kind, labels: strings(labels), series })
}

/// A picture that grows darker to the right and fades out below.
pub(crate) fn png(width: u32, height: u32) -> String {
    let picture = image::RgbaImage::from_fn(width, height, |x, y| {
        image::Rgba([15, (200 * x / width) as u8, 99, (255 - 200 * y / height) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    format!("data:image/png;base64,{}", STANDARD.encode(bytes.into_inner()))
}

pub(crate) fn jpeg(width: u32, height: u32) -> String {
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 120]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    format!("data:image/jpeg;base64,{}", STANDARD.encode(bytes.into_inner()))
}

/// Stores by country, each with its sums.
pub(crate) fn grouped(countries: usize, shops: usize) -> Section {
    let column = |name: &str, format| Column::new(name, name, format);
    let mut rows = Vec::new();
    let mut groups = Vec::new();
    for country in 0..countries {
        let subtotals = vec![Cell::Nothing, Cell::Nothing, Cell::Integer(700), Cell::Decimal(9_876.5)];
        let first = rows.len();
        let title = format!("Country {}", country + 1);
        groups.push(Group { level: 0, title: title.clone(), first, rows: shops, subtotals: Some(subtotals) });
        for shop in 0..shops {
            let number = country * shops + shop;
            if shop % 4 == 0 {
                let title = format!("Region {}", shop / 4 + 1);
                let rows = 4.min(shops - shop);
                groups.push(Group { level: 1, title, first: number, rows, subtotals: None });
            }
            rows.push(vec![
                text(&title),
                text(&format!("Shop {}", number + 1)),
                Cell::Integer((number * 37 % 900) as i64),
                Cell::Decimal((number * 7919 % 100_000) as f64 / 7.0),
            ]);
        }
    }
    let grouped = Column { grouped: true, ..column("Country", Format::Text) };
    Section::Table(Table {
        title: "By country".into(),
        columns: vec![
            grouped,
            column("Shop", Format::Text),
            column("Visits", Format::Integer),
            column("Revenue", MONEY),
        ],
        rows,
        groups,
        totals: Some(vec![Cell::Nothing, text("Total"), Cell::Integer(4_242), Cell::Decimal(98_765.43)]),
    })
}

/// Every kind of cell, texts that wrap, numbers with different digits.
pub(crate) fn mixed() -> Section {
    let link = Cell::Link { text: "the order".into(), href: "https://example.org/orders/7?a=b".into() };
    let date = Format::Date { style: DateStyle::Medium };
    let any = Column { align: Align::Right, ..Column::new("any", "Any number", Format::Text) };
    let middle = Column { align: Align::Center, ..Column::new("state", "State", Format::Text) };
    let wide = Column {
        width: Some(30.0),
        ..Column::new("note", "A note that is longer than its column", Format::Text)
    };
    let note = "A note that is much longer than its column, so it is broken into lines, and the row is as high as it needs.";
    Section::Table(Table {
        title: "All kinds of cells".into(),
        columns: vec![
            wide,
            Column::new("link", "Link", Format::Text),
            Column::new("day", "Day", date),
            any,
            middle,
            Column::new("share", "Share", Format::Percent { digits: 1 }),
            Column::new("amount", "Amount", MONEY),
        ],
        rows: vec![
            vec![
                text(note),
                link,
                text("2021-01-31"),
                Cell::Decimal(1.5),
                text("open"),
                Cell::Decimal(12.5),
                Cell::Decimal(-1234.5),
            ],
            vec![
                text("short"),
                Cell::Nothing,
                text("2021-02-01"),
                text("n/a"),
                text("done"),
                Cell::Nothing,
                Cell::Decimal(99.0),
            ],
            vec![
                text("Ёлка · Αθήνα · Łódź"),
                text("none"),
                Cell::Nothing,
                Cell::Decimal(12_345.0),
                text("–"),
                Cell::Decimal(-0.4),
                Cell::Nothing,
            ],
        ],
        ..Table::default()
    })
}

/// All of it.
pub(crate) fn model() -> Model {
    let nan = f64::NAN;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"];
    let span = |text: &str| Span { text: text.into(), ..Span::default() };
    let figure = |title: &str, format, value| Figure { name: "f".into(), title: title.into(), format, value };
    let mut model = super::model(vec![
        Section::KeyFigures {
            figures: vec![
                figure("Revenue", MONEY, Cell::Decimal(1_234_567.8)),
                figure("Orders", Format::Integer, Cell::Integer(45_678)),
                figure("Margin", Format::Percent { digits: 1 }, Cell::Decimal(-3.2)),
            ],
        },
        Section::Heading { text: "Overview".into(), level: 1 },
        Section::Text {
            paragraphs: vec![
                vec![
                    span("This half-year was "),
                    Span { bold: true, ..span("better than the one before") },
                    span(". How it was counted is explained "),
                    Span {
                        href: Some("https://example.org/how?x=ä".into()),
                        ..span("on the page about the method")
                    },
                    span(", and questions go to "),
                    Span { href: Some("mailto:reports@example.org".into()), ..span("the authors") },
                    span("."),
                ],
                vec![span("A second paragraph.\nIts second line.")],
            ],
        },
        chart(
            "Two years",
            ChartKind::Bar,
            &months,
            vec![
                series("2023", MONEY, &[10.0, 14.0, 9.0, 17.0, 21.0, 19.0]),
                series("2024", MONEY, &[12.0, 16.0, -4.0, 20.0, 25.0, 22.0]),
            ],
        ),
        chart(
            "On top of each other",
            ChartKind::StackedBar,
            &months,
            vec![
                series("Coffee", Format::Integer, &[10.0, 14.0, 9.0, 17.0, 21.0, 19.0]),
                series("Tea", Format::Integer, &[5.0, -3.0, 6.0, 4.0, -6.0, 8.0]),
                series("Cake", Format::Integer, &[3.0, -2.0, 2.0, 5.0, 6.0, 1.0]),
            ],
        ),
        Section::Heading { text: "Lines and slices".into(), level: 2 },
        chart(
            "Lines with a gap",
            ChartKind::Line,
            &months,
            vec![
                series("Berlin", Format::Decimal { digits: 1 }, &[1.0, 2.5, nan, 3.0, 2.0, 4.5]),
                series("Wien", Format::Decimal { digits: 1 }, &[2.0, 2.1, 2.4, nan, 1.0, nan]),
            ],
        ),
        chart(
            "A pie",
            ChartKind::Pie,
            &["Espresso", "Cappuccino", "Filter", "Tea", "Water", "Other drinks"],
            vec![series("Share", MONEY, &[40.0, 25.0, 15.0, 10.0, 1.0, 0.5])],
        ),
        chart(
            "Leaning labels",
            ChartKind::Bar,
            &[
                "Thessaloniki",
                "Luxembourg City",
                "Reykjavík",
                "Saint Petersburg",
                "Villeneuve-d’Ascq",
                "Rome",
                "Newcastle upon Tyne",
                "Oslo",
                "Santiago de Compostela",
                "Bucharest",
                "Copenhagen",
                "Gdańsk",
            ],
            vec![series("S", Format::Integer, &[5.0, 3.0, 8.0, 2.0, 9.0, 4.0, 7.0, 1.0, 6.0, 3.0, 8.0, 2.0])],
        ),
        Section::Heading { text: "Tables".into(), level: 1 },
        mixed(),
        grouped(3, 9),
        Section::PageBreak,
        Section::PageBreak,
        Section::Heading { text: "Pictures".into(), level: 1 },
        Section::Image(Image {
            alt: "a gradient".into(),
            source: png(120, 60),
            width: Some(60.0),
            caption: Some("A picture with transparency, sixty millimetres wide".into()),
        }),
        Section::Image(Image { alt: "another".into(), source: jpeg(200, 100), width: None, caption: None }),
    ]);
    model.title = "Everything at once".into();
    model.subtitle = "Δοκιμή · Проверка · 2024".into();
    model.author = Some("Zoë Łuczak".into());
    model.look.logo = Some(png(90, 30));
    model.look.header = Some("The running title".into());
    model.look.footer = Some("Confidential".into());
    model
}
