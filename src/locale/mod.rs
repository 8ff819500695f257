//! How values are written in one language and region.
//!
//! ```text
//! "de-CH" ──Locale::new──► separators, sign of the currency, calendar, words
//! Cell + Format ──Locale::cell──► text
//! ```
//!
//! What a locale wants is asked of CLDR, through ICU4X, once; after that a number is written without it, because
//! a report has tens of thousands of them. Digits are always Latin: the typeface of the PDF has no others.

mod dates;
mod filters;
mod money;
mod numbers;
mod words;

use icu_locale_core::Locale as Tag;

use self::{dates::Calendar, money::Placement, numbers::Separators};
use crate::value::{self, Cell, DateStyle, Format};

pub use filters::add_filters;
pub use money::minor_digits;
pub use words::Words;

/// What stands where nothing is known.
const NOTHING: &str = "–";

/// How values are written in one language and region.
#[derive(Debug)]
pub struct Locale {
    tag: String,
    language: String,
    region: Option<String>,
    separators: Separators,
    placement: Placement,
    calendar: Calendar,
    words: &'static Words,
}

/// The tag names no language that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is not a locale; expected a language and, if it matters, a region, as in en-GB, de-CH or el")]
pub struct UnknownLocale(String);

impl Locale {
    /// The locale with this tag (BCP 47): a language and, if it matters, a region, as in `en-GB`, `de-CH` or
    /// `el`. A region that CLDR does not know is written as its language is elsewhere.
    ///
    /// # Errors
    ///
    /// [`UnknownLocale`] when it is no tag, or names a language that CLDR has no patterns for.
    pub fn new(tag: &str) -> Result<Self, UnknownLocale> {
        let unknown = || UnknownLocale(tag.to_owned());
        let mut parsed: Tag = tag.parse().map_err(|_| unknown())?;
        let language = parsed.id.language.as_str().to_owned();
        if !words::is_known(&language) {
            return Err(unknown());
        }
        let region = parsed.id.region.map(|region| region.as_str().to_owned());
        // what everybody writes, and nobody registered
        if region.as_deref() == Some("UK") {
            return Err(unknown());
        }
        // Latin digits, whatever the locale would rather have (UTS 35, numbering systems)
        parsed.extensions.unicode = "u-nu-latn"
            .parse::<Tag>()
            .or_else(|_| "und-u-nu-latn".parse())
            .map_err(|_| unknown())?
            .extensions
            .unicode;
        Ok(Self {
            separators: Separators::of(&parsed).ok_or_else(unknown)?,
            placement: Placement::of(&language, region.as_deref()),
            calendar: Calendar::of(&parsed),
            words: Words::of(&language),
            tag: tag.to_owned(),
            language,
            region,
        })
    }

    /// The locale with this tag, or English: what is stored already must be drawn, whatever it says.
    #[expect(clippy::expect_used, reason = "English is known, and a test says so")]
    pub fn or_english(tag: &str) -> Self {
        Self::new(tag).unwrap_or_else(|_| Self::new("en-GB").expect("a known locale"))
    }

    /// What stands between the whole of a number and its fraction.
    pub fn point(&self) -> &str {
        self.separators.point()
    }

    /// The tag, as it was given.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The words that a page needs beside those of its report type. English where a language has none here.
    pub fn words(&self) -> &'static Words {
        self.words
    }

    /// The value as a person reads it. Amounts carry the sign of `currency` when there is one: beside a heading
    /// that names the currency they do without.
    pub fn cell(&self, cell: &Cell, format: Format, currency: Option<&str>) -> String {
        let number = match cell {
            Cell::Nothing => return NOTHING.into(),
            Cell::Link { text, .. } => return text.clone(),
            Cell::Text(text) => return self.text(text, format),
            // a number that says which and not how much, as a year does
            Cell::Integer(number) if format == Format::Text => return numbers::ungrouped(*number),
            Cell::Decimal(number)
                if format == Format::Text && number.fract() == 0.0 && number.abs() < 1e15 =>
            {
                return numbers::ungrouped(*number as i64);
            }
            Cell::Integer(number) => *number as f64,
            Cell::Decimal(number) => *number,
        };
        match (format, currency) {
            (Format::Money { digits }, Some(currency)) => self.money(number, digits, currency),
            (Format::Percent { digits }, _) => self.percent(number, digits),
            (Format::Text | Format::Date { .. } | Format::DateTime { .. }, _) => self.shortest(number),
            // an average of whole numbers is none
            (Format::Integer, _) if number.fract() != 0.0 => self.number(number, 1),
            (format, _) => self.number(number, format.digits()),
        }
    }

    fn text(&self, text: &str, format: Format) -> String {
        let written = match format {
            Format::Date { style } => value::date(text)
                .or_else(|| value::date_time(text).map(|time| time.date()))
                .map(|date| self.date(date, style)),
            Format::DateTime { style } => value::date_time(text)
                .map(|time| self.date_time(time, style))
                .or_else(|| value::date(text).map(|date| self.date(date, style))),
            _ => None,
        };
        written.unwrap_or_else(|| text.to_owned())
    }

    /// A number with so many digits after the point, as in −1,234.50.
    pub fn number(&self, number: f64, digits: u8) -> String {
        self.separators.write(number, digits)
    }

    /// A number with the digits that it has.
    fn shortest(&self, number: f64) -> String {
        let digits = (0..6).find(|digits| {
            let scale = 10f64.powi(*digits);
            ((number * scale).round() - number * scale).abs() < 1e-9 * scale
        });
        self.number(number, digits.unwrap_or(6) as u8)
    }

    /// An amount with the sign of its currency, as in €1,234.50 or 1.234,50 €.
    pub fn money(&self, amount: f64, digits: u8, currency: &str) -> String {
        if !amount.is_finite() {
            return self.number(amount, digits);
        }
        let sign = self.currency_sign(currency);
        self.placement.put(&self.number(amount.abs(), digits), sign, self.is_negative(amount, digits))
    }

    /// A share: 12.5 is written as 12.5%.
    pub fn percent(&self, number: f64, digits: u8) -> String {
        if !number.is_finite() {
            return self.number(number, digits);
        }
        numbers::percent(&self.language, self.region.as_deref(), &self.number(number, digits))
    }

    /// A number of an axis: an amount when there is a currency.
    pub fn tick(&self, number: f64, digits: u8, currency: Option<&str>) -> String {
        match currency {
            Some(currency) => self.money(number, digits, currency),
            None => self.number(number, digits),
        }
    }

    /// The currency as it stands beside an amount or in a heading: its sign, or its code when it has none that
    /// is understood here.
    pub fn currency_sign<'a>(&self, currency: &'a str) -> &'a str {
        money::sign(currency, self.region.as_deref())
    }

    /// A day.
    pub fn date(&self, date: jiff::civil::Date, style: DateStyle) -> String {
        self.calendar.date(date, style)
    }

    /// A day and the time of day, as in 31 Jan 2021, 08:15.
    pub fn date_time(&self, time: jiff::civil::DateTime, style: DateStyle) -> String {
        if style == DateStyle::Month {
            return self.date(time.date(), style);
        }
        let clock = time.strftime(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" });
        format!("{}, {clock}", self.date(time.date(), style))
    }

    /// Whether it is written with a minus: −0.001 with two digits is 0.00.
    fn is_negative(&self, number: f64, digits: u8) -> bool {
        number < 0.0 && self.number(number.abs(), digits).bytes().any(|byte| (b'1'..=b'9').contains(&byte))
    }
}

#[cfg(test)]
mod tests;
