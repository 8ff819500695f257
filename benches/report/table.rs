//! The table that everybody draws.

use reportwire::{
    catalog::{DateStyle, Format, Look},
    generate::model::{Cell, Column, Model, Section, Table},
};

/// A document with one table of so many rows and six columns; `rivals.py` has the same texts.
pub(crate) fn model(rows: usize) -> Model {
    let column = |name: &str, format| Column::new(name, name, format);
    let row = |n: usize| {
        vec![
            Cell::Text(format!("row{n:05}")),
            Cell::Text(format!("Item {} of the catalogue", n % 97)),
            Cell::Text(format!("2021-01-{:02}", n % 28 + 1)),
            Cell::Integer((n * 7 % 1000) as i64),
            Cell::Decimal((n * 12_347 % 1_000_000) as f64 / 100.0),
            Cell::Decimal((n % 1000) as f64 / 10.0),
        ]
    };
    Model {
        report_type: "ROWS".into(),
        title: "Rows".into(),
        subtitle: String::new(),
        author: None,
        parameters: serde_json::Map::new(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        locale: "en-GB".into(),
        currency: Some("EUR".into()),
        look: Look::default(),
        sections: vec![Section::Table(Table {
            columns: vec![
                column("Number", Format::Text),
                column("Item", Format::Text),
                column("Day", Format::Date { style: DateStyle::Medium }),
                column("Pieces", Format::Integer),
                column("Amount", Format::Money { digits: 2 }),
                column("Share", Format::Percent { digits: 1 }),
            ],
            rows: (0..rows).map(row).collect(),
            ..Table::default()
        })],
        warnings: Vec::new(),
    }
}
