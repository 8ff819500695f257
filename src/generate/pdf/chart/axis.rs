//! An axis whose steps are round numbers.

/// An axis from `least` to `most` in steps of `step`; zero is one of its ticks.
pub(super) struct Axis {
    pub(super) least: f64,
    pub(super) most: f64,
    step: f64,
}

impl Axis {
    /// The axis with about four steps over these values, each a round number; `whole` when there is nothing
    /// between two numbers.
    pub(super) fn over(least: f64, most: f64, whole: bool) -> Self {
        let span = if most - least > 0.0 { most - least } else { 1.0 };
        let rough = (span / 4.0).max(if whole { 1.0 } else { f64::MIN_POSITIVE * 1e9 });
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough && (!whole || step.fract() == 0.0))
            .unwrap_or(10.0 * power);
        let (down, up) = ((least / step).floor() * step, (most / step).ceil() * step);
        Self { least: down, most: if up > down { up } else { down + step }, step }
    }

    pub(super) fn ticks(&self) -> impl Iterator<Item = f64> {
        let first = (self.least / self.step).round() as i64;
        let last = (self.most / self.step).round() as i64;
        (first..=last).map(|number| number as f64 * self.step)
    }

    /// How far along the axis a value stands, from 0 to 1.
    pub(super) fn share(&self, value: f64) -> f32 {
        ((value - self.least) / (self.most - self.least)) as f32
    }

    /// As many digits as its steps need.
    pub(super) fn digits(&self) -> usize {
        let digits = (0..8).find(|digits| {
            let scaled = self.step * 10f64.powi(*digits);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1e-300)
        });
        digits.unwrap_or(8) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_steps_and_holds_every_value() {
        let table: [(f64, f64, bool, &[f64], usize); 9] = [
            (0.0, 37.0, false, &[0.0, 10.0, 20.0, 30.0, 40.0], 0),
            (0.0, 100.0, true, &[0.0, 25.0, 50.0, 75.0, 100.0], 0),
            (0.0, 1.0, false, &[0.0, 0.25, 0.5, 0.75, 1.0], 2),
            (0.0, 1.0, true, &[0.0, 1.0], 0),
            (0.0, 9.0, true, &[0.0, 5.0, 10.0], 0),
            (0.0, 0.0, false, &[0.0, 0.25], 2),
            (-30.0, 50.0, false, &[-40.0, -20.0, 0.0, 20.0, 40.0, 60.0], 0),
            (-8.0, 0.0, false, &[-8.0, -6.0, -4.0, -2.0, 0.0], 0),
            (0.0, 8_100_000.0, false, &[0.0, 2_500_000.0, 5_000_000.0, 7_500_000.0, 10_000_000.0], 0),
        ];
        for (least, most, whole, expected, digits) in table {
            let axis = Axis::over(least, most, whole);
            assert_eq!(axis.ticks().collect::<Vec<_>>(), expected, "{least} to {most}");
            assert_eq!(axis.digits(), digits, "{least} to {most}");
            assert!(axis.least <= least && axis.most >= most);
        }
    }
}
