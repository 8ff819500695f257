//! From the columns of a query to the columns of a page: what the file says about them, and what is found
//! where it says nothing.

use super::{Cell, Column, of_number};
use crate::{
    catalog::{self, ColumnType, DateStyle, Format, Total},
    data::Rows,
    locale::Locale,
    value,
};

/// More digits after the point than anyone reads.
const MOST_DIGITS: u8 = 2;

/// A column of a query that the page shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Its place in the rows.
    pub(super) at: usize,
    /// As the model has it.
    pub(super) column: Column,
    /// What rows of totals say about it.
    pub(super) total: Option<Total>,
    /// The place of the column with the addresses of its values.
    link: Option<usize>,
    /// Its values are yes and no.
    boolean: bool,
}

/// The columns of `rows` that are shown, in the order of the query.
pub(super) fn shown(rows: &Rows, said: &[catalog::Column]) -> Vec<Shown> {
    let of = |name: &str| said.iter().find(|column| column.name.text == name);
    let columns = rows.columns.iter().enumerate();
    let one = |(at, found): (usize, &crate::data::RowColumn)| {
        let said = of(&found.name).cloned().unwrap_or_default();
        if said.hidden {
            return None;
        }
        let format = said.format.unwrap_or_else(|| format(rows, at));
        let title = said.title.unwrap_or_else(|| catalog::humanised(&found.name));
        let column = Column::new(&found.name, title, format);
        Some(Shown {
            at,
            total: said.total,
            link: said.link.and_then(|link| rows.position(&link.text)),
            boolean: found.declared == Some(ColumnType::Boolean) && said.format.is_none(),
            column: Column { align: said.align.unwrap_or(column.align), width: said.width, ..column },
        })
    };
    columns.filter_map(one).collect()
}

/// A value that is not what the file says its column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    /// The row, counted from 1.
    pub(super) row: usize,
    /// The name of the column.
    pub(super) column: String,
    /// What it is, and what it should be.
    pub(super) detail: String,
}

impl Shown {
    /// The value of row `row` as the model has it.
    pub(super) fn cell(&self, rows: &Rows, row: usize, locale: &Locale) -> Result<Cell, Unfit> {
        let cell = self.plain(rows, row, locale)?;
        let Some(Cell::Text(href)) = self.link.map(|at| &rows.rows[row][at]) else { return Ok(cell) };
        if cell == Cell::Nothing || !super::is_safe_link(href) {
            return Ok(cell);
        }
        Ok(Cell::Link { text: locale.cell(&cell, self.column.format, None), href: href.clone() })
    }

    fn plain(&self, rows: &Rows, row: usize, locale: &Locale) -> Result<Cell, Unfit> {
        let raw = &rows.rows[row][self.at];
        if self.boolean {
            let words = locale.words();
            match raw {
                Cell::Integer(0) => return Ok(Cell::Text(words.no.to_owned())),
                Cell::Integer(_) => return Ok(Cell::Text(words.yes.to_owned())),
                _ => {}
            }
        }
        let format = self.column.format;
        let unfit = |text: &str, wanted: &str| Unfit {
            row: row + 1,
            column: self.column.name.clone(),
            detail: format!("“{text}” is not {wanted}"),
        };
        match (raw, format) {
            (Cell::Integer(number), Format::Integer | Format::Text) => Ok(Cell::Integer(*number)),
            (Cell::Decimal(number), Format::Text) => Ok(Cell::Decimal(*number)),
            (Cell::Text(text), format) if format.is_number() => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(of_number(number, format)),
                _ => Err(unfit(text, "a number")),
            },
            (Cell::Text(text), Format::Date { .. }) if !is_day(text) => {
                Err(unfit(text, "a date in the form 2021-01-31"))
            }
            (Cell::Text(text), Format::DateTime { .. }) if !is_day(text) => {
                Err(unfit(text, "a time in the form 2021-01-31T08:15"))
            }
            (Cell::Integer(_) | Cell::Decimal(_), Format::Date { .. } | Format::DateTime { .. }) => Err(
                unfit(&locale.cell(raw, Format::Text, None), "a date, which is text in the form 2021-01-31"),
            ),
            (raw, format) => Ok(match raw.number() {
                Some(number) => of_number(number, format),
                None => raw.clone(),
            }),
        }
    }
}

fn is_day(text: &str) -> bool {
    value::date(text).is_some() || value::date_time(text).is_some()
}

/// What the values of a column are, as far as that can be seen.
fn format(rows: &Rows, at: usize) -> Format {
    let column = &rows.columns[at];
    match column.declared {
        Some(ColumnType::Date) => return Format::Date { style: DateStyle::default() },
        Some(ColumnType::Text | ColumnType::Boolean) => return text(rows, at),
        Some(ColumnType::Integer | ColumnType::Decimal) | None => {}
    }
    let mut digits = None;
    for cell in rows.rows.iter().map(|row| &row[at]) {
        match cell {
            Cell::Nothing => {}
            Cell::Integer(_) => digits = digits.max(Some(0)),
            Cell::Decimal(number) => digits = digits.max(Some(needed(*number))),
            Cell::Text(_) | Cell::Link { .. } => return text(rows, at),
        }
    }
    match digits {
        None => Format::Text,
        Some(0) if is_label(&column.name) => Format::Text,
        Some(0) => Format::Integer,
        Some(_) => Format::Decimal { digits: MOST_DIGITS },
    }
}

