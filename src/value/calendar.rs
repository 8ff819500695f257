//! Dates and times as text, in the one spelling that sorts by itself (ISO 8601, extended format).

use jiff::civil::{Date, DateTime, Time};

/// The day that `text` is, when it is one in the form `2021-01-31`.
pub fn date(text: &str) -> Option<Date> {
    // the library also reads 20210131 and 2021-W04-7, and a column must have one spelling
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if shape { text.parse().ok() } else { None }
}

/// The moment that `text` is, when it is one in the form `2021-01-31T08:15:00`: seconds and their fraction
/// optional, a space in place of the `T` allowed, no time zone.
pub fn date_time(text: &str) -> Option<DateTime> {
    let (day, rest) = text.split_at_checked(10)?;
    let clock = rest.strip_prefix(['T', ' '])?;
    let shape = clock.len() >= 5
        && clock.bytes().enumerate().all(|(at, byte)| match at {
            2 | 5 => byte == b':',
            8 => byte == b'.',
            _ => byte.is_ascii_digit(),
        });
    let time: Time = if shape { clock.parse().ok()? } else { return None };
    Some(DateTime::from_parts(date(day)?, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_spelling_of_a_day_and_of_a_moment() {
        for text in ["2021-01-31", "2020-02-29", "0001-01-01"] {
            assert!(date(text).is_some(), "{text}");
        }
        for text in ["", "2021-02-29", "20210131", "2021-W04-7", "2021-1-1", "31.01.2021", "2021-01-31T08:15"]
        {
            assert!(date(text).is_none(), "{text}");
        }
        for text in ["2021-01-31T08:15", "2021-01-31 08:15:59", "2021-01-31T23:59:59.123"] {
            assert!(date_time(text).is_some(), "{text}");
        }
        for text in [
            "2021-01-31",
            "2021-01-31T",
            "2021-01-31T24:15",
            "2021-01-31T08:15Z",
            "2021-01-31T8:15",
            "2021-01-31é08:15",
        ] {
            assert!(date_time(text).is_none(), "{text}");
        }
    }
}
