//! Charts: labels and series out of the rows of a query.

use std::collections::HashMap;

use super::{
    Cell, Chart, ChartKind, Series,
    columns::{Shown, Unfit},
    of_number,
};
use crate::{data::Rows, locale::Locale};

/// More series than anyone can tell apart.
const MOST_SERIES: usize = 24;

/// A chart over `rows`: the first of the shown columns says what each position is. With `by`, a column whose
/// values name the series, the next one is what they measure; without it each further column is a series.
pub(super) fn chart(
    title: String,
    kind: ChartKind,
    rows: &Rows,
    shown: &[Shown],
    by: Option<usize>,
    locale: &Locale,
) -> Result<Chart, Unfit> {
    let (labels_of, rest) = shown.split_first().ok_or_else(|| nothing(rows))?;
    let measures: Vec<&Shown> = rest.iter().filter(|column| Some(column.at) != by).collect();
    let written = |column: &Shown, row: usize| -> Result<String, Unfit> {
        Ok(locale.cell(&column.cell(rows, row, locale)?, column.column.format, None))
    };
    let (labels, series) = match by.and_then(|by| rest.iter().find(|column| column.at == by)) {
        None => {
            let labels = (0..rows.rows.len()).map(|row| written(labels_of, row)).collect::<Result<_, _>>()?;
            (
                labels,
                measures
                    .into_iter()
                    .map(|column| series(rows, column, locale))
                    .collect::<Result<Vec<_>, _>>()?,
            )
        }
        Some(by) => pivoted(rows, labels_of, by, measures.first().copied(), locale, written)?,
    };
    if series.is_empty() || series.len() > MOST_SERIES {
        let detail = format!("there are {} series; expected 1 to {MOST_SERIES}", series.len());
        return Err(Unfit { row: 1, column: labels_of.column.name.clone(), detail });
    }
    Ok(Chart { title, kind, labels, series })
}

fn series(rows: &Rows, column: &Shown, locale: &Locale) -> Result<Series, Unfit> {
    let value = |row| number(rows, row, column, locale);
    let values = (0..rows.rows.len()).map(value).collect::<Result<_, _>>()?;
    Ok(Series { values, ..empty(column, &column.column.name, &column.column.title) })
}

fn empty(column: &Shown, name: &str, title: &str) -> Series {
    Series {
        name: name.to_owned(),
        title: title.to_owned(),
        format: column.column.format,
        values: Vec::new(),
    }
}

fn number(rows: &Rows, row: usize, column: &Shown, locale: &Locale) -> Result<Option<f64>, Unfit> {
    match column.cell(rows, row, locale)? {
        Cell::Nothing => Ok(None),
        cell => match cell.number() {
            Some(number) => Ok(of_number(number, column.column.format).number()),
            None => {
                let text = locale.cell(&cell, column.column.format, None);
                let detail = format!("“{text}” is not a number, and a chart needs one");
                Err(Unfit { row: row + 1, column: column.column.name.clone(), detail })
            }
        },
    }
}

/// Labels and series in the order in which their first rows come.
fn pivoted(
    rows: &Rows,
    labels_of: &Shown,
    by: &Shown,
    measure: Option<&Shown>,
    locale: &Locale,
    written: impl Fn(&Shown, usize) -> Result<String, Unfit>,
) -> Result<(Vec<String>, Vec<Series>), Unfit> {
    let measure = measure.ok_or_else(|| nothing(rows))?;
    let (mut labels, mut series) = (Vec::new(), Vec::<Series>::new());
    let (mut label_at, mut series_at) = (HashMap::new(), HashMap::new());
    for row in 0..rows.rows.len() {
        let label = *label_at.entry(written(labels_of, row)?).or_insert_with_key(|label| {
            labels.push(label.clone());
            labels.len() - 1
        });
        let one = *series_at.entry(written(by, row)?).or_insert_with_key(|name| {
            series.push(empty(measure, name, name));
            series.len() - 1
        });
        if series.len() > MOST_SERIES {
            return Err(too_many(by, row));
        }
        if let Some(number) = number(rows, row, measure, locale)? {
            let values = &mut series[one].values;
            values.resize(values.len().max(label + 1), None);
            // two rows of one place add up, as they would in a table
            values[label] = Some(values[label].unwrap_or(0.0) + number);
        }
    }
    for one in &mut series {
        one.values.resize(labels.len(), None);
    }
    Ok((labels, series))
}

fn too_many(by: &Shown, row: usize) -> Unfit {
    let detail = format!("there are more than {MOST_SERIES} series");
    Unfit { row: row + 1, column: by.column.name.clone(), detail }
}

fn nothing(rows: &Rows) -> Unfit {
    let column = rows.columns.first().map(|column| column.name.clone()).unwrap_or_default();
    Unfit { row: 1, column, detail: "a chart needs a column of labels and at least one of numbers".into() }
}
