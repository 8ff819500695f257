//! Rows as CSV (RFC 4180), in UTF-8 with CRLF.
//!
//! What is written is what there is, not what a page makes of it: numbers with a point and without groups,
//! dates in ISO 8601, the columns that a page turns into group headers. Subtotals and totals are left out:
//! whoever adds up a column must not count its rows twice.

use std::borrow::Cow;

use csv::{Terminator, Writer, WriterBuilder};

use super::grid::{self, Grid};
use crate::{
    generate::{
        GenerateError,
        model::{Cell, Model},
    },
    work::Monitor,
};

/// Without it Excel takes UTF-8 for the code page of the machine.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// All tables of the model, for people. A single one stands alone; several follow each other, each below its
/// title, parted by an empty line.
pub(super) fn document(model: &Model, monitor: &Monitor) -> Result<Vec<u8>, GenerateError> {
    let tables = grid::tables(model);
    let mut out = BYTE_ORDER_MARK.as_bytes().to_vec();
    for (at, grid) in tables.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\r\n");
        }
        if tables.len() > 1 && !grid.title.is_empty() {
            write(&mut out, |writer| Ok(writer.write_record([&*text(grid.title)])?))?;
        }
        rows(&mut out, grid, monitor)?;
    }
    Ok(out)
}

/// One table alone, for programs: no byte order mark, no title.
pub(super) fn table(grid: &Grid<'_>, monitor: &Monitor) -> Result<Vec<u8>, GenerateError> {
    let mut out = Vec::new();
    rows(&mut out, grid, monitor)?;
    Ok(out)
}

fn rows(out: &mut Vec<u8>, grid: &Grid<'_>, monitor: &Monitor) -> Result<(), GenerateError> {
    write(out, |writer| {
        writer.write_record(grid.columns.iter().map(|column| text(&column.title).into_owned()))?;
        for row in &*grid.rows {
            monitor.check()?;
            for cell in row {
                writer.write_field(&*field(cell))?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    })
}

fn write(
    out: &mut Vec<u8>,
    with: impl FnOnce(&mut Writer<&mut Vec<u8>>) -> Result<(), Interrupted>,
) -> Result<(), GenerateError> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    let written = with(&mut writer).and_then(|()| Ok(writer.flush().map_err(csv::Error::from)?));
    written.map_err(|error| match error {
        Interrupted::Stopped(stopped) => stopped.into(),
        Interrupted::Unwritten(error) => {
            GenerateError::permanent("the report could not be written as CSV", error)
        }
    })
}

/// Why a table was not written to its end.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Stopped(#[from] crate::work::Stopped),
    #[error(transparent)]
    Unwritten(#[from] csv::Error),
}

fn field(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Nothing => "".into(),
        Cell::Integer(number) => number.to_string().into(),
        // zero has no sign
        Cell::Decimal(number) if number.is_finite() => (number + 0.0).to_string().into(),
        Cell::Decimal(_) => "".into(),
        Cell::Text(said) | Cell::Link { text: said, .. } => text(said),
    }
}

/// A spreadsheet runs a text that begins like a formula, also behind a quotation mark; an apostrophe keeps it
/// a text (OWASP, CSV injection). The wide forms count as the others in East Asian editions of Excel.
fn text(text: &str) -> Cow<'_, str> {
    let begins_formula =
        |c| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r' | '\n');
    if text.starts_with(begins_formula) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_never_a_formula_and_a_number_stays_one() {
        let link = Cell::Link { text: "=1".into(), href: "https://example.org".into() };
        let table = [
            (Cell::Text("=1+1".into()), "'=1+1"),
            (Cell::Text("+1".into()), "'+1"),
            (Cell::Text("-1".into()), "'-1"),
            (Cell::Text("@a".into()), "'@a"),
            (Cell::Text("＝a".into()), "'＝a"),
            (Cell::Text("\ta".into()), "'\ta"),
            (Cell::Text("\r=a".into()), "\"'\r=a\""),
            (Cell::Text("=\"a\", b".into()), "\"'=\"\"a\"\", b\""),
            (Cell::Text("a \"b\", c".into()), "\"a \"\"b\"\", c\""),
            (Cell::Text("2021-01-31".into()), "2021-01-31"),
            (Cell::Text("Ζυρίχη".into()), "Ζυρίχη"),
            (link, "'=1"),
            (Cell::Integer(-5), "-5"),
            (Cell::Decimal(-1234.5), "-1234.5"),
            (Cell::Decimal(-0.0), "0"),
            (Cell::Decimal(1e16), "10000000000000000"),
            (Cell::Decimal(f64::NAN), ""),
            (Cell::Nothing, ""),
        ];
        for (value, expected) in table {
            let mut out = Vec::new();
            let record = [field(&value), "x".into()];
            write(&mut out, |writer| Ok(writer.write_record(record.iter().map(|field| &**field))?)).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), format!("{expected},x\r\n"), "{value:?}");
        }
    }
}
