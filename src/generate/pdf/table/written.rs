//! The cells of a table as texts, with what their column needs to know of them.

use std::collections::HashMap;

use super::super::flow::Flow;
use crate::{
    generate::model::{Align, Cell, Column, Table},
    work::Stopped,
};

/// A row of texts, one for each column that is shown.
pub(super) type Row = Vec<Text>;

/// A cell as it is shown.
pub(super) struct Text {
    pub(super) text: String,
    /// Where it leads.
    pub(super) href: Option<String>,
    /// Where the digits after the point begin, if it is a number that stands on the point.
    pub(super) point: Option<usize>,
}

/// A table as it is shown.
pub(super) struct Written<'a> {
    pub(super) title: String,
    pub(super) columns: Vec<&'a Column>,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// Those of each group.
    pub(super) subtotals: Vec<Option<Row>>,
    pub(super) totals: Option<Row>,
    /// The groups that end before a row, inner ones first.
    pub(super) ends: HashMap<usize, Vec<usize>>,
}

impl<'a> Written<'a> {
    pub(super) fn of(table: &'a Table, flow: &Flow<'_>) -> Result<Self, Stopped> {
        let page = flow.page;
        let shown: Vec<usize> = (0..table.columns.len()).filter(|at| !table.columns[*at].grouped).collect();
        let columns: Vec<&Column> = shown.iter().map(|at| &table.columns[*at]).collect();
        let one = |cell: &Cell, column: &Column| {
            let text = page.cell(cell, column.format);
            let stands = column.align == Align::Right && cell.number().is_some();
            let point = stands.then(|| page.point(&text));
            let href = if let Cell::Link { href, .. } = cell { Some(href.clone()) } else { None };
            Text { text, href, point }
        };
        let nothing = || Text { text: String::new(), href: None, point: None };
        let row = |cells: &[Cell]| -> Row {
            let cell = |(at, column): (&usize, &&Column)| {
                cells.get(*at).map_or_else(nothing, |cell| one(cell, column))
            };
            shown.iter().zip(&columns).map(cell).collect()
        };
        // A sum that there is none of is left empty: a dash would read as a value.
        let sums = |cells: &[Cell]| -> Row {
            let cell = |(at, column): (&usize, &&Column)| match cells.get(*at) {
                None | Some(Cell::Nothing) => nothing(),
                Some(cell) => one(cell, column),
            };
            shown.iter().zip(&columns).map(cell).collect()
        };
        let mut rows = Vec::with_capacity(table.rows.len());
        for cells in &table.rows {
            flow.check()?;
            rows.push(row(cells));
        }
        let mut ends: HashMap<usize, Vec<usize>> = HashMap::new();
        for (at, group) in table.groups.iter().enumerate().rev() {
            ends.entry(group.first.saturating_add(group.rows)).or_default().push(at);
        }
        let (title, header) = headings(&table.title, &columns, page.sign());
        let subtotals = table.groups.iter().map(|group| group.subtotals.as_deref().map(sums)).collect();
        let totals = table.totals.as_deref().map(sums);
        Ok(Self { title, columns, header, rows, subtotals, totals, ends })
    }

    /// The rows of sums.
    pub(super) fn sums(&self) -> impl Iterator<Item = &Row> {
        self.subtotals.iter().chain([&self.totals]).flatten()
    }
}

/// The heading of the table and those of its columns. The currency is named once, so that the cells need
/// not: by the table when all its numbers are amounts, else by the columns of amounts.
fn headings(title: &str, columns: &[&Column], sign: Option<&str>) -> (String, Vec<String>) {
    let is_money = |column: &&&Column| column.format.is_money();
    let numbers = || columns.iter().filter(|column| column.align == Align::Right);
    let whole = !title.is_empty() && numbers().count() > 1 && numbers().all(|column| is_money(&column));
    let with_sign = |text: &str, wanted: bool| match sign {
        Some(sign) if wanted => format!("{text}, {sign}"),
        _ => text.to_owned(),
    };
    let columns = columns.iter().map(|column| with_sign(&column.title, is_money(&column) && !whole));
    (with_sign(title, whole), columns.collect())
}
