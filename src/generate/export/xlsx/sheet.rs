//! A sheet of rows: a header that stays in view and filters, then values.

use rust_xlsxwriter::{
    ExcelDateTime, Format as CellFormat, FormatAlign, FormatBorder, Url, Worksheet, XlsxError,
};

use super::{Failed, Style};
use crate::{
    catalog::Format,
    generate::{
        export::grid::Grid,
        model::{Align, Cell, Column, is_safe_link},
    },
    value,
};

/// The longest text of a cell, in UTF-16 units.
const LONGEST_TEXT: usize = 32_767;
/// The links of a sheet, beyond which Excel calls the file broken.
const MOST_LINKS: usize = 65_530;
/// So many rows say how wide a column is.
const LOOKED_AT: usize = 200;

/// The sheet of a table.
pub(super) fn sheet(grid: &Grid<'_>, name: String, style: &Style<'_>) -> Result<Worksheet, Failed> {
    let mut sheet = Worksheet::new();
    sheet.set_name(name)?;
    let formats: Vec<CellFormat> = grid.columns.iter().map(|column| cell_format(column, style)).collect();
    let header = CellFormat::new()
        .set_bold()
        .set_font_color(style.accent)
        .set_border_bottom(FormatBorder::Thin)
        .set_text_wrap()
        .set_align(FormatAlign::Top);
    for (at, column) in (0..).zip(&*grid.columns) {
        let header = header.clone().set_align(align(column.align));
        write_text(&mut sheet, (0, at), &column.title, &header)?;
        sheet.set_column_width(at, width(grid, at, style))?;
    }
    let mut links = 0;
    for (row, cells) in (1..).zip(&*grid.rows) {
        style.monitor.check()?;
        for ((at, cell), (column, format)) in (0..).zip(cells).zip(grid.columns.iter().zip(&formats)) {
            links += usize::from(matches!(cell, Cell::Link { .. }));
            let may_lead = links <= MOST_LINKS;
            write(&mut sheet, (row, at), cell, column.format, format, may_lead)?;
        }
    }
    let (last, right) = (grid.rows.len() as u32, grid.columns.len().saturating_sub(1) as u16);
    if let Some(totals) = grid.totals {
        for ((at, cell), (column, format)) in (0..).zip(totals).zip(grid.columns.iter().zip(&formats)) {
            let mut format = format.clone().set_bold().set_border_top(FormatBorder::Thin);
            // an average of whole numbers is none
            if let (Cell::Decimal(_), Format::Integer) = (cell, column.format) {
                format = format.set_num_format("#,##0.0");
            }
            write(&mut sheet, (last + 1, at), cell, column.format, &format, true)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    if !grid.rows.is_empty() && !grid.columns.is_empty() {
        // the totals are no row that a filter may hide
        sheet.autofilter(0, 0, last, right)?;
    }
    Ok(sheet)
}

/// The look of the cells of a column.
fn cell_format(column: &Column, style: &Style<'_>) -> CellFormat {
    let format = CellFormat::new().set_align(align(column.align));
    match style.formats.code(column.format) {
        Some(code) => format.set_num_format(code),
        None => format,
    }
}

fn align(align: Align) -> FormatAlign {
    match align {
        Align::Left => FormatAlign::Left,
        Align::Center => FormatAlign::Center,
        Align::Right => FormatAlign::Right,
    }
}

/// The width of a column in digits.
fn width(grid: &Grid<'_>, at: u16, style: &Style<'_>) -> f64 {
    let column = &grid.columns[usize::from(at)];
    let written = |row: &[Cell]| {
        let cell = row.get(usize::from(at)).unwrap_or(&Cell::Nothing);
        style.locale.cell(cell, column.format, style.formats.currency).chars().count()
    };
    let rows = grid.rows.iter().take(LOOKED_AT).map(|row| written(row));
    let widest = rows.chain(grid.totals.map(written)).max().unwrap_or_default();
    let title = column.title.chars().count().min(24);
    // beside the title stands the button of the filter
    (widest.max(title + 2).clamp(6, 60) + 2) as f64
}

/// Writes one value as what it is.
pub(super) fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    format: Format,
    look: &CellFormat,
    may_lead: bool,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => sheet.write_blank(row, column, look)?,
        // a workbook keeps 15 digits: a longer number is a name, and must not become another one
        Cell::Integer(number) if number.unsigned_abs() >= 1_000_000_000_000_000 => {
            return write_text(sheet, (row, column), &number.to_string(), look);
        }
        Cell::Integer(number) => sheet.write_number_with_format(row, column, *number as f64, look)?,
        Cell::Decimal(number) if number.is_finite() => {
            sheet.write_number_with_format(row, column, *number, look)?
        }
        Cell::Decimal(_) => sheet.write_blank(row, column, look)?,
        Cell::Text(text) => match moment(text, format) {
            Some(moment) => sheet.write_datetime_with_format(row, column, &moment, look)?,
            None => return write_text(sheet, (row, column), text, look),
        },
        Cell::Link { text, href } if may_lead && is_safe_link(href) => {
            let link = Url::new(href).set_text(cut(text));
            let look = look.clone().set_hyperlink();
            if sheet.write_url_with_format(row, column, link, &look).is_err() {
                // an address that is longer than Excel takes
                return write_text(sheet, (row, column), text, &look);
            }
            sheet
        }
        Cell::Link { text, .. } => return write_text(sheet, (row, column), text, look),
    };
    Ok(())
}

