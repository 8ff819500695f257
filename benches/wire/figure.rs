//! One measured number beside its goal.

use std::{fmt, time::Duration};

/// What a number should be.
#[derive(Clone, Copy)]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// It stands there to explain another one.
    Context,
}

/// A number, its unit and its goal.
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    goal: Goal,
}

impl Figure {
    /// A figure that explains others.
    pub(crate) fn new(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self { name, value, unit, goal: Goal::Context }
    }

    /// A time, in milliseconds.
    pub(crate) fn time(name: &'static str, value: Duration) -> Self {
        Self::new(name, value.as_secs_f64() * 1e3, "ms")
    }

    pub(crate) fn at_most(self, goal: f64) -> Self {
        Self { goal: Goal::AtMost(goal), ..self }
    }

    pub(crate) fn at_least(self, goal: f64) -> Self {
        Self { goal: Goal::AtLeast(goal), ..self }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, unit, goal } = *self;
        write!(f, "  {name:<58} {:>9} {unit:<5}", number(value))?;
        let (sign, goal, met) = match goal {
            Goal::AtMost(goal) => ('≤', goal, value <= goal),
            Goal::AtLeast(goal) => ('≥', goal, value >= goal),
            Goal::Context => return Ok(()),
        };
        write!(f, "  {sign} {:<8} {}", number(goal), if met { "met" } else { "MISSED" })
    }
}

/// Three digits that say something, and thousands kept apart.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude < 10.0 {
        format!("{value:.2}")
    } else if magnitude < 1000.0 {
        format!("{value:.1}")
    } else {
        let whole = value.round() as i64;
        format!("{},{:03}", whole / 1000, whole.abs() % 1000)
    }
}

/// The value below which `share` of the values lie.
pub(crate) fn percentile<T: Copy + PartialOrd>(values: &mut [T], share: f64) -> T {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap());
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// The value in the middle.
pub(crate) fn median<T: Copy + PartialOrd>(values: &mut [T]) -> T {
    percentile(values, 0.5)
}
