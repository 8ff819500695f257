//! Numbers: the decimal point, and the groups of digits.

use icu_decimal::{DecimalFormatter, DecimalFormatterPreferences, input::Decimal};
use icu_locale_core::Locale as Tag;

/// Beyond it a number has no digits after the point, and more before it than anyone reads.
const LARGEST: f64 = 1e15;

/// What stands between digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Separators {
    point: String,
    group: String,
    /// How many digits stand in the group before the point, and in those before it.
    sizes: (usize, usize),
    /// How many digits must stand before the first group for there to be groups: 2 where 1234 has none.
    least: usize,
}

impl Separators {
    /// Reads off how the locale writes two numbers.
    pub(super) fn of(tag: &Tag) -> Option<Self> {
        let formatter =
            DecimalFormatter::try_new(DecimalFormatterPreferences::from(tag), Default::default()).ok()?;
        let write = |text: &str| Some(formatter.format(&text.parse::<Decimal>().ok()?).to_string());
        let long = write("123456789.5")?;
        let mut groups: Vec<&str> =
            long.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
        groups.pop()?;
        let mut between = long.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty());
        let point = between.next_back()?.to_owned();
        let group = between.next().unwrap_or_default().to_owned();
        let first = groups.last().map_or(3, |group| group.len());
        let second = groups.iter().rev().nth(1).map_or(first, |group| group.len());
        let short = write("1234")?;
        let least = if group.is_empty() || short.contains(&group) { 1 } else { 2 };
        Some(Self { point, group, sizes: (first, second), least })
    }

    pub(super) fn point(&self) -> &str {
        &self.point
    }

    /// The number with so many digits after the point. The minus is the mathematical one (U+2212), and what
    /// rounds to zero has none.
    pub(super) fn write(&self, number: f64, digits: u8) -> String {
        if !number.is_finite() || number.abs() >= LARGEST {
            return plain(number);
        }
        let plain = format!("{:.*}", usize::from(digits), half_up(number.abs(), digits));
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = String::with_capacity(plain.len() + 12);
        if number < 0.0 && plain.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
            text.push('−');
        }
        let (first, second) = self.sizes;
        let is_grouped = whole.len() >= first + self.least;
        for (at, digit) in whole.char_indices() {
            let left = whole.len() - at;
            let is_edge = left == first || (left > first && (left - first).is_multiple_of(second));
            if is_grouped && at > 0 && is_edge {
                text.push_str(&self.group);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push_str(&self.point);
            text.push_str(fraction);
        }
        text
    }
}

/// Halves go away from zero, as the values of a model do: 12.5 is 13, and not the even 12.
fn half_up(number: f64, digits: u8) -> f64 {
    let scale = 10f64.powi(digits.into());
    let rounded = (number * scale).round() / scale;
    if rounded.is_finite() { rounded } else { number }
}

/// A whole number that is a name rather than an amount.
pub(super) fn ungrouped(number: i64) -> String {
    let minus = if number < 0 { "−" } else { "" };
    format!("{minus}{}", number.unsigned_abs())
}

/// What has no digits that could be grouped.
fn plain(number: f64) -> String {
    if number.is_nan() {
        return "–".into();
    }
    let sign = if number < 0.0 { "−" } else { "" };
    if number.is_infinite() {
        return format!("{sign}…");
    }
    format!("{sign}{:.3e}", number.abs()).replace('e', " × 10^")
}

/// A number with the sign of percent, where the language puts it (CLDR 48, `percentFormats`).
pub(super) fn percent(language: &str, region: Option<&str>, number: &str) -> String {
    match language {
        "de" if matches!(region, Some("CH" | "LI")) => format!("{number}%"),
        "tr" => match number.strip_prefix('−') {
            Some(positive) => format!("−%{positive}"),
            None => format!("%{number}"),
        },
        // in Spain, and not in America
        "es" if region.is_some_and(|region| region != "ES") => format!("{number}%"),
        "fr" if region == Some("CH") => format!("{number}%"),
        "be" | "ca" | "gl" | "mk" | "cs" | "da" | "de" | "es" | "fi" | "fr" | "hr" | "lt" | "nb" | "nn"
        | "no" | "ro" | "ru" | "sk" | "sl" | "sv" => {
            format!("{number}\u{a0}%")
        }
        _ => format!("{number}%"),
    }
}
