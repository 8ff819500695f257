//! One parameter of a report type, and which values it takes.

use jiff::civil::Date;
use serde_json::Value;

use super::check;

/// What a report can be asked with.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its member in the request and its name in a query, as in `reportDate` and `:reportDate`.
    pub name: String,
    /// What a form calls it.
    pub title: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Which values it takes.
    pub kind: Kind,
    /// Whether a request must have it.
    pub required: bool,
    /// The value when the request has none.
    pub default: Option<Value>,
    /// A value worth trying.
    pub example: Option<Value>,
    /// What a report says when there is no value, as in `all shops`.
    pub absent: Option<String>,
}

/// Which values a parameter takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A day of the calendar as text, as in `2021-01-31` (RFC 3339, `full-date`).
    Date,
    /// A whole number, bounds included.
    Integer {
        /// The smallest, if there is one.
        minimum: Option<i64>,
        /// The largest, if there is one.
        maximum: Option<i64>,
    },
    /// One of these texts.
    Choice(Vec<String>),
    /// Any text of at most so many characters.
    Text {
        /// The most characters.
        max_length: usize,
    },
    /// Yes or no.
    Boolean,
}

impl Parameter {
    /// An optional parameter without a default; the other members are set where it is declared.
    pub fn new(name: &str, title: &str, kind: Kind) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            description: String::new(),
            kind,
            required: false,
            default: None,
            example: None,
            absent: None,
        }
    }
}

impl Kind {
    /// Whether `value` is allowed.
    ///
    /// # Errors
    ///
    /// What is wrong with it and what was expected, in words for the person who sent it.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (Kind::Date, Value::String(text)) => date(text).map(drop),
            (Kind::Integer { minimum, maximum }, Value::Number(number)) => {
                let number = number.as_i64().ok_or_else(|| format!("{number} is not a whole number"))?;
                match (*minimum, *maximum) {
                    (Some(least), _) if number < least => Err(format!("{number} is less than {least}")),
                    (_, Some(most)) if number > most => Err(format!("{number} is more than {most}")),
                    _ => Ok(()),
                }
            }
            (Kind::Choice(choices), Value::String(text)) if choices.contains(text) => Ok(()),
            (Kind::Choice(choices), Value::String(text)) => {
                let meant = check::nearest(text, choices.iter().map(String::as_str))
                    .map(|near| format!("; did you mean “{near}”?"))
                    .unwrap_or_default();
                Err(format!("“{text}” is not one of {}{meant}", choices.join(", ")))
            }
            (Kind::Text { max_length }, Value::String(text)) => match text.chars().count() {
                length if length > *max_length => {
                    Err(format!("it has {length} characters and may have {max_length}"))
                }
                _ => Ok(()),
            },
            (Kind::Boolean, Value::Bool(_)) => Ok(()),
            _ => Err(format!("expected {}, not {}", self.expected(), json_type(value))),
        }
    }

    /// What is expected, to stand after “expected”.
    pub fn expected(&self) -> &'static str {
        match self {
            Kind::Date => "a date as text, as in \"2021-01-31\"",
            Kind::Integer { .. } => "a whole number",
            Kind::Choice(_) => "one of the choices as text",
            Kind::Text { .. } => "text",
            Kind::Boolean => "true or false",
        }
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
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_takes_and_refuses_as_in_this_table() {
        let integer = Kind::Integer { minimum: Some(1), maximum: Some(10) };
        let choice = Kind::Choice(vec!["Αθήνα".into(), "Zürich".into()]);
        let table = [
            (&Kind::Date, json!("2021-01-31"), None),
            (&Kind::Date, json!("2020-02-29"), None),
            (&Kind::Date, json!("2021-02-29"), Some("not a day of the calendar")),
            (&Kind::Date, json!("2021-02-30"), Some("not a day of the calendar")),
            (&Kind::Date, json!("2021-13-01"), Some("not a day of the calendar")),
            (&Kind::Date, json!("20210131"), Some("in the form")),
            (&Kind::Date, json!("2021-01-31T00:00:00Z"), Some("in the form")),
            (&Kind::Date, json!("2021–1–31"), Some("in the form")),
            (&Kind::Date, json!(20210131), Some("not a number")),
            (&integer, json!(1), None),
            (&integer, json!(10), None),
            (&integer, json!(0), Some("less than 1")),
            (&integer, json!(11), Some("more than 10")),
            (&integer, json!(2.5), Some("not a whole number")),
            (&integer, json!("2"), Some("not text")),
            (&choice, json!("Zürich"), None),
            (&choice, json!("Zurich"), Some("did you mean “Zürich”?")),
            (&choice, json!("Roma"), Some("not one of Αθήνα, Zürich")),
            (&choice, json!(["Zürich"]), Some("not a list")),
            (&Kind::Text { max_length: 3 }, json!("Ωμέ"), None),
            (&Kind::Text { max_length: 3 }, json!("Ωμέγ"), Some("may have 3")),
            (&Kind::Boolean, json!(true), None),
            (&Kind::Boolean, json!({}), Some("not an object")),
        ];
        for (kind, value, expected) in table {
            match (kind.check(&value), expected) {
                (Ok(()), None) => {}
                (Err(detail), Some(part)) => assert!(detail.contains(part), "{value}: {detail}"),
                (found, _) => panic!("{value}: {found:?}"),
            }
        }
    }
}
