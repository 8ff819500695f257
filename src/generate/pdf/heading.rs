//! Headings, and how much of what follows must stay with them.

use super::{
    flow::Flow,
    marks::{Anchor, Face},
    text,
    theme::{self, size},
};

/// What must have room below a heading: the title of a table, its header and a few rows.
const FOLLOWS: f32 = 32.0;

/// Places a heading. It does not stand alone at the foot of a page.
pub(super) fn place(title: &str, level: u8, flow: &mut Flow<'_>) {
    let page = flow.page;
    let face = if level <= 1 {
        Face::bold(size::CHAPTER, page.accent)
    } else {
        Face::bold(size::HEADING, theme::INK)
    };
    let lines = text::lines(title, page.width, |text| face.width(text));
    let height = face.line() * lines.len() as f32;
    flow.keep_together(height + FOLLOWS);
    if level <= 1 {
        flow.gap(2.0);
    }
    flow.mark(level.clamp(1, 2), title);
    let (sheet, top) = flow.take(height);
    for (at, line) in lines.into_iter().enumerate() {
        sheet.text(Anchor::Left, page.left, top + face.line() * (at as f32 + 0.75), face, line);
    }
    flow.gap(if level <= 1 { 3.0 } else { 2.0 });
}