/// Writes a text, which stays one whatever it begins with.
pub(super) fn write_text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    look: &CellFormat,
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(row, column, cut(text), look)?;
    Ok(())
}

/// The day or moment that the text is, if its format says that it is one and Excel's calendar has it.
fn moment(text: &str, format: Format) -> Option<ExcelDateTime> {
    if !matches!(format, Format::Date { .. } | Format::DateTime { .. }) {
        return None;
    }
    let time = value::date_time(text).or_else(|| value::date(text).map(|date| date.at(0, 0, 0, 0)))?;
    let unsigned = |part: i8| u8::try_from(part).ok();
    let date = time.date();
    let day = ExcelDateTime::from_ymd(
        u16::try_from(date.year()).ok()?,
        unsigned(date.month())?,
        unsigned(date.day())?,
    )
    .ok()?;
    if matches!(format, Format::Date { .. }) {
        return Some(day);
    }
    let milliseconds = u16::try_from(time.millisecond()).ok()?;
    let hour = u16::try_from(time.hour()).ok()?;
    day.and_hms_milli(hour, unsigned(time.minute())?, unsigned(time.second())?, milliseconds).ok()
}

/// As much of the text as a cell holds, with a mark where it was cut.
fn cut(text: &str) -> String {
    // no character has more UTF-16 units than bytes
    if text.len() <= LONGEST_TEXT || text.encode_utf16().count() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units < LONGEST_TEXT
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_longer_than_a_cell_is_cut_with_a_mark() {
        for (text, units) in
            [("x".repeat(32_767), 32_767), ("x".repeat(32_768), 32_767), ("🦀".repeat(17_000), 32_767)]
        {
            let found = cut(&text);
            assert_eq!(found.encode_utf16().count(), units);
            assert_eq!(found.ends_with('…'), found != text);
        }
    }

    #[test]
    fn a_date_that_excel_does_not_have_stays_text() {
        use crate::catalog::DateStyle;
        let format = Format::Date { style: DateStyle::Medium };
        for (text, serial) in [
            ("2021-01-31", Some(44_227.0)),
            ("1815-06-18", None),
            ("soon", None),
            ("2021-01-31T12:00", Some(44_227.0)),
        ] {
            assert_eq!(moment(text, format).map(|moment| moment.to_excel()), serial, "{text}");
        }
        assert!(moment("2021-01-31", Format::Text).is_none());
    }
}
