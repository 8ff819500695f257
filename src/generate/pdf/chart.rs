//! Bar charts: vector bars over an axis whose steps are round numbers.

use super::{
    flow::Flow,
    marks::{Anchor, Face, Sheet},
    theme::{self, size},
};
use crate::generate::{
    format,
    model::{Cell, Model, Series},
};

/// The height of the plot without its labels.
const HEIGHT: f32 = 42.0;
const BELOW: f32 = 7.0;
/// From the numbers of the axis to the plot.
const BESIDE: f32 = 2.5;
/// The part of its room that a bar takes.
const BAR: f32 = 0.62;

/// Places one chart for each of `series`.
pub(super) fn place(title: &str, labels: &[String], series: &[Series], model: &Model, flow: &mut Flow<'_>) {
    for series in series {
        flow.keep_together(7.0 + HEIGHT + BELOW);
        flow.heading(title);
        let (sheet, top) = flow.take(HEIGHT + BELOW);
        draw(sheet, top + 2.0, labels, series, model);
        flow.gap(theme::GAP);
    }
}

fn draw(sheet: &mut Sheet, top: f32, labels: &[String], series: &Series, model: &Model) {
    let small = Face::regular(size::SMALL, theme::MUTED);
    let tiny = Face::regular(size::TINY, theme::MUTED);
    let values: Vec<f64> = series.values.iter().map(|value| drawable(value.unwrap_or(0.0))).collect();
    let largest = values.iter().copied().fold(0.0, f64::max);
    let least = values.iter().copied().fold(0.0, f64::min);
    let axis = Axis::over(least, largest);
    let currency = model.currency.as_deref().filter(|_| series.format.is_money());
    let height = HEIGHT - 2.0;
    let at = |value: f64| top + height - ((value - axis.least) / (axis.most - axis.least)) as f32 * height;

    let numbers: Vec<(f64, String)> = axis.ticks().map(|tick| (tick, axis.label(tick, currency))).collect();
    let margin = numbers.iter().map(|(_, text)| small.width(text)).fold(0.0, f32::max) + BESIDE;
    let (left, right) = (theme::SIDE + margin, theme::SIDE + theme::WIDTH);
    for (tick, text) in numbers {
        let y = at(tick);
        let (width, color) =
            if tick == 0.0 { (theme::RULE_WIDTH, theme::RULE) } else { (theme::HAIR_WIDTH, theme::HAIR) };
        sheet.area(left, y - width / 2.0, right - left, width, color);
        sheet.text(Anchor::Right, left - BESIDE, y + 1.0, small, text);
    }

    let room = (right - left) / labels.len().max(1) as f32;
    let widest = labels.iter().map(|label| small.width(label)).fold(0.0, f32::max);
    // Of labels that do not all find room, every second, third … is shown.
    let every = ((widest + 2.0) / room).ceil().max(1.0) as usize;
    // Of equal peaks the first is enough.
    let peak = values.iter().position(|value| *value == largest && largest > 0.0);
    for (position, (label, value)) in labels.iter().zip(&values).enumerate() {
        let middle = left + room * (position as f32 + 0.5);
        let color = if peak == Some(position) { theme::ACCENT } else { theme::ACCENT_SOFT };
        let (upper, lower) = (at(value.max(0.0)), at(value.min(0.0)));
        if lower > upper {
            sheet.area(middle - room * BAR / 2.0, upper, room * BAR, lower - upper, color);
        }
        let text = format::cell(&Cell::Decimal(*value), series.format, None);
        if *value > 0.0 && tiny.width(&text) < room - 0.8 {
            let face = if peak == Some(position) { Face::bold(size::TINY, theme::ACCENT) } else { tiny };
            let width = face.width(&text) + 0.8;
            sheet.area(middle - width / 2.0, upper - 3.2, width, 2.4, theme::PAPER);
            sheet.text(Anchor::Middle, middle, upper - 1.2, face, text);
        }
        if position.is_multiple_of(every) {
            let label = small.fitted(label, (room * every as f32).max(12.0));
            // The last label must not hang over the edge of the content.
            let middle = middle.min(right - small.width(&label) / 2.0);
            sheet.text(Anchor::Middle, middle, top + height + 4.6, small, label);
        }
    }
}

/// The value as far as it can be drawn: an axis to infinity has no steps.
fn drawable(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-1e15, 1e15) }
}

/// An axis from `least` to `most` in steps of `step`; zero is one of its ticks.
struct Axis {
    least: f64,
    most: f64,
    step: f64,
}

impl Axis {
    /// The axis with about four steps over these values, each a round number.
    fn over(least: f64, most: f64) -> Self {
        let span = if most - least > 0.0 { most - least } else { 1.0 };
        let rough = span / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(10.0 * power);
        let (down, up) = ((least / step).floor() * step, (most / step).ceil() * step);
        Self { least: down, most: if up > down { up } else { down + step }, step }
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let first = (self.least / self.step).round() as i64;
        let last = (self.most / self.step).round() as i64;
        (first..=last).map(|number| number as f64 * self.step)
    }

    /// A number of the axis, with as many digits as its steps need.
    fn label(&self, tick: f64, currency: Option<&str>) -> String {
        let digits =
            (0..4).find(|digits| (self.step * 10f64.powi(*digits)).fract().abs() < 1e-9).unwrap_or(4);
        let number = format::grouped(tick.abs(), digits as usize);
        let minus = if tick < 0.0 { "−" } else { "" };
        format!("{minus}{}{number}", currency.map(format::currency_sign).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps_and_holds_every_value() {
        let table: [(f64, f64, &[f64]); 7] = [
            (0.0, 37.0, &[0.0, 10.0, 20.0, 30.0, 40.0]),
            (0.0, 100.0, &[0.0, 25.0, 50.0, 75.0, 100.0]),
            (0.0, 1.0, &[0.0, 0.25, 0.5, 0.75, 1.0]),
            (0.0, 0.0, &[0.0, 0.25]),
            (-30.0, 50.0, &[-40.0, -20.0, 0.0, 20.0, 40.0, 60.0]),
            (-8.0, 0.0, &[-8.0, -6.0, -4.0, -2.0, 0.0]),
            (0.0, 8_100_000.0, &[0.0, 2_500_000.0, 5_000_000.0, 7_500_000.0, 10_000_000.0]),
        ];
        for (least, most, expected) in table {
            let axis = Axis::over(least, most);
            assert_eq!(axis.ticks().collect::<Vec<_>>(), expected, "{least} to {most}");
            assert!(axis.least <= least && axis.most >= most);
        }
        assert_eq!(Axis::over(0.0, 1.0).label(0.25, Some("EUR")), "€0.25");
        assert_eq!(Axis::over(-30.0, 0.0).label(-20.0, Some("EUR")), "−€20");
        assert_eq!(Axis::over(0.0, 9e6).label(2.5e6, None), "2,500,000");
    }
}
