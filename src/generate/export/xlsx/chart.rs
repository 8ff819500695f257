//! Charts of the workbook itself, drawn over the rows beside them, so that they follow what is changed there.

use rust_xlsxwriter::{
    Chart, ChartFormat, ChartLine, ChartPoint, ChartSolidFill, ChartType, Worksheet, XlsxError,
};

use super::Style;
use crate::generate::model::{self, ChartKind};

/// In pixels.
const SIZE: (u32, u32) = (720, 360);

/// Puts the chart beside its rows, which begin below the header of `sheet`.
pub(super) fn insert(
    chart: &model::Chart,
    name: &str,
    sheet: &mut Worksheet,
    style: &Style<'_>,
) -> Result<(), XlsxError> {
    let last = chart.labels.len() as u32;
    if last == 0 || chart.series.is_empty() {
        return Ok(());
    }
    let mut drawn = Chart::new(match chart.kind {
        ChartKind::Bar => ChartType::Column,
        ChartKind::StackedBar => ChartType::ColumnStacked,
        ChartKind::Line => ChartType::Line,
        ChartKind::Pie => ChartType::Pie,
    });
    let color = |at: usize| style.palette.get(at % style.palette.len().max(1)).copied();
    for (at, one) in chart.series.iter().enumerate() {
        let column = at as u16 + 1;
        let series = drawn.add_series();
        series
            .set_name((name, 0, column))
            .set_categories((name, 1, 0, last, 0))
            .set_values((name, 1, column, last, column));
        let color = color(at).or((at == 0).then_some(style.accent));
        match (chart.kind, color) {
            (ChartKind::Pie, _) if !style.palette.is_empty() => {
                let point = |at| {
                    let color = style.palette[at % style.palette.len()];
                    let fill = ChartSolidFill::new().set_color(color).clone();
                    ChartPoint::new().set_format(ChartFormat::new().set_solid_fill(&fill))
                };
                series.set_points(&(0..one.values.len()).map(point).collect::<Vec<_>>());
            }
            (ChartKind::Line, Some(color)) => {
                series.set_format(ChartFormat::new().set_line(ChartLine::new().set_color(color)));
            }
            (ChartKind::Bar | ChartKind::StackedBar, Some(color)) => {
                series.set_format(ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(color)));
            }
            _ => {}
        }
    }
    if chart.title.is_empty() {
        drawn.title().set_hidden();
    } else {
        drawn.title().set_name(&chart.title);
    }
    if chart.series.len() == 1 && chart.kind != ChartKind::Pie {
        drawn.legend().set_hidden();
    }
    drawn.set_width(SIZE.0).set_height(SIZE.1);
    sheet.insert_chart(1, chart.series.len() as u16 + 2, &drawn)?;
    Ok(())
}
