//! Upright bars: side by side, or on top of each other.

use super::{
    super::{
        marks::{Anchor, Face, Sheet},
        page::Page,
        theme::{self, size},
    },
    drawable,
    plot::Plot,
};
use crate::generate::model::{Cell, Chart};

/// The part of its room that a bar, or the bars of a label, take.
const BAR: f32 = 0.62;
const BARS: f32 = 0.78;

/// The bars of each series beside those of the others.
pub(super) fn beside(sheet: &mut Sheet, top: f32, chart: &Chart, plot: &Plot<'_>, page: &Page<'_>) {
    let tiny = Face::regular(size::TINY, theme::MUTED);
    let alone = chart.series.len() == 1;
    let part = if alone { BAR } else { BARS };
    let width = plot.room * part / chart.series.len() as f32;
    let between = if alone { 0.0 } else { (width * 0.08).min(0.6) };
    for (number, series) in chart.series.iter().enumerate() {
        let values = series.values.iter().take(chart.labels.len());
        let values: Vec<Option<f64>> = values.map(|value| value.map(drawable)).collect();
        let largest = values.iter().flatten().copied().fold(0.0, f64::max);
        // Of equal peaks the first is enough.
        let peak = values.iter().position(|value| alone && largest > 0.0 && *value == Some(largest));
        for (at, value) in values.iter().enumerate() {
            let Some(value) = *value else { continue };
            let color = match peak {
                _ if !alone => page.series(number),
                Some(peak) if peak == at => page.accent,
                _ => page.soft,
            };
            let left = plot.x(at) - plot.room * part / 2.0 + width * number as f32 + between / 2.0;
            let (upper, lower) = (plot.y(top, value.max(0.0)), plot.y(top, value.min(0.0)));
            if lower > upper {
                sheet.area(left, upper, width - between, lower - upper, color);
            }
            let text = page.cell(&Cell::Decimal(value), series.format);
            let strong = peak == Some(at);
            let face = if strong { Face::bold(size::TINY, page.accent) } else { tiny };
            let room = if alone { plot.room } else { width };
            if value > 0.0 && face.width(&text) < room - 0.8 {
                let across = face.width(&text) + 0.8;
                let middle = left + (width - between) / 2.0;
                sheet.area(middle - across / 2.0, upper - 3.2, across, 2.4, theme::PAPER);
                sheet.text(Anchor::Middle, middle, upper - 1.2, face, text);
            }
        }
    }
}

/// The bars of each series on top of those before; what is negative hangs down from zero.
pub(super) fn stacked(sheet: &mut Sheet, top: f32, chart: &Chart, plot: &Plot<'_>, page: &Page<'_>) {
    let width = plot.room * BAR;
    for at in 0..chart.labels.len() {
        let (mut above, mut below) = (0.0, 0.0);
        for (number, series) in chart.series.iter().enumerate() {
            let value = drawable(series.values.get(at).copied().flatten().unwrap_or(0.0));
            let reached = if value < 0.0 { &mut below } else { &mut above };
            let from = *reached;
            *reached += value;
            let (one, other) = (plot.y(top, from), plot.y(top, *reached));
            let (upper, height) = (one.min(other), (one - other).abs());
            if height > 0.0 {
                sheet.area(plot.x(at) - width / 2.0, upper, width, height, page.series(number));
            }
        }
    }
}
