//! Tables as a page shows them: groups under headers of their own, subtotals below them, the total at the end.

use serde::Serialize;

use crate::{
    generate::{
        Model,
        model::{Align, Cell, Column, Group, Table, is_safe_link},
    },
    locale::Locale,
    work::{Monitor, Stopped},
};

/// A table in texts.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    title: String,
    zebra: bool,
    columns: Vec<Head>,
    bodies: Vec<Body>,
}

#[derive(Debug, Serialize)]
struct Head {
    title: String,
    side: &'static str,
    width: Option<f32>,
}

/// Rows of one outermost group.
#[derive(Debug, Default, Serialize)]
struct Body {
    rows: Vec<Line>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "camelCase")]
enum Line {
    Group { level: u8, title: String },
    Row { cells: Vec<Text> },
    Odd { cells: Vec<Text> },
    Subtotal { cells: Vec<Text> },
    Total { cells: Vec<Text> },
}

#[derive(Debug, Serialize)]
struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
}

/// The table in texts. Between rows it asks whether the work may go on.
pub(super) fn shown(
    table: &Table,
    model: &Model,
    locale: &Locale,
    monitor: &Monitor,
) -> Result<Shown, Stopped> {
    let all_grouped = table.columns.iter().all(|column| column.grouped);
    // what stands in the headers of the groups need not stand in each row
    let seen: Vec<usize> =
        (0..table.columns.len()).filter(|at| all_grouped || !table.columns[*at].grouped).collect();
    let write = |row: &[Cell]| -> Vec<Text> {
        let cell = |at: &usize| text(row.get(*at).unwrap_or(&Cell::Nothing), &table.columns[*at], locale);
        seen.iter().map(cell).collect()
    };
    let sums = |row: &[Cell]| -> Vec<Text> {
        let mut texts = write(row);
        for (text, at) in texts.iter_mut().zip(&seen) {
            // a column that is not added up says nothing here, rather than that nothing is known
            if matches!(row.get(*at), None | Some(Cell::Nothing)) {
                text.text.clear();
            }
        }
        texts
    };
    let mut bodies = vec![Body::default()];
    let mut coming = table.groups.iter().peekable();
    let mut open: Vec<&Group> = Vec::new();
    for (at, row) in table.rows.iter().enumerate() {
        monitor.check()?;
        while let Some(group) = coming.next_if(|group| group.first <= at) {
            if group.level == 0 && at > 0 {
                bodies.push(Body::default());
            }
            last(&mut bodies).push(Line::Group { level: group.level, title: group.title.clone() });
            open.push(group);
        }
        let cells = write(row);
        last(&mut bodies).push(if at % 2 == 1 { Line::Odd { cells } } else { Line::Row { cells } });
        // the sums of an inner group stand before those of the one around it
        while let Some(group) = open.pop_if(|group| group.end() <= at + 1) {
            // one row is its own sum
            if let Some(subtotals) = group.subtotals.as_ref().filter(|_| group.rows > 1) {
                let mut cells = sums(subtotals);
                // the first place says whose sums they are, unless it is one of them
                if let Some(first) = cells.first_mut().filter(|first| first.text.is_empty()) {
                    first.text.clone_from(&group.title);
                }
                last(&mut bodies).push(Line::Subtotal { cells });
            }
        }
    }
    if let Some(totals) = &table.totals {
        last(&mut bodies).push(Line::Total { cells: sums(totals) });
    }
    let (title, heads) = headings(table, &seen, model, locale);
    let zebra = model.look.rows == crate::catalog::RowStyle::Zebra;
    Ok(Shown { title, zebra, columns: heads, bodies })
}

fn last(bodies: &mut [Body]) -> &mut Vec<Line> {
    let at = bodies.len() - 1;
    &mut bodies[at].rows
}

fn text(cell: &Cell, column: &Column, locale: &Locale) -> Text {
    let href = match cell {
        Cell::Link { href, .. } if is_safe_link(href) => Some(href.clone()),
        _ => None,
    };
    Text { text: locale.cell(cell, column.format, None), href }
}

/// The heading of the table and those of its columns. The currency is named once, so that the cells need not:
/// by the table when all its numbers are amounts, else by the columns of amounts.
fn headings(table: &Table, seen: &[usize], model: &Model, locale: &Locale) -> (String, Vec<Head>) {
    let sign = model.currency.as_deref().map(|currency| locale.currency_sign(currency));
    let columns = || seen.iter().map(|at| &table.columns[*at]);
    let numbers = || columns().filter(|column| column.format.is_number());
    let whole =
        !table.title.is_empty() && numbers().count() > 1 && numbers().all(|column| column.format.is_money());
    let with_sign = |text: &str, wanted: bool| match sign {
        Some(sign) if wanted => format!("{text}, {sign}"),
        _ => text.to_owned(),
    };
    let head = |column: &Column| Head {
        title: with_sign(&column.title, column.format.is_money() && !whole),
        side: match column.align {
            Align::Left => "left",
            Align::Center => "center",
            Align::Right => "right",
        },
        width: column.width,
    };
    (with_sign(&table.title, whole), columns().map(head).collect())
}
