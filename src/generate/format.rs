//! How values are written for people, and files are named.

use jiff::civil::Date;
use serde_json::Value;

use super::model::Cell;
use crate::{
    catalog::{Format, Kind, Parameter, ReportType},
    report::Parameters,
};

/// The value on the page. Amounts carry the sign of the currency when there is one to be given: beside a
/// heading that names the currency they do without.
pub(super) fn cell(cell: &Cell, format: Format, currency: Option<&str>) -> String {
    let number = match cell {
        Cell::Nothing => return "–".into(),
        Cell::Text(text) | Cell::Link { text, .. } => return text.clone(),
        Cell::Integer(number) => *number as f64,
        Cell::Decimal(number) => *number,
    };
    match format {
        Format::Integer => grouped(number, 0),
        Format::Text | Format::Date { .. } | Format::DateTime { .. } => grouped(number, 1),
        Format::Decimal { digits } => grouped(number, digits.into()),
        // A no-break space: the sign must not be left alone at the end of a line.
        Format::Percent { digits } => format!("{}\u{a0}%", grouped(number, digits.into())),
        Format::Money { digits } => {
            let amount = grouped(number.abs(), digits.into());
            let minus = if number < 0.0 { "−" } else { "" };
            match currency.map(sign) {
                Some((sign, "")) => format!("{minus}{sign}{amount}"),
                Some((code, gap)) => format!("{minus}{code}{gap}{amount}"),
                None => format!("{minus}{amount}"),
            }
        }
    }
}

/// The currency as it stands before an amount, and what stands between the two.
fn sign(currency: &str) -> (&str, &'static str) {
    match currency {
        "EUR" => ("€", ""),
        "USD" => ("$", ""),
        "GBP" => ("£", ""),
        code => (code, "\u{a0}"),
    }
}

/// The currency as it stands in the heading of a column.
pub(super) fn currency_sign(currency: &str) -> &str {
    sign(currency).0
}

/// 1234567.891 with two digits is 1,234,567.89.
pub(super) fn grouped(number: f64, digits: usize) -> String {
    let plain = format!("{:.digits$}", number.abs());
    let (whole, fraction) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let mut text = String::with_capacity(plain.len() + plain.len() / 3 + 3);
    if number < 0.0 && plain.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        text.push('−');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

/// The value of a parameter below the title; nothing when it is absent and its absence says nothing.
pub(super) fn parameter(parameter: &Parameter, value: Option<&Value>) -> Option<String> {
    let Some(value) = value else { return parameter.absent.clone() };
    Some(match (&parameter.kind, value) {
        (Kind::Date { .. }, Value::String(text)) => match text.parse::<Date>() {
            Ok(date) => date.strftime("%A, %-d %B %Y").to_string(),
            Err(_) => text.clone(),
        },
        (_, Value::String(text)) => text.clone(),
        (Kind::Boolean, value) => {
            format!("{}: {}", parameter.title, if value == &Value::Bool(true) { "yes" } else { "no" })
        }
        (_, value) => format!("{}: {value}", parameter.title),
    })
}

/// The name of the file: the report type and the dates it was asked for. Other parameters may be in any
/// script or of any length, so they are left out.
pub(super) fn file_name(report_type: &ReportType, parameters: &Parameters, extension: &str) -> String {
    let mut name = report_type.name.to_ascii_lowercase().replace('_', "-");
    for parameter in
        report_type.parameters.iter().filter(|parameter| matches!(parameter.kind, Kind::Date { .. }))
    {
        if let Some(Value::String(date)) = parameters.get(&parameter.name) {
            name = name + "-" + date;
        }
    }
    format!("{name}.{extension}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn values_are_written_as_in_this_table() {
        let table = [
            (Cell::Integer(0), Format::Integer, None, "0"),
            (Cell::Integer(1_234_567), Format::Integer, None, "1,234,567"),
            (Cell::Integer(-999), Format::Integer, None, "−999"),
            (Cell::Decimal(1234.5), Format::Money { digits: 2 }, Some("EUR"), "€1,234.50"),
            (Cell::Decimal(-0.5), Format::Money { digits: 2 }, Some("EUR"), "−€0.50"),
            (Cell::Decimal(99.999), Format::Money { digits: 2 }, Some("CHF"), "CHF\u{a0}100.00"),
            (Cell::Decimal(12.0), Format::Money { digits: 2 }, None, "12.00"),
            (Cell::Decimal(12.34), Format::Percent { digits: 1 }, None, "12.3\u{a0}%"),
            (Cell::Decimal(-0.01), Format::Decimal { digits: 1 }, None, "0.0"),
            (Cell::Text("Αθήνα".into()), Format::Text, None, "Αθήνα"),
            (Cell::Nothing, Format::Money { digits: 2 }, Some("EUR"), "–"),
        ];
        for (value, format, currency, expected) in table {
            assert_eq!(cell(&value, format, currency), expected, "{value:?}");
        }
    }

    #[test]
    fn a_file_is_named_after_what_it_reports_on() {
        let catalog = Catalog::builtin();
        let coffee = catalog.get("COFFEE_SALES").unwrap();
        let parameters = json!({"reportDate": "2021-01-01", "shop": "Αθήνα"});
        let name = file_name(coffee, parameters.as_object().unwrap(), "pdf");
        assert_eq!(name, "coffee-sales-2021-01-01.pdf");
    }
}
