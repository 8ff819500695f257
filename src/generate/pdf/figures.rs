//! Key figures: a row of cards.

use super::{
    flow::Flow,
    marks::{Anchor, Face},
    theme::{self, size},
};
use crate::generate::model::Figure;

/// More in one row would be too narrow to be large.
const A_ROW: usize = 5;
const HEIGHT: f32 = 19.0;
const BETWEEN: f32 = 3.0;
/// From the edge of a card to its text.
const PADDING: f32 = 4.0;
/// Type sizes of the values, from the one that is wanted to the least that still looks like a key figure.
const SIZES: std::ops::RangeInclusive<u8> = 10..=16;

/// Places `figures` as cards, all values of a row in one size.
pub(super) fn place(figures: &[Figure], flow: &mut Flow<'_>) {
    let page = flow.page;
    // As many in each row, or one fewer: a single card below five looks lost.
    let rows = figures.len().div_ceil(A_ROW).max(1);
    let a_row = figures.len().div_ceil(rows).max(1);
    for row in figures.chunks(a_row) {
        let texts: Vec<(&str, String)> = row
            .iter()
            .map(|figure| {
                let value = page.amount(&figure.value, figure.format);
                (figure.title.as_str(), value)
            })
            .collect();
        let label = Face::regular(size::SMALL, theme::MUTED);
        let room = page.width - BETWEEN * (row.len() - 1) as f32;
        let natural = |size: u8| -> Vec<f32> {
            let value = Face::bold(size, theme::INK);
            let width = |(title, text): &(&str, String)| label.width(title).max(value.width(text));
            texts.iter().map(|text| width(text) + 2.0 * PADDING).collect()
        };
        let fits = |size: &u8| natural(*size).iter().sum::<f32>() <= room;
        let size = SIZES.rev().find(fits).unwrap_or(*SIZES.start());
        let mut widths = natural(size);
        let slack = room - widths.iter().sum::<f32>();
        if slack >= 0.0 {
            widths.iter_mut().for_each(|width| *width += slack / row.len() as f32);
        } else {
            widths.fill(room / row.len() as f32);
        }

        let value = Face::bold(size, theme::INK);
        let (sheet, top) = flow.take(HEIGHT);
        let mut x = page.left;
        for ((title, text), width) in texts.iter().zip(widths) {
            let inner = width - 2.0 * PADDING + 0.01;
            sheet.area(x, top, width, HEIGHT, page.ground);
            sheet.area(x, top, width, 0.5, page.accent);
            sheet.text(Anchor::Left, x + PADDING, top + 6.6, label, label.fitted(title, inner));
            sheet.text(Anchor::Left, x + PADDING, top + 14.6, value, value.fitted(text, inner));
            x += width + BETWEEN;
        }
        flow.gap(BETWEEN);
    }
    flow.gap(theme::GAP - BETWEEN);
}
