//! The axis of a chart: steps that are round numbers.

use crate::locale::Locale;

/// An axis from `least` to `most` in steps of `step`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) least: f64,
    pub(super) most: f64,
    step: f64,
}

impl Axis {
    /// The axis with about four steps that holds both values.
    pub(super) fn over(least: f64, most: f64) -> Self {
        let span = if most - least > 0.0 { most - least } else { 1.0 };
        let rough = span / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(10.0 * power);
        let (down, up) = ((least / step).floor() * step, (most / step).ceil() * step);
        Self { least: down, most: if up > down { up } else { down + step }, step }
    }

    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> {
        let first = (self.least / self.step).round() as i64;
        let last = (self.most / self.step).round() as i64;
        (first..=last).map(|number| number as f64 * self.step)
    }

    /// Where a value lies: 0 is the lower end, 1 the upper.
    pub(super) fn share(&self, value: f64) -> f64 {
        (value - self.least) / (self.most - self.least)
    }

    /// The number at a tick, with as many digits as the steps need.
    pub(super) fn label(&self, tick: f64, locale: &Locale, currency: Option<&str>) -> String {
        let digits = (0..4).find(|digits| {
            let scaled = self.step * 10f64.powi(*digits);
            (scaled - scaled.round()).abs() < 1e-9 * scaled.max(1.0)
        });
        locale.tick(tick, digits.unwrap_or(4) as u8, currency)
    }
}

/// The value as far as it can be drawn: an axis to infinity has no steps.
pub(super) fn drawable(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(-1e15, 1e15) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps_and_holds_every_value() {
        let table: [(f64, f64, &[&str]); 6] = [
            (0.0, 37.0, &["€0", "€10", "€20", "€30", "€40"]),
            (0.0, 1.0, &["€0.00", "€0.25", "€0.50", "€0.75", "€1.00"]),
            (0.0, 0.0, &["€0.00", "€0.25"]),
            (-30.0, 50.0, &["−€40", "−€20", "€0", "€20", "€40", "€60"]),
            (992.0, 1008.0, &["€990", "€995", "€1,000", "€1,005", "€1,010"]),
            (0.0, 3e15, &["€0", "€1.000 × 10^15", "€2.000 × 10^15", "€3.000 × 10^15"]),
        ];
        let locale = Locale::new("en-GB").unwrap();
        for (least, most, expected) in table {
            let axis = Axis::over(least, most);
            let labels: Vec<_> = axis.ticks().map(|tick| axis.label(tick, &locale, Some("EUR"))).collect();
            assert_eq!(labels, expected, "{least} to {most}");
            assert!(axis.least <= least && axis.most >= most);
        }
    }
}
