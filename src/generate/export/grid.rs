//! Whatever has rows and columns, seen as a table: tables themselves, charts and key figures.

use std::borrow::Cow;

use crate::{
    catalog::Format,
    generate::model::{Cell, Chart, Column, Figure, Model, Section, Table},
};

/// Rows under titles. It borrows from the model what it can.
pub(super) struct Grid<'a> {
    /// The heading; empty when there is none.
    pub(super) title: &'a str,
    pub(super) columns: Cow<'a, [Column]>,
    pub(super) rows: Cow<'a, [Vec<Cell>]>,
    pub(super) totals: Option<&'a [Cell]>,
}

impl<'a> From<&'a Table> for Grid<'a> {
    fn from(table: &'a Table) -> Self {
        Self {
            title: &table.title,
            columns: Cow::Borrowed(&table.columns),
            rows: Cow::Borrowed(&table.rows),
            totals: table.totals.as_deref(),
        }
    }
}

impl<'a> From<&'a Chart> for Grid<'a> {
    /// A row for each label, a column for each series.
    fn from(chart: &'a Chart) -> Self {
        let series =
            chart.series.iter().map(|series| Column::new(&series.name, &series.title, series.format));
        let columns = std::iter::once(Column::new("label", "", Format::Text)).chain(series).collect();
        let row = |(at, label): (usize, &String)| {
            let value = |value: Option<f64>| value.map_or(Cell::Nothing, Cell::Decimal);
            let values = chart.series.iter().map(|series| value(series.values.get(at).copied().flatten()));
            std::iter::once(Cell::Text(label.clone())).chain(values).collect()
        };
        let rows = chart.labels.iter().enumerate().map(row).collect();
        Self { title: &chart.title, columns, rows, totals: None }
    }
}

impl<'a> From<&'a [Figure]> for Grid<'a> {
    /// One row.
    fn from(figures: &'a [Figure]) -> Self {
        let columns = figures.iter().map(|figure| Column::new(&figure.name, &figure.title, figure.format));
        let row = figures.iter().map(|figure| figure.value.clone()).collect();
        Self { title: "", columns: columns.collect(), rows: Cow::Owned(vec![row]), totals: None }
    }
}

/// The tables of the model. A report without any has its key figures and charts instead.
pub(super) fn tables(model: &Model) -> Vec<Grid<'_>> {
    let found: Vec<Grid<'_>> = model.sections.iter().filter_map(table).collect();
    if found.is_empty() { model.sections.iter().filter_map(other).collect() } else { found }
}

fn table(section: &Section) -> Option<Grid<'_>> {
    match section {
        Section::Table(table) => Some(Grid::from(table)),
        _ => None,
    }
}

fn other(section: &Section) -> Option<Grid<'_>> {
    match section {
        Section::KeyFigures { figures } => Some(Grid::from(&figures[..])),
        Section::Chart(chart) => Some(Grid::from(chart)),
        _ => None,
    }
}
