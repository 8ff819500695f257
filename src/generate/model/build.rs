//! From queries to a model.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Statement, types::ValueRef};
use serde_json::Value;

use super::{Cell, Chart, ChartKind, Column, Figure, Model, Section, Series, Table, cross, of_number, round};
use crate::{
    catalog::{self, Format, ReportType},
    generate::{GenerateError, database, format},
    report::Parameters,
    work::Monitor,
};

/// Runs the queries of `report_type` and puts their rows into a model.
pub(in crate::generate) fn build(
    report_type: &ReportType,
    parameters: &Parameters,
    created_at: Timestamp,
    monitor: &Monitor,
) -> Result<Model, GenerateError> {
    let page = &report_type.page;
    let mut sections = database::with(report_type.source, |connection| {
        let mut sections = Vec::with_capacity(page.sections.len());
        for asked in &page.sections {
            sections.extend(section(asked, &Rows { connection, report_type, parameters, monitor })?);
        }
        Ok(sections)
    })?;
    if sections.is_empty() {
        sections.push(Section::paragraph(page.nothing.clone()));
    }
    Ok(Model {
        report_type: report_type.name.clone(),
        title: report_type.title.clone(),
        subtitle: subtitle(report_type, parameters),
        author: None,
        parameters: parameters.clone(),
        created_at,
        locale: "en-GB".into(),
        currency: page.currency.clone(),
        look: catalog::Look::default(),
        sections,
        warnings: Vec::new(),
    })
}

fn subtitle(report_type: &ReportType, parameters: &Parameters) -> String {
    let parts: Vec<String> = report_type
        .page
        .subtitle
        .iter()
        .filter_map(|name| {
            let parameter = report_type.parameters.iter().find(|parameter| parameter.name == *name)?;
            format::parameter(parameter, parameters.get(name))
        })
        .collect();
    parts.join(" · ")
}

fn section(asked: &catalog::Section, rows: &Rows<'_>) -> Result<Option<Section>, GenerateError> {
    match asked {
        catalog::Section::KeyFigures { query, figures } => {
            let mut found = Vec::new();
            rows.each(query, |row| {
                found.clear();
                for (at, figure) in figures.iter().enumerate() {
                    found.push(Figure {
                        name: figure.name.clone(),
                        title: figure.title.clone(),
                        format: figure.format,
                        value: cell(row, at, figure.format)?,
                    });
                }
                Ok(())
            })?;
            Ok((!found.is_empty()).then_some(Section::KeyFigures { figures: found }))
        }
        catalog::Section::Bars { title, query, measure } => {
            let (mut labels, mut values) = (Vec::new(), Vec::new());
            rows.each(query, |row| {
                labels.push(format::cell(&cell(row, 0, Format::Text)?, Format::Text, None));
                values.push(cell(row, 1, measure.format)?.number());
                Ok(())
            })?;
            let series = Series {
                name: measure.name.clone(),
                title: measure.title.clone(),
                format: measure.format,
                values,
            };
            Ok((!labels.is_empty()).then(|| {
                Section::Chart(Chart {
                    title: title.clone(),
                    kind: ChartKind::Bar,
                    labels,
                    series: vec![series],
                })
            }))
        }
        catalog::Section::Table { title, query, columns } => {
            let mut found: Vec<Vec<Cell>> = Vec::new();
            rows.each(query, |row| {
                let cells = columns.iter().enumerate().map(|(at, column)| cell(row, at, column.format));
                found.push(cells.collect::<Result<_, _>>()?);
                Ok(())
            })?;
            let totals = columns.iter().any(|column| column.total).then(|| totals(columns, &found));
            Ok((!found.is_empty()).then(|| {
                Section::Table(Table {
                    title: title.clone(),
                    columns: columns
                        .iter()
                        .map(|column| Column::new(&column.name, &column.title, column.format))
                        .collect(),
                    rows: found,
                    groups: Vec::new(),
                    totals,
                })
            }))
        }
        catalog::Section::Cross { title, query, rows: row_axis, cells } => {
            let mut table = cross::Cross::default();
            rows.each(query, |row| {
                let name =
                    |at| cell(row, at, Format::Text).map(|name| format::cell(&name, Format::Text, None));
                let value = cell(row, 2, cells.format)?.number().unwrap_or(0.0);
                table.add(name(0)?, name(1)?, value);
                Ok(())
            })?;
            Ok(table.into_section(title, row_axis, cells))
        }
    }
}

/// The sums of the columns that have one. The first column says what the row is.
fn totals(columns: &[catalog::Column], rows: &[Vec<Cell>]) -> Vec<Cell> {
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| match (at, column.total) {
            (0, _) => Cell::Text("Total".into()),
            (_, false) => Cell::Nothing,
            (_, true) => {
                let sum: f64 = rows.iter().filter_map(|row| row[at].number()).sum();
                // Shares that were rounded one by one may add up to 99.9.
                let whole = matches!(column.format, Format::Percent { .. })
                    && (sum - 100.0).abs() < 0.1 * rows.len() as f64;
                of_number(if whole { 100.0 } else { round(sum, 6) }, column.format)
            }
        })
        .collect()
}

/// What every query of one report needs.
struct Rows<'a> {
    connection: &'a Connection,
    report_type: &'a ReportType,
    parameters: &'a Parameters,
    monitor: &'a Monitor,
}

impl Rows<'_> {
    /// Runs `query` and hands its rows over one by one, as long as the work may go on.
    fn each(
        &self,
        query: &str,
        mut take: impl FnMut(&Row<'_>) -> Result<(), GenerateError>,
    ) -> Result<(), GenerateError> {
        self.monitor.check()?;
        let mut statement = self.connection.prepare_cached(query)?;
        self.bind(&mut statement)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            self.monitor.check()?;
            take(row)?;
        }
        Ok(())
    }

    /// Binds every declared parameter that the statement names; absent ones as NULL.
    fn bind(&self, statement: &mut Statement<'_>) -> Result<(), GenerateError> {
        for parameter in &self.report_type.parameters {
            let Some(index) = statement.parameter_index(&format!(":{}", parameter.name))? else { continue };
            match self.parameters.get(&parameter.name) {
                Some(Value::String(text)) => statement.raw_bind_parameter(index, text)?,
                Some(Value::Bool(yes)) => statement.raw_bind_parameter(index, yes)?,
                Some(Value::Number(number)) => match number.as_i64() {
                    Some(whole) => statement.raw_bind_parameter(index, whole)?,
                    None => statement.raw_bind_parameter(index, number.as_f64())?,
                },
                _ => statement.raw_bind_parameter(index, rusqlite::types::Null)?,
            }
        }
        Ok(())
    }
}

fn cell(row: &Row<'_>, at: usize, format: Format) -> Result<Cell, GenerateError> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Cell::Nothing,
        ValueRef::Integer(number) if format == Format::Text => Cell::Integer(number),
        ValueRef::Integer(number) => of_number(number as f64, format),
        ValueRef::Real(number) => of_number(number, format),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(_) => {
            return Err(GenerateError::permanent("a column of the query holds bytes, not text", "a blob"));
        }
    })
}

#[cfg(test)]
mod tests;
