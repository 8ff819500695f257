//! Pies: slices from twelve o'clock on, and their shares in the legend, where every name finds room.

use std::f64::consts::TAU;

use super::{
    axis::drawable,
    chart::{Drawing, Key, Mark, rounded, written},
    colors::color,
};
use crate::{
    generate::{Model, model::Chart},
    locale::Locale,
};

const RADIUS: f64 = 95.0;
const MIDDLE: f64 = 100.0;

/// Draws the first series. What is not above zero is no slice.
pub(super) fn draw(chart: &Chart, model: &Model, locale: &Locale) -> Drawing {
    let mut drawing =
        Drawing { width: 2.0 * MIDDLE, height: 2.0 * MIDDLE, round: true, ..Drawing::default() };
    let Some(series) = chart.series.first() else { return drawing };
    let values = series.values.iter().map(|value| value.map_or(0.0, drawable).max(0.0));
    let whole: f64 = values.clone().sum();
    let mut begin = 0.0;
    for (at, (label, value)) in chart.labels.iter().zip(values).enumerate() {
        if value <= 0.0 {
            continue;
        }
        let share = value / whole;
        let color = color(&model.look.palette, at);
        let percent = locale.percent(share * 100.0, 1);
        let says = format!("{label}: {} ({percent})", written(series, value, model, locale));
        drawing.marks.push(Mark::Slice { path: slice(begin, begin + share), color: color.clone(), says });
        drawing.legend.push(Key { color, text: label.clone(), value: Some(percent) });
        begin += share;
    }
    drawing
}

/// The outline of a slice between two shares of the whole.
fn slice(begin: f64, end: f64) -> String {
    let at = |share: f64| {
        let (sine, cosine) = (share * TAU).sin_cos();
        format!("{} {}", rounded(MIDDLE + RADIUS * sine), rounded(MIDDLE - RADIUS * cosine))
    };
    // an arc that ends where it begins is none at all, so there is a point between
    let between = (begin + end) / 2.0;
    format!(
        "M{MIDDLE} {MIDDLE}L{}A{RADIUS} {RADIUS} 0 0 1 {}A{RADIUS} {RADIUS} 0 0 1 {}Z",
        at(begin),
        at(between),
        at(end)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_begin_at_twelve_o_clock_and_go_round() {
        let table = [
            (0.0, 0.25, "M100 100L100 5A95 95 0 0 1 167.2 32.8A95 95 0 0 1 195 100Z"),
            (0.5, 1.0, "M100 100L100 195A95 95 0 0 1 5 100A95 95 0 0 1 100 5Z"),
            (0.0, 1.0, "M100 100L100 5A95 95 0 0 1 100 195A95 95 0 0 1 100 5Z"),
        ];
        for (begin, end, expected) in table {
            assert_eq!(slice(begin, end), expected);
        }
    }
}
