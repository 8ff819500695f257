//! Charts: bars, lines and pies, drawn as vectors.

mod axis;
mod bars;
mod labels;
mod legend;
mod line;
mod pie;
mod plot;

use super::{flow::Flow, page::Page, theme};
use crate::generate::model::{Chart, ChartKind};
use plot::Plot;

/// The greatest height of the plot without its labels.
const HEIGHT: f32 = 44.0;

/// The height of the plot without its labels: on paper that lies on its side two charts should find room.
fn height(page: &Page<'_>) -> f32 {
    ((page.bottom - page.top) * 0.22).clamp(30.0, HEIGHT)
}

/// Places a chart under its title. One without labels or series has nothing to show but its title.
pub(super) fn place(chart: &Chart, flow: &mut Flow<'_>) {
    let page = flow.page;
    if chart.labels.is_empty() || chart.series.is_empty() {
        flow.heading(&chart.title);
        flow.gap(theme::GAP);
        return;
    }
    let title = if chart.title.is_empty() { 0.0 } else { super::flow::HEADING };
    if chart.kind == ChartKind::Pie {
        flow.keep_together(title + pie::HEIGHT);
        flow.heading(&chart.title);
        pie::draw(chart, flow);
        flow.gap(theme::GAP);
        return;
    }
    let plot = Plot::over(chart, page);
    let entries: Vec<&str> = chart.series.iter().map(|series| series.title.as_str()).collect();
    let legend = if entries.len() > 1 { legend::height(&entries, page) } else { 0.0 };
    let height = height(page) + plot.below();
    flow.keep_together(title + legend + height);
    flow.heading(&chart.title);
    if legend > 0.0 {
        let (sheet, top) = flow.take(legend);
        legend::draw(sheet, top, &entries, page);
    }
    let (sheet, top) = flow.take(height);
    plot.ground(sheet, top + 2.0, page);
    match chart.kind {
        ChartKind::Line => line::draw(sheet, top + 2.0, chart, &plot, page),
        ChartKind::StackedBar => bars::stacked(sheet, top + 2.0, chart, &plot, page),
        ChartKind::Bar | ChartKind::Pie => bars::beside(sheet, top + 2.0, chart, &plot, page),
    }
    flow.gap(theme::GAP);
}

/// The value as far as it can be drawn: an axis to infinity has no steps.
fn drawable(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-1e100, 1e100) }
}
