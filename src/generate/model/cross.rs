//! Cross tables: one number for each pair of names.

use std::collections::HashMap;

use super::{Cell, Column, Section, Table, of_number, round};
use crate::catalog::Format;

/// More columns than a page can show.
pub(super) const MOST_COLUMNS: usize = 100;
/// The rows of a query are bounded; where each brings a name for a row and one for a column, the cells are not.
pub(super) const MOST_CELLS: usize = 500_000;

/// A cross table that is being filled.
#[derive(Default)]
pub(super) struct Cross {
    cells: HashMap<(String, String), f64>,
    rows: HashMap<String, f64>,
    columns: HashMap<String, f64>,
}

impl Cross {
    /// Adds `value` where `row` and `column` meet.
    pub(super) fn add(&mut self, row: String, column: String, value: f64) {
        *self.rows.entry(row.clone()).or_default() += value;
        *self.columns.entry(column.clone()).or_default() += value;
        *self.cells.entry((row, column)).or_default() += value;
    }

    /// Whether it has become more than anyone reads, or than fits into memory.
    pub(super) fn is_too_large(&self) -> bool {
        self.columns.len() > MOST_COLUMNS || self.columns.len() * self.rows.len() > MOST_CELLS
    }

    /// The table with its totals; nothing when it is empty.
    pub(super) fn into_section(
        self,
        title: String,
        rows: &Column,
        cells: &Column,
        total: &str,
    ) -> Option<Section> {
        if self.cells.is_empty() {
            return None;
        }
        let value = |number: f64| of_number(round(number, 6), cells.format);
        let across = by_size(self.columns);
        let down = by_size(self.rows);
        let mut columns = vec![Column::new(&rows.name, &rows.title, Format::Text)];
        columns.extend(across.iter().map(|(name, _)| Column::new(name, name, cells.format)));
        // With one column the total says nothing new.
        let with_total = across.len() > 1;
        if with_total {
            columns.push(Column::new("total", total, cells.format));
        }
        let mut found = Vec::with_capacity(down.len());
        for (row, sum) in &down {
            let mut line = vec![Cell::Text(row.clone())];
            for (name, _) in &across {
                let there = self.cells.get(&(row.clone(), name.clone()));
                line.push(there.map_or(Cell::Nothing, |number| value(*number)));
            }
            line.extend(with_total.then(|| value(*sum)));
            found.push(line);
        }
        let mut totals = vec![Cell::Text(total.to_owned())];
        totals.extend(across.iter().map(|(_, sum)| value(*sum)));
        totals.extend(with_total.then(|| value(across.iter().map(|(_, sum)| sum).sum())));
        Some(Section::Table(Table { title, columns, rows: found, groups: Vec::new(), totals: Some(totals) }))
    }
}

/// The names with the largest sum first, equal ones by name.
fn by_size(sums: HashMap<String, f64>) -> Vec<(String, f64)> {
    let mut sums: Vec<_> = sums.into_iter().map(|(name, sum)| (name, round(sum, 6))).collect();
    sums.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_by_size_and_missing_pairs_stay_empty() {
        let rows = Column::new("product", "Product", Format::Text);
        let cells = Column::new("revenue", "Revenue", Format::Money { digits: 2 });
        let mut table = Cross::default();
        for (row, column, value) in [("a", "x", 1.1), ("b", "y", 2.2), ("b", "x", 0.1), ("b", "x", 0.2)] {
            table.add(row.into(), column.into(), value);
        }
        let Some(Section::Table(Table { columns, rows, totals, .. })) =
            table.into_section("T".into(), &rows, &cells, "Total")
        else {
            panic!("a table");
        };
        let titles: Vec<_> = columns.iter().map(|column| column.title.as_str()).collect();
        assert_eq!(titles, ["Product", "y", "x", "Total"]);
        let text = |text: &str| Cell::Text(text.into());
        let number = Cell::Decimal;
        assert_eq!(rows[0], [text("b"), number(2.2), number(0.3), number(2.5)]);
        assert_eq!(rows[1], [text("a"), Cell::Nothing, number(1.1), number(1.1)]);
        assert_eq!(totals.unwrap(), [text("Total"), number(2.2), number(1.4), number(3.6)]);
    }

    #[test]
    fn one_column_needs_no_total_and_no_cells_need_no_table() {
        let rows = Column::new("product", "Product", Format::Text);
        let cells = Column::new("revenue", "Revenue", Format::Money { digits: 2 });
        assert_eq!(Cross::default().into_section("T".into(), &rows, &cells, "Total"), None);
        let mut table = Cross::default();
        table.add("a".into(), "x".into(), 1.0);
        let Some(Section::Table(Table { columns, .. })) =
            table.into_section("T".into(), &rows, &cells, "Total")
        else {
            panic!("a table");
        };
        assert_eq!(columns.len(), 2);
    }
}
