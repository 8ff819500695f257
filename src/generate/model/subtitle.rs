//! What a report was asked for, in words.

use serde_json::Value;

use crate::{
    catalog::{DateStyle, Format, Kind, Parameter, ReportType},
    locale::Locale,
    report::Parameters,
    value::Cell,
};

/// The parameters in words, one after another.
pub(super) fn subtitle(report_type: &ReportType, parameters: &Parameters, locale: &Locale) -> String {
    let parts: Vec<String> = report_type
        .parameters
        .iter()
        .filter_map(|parameter| one(parameter, parameters.get(&parameter.name), locale))
        .collect();
    parts.join(" · ")
}

/// The value in words; nothing when it is absent and its absence says nothing.
fn one(parameter: &Parameter, value: Option<&Value>, locale: &Locale) -> Option<String> {
    let Some(value) = value else { return parameter.absent.clone() };
    let text = written(&parameter.kind, value, locale);
    // a day and a choice speak for themselves
    Some(match &parameter.kind {
        Kind::Date { .. } | Kind::Choice(_) | Kind::Text { .. } => text,
        Kind::Integer { .. } | Kind::Decimal { .. } | Kind::Boolean | Kind::List { .. } => {
            format!("{}: {text}", parameter.title)
        }
    })
}

fn written(kind: &Kind, value: &Value, locale: &Locale) -> String {
    match (kind, value) {
        (Kind::Date { .. }, Value::String(text)) => {
            locale.cell(&Cell::Text(text.clone()), Format::Date { style: DateStyle::Full }, None)
        }
        (_, Value::String(text)) => text.clone(),
        (_, Value::Bool(yes)) => (if *yes { locale.words().yes } else { locale.words().no }).to_owned(),
        (_, Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            // a year, most often
            (Some(whole), _) if (1_000..10_000).contains(&whole) => {
                locale.cell(&Cell::Integer(whole), Format::Text, None)
            }
            (Some(whole), _) => locale.cell(&Cell::Integer(whole), Format::Integer, None),
            (None, Some(number)) => locale.cell(&Cell::Decimal(number), Format::Decimal { digits: 2 }, None),
            (None, None) => number.to_string(),
        },
        (Kind::List { of, .. }, Value::Array(items)) => {
            items.iter().map(|item| written(of, item, locale)).collect::<Vec<_>>().join(", ")
        }
        (_, value) => value.to_string(),
    }
}
