//! What a form or a client needs to know about a report type: a JSON Schema of its parameters.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Kind, Origin, Parameter, ReportType, humanised};

/// A report type as `GET /api/v1/report-types` shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary<'a> {
    report_type: &'a str,
    title: Cow<'a, str>,
    description: &'a str,
    parameters: Value,
    /// The names under which rows are sent with the request, in its member `data`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    data: Vec<&'a str>,
    /// What a reader should know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
}

impl ReportType {
    /// What this report type is and takes on the day `today`, ready to be serialised. `outdated` says that
    /// its file has changed into something that cannot be read.
    pub fn summary(&self, today: Date, outdated: bool) -> Summary<'_> {
        let problem = "its file has changed and has mistakes; what is served is how it was before";
        let sent = self.data.iter().filter(|data| data.origin == Origin::Request);
        Summary {
            data: sent.map(|data| data.name.as_str()).collect(),
            problem: outdated.then_some(problem),
            report_type: &self.name,
            // a template says something only when there are values
            title: if self.title.contains('{') {
                humanised(&self.name).into()
            } else {
                self.title.as_str().into()
            },
            description: &self.description,
            parameters: self.json_schema(today),
        }
    }

    /// The parameters as a JSON Schema (draft 2020-12) of type object. Its properties are in the order in
    /// which they are declared when `serde_json` keeps order, else by name; `required` is always in order.
    /// A default that is counted from `today` is given as that day.
    pub fn json_schema(&self, today: Date) -> Value {
        let properties: Map<String, Value> = self
            .parameters
            .iter()
            .map(|parameter| (parameter.name.clone(), property(parameter, today)))
            .collect();
        let required: Vec<&str> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
            .map(|parameter| parameter.name.as_str())
            .collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

fn property(parameter: &Parameter, today: Date) -> Value {
    let mut schema = values(&parameter.kind, today);
    set(&mut schema, "title", Some(parameter.title.clone().into()));
    let description = Some(parameter.description.clone()).filter(|text| !text.is_empty());
    set(&mut schema, "description", description.map(Value::from));
    set(&mut schema, "default", parameter.default.as_ref().map(|default| default.on(today)));
    set(&mut schema, "examples", parameter.example.clone().map(|example| json!([example])));
    schema
}

/// The values that a parameter of this kind takes.
fn values(kind: &Kind, today: Date) -> Value {
    let mut schema;
    match kind {
        Kind::Date { minimum, maximum } => {
            let mut bounds = Vec::new();
            // JSON Schema has no bounds for dates; `formatMinimum` is what Ajv and others understand
            schema = json!({"type": "string", "format": "date"});
            bounds.extend(minimum.map(|day| ("formatMinimum", day)));
            bounds.extend(maximum.map(|day| ("formatMaximum", day)));
            for (keyword, day) in bounds {
                schema[keyword] = day.on(today).to_string().into();
            }
        }
        Kind::Integer { minimum, maximum } => {
            schema = json!({"type": "integer"});
            set(&mut schema, "minimum", minimum.map(Value::from));
            set(&mut schema, "maximum", maximum.map(Value::from));
        }
        Kind::Decimal { minimum, maximum } => {
            schema = json!({"type": "number"});
            set(&mut schema, "minimum", minimum.map(Value::from));
            set(&mut schema, "maximum", maximum.map(Value::from));
        }
        Kind::Choice(choices) => schema = json!({"type": "string", "enum": choices}),
        Kind::Text { min_length, max_length, pattern } => {
            schema = json!({"type": "string", "maxLength": max_length});
            set(&mut schema, "minLength", (*min_length > 0).then(|| (*min_length).into()));
            set(&mut schema, "pattern", pattern.as_ref().map(|pattern| pattern.in_schema().into()));
        }
        Kind::Boolean => schema = json!({"type": "boolean"}),
        Kind::List { of, min_items, max_items } => {
            schema = json!({"type": "array", "items": values(of, today), "maxItems": max_items});
            set(&mut schema, "minItems", (*min_items > 0).then(|| (*min_items).into()));
        }
    }
    schema
}

fn set(schema: &mut Value, keyword: &str, value: Option<Value>) {
    if let Some(value) = value {
        schema[keyword] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Preset, samples::coffee};

    const TODAY: Date = jiff::civil::date(2024, 3, 1);

    #[test]
    fn the_schema_says_what_the_check_does() {
        let mut coffee = coffee();
        let count = Kind::Integer { minimum: Some(1), maximum: Some(50) };
        coffee.parameters.push(Parameter {
            default: Some(Preset::Value(json!(5))),
            ..Parameter::new("top", "Top", count)
        });
        let summary = serde_json::to_value(coffee.summary(TODAY, false)).unwrap();
        assert_eq!(summary["reportType"], "COFFEE_SALES");
        assert_eq!(summary["title"], "Coffee sales");
        let schema = &summary["parameters"];
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["reportDate"]));
        assert_eq!(schema["properties"]["reportDate"]["type"], "string");
        assert_eq!(schema["properties"]["reportDate"]["format"], "date");
        assert_eq!(schema["properties"]["reportDate"]["examples"], json!(["2021-01-01"]));
        assert_eq!(schema["properties"]["shop"]["enum"].as_array().unwrap().len(), 5);
        assert_eq!(
            schema["properties"]["top"],
            json!({"type": "integer", "minimum": 1, "maximum": 50, "default": 5, "title": "Top"})
        );
    }
}
