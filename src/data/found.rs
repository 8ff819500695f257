//! Finding the type of a column from its texts.

use crate::{catalog::ColumnType, value};

/// What all values of a column have in common so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Which types are still possible: a bit for each of [`ORDER`].
    possible: u8,
    is_empty: bool,
}

/// From the narrowest to the widest; text is what is left.
const ORDER: [ColumnType; 4] =
    [ColumnType::Boolean, ColumnType::Integer, ColumnType::Decimal, ColumnType::Date];

const BOOLEAN: u8 = 1;
const INTEGER: u8 = 2;
const DECIMAL: u8 = 4;
const DATE: u8 = 8;

impl Found {
    pub(super) const NOTHING: Self = Self { possible: BOOLEAN | INTEGER | DECIMAL | DATE, is_empty: true };

    /// One more value. An empty one says nothing.
    pub(super) fn see(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        self.is_empty = false;
        if self.possible == 0 {
            return;
        }
        // digits first: of a million rows most values are numbers
        self.possible &= match text {
            b"true" | b"false" => BOOLEAN,
            [b'0'..=b'9' | b'-', ..] => number(text),
            _ => 0,
        };
    }

    /// The narrowest type that all values have.
    pub(super) fn column_type(self) -> ColumnType {
        let possible = ORDER.iter().enumerate().find(|(bit, _)| self.possible & (1 << bit) != 0);
        match possible {
            Some((_, found)) if !self.is_empty => *found,
            _ => ColumnType::Text,
        }
    }
}

/// Which types a text that begins like a number can have. A number is written as programs write it: no plus, no
/// zero before other digits, no exponent. What is written otherwise (a postcode, a part number) is text.
fn number(text: &[u8]) -> u8 {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
        Some(point) => (&digits[..point], Some(&digits[point + 1..])),
        None => (digits, None),
    };
    let all_digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let is_canonical = all_digits(whole) && (whole.len() == 1 || whole[0] != b'0');
    match fraction {
        Some(fraction) if is_canonical && all_digits(fraction) => DECIMAL,
        None if is_canonical && whole.len() <= 18 => INTEGER | DECIMAL,
        // beyond 64 bits: a number of something, like a card, rather than an amount
        None if is_canonical => 0,
        _ if text.len() == 10
            && text[4] == b'-'
            && std::str::from_utf8(text).is_ok_and(|text| value::date(text).is_some()) =>
        {
            DATE
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_a_column_is_what_all_its_values_have_in_common() {
        use ColumnType::{Boolean, Date, Decimal, Integer, Text};
        let table: [(&[&str], ColumnType); 16] = [
            (&["1", "-2", "", "0"], Integer),
            (&["1", "2.5"], Decimal),
            (&["0.1", "-0.25"], Decimal),
            (&["007"], Text),
            (&["+5"], Text),
            (&["1e5"], Text),
            (&["1,5"], Text),
            (&["1."], Text),
            (&["-"], Text),
            (&["12345678901234567890"], Text),
            (&["2021-01-31", "2020-02-29"], Date),
            (&["2021-02-29"], Text),
            (&["2021-01-31", "5"], Text),
            (&["true", "false", ""], Boolean),
            (&["true", "1"], Text),
            (&["", ""], Text),
        ];
        for (values, expected) in table {
            let mut found = Found::NOTHING;
            values.iter().for_each(|value| found.see(value.as_bytes()));
            assert_eq!(found.column_type(), expected, "{values:?}");
        }
    }
}
