//! Filters of templates: `{{ revenue|money }}`, `{{ share|percent(1) }}`, `{{ reportDate|date('long') }}`.

use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, Value};

use super::{Locale, NOTHING, minor_digits};
use crate::value::{self, DateStyle};

/// Adds filters that write values as `locale` does: `number(digits)`, `money(digits)`, `percent(digits)`,
/// `date(style)` and `datetime(style)`. Nothing is written as a dash.
pub fn add_filters(environment: &mut Environment<'_>, locale: Arc<Locale>, currency: Option<String>) {
    let with = Arc::clone(&locale);
    environment.add_filter("number", move |value: Value, digits: Option<u8>| {
        written(&value, number, |number| {
            with.number(number, digits.unwrap_or(if number.fract() == 0.0 { 0 } else { 2 }))
        })
    });
    let with = Arc::clone(&locale);
    environment.add_filter("money", move |value: Value, digits: Option<u8>| {
        let usual = currency.as_deref().map_or(2, minor_digits);
        written(&value, number, |amount| with.tick(amount, digits.unwrap_or(usual), currency.as_deref()))
    });
    let with = Arc::clone(&locale);
    environment.add_filter("percent", move |value: Value, digits: Option<u8>| {
        written(&value, number, |number| with.percent(number, digits.unwrap_or(1)))
    });
    let with = Arc::clone(&locale);
    environment.add_filter("date", move |value: Value, style: Option<String>| {
        let style = style_of(style.as_deref())?;
        written(&value, day, |date| with.date(date, style))
    });
    environment.add_filter("datetime", move |value: Value, style: Option<String>| {
        let style = style_of(style.as_deref())?;
        written(&value, moment, |time| locale.date_time(time, style))
    });
}

fn written<T>(
    value: &Value,
    read: impl FnOnce(&Value) -> Result<T, Error>,
    write: impl FnOnce(T) -> String,
) -> Result<String, Error> {
    if value.is_undefined() || value.is_none() { Ok(NOTHING.into()) } else { read(value).map(write) }
}

fn number(value: &Value) -> Result<f64, Error> {
    f64::try_from(value.clone()).map_err(|_| wrong(value, "a number"))
}

fn day(value: &Value) -> Result<jiff::civil::Date, Error> {
    let text = value.as_str().unwrap_or_default();
    value::date(text)
        .or_else(|| value::date_time(text).map(|time| time.date()))
        .ok_or_else(|| wrong(value, "a date, as in 2021-01-31"))
}

fn moment(value: &Value) -> Result<jiff::civil::DateTime, Error> {
    let text = value.as_str().unwrap_or_default();
    value::date_time(text).ok_or_else(|| wrong(value, "a time, as in 2021-01-31T08:15"))
}

fn style_of(name: Option<&str>) -> Result<DateStyle, Error> {
    Ok(match name {
        None | Some("medium") => DateStyle::Medium,
        Some("short") => DateStyle::Short,
        Some("long") => DateStyle::Long,
        Some("full") => DateStyle::Full,
        Some("month") => DateStyle::Month,
        Some("iso") => DateStyle::Iso,
        Some(other) => {
            let detail = format!("“{other}” is no style; expected short, medium, long, full, month or iso");
            return Err(Error::new(ErrorKind::InvalidOperation, detail));
        }
    })
}

fn wrong(value: &Value, expected: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("expected {expected}, not {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_templates_as_on_pages() {
        let mut environment = Environment::new();
        let locale = Arc::new(Locale::new("de-DE").unwrap());
        add_filters(&mut environment, locale, Some("EUR".into()));
        let table = [
            ("{{ 1234.5|number }}", Ok("1.234,50")),
            ("{{ 1234|number }}", Ok("1.234")),
            ("{{ 1234|money }}", Ok("1.234,00\u{a0}€")),
            ("{{ 12.5|percent(0) }}", Ok("13\u{a0}%")),
            ("{{ '2021-01-31'|date('long') }}", Ok("31. Januar 2021")),
            ("{{ '2021-01-31T08:15'|datetime }}", Ok("31.01.2021, 08:15")),
            ("{{ none|money }}{{ nothing|date }}", Ok("––")),
            ("{{ 'x'|money }}", Err("expected a number")),
            ("{{ 'x'|date }}", Err("expected a date")),
            ("{{ '2021-01-31'|date('lng') }}", Err("no style")),
        ];
        for (template, expected) in table {
            match (environment.render_str(template, ()), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{template}"),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{template}: {error}"),
                (found, _) => panic!("{template}: {found:?}"),
            }
        }
    }
}
