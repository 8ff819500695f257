//! A line for each series, with a gap where nothing is known.

use super::{
    super::{
        marks::{Mark, Sheet},
        page::Page,
    },
    drawable, pie,
    plot::Plot,
};
use crate::generate::model::Chart;

const WIDTH: f32 = 0.55;
const DOT: f32 = 0.75;
/// With more points than these, dots would hide the line.
const DOTTED: usize = 36;

/// The lines, the first series on top.
pub(super) fn draw(sheet: &mut Sheet, top: f32, chart: &Chart, plot: &Plot<'_>, page: &Page<'_>) {
    for (number, series) in chart.series.iter().enumerate().rev() {
        let color = page.series(number);
        let values = series.values.iter().take(chart.labels.len()).enumerate();
        let points: Vec<Option<(f32, f32)>> =
            values.map(|(at, value)| value.map(|value| (plot.x(at), plot.y(top, drawable(value))))).collect();
        for part in points.split(|point| point.is_none()).filter(|part| !part.is_empty()) {
            let part: Vec<(f32, f32)> = part.iter().flatten().copied().collect();
            // A point between two gaps has no line: without a dot it would not be seen.
            if part.len() == 1 || chart.labels.len() <= DOTTED {
                for point in &part {
                    sheet.marks.push(Mark::Shape { steps: pie::circle(*point, DOT), color });
                }
            }
            if part.len() > 1 {
                sheet.marks.push(Mark::Line { points: part, width: WIDTH, color });
            }
        }
    }
}
