//! The field that bars and lines are drawn into: its axis, its grid, its labels.

use super::{
    super::{
        marks::{Anchor, Face, Sheet},
        page::Page,
        theme::{self, size},
    },
    axis::Axis,
    drawable,
    labels::Labels,
};
use crate::{
    catalog::Format,
    generate::model::{Chart, ChartKind},
};

/// From the numbers of the axis to the plot.
const BESIDE: f32 = 2.5;

/// The field of a chart.
pub(super) struct Plot<'a> {
    axis: Axis,
    numbers: Vec<(f64, String)>,
    labels: &'a [String],
    placing: Labels,
    left: f32,
    /// The width of each label's part.
    pub(super) room: f32,
    height: f32,
}

impl<'a> Plot<'a> {
    pub(super) fn over(chart: &'a Chart, page: &Page<'_>) -> Self {
        let (least, most) = extent(chart);
        let format = chart.series.first().map_or(Format::Text, |series| series.format);
        let whole = chart.series.iter().all(|series| series.format == Format::Integer);
        let axis = Axis::over(least, most, whole);
        let digits = axis.digits();
        let numbers: Vec<(f64, String)> =
            axis.ticks().map(|tick| (tick, page.tick(tick, digits, format))).collect();
        let face = Face::regular(size::SMALL, theme::MUTED);
        let margin = numbers.iter().map(|(_, text)| face.width(text)).fold(0.0, f32::max) + BESIDE;
        let left = page.left + margin;
        let room = (page.right() - left) / chart.labels.len().max(1) as f32;
        let placing = Labels::suiting(&chart.labels, room);
        Self { axis, numbers, labels: &chart.labels, placing, left, room, height: super::height(page) - 2.0 }
    }

    /// The height of what stands below the plot.
    pub(super) fn below(&self) -> f32 {
        self.placing.height()
    }

    /// The middle of a label's part.
    pub(super) fn x(&self, at: usize) -> f32 {
        self.left + self.room * (at as f32 + 0.5)
    }

    /// Where a value stands.
    pub(super) fn y(&self, top: f32, value: f64) -> f32 {
        top + self.height - self.axis.share(value) * self.height
    }

    /// The axis, the grid and the labels.
    pub(super) fn ground(&self, sheet: &mut Sheet, top: f32, page: &Page<'_>) {
        let face = Face::regular(size::SMALL, theme::MUTED);
        for (tick, text) in &self.numbers {
            let y = self.y(top, *tick);
            let (width, color) = if *tick == 0.0 {
                (theme::RULE_WIDTH, theme::RULE)
            } else {
                (theme::HAIR_WIDTH, theme::HAIR)
            };
            sheet.rule((self.left, page.right()), y, width, color);
            sheet.text(Anchor::Right, self.left - BESIDE, y + 1.0, face, text.clone());
        }
        let edges = (page.left, page.right());
        let mut free = f32::NEG_INFINITY;
        for (at, label) in self.labels.iter().enumerate() {
            let point = (self.x(at), top + self.height);
            free = self.placing.draw(sheet, (at, label), point, self.room, edges, free);
        }
    }
}

/// The least and the largest value to be drawn; zero lies between them.
fn extent(chart: &Chart) -> (f64, f64) {
    let values = |at: usize| {
        chart.series.iter().filter_map(move |series| series.values.get(at).copied().flatten()).map(drawable)
    };
    let mut extent = (0.0f64, 0.0f64);
    for at in 0..chart.labels.len() {
        if chart.kind == ChartKind::StackedBar {
            extent.0 = extent.0.min(values(at).filter(|value| *value < 0.0).sum());
            extent.1 = extent.1.max(values(at).filter(|value| *value > 0.0).sum());
        } else {
            extent.0 = values(at).fold(extent.0, f64::min);
            extent.1 = values(at).fold(extent.1, f64::max);
        }
    }
    extent
}
