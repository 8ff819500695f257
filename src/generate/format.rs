//! How values are written for people, and files are named.

use super::model::Cell;
use crate::catalog::Format;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
