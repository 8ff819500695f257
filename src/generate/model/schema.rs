//! The JSON Schema of the model: made from its types, kept in `static/model.schema.json`, which is served, and
//! held against the models of all samples.
//!
//! After a change of the types, `REPORTWIRE_BLESS=1 cargo test schema` writes it anew.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Model;
use crate::{
    catalog::{Library, ReportType, today},
    data::Sources,
    generate::{Order, model},
    work::Monitor,
};

/// The schema that the types give, with a name and a word on what it describes.
fn made() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(Model)).unwrap();
    schema["$id"] = json!("/static/model.schema.json");
    schema["title"] = json!("The model of a report");
    schema
}

#[test]
fn the_schema_that_is_served_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/model.schema.json");
    let made = serde_json::to_string_pretty(&made()).unwrap() + "\n";
    if std::env::var_os("REPORTWIRE_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == made, "bless {}", path.display());
}

/// A model of the sample with its defaults and examples.
fn sample(report_type: &ReportType, sources: &Sources) -> Model {
    let given = report_type.parameters.iter().filter(|parameter| parameter.default.is_none());
    let given =
        given.filter_map(|parameter| Some((parameter.name.clone(), parameter.example.clone()?))).collect();
    let parameters = report_type.check(&given, today()).unwrap();
    let data = json!({"items": [{"item": "Kaffee", "quantity": 2, "price": 9.5}]});
    let order = Order {
        report_type,
        parameters: &parameters,
        data: data.as_object(),
        created_at: Timestamp::UNIX_EPOCH,
    };
    model(&order, sources, &Monitor::detached()).unwrap()
}

#[test]
fn the_model_of_every_sample_keeps_to_the_schema_and_reads_back() {
    let validator = jsonschema::validator_for(&made()).unwrap();
    assert!(!validator.is_valid(&json!({"title": 1})));
    let cache = tempfile::tempdir().unwrap();
    let sources = Sources::new(cache.path().into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    let (library, _) = Library::open(vec![folder]).unwrap();
    for report_type in library.catalog().iter() {
        let model = sample(report_type, &sources);
        assert!(model.sections.len() > 1, "{}: {:?}", report_type.name, model.sections);
        let value = serde_json::to_value(&model).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&value)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert_eq!(faults, [""; 0], "{}", report_type.name);
        assert_eq!(serde_json::from_value::<Model>(value).unwrap(), model, "{}", report_type.name);
    }
}