/// Dates and times are text, too.
fn text(rows: &Rows, at: usize) -> Format {
    let texts = || {
        rows.rows.iter().filter_map(move |row| match &row[at] {
            Cell::Nothing => None,
            Cell::Text(text) => Some(text.as_str()),
            // a number among them
            _ => Some(""),
        })
    };
    if texts().next().is_none() {
        Format::Text
    } else if texts().all(|text| value::date(text).is_some()) {
        Format::Date { style: DateStyle::default() }
    } else if texts().all(|text| value::date_time(text).is_some()) {
        Format::DateTime { style: DateStyle::default() }
    } else {
        Format::Text
    }
}

/// Numbers that say which and not how much: nobody writes the year 2,021.
fn is_label(name: &str) -> bool {
    let lower = name.to_lowercase();
    let last = lower.rsplit(['_', ' ', '-']).next().unwrap_or_default();
    matches!(last, "year" | "id" | "code" | "no" | "nr" | "number")
        || name.ends_with("Id")
        || name.ends_with("Year")
}

/// How many digits after the point `number` needs, as far as they are worth showing.
fn needed(number: f64) -> u8 {
    (0..MOST_DIGITS)
        .find(|digits| (number - super::round(number, i32::from(*digits))).abs() < 1e-9)
        .unwrap_or(MOST_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::RowColumn;

    fn rows(name: &str, declared: Option<ColumnType>, values: &[Cell]) -> Rows {
        Rows {
            columns: vec![RowColumn { name: name.into(), declared }],
            rows: values.iter().map(|cell| vec![cell.clone()]).collect(),
        }
    }

    #[test]
    fn formats_are_found_as_in_this_table() {
        let text = |text: &str| Cell::Text(text.into());
        let date = Format::Date { style: DateStyle::Medium };
        let time = Format::DateTime { style: DateStyle::Medium };
        let table: [(&str, &[Cell], Format); 12] = [
            ("n", &[Cell::Integer(1), Cell::Nothing], Format::Integer),
            ("year", &[Cell::Integer(2021)], Format::Text),
            ("customer_id", &[Cell::Integer(2021)], Format::Text),
            ("x", &[Cell::Integer(1), Cell::Decimal(1.5)], Format::Decimal { digits: 2 }),
            ("x", &[Cell::Decimal(2.0)], Format::Integer),
            ("x", &[Cell::Decimal(0.1 + 0.2)], Format::Decimal { digits: 2 }),
            ("x", &[text("a"), Cell::Integer(1)], Format::Text),
            ("x", &[text("2021-01-31"), Cell::Nothing], date),
            ("x", &[text("2021-01-31T08:15"), text("2021-01-31 08:15:00")], time),
            ("x", &[text("2021-02-31")], Format::Text),
            ("x", &[Cell::Nothing], Format::Text),
            ("x", &[], Format::Text),
        ];
        for (name, values, expected) in table {
            assert_eq!(format(&rows(name, None, values), 0), expected, "{name} {values:?}");
        }
        assert_eq!(format(&rows("x", Some(ColumnType::Date), &[]), 0), date);
    }

    #[test]
    fn a_value_that_is_not_what_its_column_is_said_to_be_is_named() {
        let locale = Locale::new("en-GB").unwrap();
        let text = |text: &str| Cell::Text(text.into());
        let table = [
            (Format::Money { digits: 2 }, text("12.345"), Ok(Cell::Decimal(12.35))),
            (Format::Money { digits: 2 }, text("twelve"), Err("“twelve” is not a number")),
            (Format::Date { style: DateStyle::Iso }, text("31.1.2021"), Err("is not a date in the form")),
            (Format::Date { style: DateStyle::Iso }, Cell::Integer(7), Err("“7” is not a date")),
            (Format::Date { style: DateStyle::Iso }, Cell::Nothing, Ok(Cell::Nothing)),
            (Format::Text, Cell::Integer(7), Ok(Cell::Integer(7))),
            (Format::Integer, Cell::Decimal(6.6), Ok(Cell::Integer(7))),
        ];
        for (format, value, expected) in table {
            let rows = rows("x", None, std::slice::from_ref(&value));
            let said =
                catalog::Column { name: catalog::Name::new("x"), format: Some(format), ..Default::default() };
            let found = shown(&rows, &[said])[0].cell(&rows, 0, &locale);
            match (found, expected) {
                (Ok(cell), Ok(expected)) => assert_eq!(cell, expected),
                (Err(unfit), Err(part)) => {
                    assert!(
                        unfit.row == 1 && unfit.column == "x" && unfit.detail.contains(part),
                        "{unfit:?}"
                    );
                }
                (found, _) => panic!("{value:?}: {found:?}"),
            }
        }
    }
}
