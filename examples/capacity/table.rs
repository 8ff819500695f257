//! Tables as Markdown has them, readable as they are.

use std::fmt;

pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.chars().count()));
            cells.max().unwrap_or(0)
        };
        for (number, row) in self.rows.iter().enumerate() {
            write!(f, "|")?;
            for (column, cell) in row.iter().enumerate() {
                let width = width(column);
                // numbers stand one below the other
                if number > 0 && cell.starts_with(|first: char| first.is_ascii_digit()) {
                    write!(f, " {cell:>width$} |")?;
                } else {
                    write!(f, " {cell:<width$} |")?;
                }
            }
            writeln!(f)?;
            if number == 0 {
                let rules = (0..row.len()).map(|column| "-".repeat(width(column).max(1) + 2));
                writeln!(f, "|{}|", rules.collect::<Vec<_>>().join("|"))?;
            }
        }
        Ok(())
    }
}

/// A count, with thousands kept apart.
pub(crate) fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let threes = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    threes.collect::<Vec<_>>().join(",")
}

/// Three digits that say something.
pub(crate) fn number(value: f64) -> String {
    match value {
        999.5.. => whole(value),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_say_something() {
        let table =
            [(0.126, "0.13"), (9.99, "9.99"), (45.67, "45.7"), (999.4, "999"), (1_234_567.0, "1,234,567")];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["a", "long"]);
        table.row(["word".into(), "7".into()]);
        assert_eq!(table.to_string(), "| a    | long |\n|------|------|\n| word |    7 |\n");
    }
}
