//! Number formats (ECMA-376 part 1, section 18.8.31): how a spreadsheet shows a value.
//!
//! Points, groups and names of months are those of whoever opens the workbook; the sign of the currency and
//! the side on which it stands are those of the report.

use crate::{
    catalog::{DateStyle, Format},
    locale::Locale,
};

/// The number formats of one report.
#[derive(Debug)]
pub(super) struct NumberFormats<'a> {
    locale: &'a Locale,
    pub(super) currency: Option<&'a str>,
}

impl<'a> NumberFormats<'a> {
    pub(super) fn new(locale: &'a Locale, currency: Option<&'a str>) -> Self {
        Self { locale, currency }
    }

    /// The code of a format; nothing for what is shown as it is.
    pub(super) fn code(&self, format: Format) -> Option<String> {
        Some(match format {
            Format::Text => return None,
            Format::Integer => grouped(0),
            Format::Decimal { digits } => grouped(digits),
            Format::Money { digits } => match self.currency {
                Some(currency) => around(&self.locale.money(1.0, 0, currency), &grouped(digits)),
                None => grouped(digits),
            },
            // the sign is a text: as a code it would multiply by a hundred what is a share in percent already
            Format::Percent { digits } => around(&self.locale.percent(1.0, 0), &grouped(digits)),
            Format::Date { style } => date(style).to_owned(),
            Format::DateTime { style: DateStyle::Month } => date(DateStyle::Month).to_owned(),
            Format::DateTime { style } => format!("{} hh:mm", date(style)),
        })
    }
}

fn date(style: DateStyle) -> &'static str {
    match style {
        DateStyle::Short => "dd/mm/yyyy",
        DateStyle::Medium => "d mmm yyyy",
        DateStyle::Long => "d mmmm yyyy",
        DateStyle::Full => "dddd, d mmmm yyyy",
        DateStyle::Month => "mmmm yyyy",
        DateStyle::Iso => "yyyy-mm-dd",
    }
}

fn grouped(digits: u8) -> String {
    match digits {
        0 => "#,##0".into(),
        digits => format!("#,##0.{}", "0".repeat(digits.into())),
    }
}

/// `code` with what stands around the 1 in `one`.
fn around(one: &str, code: &str) -> String {
    let quoted = |text: &str| {
        if text.is_empty() { String::new() } else { format!("\"{}\"", text.replace('"', "")) }
    };
    match one.split_once('1') {
        Some((before, behind)) => format!("{}{code}{}", quoted(before), quoted(behind)),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_looks_as_its_format_and_the_currency_have_it() {
        let table = [
            ("en-GB", Format::Integer, Some("#,##0")),
            ("en-GB", Format::Text, None),
            ("en-GB", Format::Money { digits: 2 }, Some("\"€\"#,##0.00")),
            ("de-DE", Format::Money { digits: 0 }, Some("#,##0\"\u{a0}€\"")),
            ("en-GB", Format::Percent { digits: 1 }, Some("#,##0.0\"%\"")),
            ("de-DE", Format::Percent { digits: 1 }, Some("#,##0.0\"\u{a0}%\"")),
            ("en-GB", Format::DateTime { style: DateStyle::Iso }, Some("yyyy-mm-dd hh:mm")),
        ];
        for (tag, format, expected) in table {
            let locale = Locale::new(tag).unwrap();
            let code = NumberFormats::new(&locale, Some("EUR")).code(format);
            assert_eq!(code.as_deref(), expected, "{tag} {format:?}");
        }
    }
}
