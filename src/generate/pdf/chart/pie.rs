//! A pie: a ring of slices, and beside it what each stands for. Nothing stands around the ring, so no two
//! labels can meet.

use std::f64::consts::TAU;

use super::{
    super::{
        flow::Flow,
        marks::{Anchor, Face, Mark, Step},
        palette,
        theme::{self, size},
    },
    drawable, legend,
};
use crate::generate::model::{Cell, Chart};

pub(super) const HEIGHT: f32 = 51.0;
const OUTER: f32 = 25.0;
const INNER: f32 = 14.0;
/// More slices cannot be told apart.
const SLICES: usize = 9;
/// A share below this has no room for its number.
const NAMED: f64 = 0.06;

/// Draws the first series of a chart. A slice cannot be negative, so such values are left out.
pub(super) fn draw(chart: &Chart, flow: &mut Flow<'_>) {
    let page = flow.page;
    let Some(series) = chart.series.first() else { return };
    let values = series.values.iter().map(|value| drawable(value.unwrap_or(0.0)).max(0.0));
    let mut slices: Vec<(String, f64)> = chart.labels.iter().cloned().zip(values).collect();
    if slices.len() > SLICES {
        // The largest are shown, in their own order, the others together.
        let mut sorted: Vec<f64> = slices.iter().map(|slice| slice.1).collect();
        sorted.sort_by(|one, other| other.total_cmp(one));
        let least = sorted[SLICES - 2];
        let mut kept = Vec::with_capacity(SLICES);
        let (mut others, mut count) = (0.0, 0);
        for slice in slices {
            if slice.1 >= least && kept.len() < SLICES - 1 {
                kept.push(slice);
            } else {
                others += slice.1;
                count += 1;
            }
        }
        kept.push((page.others(count), others));
        slices = kept;
    }
    let total: f64 = slices.iter().map(|slice| slice.1).sum();
    let (sheet, top) = flow.take(HEIGHT);
    let center = (page.left + OUTER + 2.0, top + HEIGHT / 2.0);
    if total <= 0.0 {
        sheet.marks.push(Mark::Shape { steps: ring(center, 0.0, 1.0), color: theme::HAIR });
    }
    let mut begun = 0.0;
    for (at, (_, value)) in slices.iter().enumerate().filter(|(_, slice)| slice.1 > 0.0) {
        let share = value / total;
        let color = page.series(at);
        sheet.marks.push(Mark::Shape { steps: ring(center, begun, begun + share), color });
        if share >= NAMED {
            let place = on(center, (OUTER + INNER) / 2.0, begun + share / 2.0);
            let face = Face::bold(size::TINY, palette::readable_on(color));
            sheet.text(Anchor::Middle, place.0, place.1 + 0.9, face, page.share(share));
        }
        begun += share;
    }
    let mut begun = 0.0;
    for (_, value) in slices.iter().filter(|slice| slice.1 > 0.0 && slice.1 < total) {
        let points = vec![on(center, INNER - 0.3, begun), on(center, OUTER + 0.3, begun)];
        sheet.marks.push(Mark::Line { points, width: 0.45, color: theme::PAPER });
        begun += value / total;
    }

    let (ink, muted) = (Face::regular(size::SMALL, theme::INK), Face::regular(size::SMALL, theme::MUTED));
    let row = 5.4;
    let x = center.0 + OUTER + 12.0;
    let amounts: Vec<String> =
        slices.iter().map(|slice| page.amount(&Cell::Decimal(slice.1), series.format)).collect();
    let widest = amounts.iter().map(|text| ink.width(text)).fold(0.0, f32::max);
    let shares = 11.0;
    let text = x + legend::SWATCH + 2.0;
    // Close enough to the names that the eye finds its way.
    let names = slices.iter().map(|slice| ink.width(&slice.0)).fold(0.0, f32::max);
    let right = page.right().min(text + names + 8.0 + widest + shares);
    let mut y = top + (HEIGHT - row * slices.len() as f32) / 2.0 + 3.7;
    for (at, ((label, value), amount)) in slices.iter().zip(amounts).enumerate() {
        sheet.area(x, y - 2.3, legend::SWATCH, legend::SWATCH, page.series(at));
        let room = right - shares - widest - 3.0 - text;
        sheet.text(Anchor::Left, text, y, ink, ink.fitted(label, room.max(5.0)));
        sheet.text(Anchor::Right, right - shares, y, ink, amount);
        let share = if total > 0.0 { value / total } else { 0.0 };
        sheet.text(Anchor::Right, right, y, muted, page.share(share));
        y += row;
    }
}

/// A circle.
pub(super) fn circle(center: (f32, f32), radius: f32) -> Vec<Step> {
    let mut steps = vec![Step::Move(on(center, radius, 0.0))];
    arc(&mut steps, center, radius, 0.0, 1.0);
    steps
}

/// The part of a ring between two shares of the way round, from the top and clockwise.
fn ring(center: (f32, f32), from: f64, to: f64) -> Vec<Step> {
    let mut steps = vec![Step::Move(on(center, OUTER, from))];
    arc(&mut steps, center, OUTER, from, to);
    steps.push(Step::Line(on(center, INNER, to)));
    arc(&mut steps, center, INNER, to, from);
    steps
}

/// An arc as Bézier curves, none longer than a quarter: there they leave the circle by less than a
/// thousandth of its radius.
fn arc(steps: &mut Vec<Step>, center: (f32, f32), radius: f32, from: f64, to: f64) {
    let parts = ((to - from).abs() * 4.0).ceil().max(1.0);
    let part = (to - from) / parts;
    let pull = (4.0 / 3.0 * (part * TAU / 4.0).tan()) as f32 * radius;
    for at in 0..parts as usize {
        let (one, other) = (from + part * at as f64, from + part * (at + 1) as f64);
        let (start, end) = (on(center, radius, one), on(center, radius, other));
        let along = |share: f64| ((share * TAU).cos() as f32, (share * TAU).sin() as f32);
        let (first, last) = (along(one), along(other));
        steps.push(Step::Curve(
            (start.0 + first.0 * pull, start.1 + first.1 * pull),
            (end.0 - last.0 * pull, end.1 - last.1 * pull),
            end,
        ));
    }
}

/// The point at a share of the way round.
fn on(center: (f32, f32), radius: f32, share: f64) -> (f32, f32) {
    let angle = share * TAU;
    (center.0 + radius * angle.sin() as f32, center.1 - radius * angle.cos() as f32)
}
