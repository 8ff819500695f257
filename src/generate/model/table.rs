//! Tables: rows in groups, with subtotals and totals.

use super::{Cell, Column, Group, Table, columns::Shown, of_number, round};
use crate::{
    catalog::{Format, Total},
    locale::Locale,
};

/// A table of rows that are made already. `groups` are places in `shown`, the outermost first.
pub(super) fn table(
    title: String,
    shown: &[Shown],
    groups: &[usize],
    rows: Vec<Vec<Cell>>,
    locale: &Locale,
) -> Table {
    let mut rows = rows;
    let mut found = Vec::new();
    let whole = 0..rows.len();
    group(&mut rows, whole, shown, groups, 0, locale, &mut found);
    let is_summed = shown.iter().any(|column| column.total.is_some());
    let totals = (is_summed && !rows.is_empty())
        .then(|| totals(shown, &rows, locale.words().total, |at| !groups.contains(&at)));
    let columns = shown
        .iter()
        .enumerate()
        .map(|(at, shown)| Column { grouped: groups.contains(&at), ..shown.column.clone() })
        .collect();
    Table { title, columns, rows, groups: found, totals }
}

/// Brings the rows of `range` that have the same value in the outermost column together, in the order of
/// their first rows, and so on within each group.
fn group(
    rows: &mut [Vec<Cell>],
    range: std::ops::Range<usize>,
    shown: &[Shown],
    groups: &[usize],
    level: u8,
    locale: &Locale,
    found: &mut Vec<Group>,
) {
    let Some((&by, inner)) = groups.split_first() else { return };
    let mut order: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    let key = |row: &[Cell]| locale.cell(&row[by], shown[by].column.format, None);
    let part = &mut rows[range.clone()];
    for row in part.iter() {
        let next = order.len();
        order.entry(key(row)).or_insert(next);
    }
    // stable: within a group the order of the query stays
    part.sort_by_cached_key(|row| order[&key(row)]);
    let mut first = range.start;
    while first < range.end {
        let title = key(&rows[first]);
        let length = rows[first..range.end].iter().take_while(|row| key(row) == title).count();
        let members = first..first + length;
        let is_summed = shown.iter().any(|column| column.total.is_some());
        let subtotals = is_summed.then(|| totals(shown, &rows[members.clone()], "", |_| true));
        found.push(Group { level, title, first, rows: length, subtotals });
        group(rows, members.clone(), shown, inner, level + 1, locale, found);
        first = members.end;
    }
}

/// What the columns come to. The first column that `may_name` and comes to nothing says what the row is.
fn totals(shown: &[Shown], rows: &[Vec<Cell>], name: &str, may_name: impl Fn(usize) -> bool) -> Vec<Cell> {
    // only the last row is about all rows, and has a name
    let of_all = !name.is_empty();
    let mut cells: Vec<Cell> =
        shown.iter().enumerate().map(|(at, shown)| total(shown, rows, at, of_all)).collect();
    let free = shown.iter().enumerate().position(|(at, shown)| shown.total.is_none() && may_name(at));
    if let (Some(at), false) = (free, name.is_empty()) {
        cells[at] = Cell::Text(name.to_owned());
    }
    cells
}

fn total(shown: &Shown, rows: &[Vec<Cell>], at: usize, of_all: bool) -> Cell {
    let numbers = || rows.iter().filter_map(|row| row[at].number());
    let format = shown.column.format;
    let Some(wanted) = shown.total else { return Cell::Nothing };
    let count = numbers().count();
    if count == 0 {
        return Cell::Nothing;
    }
    let number = match wanted {
        Total::Sum => {
            let sum: f64 = numbers().sum();
            // shares of the whole that were rounded one by one may add up to 99.9
            let rounding = (0.5 * 0.1f64.powi(format.digits().into()) * count as f64).min(0.5);
            let is_share = of_all && matches!(format, Format::Percent { .. });
            let is_whole = is_share && (sum - 100.0).abs() <= rounding;
            if is_whole { 100.0 } else { sum }
        }
        Total::Average => numbers().sum::<f64>() / count as f64,
        Total::Minimum => numbers().fold(f64::INFINITY, f64::min),
        Total::Maximum => numbers().fold(f64::NEG_INFINITY, f64::max),
    };
    // an average of whole numbers is none
    match (wanted, format) {
        (Total::Average, Format::Integer) => Cell::Decimal(round(number, 1)),
        _ => of_number(round(number, 6), format),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::columns::shown, *};
    use crate::{
        catalog::{self, Name},
        data::{RowColumn, Rows},
    };

    fn rows() -> Rows {
        let text = |text: &str| Cell::Text(text.into());
        let row = |region, shop, n| vec![text(region), text(shop), Cell::Integer(n)];
        Rows {
            columns: ["region", "shop", "n"]
                .map(|name| RowColumn { name: name.into(), declared: None })
                .into(),
            rows: vec![row("N", "a", 1), row("S", "b", 10), row("N", "c", 2), row("N", "a", 4)],
        }
    }

    fn made(groups: &[usize], total: Total) -> Table {
        let said = catalog::Column { name: Name::new("n"), total: Some(total), ..Default::default() };
        let rows = rows();
        table("T".into(), &shown(&rows, &[said]), groups, rows.rows, &Locale::new("en-GB").unwrap())
    }

    #[test]
    fn rows_of_a_group_stand_together_in_the_order_of_their_first_rows() {
        let table = made(&[0, 1], Total::Sum);
        let numbers: Vec<_> = table.rows.iter().map(|row| row[2].number().unwrap()).collect();
        assert_eq!(numbers, [1.0, 4.0, 2.0, 10.0]);
        let groups: Vec<_> = table
            .groups
            .iter()
            .map(|group| {
                let sum = group.subtotals.as_ref().unwrap()[2].number().unwrap();
                (group.level, group.title.as_str(), group.first, group.rows, sum)
            })
            .collect();
        let expected = [
            (0, "N", 0, 3, 7.0),
            (1, "a", 0, 2, 5.0),
            (1, "c", 2, 1, 2.0),
            (0, "S", 3, 1, 10.0),
            (1, "b", 3, 1, 10.0),
        ];
        assert_eq!(groups, expected);
        assert!(table.columns[0].grouped && table.columns[1].grouped && !table.columns[2].grouped);
    }

    #[test]
    fn columns_come_to_what_they_are_said_to() {
        for (total, expected) in [
            (Total::Sum, Cell::Integer(17)),
            (Total::Average, Cell::Decimal(4.3)),
            (Total::Minimum, Cell::Integer(1)),
            (Total::Maximum, Cell::Integer(10)),
        ] {
            let table = made(&[], total);
            assert_eq!(table.totals.unwrap(), [Cell::Text("Total".into()), Cell::Nothing, expected]);
        }
    }
}
