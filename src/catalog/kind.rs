//! Which values a parameter takes.

use jiff::civil::Date;
use regex::Regex;
use serde_json::Value;

use super::{Day, check};

/// The most characters of a text for which the type file names no other.
pub const TEXT_LENGTH: usize = 1_000;
/// The most items of a list for which the type file names no other.
pub const LIST_LENGTH: usize = 1_000;

/// Which values a parameter takes. Bounds are included.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A day of the calendar as text, as in `2021-01-31` (RFC 3339, `full-date`).
    Date {
        /// The first, if there is one.
        minimum: Option<Day>,
        /// The last, if there is one.
        maximum: Option<Day>,
    },
    /// A whole number.
    Integer {
        /// The smallest, if there is one.
        minimum: Option<i64>,
        /// The largest, if there is one.
        maximum: Option<i64>,
    },
    /// Any number.
    Decimal {
        /// The smallest, if there is one.
        minimum: Option<f64>,
        /// The largest, if there is one.
        maximum: Option<f64>,
    },
    /// One of these texts.
    Choice(Vec<String>),
    /// Text.
    Text {
        /// The fewest characters.
        min_length: usize,
        /// The most characters.
        max_length: usize,
        /// What the whole of it has to look like.
        pattern: Option<Pattern>,
    },
    /// Yes or no.
    Boolean,
    /// Several values of one kind, which is not itself a list.
    List {
        /// What each is.
        of: Box<Kind>,
        /// The fewest.
        min_items: usize,
        /// The most.
        max_items: usize,
    },
}

/// What a text has to look like, from its first character to its last.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    /// Anchored: a pattern that allows three digits must not allow a sentence with three digits in it.
    whole: Regex,
}

impl std::str::FromStr for Pattern {
    type Err = regex::Error;

    fn from_str(source: &str) -> Result<Self, regex::Error> {
        // by itself first, so that an error shows what its author wrote
        Regex::new(source)?;
        Ok(Self { source: source.to_owned(), whole: Regex::new(&format!(r"\A(?:{source})\z"))? })
    }
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }

    /// The same for a JSON Schema, whose patterns match anywhere (draft 2020-12, section 6.3.3).
    pub fn in_schema(&self) -> String {
        format!("^(?:{})$", self.source)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source)
    }
}

impl Kind {
    /// Any day.
    pub const ANY_DATE: Self = Kind::Date { minimum: None, maximum: None };

    /// Any text that is not too long.
    pub const ANY_TEXT: Self = Kind::Text { min_length: 0, max_length: TEXT_LENGTH, pattern: None };

    /// Whether `value` is allowed when it is asked for on the day `today`.
    ///
    /// # Errors
    ///
    /// What is wrong with it and what was expected, in words for the person who sent it.
    pub fn check(&self, value: &Value, today: Date) -> Result<(), String> {
        match (self, value) {
            (Kind::Date { minimum, maximum }, Value::String(text)) => {
                let day = date(text)?;
                within(
                    &day,
                    minimum.map(|day| day.on(today)).as_ref(),
                    maximum.map(|day| day.on(today)).as_ref(),
                )
            }
            (Kind::Integer { minimum, maximum }, Value::Number(number)) => {
                let number = number.as_i64().ok_or_else(|| format!("{number} is not a whole number"))?;
                within(&number, minimum.as_ref(), maximum.as_ref())
            }
            (Kind::Decimal { minimum, maximum }, Value::Number(number)) => {
                let number = number.as_f64().ok_or_else(|| format!("{number} is too large"))?;
                within(&number, minimum.as_ref(), maximum.as_ref())
            }
            (Kind::Choice(choices), Value::String(text)) if choices.contains(text) => Ok(()),
            (Kind::Choice(choices), Value::String(text)) => {
                let meant = check::nearest(text, choices.iter().map(String::as_str))
                    .map(|near| format!("; did you mean “{near}”?"))
                    .unwrap_or_default();
                Err(format!("“{text}” is not one of {}{meant}", choices.join(", ")))
            }
            (Kind::Text { min_length, max_length, pattern }, Value::String(text)) => {
                let length = text.chars().count();
                if length > *max_length {
                    return Err(format!("it has {length} characters and may have {max_length}"));
                }
                if length < *min_length {
                    return Err(format!("it has {length} characters and must have {min_length}"));
                }
                match pattern {
                    Some(pattern) if !pattern.matches(text) => {
                        Err(format!("“{text}” does not match the pattern {pattern}"))
                    }
                    _ => Ok(()),
                }
            }
            (Kind::Boolean, Value::Bool(_)) => Ok(()),
            (Kind::List { of, min_items, max_items }, Value::Array(items)) => {
                if items.len() > *max_items {
                    return Err(format!("it has {} items and may have {max_items}", items.len()));
                }
                if items.len() < *min_items {
                    return Err(format!("it has {} items and must have {min_items}", items.len()));
                }
                let faults = items.iter().enumerate().filter_map(|(at, item)| {
                    of.check(item, today).err().map(|detail| format!("item {}: {detail}", at + 1))
                });
                // a few say enough
                let faults: Vec<String> = faults.take(5).collect();
                if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
            }
            _ => Err(format!("expected {}, not {}", self.expected(), json_type(value))),
        }
    }

