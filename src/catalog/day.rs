//! Days as a type file writes them: of the calendar, or counted from the day of the request.

use jiff::{Span, SpanFieldwise, Timestamp, ToSpan as _, civil::Date, tz::Offset};

/// A day that is known only when a report is asked for, or always.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Day {
    /// This day.
    Fixed(Date),
    /// So far from a day that is counted from today.
    Relative {
        /// Where to begin.
        from: Anchor,
        /// How far to go.
        by: SpanFieldwise,
    },
}

/// A day that is counted from today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The day of the request.
    Today,
    /// The Monday of its week (ISO 8601).
    StartOfWeek,
    /// The first of its month.
    StartOfMonth,
    /// The last of its month.
    EndOfMonth,
    /// The first of January of its year.
    StartOfYear,
}

/// What is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{0}” is not a day; expected one like 2021-01-31, today, yesterday, tomorrow, start of month, \
     end of month - 1 month or today - 7 days"
)]
pub struct NoDay(String);

const ANCHORS: [(&str, Anchor); 5] = [
    ("today", Anchor::Today),
    ("start of week", Anchor::StartOfWeek),
    ("start of month", Anchor::StartOfMonth),
    ("end of month", Anchor::EndOfMonth),
    ("start of year", Anchor::StartOfYear),
];

impl std::str::FromStr for Day {
    type Err = NoDay;

    fn from_str(text: &str) -> Result<Self, NoDay> {
        let no_day = || NoDay(text.to_owned());
        if let Ok(date) = text.parse() {
            return Ok(Day::Fixed(date));
        }
        match text {
            "yesterday" => return Ok(Day::Relative { from: Anchor::Today, by: (-1).days().fieldwise() }),
            "tomorrow" => return Ok(Day::Relative { from: Anchor::Today, by: 1.days().fieldwise() }),
            _ => {}
        }
        let (from, rest) = ANCHORS
            .iter()
            .find_map(|(name, anchor)| Some((*anchor, text.strip_prefix(name)?)))
            .ok_or_else(no_day)?;
        let by = if rest.is_empty() { Span::new() } else { distance(rest).ok_or_else(no_day)? };
        Ok(Day::Relative { from, by: by.fieldwise() })
    }
}

/// The day of a request that comes now, in UTC: the same on every machine.
pub fn today() -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// ` - 7 days`, ` + 1 month`.
fn distance(text: &str) -> Option<Span> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [sign, number, unit] = words[..] else { return None };
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    // so far that it leaves the calendar is no distance
    let number = number.parse::<i64>().ok().filter(|number| (0..=9_999).contains(number))? * sign;
    match unit {
        "day" | "days" => Some(number.days()),
        "week" | "weeks" => Some(number.weeks()),
        "month" | "months" => Some(number.months()),
        "year" | "years" => Some(number.years()),
        _ => None,
    }
}

impl Day {
    /// The day, when `today` is the day of the request. One beyond the calendar is the calendar's last.
    ///
    /// The distance is gone first, so that the end of the month a month ago is the end of that month.
    pub fn on(self, today: Date) -> Date {
        match self {
            Day::Fixed(date) => date,
            Day::Relative { from, by } => {
                let day = today.saturating_add(by.0);
                match from {
                    Anchor::Today => day,
                    Anchor::StartOfWeek => {
                        day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
                    }
                    Anchor::StartOfMonth => day.first_of_month(),
                    Anchor::EndOfMonth => day.last_of_month(),
                    Anchor::StartOfYear => day.first_of_year(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_counted_as_in_this_table() {
        let today = date(2024, 3, 31);
        let table = [
            ("2021-01-31", date(2021, 1, 31)),
            ("today", today),
            ("yesterday", date(2024, 3, 30)),
            ("tomorrow", date(2024, 4, 1)),
            ("today - 7 days", date(2024, 3, 24)),
            ("today + 2 weeks", date(2024, 4, 14)),
            ("today - 1 month", date(2024, 2, 29)),
            ("start of week", date(2024, 3, 25)),
            ("start of month", date(2024, 3, 1)),
            ("start of month - 1 month", date(2024, 2, 1)),
            ("end of month - 1 month", date(2024, 2, 29)),
            ("start of year - 1 year", date(2023, 1, 1)),
            ("today + 9999 years", Date::MAX),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Day>().unwrap().on(today), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_told_so() {
        for text in
            ["", "todya", "2021-02-30", "today - days", "today -7 days", "today - 99999 days", "start"]
        {
            let error = text.parse::<Day>().unwrap_err().to_string();
            assert!(error.contains("today - 7 days"), "{error}");
        }
    }
}
