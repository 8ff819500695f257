//! Tables: columns as wide as they need, rows that never split, the header again on every page.

use super::{
    flow::Flow,
    marks::{Anchor, Face, Sheet},
    theme::{self, size},
};
use crate::{
    generate::{
        format,
        model::{Align, Cell, Column, Model},
    },
    work::Stopped,
};

const ROW: f32 = 5.8;
const HEADER: f32 = 6.2;
/// The least room between two columns.
const BETWEEN: f32 = 4.0;

/// Places a table under its title. Between rows it asks whether the work may go on.
pub(super) fn place(
    title: &str,
    columns: &[Column],
    rows: &[Vec<Cell>],
    totals: Option<&[Cell]>,
    model: &Model,
    flow: &mut Flow<'_>,
) -> Result<(), Stopped> {
    let write = |row: &[Cell]| -> Vec<String> {
        row.iter().zip(columns).map(|(cell, column)| format::cell(cell, column.format, None)).collect()
    };
    let (title, header) = headings(title, columns, model);
    let mut texts: Vec<Vec<String>> = Vec::with_capacity(rows.len());
    for row in rows {
        flow.check()?;
        texts.push(write(row));
    }
    let total = totals.map(write);
    let grid = Grid::over(columns, &header, &texts, total.as_deref(), flow)?;

    // A heading alone at the foot of a page, or with one row, would be lost there.
    flow.keep_together(7.0 + HEADER + ROW * texts.len().min(3) as f32);
    flow.heading(&title);
    let mut begun = false;
    for (at, row) in texts.iter().enumerate() {
        // The total is not left alone on a page: the last row goes with it.
        let last = at + 1 == texts.len();
        let needed = if last && total.is_some() { 2.0 * ROW } else { ROW };
        if flow.keep_together(needed + if begun { 0.0 } else { HEADER }) || !begun {
            grid.header(&header, flow);
            begun = true;
        }
        let (sheet, top) = flow.take(ROW);
        grid.row(sheet, top, row, false);
        if !last {
            sheet.rule(top + ROW, theme::HAIR_WIDTH, theme::HAIR);
        }
        flow.row_placed()?;
    }
    if let Some(total) = &total {
        let (sheet, top) = flow.take(ROW);
        sheet.rule(top, theme::RULE_WIDTH, theme::RULE);
        grid.row(sheet, top, total, true);
    }
    flow.gap(theme::GAP);
    Ok(())
}

/// The heading of the table and those of its columns. The currency is named once, so that the cells need
/// not: by the table when all its numbers are amounts, else by the columns of amounts.
fn headings(title: &str, columns: &[Column], model: &Model) -> (String, Vec<String>) {
    let sign = model.currency.as_deref().map(format::currency_sign);
    let is_money = |column: &&Column| column.format.is_money();
    let numbers = || columns.iter().filter(|column| column.align == Align::Right);
    let whole = numbers().count() > 1 && numbers().all(|column| is_money(&column));
    let with_sign = |text: &str, wanted: bool| match sign {
        Some(sign) if wanted => format!("{text}, {sign}"),
        _ => text.to_owned(),
    };
    let columns = columns.iter().map(|column| with_sign(&column.title, is_money(&column) && !whole));
    (with_sign(title, whole), columns.collect())
}

/// Where the columns stand.
struct Grid {
    /// Left edge and width of each.
    columns: Vec<(f32, f32, Align)>,
    size: u8,
}

impl Grid {
    /// As large as `size::TABLE` when the columns find room, else smaller, else with shortened texts.
    fn over(
        columns: &[Column],
        header: &[String],
        rows: &[Vec<String>],
        total: Option<&[String]>,
        flow: &Flow<'_>,
    ) -> Result<Self, Stopped> {
        let natural = |size: u8| -> Result<Vec<f32>, Stopped> {
            let (regular, bold) = (Face::regular(size, theme::INK), Face::bold(size, theme::INK));
            let head = Face::bold(size.min(size::SMALL), theme::MUTED);
            let mut widths: Vec<f32> = header.iter().map(|text| head.width(text)).collect();
            for row in rows {
                flow.check()?;
                for (width, text) in widths.iter_mut().zip(row) {
                    *width = width.max(regular.width(text));
                }
            }
            for (width, text) in widths.iter_mut().zip(total.unwrap_or_default()) {
                *width = width.max(bold.width(text));
            }
            Ok(widths)
        };
        let room = theme::WIDTH - BETWEEN * columns.len().saturating_sub(1) as f32;
        let mut size = size::TABLE;
        let mut widths = natural(size)?;
        while size > 6 && widths.iter().sum::<f32>() > room {
            size -= 1;
            widths = natural(size)?;
        }
        let mut needed: f32 = widths.iter().sum();
        if needed > room {
            widths.iter_mut().for_each(|width| *width *= room / needed);
        } else {
            // What is left is shared, so that the columns stand evenly across the page: columns of
            // numbers first become as wide as the widest of them.
            let is_number = |column: &&Column| column.align == Align::Right;
            let numbers = || columns.iter().zip(&widths).filter(|(column, _)| is_number(column));
            let widest = numbers().map(|(_, width)| *width).fold(0.0, f32::max);
            let even = numbers().map(|(_, width)| widest - width).sum::<f32>();
            if needed + even <= room {
                for (column, width) in columns.iter().zip(&mut widths) {
                    *width = if is_number(&column) { widest } else { *width };
                }
                needed += even;
            }
            let share = (room - needed) / columns.len().max(1) as f32;
            widths.iter_mut().for_each(|width| *width += share);
        }
        let mut x = theme::SIDE;
        let place = |(column, width): (&Column, f32)| {
            let left = x;
            x += width + BETWEEN;
            (left, width, column.align)
        };
        Ok(Self { columns: columns.iter().zip(widths).map(place).collect(), size })
    }

    fn header(&self, texts: &[String], flow: &mut Flow<'_>) {
        let (sheet, top) = flow.take(HEADER);
        let face = Face::bold(self.size.min(size::SMALL), theme::MUTED);
        for (text, column) in texts.iter().zip(&self.columns) {
            cell(sheet, top + 4.0, text, *column, face);
        }
        sheet.rule(top + HEADER, theme::RULE_WIDTH, theme::RULE);
    }

    fn row(&self, sheet: &mut Sheet, top: f32, texts: &[String], bold: bool) {
        for (text, column) in texts.iter().zip(&self.columns) {
            let color = if text == "–" { theme::MUTED } else { theme::INK };
            let face = if bold { Face::bold(self.size, color) } else { Face::regular(self.size, color) };
            cell(sheet, top + 4.0, text, *column, face);
        }
    }
}

fn cell(sheet: &mut Sheet, y: f32, text: &str, (left, width, align): (f32, f32, Align), face: Face) {
    let text = face.fitted(text, width + 0.01);
    match align {
        Align::Left => sheet.text(Anchor::Left, left, y, face, text),
        Align::Center => sheet.text(Anchor::Middle, left + width / 2.0, y, face, text),
        Align::Right => sheet.text(Anchor::Right, left + width, y, face, text),
    }
}