    /// What is expected, to stand after “expected”.
    pub fn expected(&self) -> String {
        match self {
            Kind::Date { .. } => "a date as text, as in \"2021-01-31\"".into(),
            Kind::Integer { .. } => "a whole number".into(),
            Kind::Decimal { .. } => "a number".into(),
            Kind::Choice(_) => "one of the choices as text".into(),
            Kind::Text { .. } => "text".into(),
            Kind::Boolean => "true or false".into(),
            Kind::List { of, .. } => format!("a list, each item {}", of.expected()),
        }
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    value: &T,
    minimum: Option<&T>,
    maximum: Option<&T>,
) -> Result<(), String> {
    match (minimum, maximum) {
        (Some(least), _) if value < least => Err(format!("{value} is less than {least}")),
        (_, Some(most)) if value > most => Err(format!("{value} is more than {most}")),
        _ => Ok(()),
    }
}

fn date(text: &str) -> Result<Date, String> {
    // Only this form: the library also reads 20210131 and 2021-W04-7, and a report must have one spelling.
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return Err(format!("“{text}” is not a date in the form 2021-01-31"));
    }
    text.parse().map_err(|_| format!("{text} is not a day of the calendar"))
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_takes_and_refuses_as_in_this_table() {
        let day = |text: &str| Some(text.parse::<Day>().unwrap());
        let date = Kind::ANY_DATE;
        let past = Kind::Date { minimum: day("2021-01-01"), maximum: day("yesterday") };
        let integer = Kind::Integer { minimum: Some(1), maximum: Some(10) };
        let decimal = Kind::Decimal { minimum: Some(0.0), maximum: Some(2.5) };
        let choice = Kind::Choice(vec!["Αθήνα".into(), "Zürich".into()]);
        let short = Kind::Text { min_length: 2, max_length: 3, pattern: None };
        let code = Kind::Text {
            min_length: 0,
            max_length: 10,
            pattern: Some(r"(\p{Lu}|\p{Lu}{2})-\d+|\p{Lu}".parse().unwrap()),
        };
        let list = Kind::List { of: Box::new(integer.clone()), min_items: 1, max_items: 3 };
        let table = [
            (&date, json!("2021-01-31"), None),
            (&date, json!("2020-02-29"), None),
            (&date, json!("2021-02-29"), Some("not a day of the calendar")),
            (&date, json!("2021-13-01"), Some("not a day of the calendar")),
            (&date, json!("20210131"), Some("in the form")),
            (&date, json!("2021-01-31T00:00:00Z"), Some("in the form")),
            (&date, json!("2021–1–31"), Some("in the form")),
            (&date, json!("yesterday"), Some("in the form")),
            (&date, json!(20210131), Some("not a number")),
            (&past, json!("2021-01-01"), None),
            (&past, json!("2024-02-29"), None),
            (&past, json!("2024-03-01"), Some("more than 2024-02-29")),
            (&past, json!("2020-12-31"), Some("less than 2021-01-01")),
            (&integer, json!(1), None),
            (&integer, json!(10), None),
            (&integer, json!(0), Some("less than 1")),
            (&integer, json!(11), Some("more than 10")),
            (&integer, json!(2.5), Some("not a whole number")),
            (&integer, json!(1e300), Some("not a whole number")),
            (&integer, json!("2"), Some("not text")),
            (&decimal, json!(0), None),
            (&decimal, json!(2.5), None),
            (&decimal, json!(-0.1), Some("less than 0")),
            (&decimal, json!(2.6), Some("more than 2.5")),
            (&decimal, json!("1,5"), Some("expected a number, not text")),
            (&choice, json!("Zürich"), None),
            (&choice, json!("Zurich"), Some("did you mean “Zürich”?")),
            (&choice, json!("Roma"), Some("not one of Αθήνα, Zürich")),
            (&choice, json!(["Zürich"]), Some("not a list")),
            (&short, json!("Ωμέ"), None),
            (&short, json!("Ωμέγ"), Some("may have 3")),
            (&short, json!("Ω"), Some("must have 2")),
            (&code, json!("Ä-17"), None),
            (&code, json!("ÄB-17"), None),
            (&code, json!("Ä"), None),
            (&code, json!("see A-17"), Some("does not match the pattern")),
            (&code, json!("A-17\n"), Some("does not match the pattern")),
            (&Kind::Boolean, json!(true), None),
            (&Kind::Boolean, json!({}), Some("not an object")),
            (&list, json!([1, 10]), None),
            (&list, json!([]), Some("must have 1")),
            (&list, json!([1, 2, 3, 4]), Some("may have 3")),
            (&list, json!([1, 99, "x"]), Some("item 2: 99 is more than 10; item 3: expected a whole number")),
            (&list, json!(1), Some("expected a list, each item a whole number, not a number")),
        ];
        let today = civil::date(2024, 3, 1);
        for (kind, value, expected) in table {
            match (kind.check(&value, today), expected) {
                (Ok(()), None) => {}
                (Err(detail), Some(part)) => assert!(detail.contains(part), "{value}: {detail}"),
                (found, _) => panic!("{value}: {found:?}"),
            }
        }
    }
}
