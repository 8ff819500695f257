//! What a form or a client needs to know about a report type: a JSON Schema of its parameters.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Kind, Parameter, ReportType};

/// A report type as `GET /api/v1/report-types` shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary<'a> {
    report_type: &'a str,
    title: &'a str,
    description: &'a str,
    parameters: Value,
}

impl ReportType {
    /// What this report type is and takes, ready to be serialised.
    pub fn summary(&self) -> Summary<'_> {
        Summary {
            report_type: &self.name,
            title: &self.title,
            description: &self.description,
            parameters: self.json_schema(),
        }
    }

    /// The parameters as a JSON Schema (draft 2020-12) of type object. Its properties are in the order in
    /// which they are declared when `serde_json` keeps order, else by name; `required` is always in order.
    pub fn json_schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.parameters.iter().map(|parameter| (parameter.name.clone(), property(parameter))).collect();
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

fn property(parameter: &Parameter) -> Value {
    let mut schema = match &parameter.kind {
        Kind::Date => json!({"type": "string", "format": "date"}),
        Kind::Integer { minimum, maximum } => {
            let mut schema = json!({"type": "integer"});
            set(&mut schema, "minimum", minimum.map(Value::from));
            set(&mut schema, "maximum", maximum.map(Value::from));
            schema
        }
        Kind::Choice(choices) => json!({"type": "string", "enum": choices}),
        Kind::Text { max_length } => json!({"type": "string", "maxLength": max_length}),
        Kind::Boolean => json!({"type": "boolean"}),
    };
    set(&mut schema, "title", Some(parameter.title.clone().into()));
    let description = Some(parameter.description.clone()).filter(|text| !text.is_empty());
    set(&mut schema, "description", description.map(Value::from));
    set(&mut schema, "default", parameter.default.clone());
    set(&mut schema, "examples", parameter.example.clone().map(|example| json!([example])));
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
    use crate::catalog::coffee;

    #[test]
    fn the_schema_says_what_the_check_does() {
        let mut coffee = coffee::report_type();
        let count = Kind::Integer { minimum: Some(1), maximum: Some(50) };
        coffee.parameters.push(Parameter { default: Some(json!(5)), ..Parameter::new("top", "Top", count) });
        let summary = serde_json::to_value(coffee.summary()).unwrap();
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
