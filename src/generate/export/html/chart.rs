//! Charts as marks in a plane: what stands where, before it is SVG. A unit is a pixel of the text size in
//! report.css; the browser scales the whole.

use serde::Serialize;

use super::{
    axis::{Axis, drawable},
    colors::{self, color},
    pie,
};
use crate::{
    catalog::Color,
    generate::{
        Model,
        model::{Cell, Chart, ChartKind, Series},
    },
    locale::Locale,
};

/// Wide enough for the names of twelve months.
const WIDTH: f64 = 680.0;
const PLOT: f64 = 190.0;
/// Above the plot, for the half of a number and the value of a peak.
const ABOVE: f64 = 16.0;
const BELOW: f64 = 24.0;
/// The part of its room that a bar takes.
const BAR: f64 = 0.66;
/// With more positions than this a line has no dots.
const MOST_DOTS: usize = 40;

/// A chart that is ready to be drawn.
#[derive(Debug, Default, Serialize)]
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) round: bool,
    pub(super) marks: Vec<Mark>,
    pub(super) legend: Vec<Key>,
}

/// One mark.
#[derive(Debug, Serialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub(super) enum Mark {
    /// A bar, or a part of one.
    Area { x: f64, y: f64, width: f64, height: f64, color: String, says: String },
    /// A slice of a pie.
    Slice { path: String, color: String, says: String },
    /// A line through values.
    Line { path: String, color: String },
    /// One value of a line.
    Dot { x: f64, y: f64, radius: f64, color: String, says: String },
    /// A line of the axis; a strong one at zero.
    Rule { left: f64, right: f64, y: f64, strong: bool },
    /// Text, by the side on which it is held.
    Text { x: f64, y: f64, anchor: &'static str, strong: bool, text: String },
}

/// An entry of the legend.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    pub(super) color: String,
    pub(super) text: String,
    pub(super) value: Option<String>,
}

/// Draws a chart of any kind.
pub(super) fn draw(chart: &Chart, model: &Model, locale: &Locale) -> Drawing {
    match chart.kind {
        ChartKind::Pie => pie::draw(chart, model, locale),
        _ => Plot::new(chart, model, locale).draw(),
    }
}

/// A value of a chart in words.
pub(super) fn written(series: &Series, value: f64, model: &Model, locale: &Locale) -> String {
    locale.cell(&Cell::Decimal(value), series.format, model.currency.as_deref())
}

/// About how wide a text is.
fn width(text: &str) -> f64 {
    text.chars().count() as f64 * 6.0
}

/// To a tenth of a unit: finer cannot be seen.
pub(super) fn rounded(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

struct Plot<'a> {
    chart: &'a Chart,
    model: &'a Model,
    locale: &'a Locale,
    palette: &'a [Color],
    axis: Axis,
    left: f64,
    /// How much room a position has.
    room: f64,
    marks: Vec<Mark>,
}

impl<'a> Plot<'a> {
    fn new(chart: &'a Chart, model: &'a Model, locale: &'a Locale) -> Self {
        let (least, most) = range(chart);
        Self {
            chart,
            model,
            locale,
            palette: &model.look.palette,
            axis: Axis::over(least, most),
            left: 0.0,
            room: 0.0,
            marks: Vec::new(),
        }
    }

    fn draw(mut self) -> Drawing {
        self.axis();
        match self.chart.kind {
            ChartKind::Line => self.lines(),
            ChartKind::StackedBar => self.stacks(),
            _ => self.bars(),
        }
        self.labels();
        let keys = self.chart.series.iter().enumerate().map(|(at, series)| Key {
            color: color(self.palette, at),
            text: series.title.clone(),
            value: None,
        });
        let legend = if self.chart.series.len() > 1 { keys.collect() } else { Vec::new() };
        let height = ABOVE + PLOT + BELOW;
        Drawing { width: WIDTH, height, round: false, marks: self.marks, legend }
    }

    fn axis(&mut self) {
        let is_money = self.chart.series.iter().all(|series| series.format.is_money());
        let currency = self.model.currency.as_deref().filter(|_| is_money);
        let axis = self.axis;
        let ticks: Vec<(f64, String)> =
            axis.ticks().map(|tick| (tick, axis.label(tick, self.locale, currency))).collect();
        self.left = ticks.iter().map(|(_, text)| width(text)).fold(0.0, f64::max) + 8.0;
        self.room = (WIDTH - self.left) / self.chart.labels.len().max(1) as f64;
        for (tick, text) in ticks {
            let y = self.y(tick);
            self.marks.push(Mark::Rule { left: self.left, right: WIDTH, y, strong: tick == 0.0 });
            self.text((self.left - 8.0, y + 3.8), "end", false, text);
        }
    }

    fn y(&self, value: f64) -> f64 {
        rounded(ABOVE + PLOT * (1.0 - self.axis.share(value)))
    }

    fn x(&self, position: usize) -> f64 {
        rounded(self.left + self.room * (position as f64 + 0.5))
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: &'static str, strong: bool, text: String) {
        self.marks.push(Mark::Text { x: rounded(x), y: rounded(y), anchor, strong, text });
    }

    /// The names of the positions; of those that do not all find room, every second, third and so on.
    fn labels(&mut self) {
        let widest = self.chart.labels.iter().map(|label| width(label)).fold(0.0, f64::max);
        let every = ((widest + 8.0) / self.room).ceil().max(1.0) as usize;
        for (position, label) in self.chart.labels.iter().enumerate().step_by(every) {
            let half = width(label) / 2.0;
            // none hangs over the edge
            let x = self.x(position).min(WIDTH - half).max(half);
            self.text((x, ABOVE + PLOT + 17.0), "middle", false, label.clone());
        }
    }

