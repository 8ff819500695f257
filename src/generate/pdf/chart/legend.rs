//! Which colour is which series.

use super::super::{
    marks::{Anchor, Face, Sheet},
    page::Page,
    theme::{self, size},
};

const LINE: f32 = 5.2;
/// The side of a swatch.
pub(super) const SWATCH: f32 = 2.6;
const AFTER: f32 = 1.6;
const BETWEEN: f32 = 6.0;
/// More rows of entries would be no key but a table.
const ROWS: f32 = 4.0;

/// The height of a legend with these entries.
pub(super) fn height(entries: &[&str], page: &Page<'_>) -> f32 {
    walk(entries, page, |_, _, _, _| {}) + 1.0
}

/// Draws it.
pub(super) fn draw(sheet: &mut Sheet, top: f32, entries: &[&str], page: &Page<'_>) {
    walk(entries, page, |at, x, y, text| {
        sheet.area(x, top + y + 0.7, SWATCH, SWATCH, page.series(at));
        sheet.text(Anchor::Left, x + SWATCH + AFTER, top + y + 3.0, face(), text);
    });
}

fn face() -> Face {
    Face::regular(size::SMALL, theme::INK)
}

/// Walks over the entries from left to right and line by line, and returns the height of all lines.
fn walk(entries: &[&str], page: &Page<'_>, mut visit: impl FnMut(usize, f32, f32, String)) -> f32 {
    let face = face();
    let (mut x, mut y) = (page.left, 0.0);
    for (at, entry) in entries.iter().enumerate() {
        let text = face.fitted(entry, page.width / 2.0);
        let width = SWATCH + AFTER + face.width(&text);
        if x > page.left && x + width > page.right() {
            (x, y) = (page.left, y + LINE);
        }
        if y >= LINE * ROWS {
            return y;
        }
        visit(at, x, y, text);
        x += width + BETWEEN;
    }
    y + LINE
}
