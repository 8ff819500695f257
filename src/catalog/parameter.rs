//! One parameter of a report type, and which values it takes.

use jiff::civil::Date;
use serde_json::Value;

use super::{Day, Kind};

/// What a report can be asked with.
#[derive(Clone, Debug)]
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
    pub default: Option<Preset>,
    /// A value worth trying.
    pub example: Option<Value>,
    /// What a report says when there is no value, as in `all shops`.
    pub absent: Option<String>,
}

/// The value of a parameter for which a request names none.
#[derive(Clone, Debug, PartialEq)]
pub enum Preset {
    /// This one.
    Value(Value),
    /// A day that depends on the day of the request.
    Day(Day),
}

impl Preset {
    /// The value, when the request comes on the day `today`.
    pub fn on(&self, today: Date) -> Value {
        match self {
            Preset::Value(value) => value.clone(),
            Preset::Day(day) => day.on(today).to_string().into(),
        }
    }
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