    fn bars(&mut self) {
        let alone = self.chart.series.len() == 1;
        let thick = self.room * BAR / self.chart.series.len().max(1) as f64;
        // of equal peaks the first is enough
        let peak = alone.then(|| peak(&self.chart.series[0])).flatten();
        for (at, series) in self.chart.series.iter().enumerate() {
            for (position, value) in known(series) {
                let color = match (alone, peak == Some(position)) {
                    (false, _) => color(self.palette, at),
                    (true, true) => colors::ACCENT.to_owned(),
                    (true, false) => colors::SOFT.to_owned(),
                };
                let left = self.x(position) - self.room * BAR / 2.0 + thick * at as f64;
                let gap = if alone { 0.0 } else { (thick * 0.1).min(1.5) };
                self.area(series, position, (left, thick - gap), (0.0, value), color);
                let text = self.locale.cell(&Cell::Decimal(value), series.format, None);
                if alone && value > 0.0 && width(&text) * 0.95 < self.room {
                    let place = (self.x(position), self.y(value) - 4.0);
                    self.text(place, "middle", peak == Some(position), text);
                }
            }
        }
    }

    fn stacks(&mut self) {
        // what is below zero hangs down from it
        let mut tops = vec![(0.0, 0.0); self.chart.labels.len()];
        for (at, series) in self.chart.series.iter().enumerate() {
            for (position, value) in known(series) {
                let Some((up, down)) = tops.get_mut(position) else { continue };
                let from = if value < 0.0 { down } else { up };
                let span = (*from, *from + value);
                *from += value;
                let left = self.x(position) - self.room * BAR / 2.0;
                self.area(series, position, (left, self.room * BAR), span, color(self.palette, at));
            }
        }
    }

    /// A bar over `from` to `to`, which says what it measures when it is pointed at.
    fn area(
        &mut self,
        series: &Series,
        position: usize,
        (left, width): (f64, f64),
        (from, to): (f64, f64),
        color: String,
    ) {
        let (upper, lower) = (self.y(from.max(to)), self.y(from.min(to)));
        if lower <= upper {
            return;
        }
        let (x, width, height) = (rounded(left), rounded(width.max(0.5)), rounded(lower - upper));
        let says = self.says(series, position, to - from);
        self.marks.push(Mark::Area { x, y: upper, width, height, color, says });
    }

    fn lines(&mut self) {
        let dots = self.chart.labels.len() <= MOST_DOTS;
        for (at, series) in self.chart.series.iter().enumerate() {
            let color = color(self.palette, at);
            let (mut path, mut last) = (String::new(), None);
            let mut points = Vec::new();
            for (position, value) in known(series) {
                let (x, y) = (self.x(position), self.y(value));
                // where nothing is known the line has a gap
                let goes_on = position > 0 && last == Some(position - 1);
                path.push_str(&format!("{}{x} {y}", if goes_on { "L" } else { "M" }));
                last = Some(position);
                let is_lonely = !goes_on && series.values.get(position + 1).copied().flatten().is_none();
                if dots || is_lonely {
                    let says = self.says(series, position, value);
                    points.push(Mark::Dot { x, y, radius: 2.4, color: color.clone(), says });
                }
            }
            self.marks.push(Mark::Line { path, color });
            self.marks.extend(points);
        }
    }

    fn says(&self, series: &Series, position: usize, value: f64) -> String {
        let label = self.chart.labels.get(position).map_or("", String::as_str);
        let value = written(series, value, self.model, self.locale);
        if self.chart.series.len() > 1 {
            format!("{label}, {}: {value}", series.title)
        } else {
            format!("{label}: {value}")
        }
    }
}

/// The values that there are, by position.
fn known(series: &Series) -> impl Iterator<Item = (usize, f64)> {
    series.values.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at, drawable(value))))
}

/// The position of the largest value, when it is above zero and not the only one.
fn peak(series: &Series) -> Option<usize> {
    let largest = known(series).map(|(_, value)| value).fold(0.0, f64::max);
    known(series).find(|(_, value)| *value == largest && largest > 0.0).map(|(position, _)| position)
}

/// What the axis has to hold. Bars stand on zero; lines far from it are looked at from nearby.
fn range(chart: &Chart) -> (f64, f64) {
    let all = || chart.series.iter().flat_map(known).map(|(_, value)| value);
    let (mut least, mut most) =
        (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    if least > most {
        return (0.0, 0.0);
    }
    if chart.kind == ChartKind::StackedBar {
        let sums = |is_counted: fn(f64) -> bool| {
            (0..chart.labels.len()).map(move |position| {
                let values =
                    chart.series.iter().filter_map(|series| series.values.get(position).copied().flatten());
                values.map(drawable).filter(|value| is_counted(*value)).sum::<f64>()
            })
        };
        (least, most) =
            (sums(|value| value < 0.0).fold(0.0, f64::min), sums(|value| value > 0.0).fold(0.0, f64::max));
    }
    let is_far = chart.kind == ChartKind::Line && least.signum() == most.signum() && {
        let (near, far) = (least.abs().min(most.abs()), least.abs().max(most.abs()));
        near > far / 2.0
    };
    if is_far { (least, most) } else { (least.min(0.0), most.max(0.0)) }
}
