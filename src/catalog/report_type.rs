//! The description of a report type.

use std::path::PathBuf;

use super::{Data, Limits, Page, Parameter, RESERVED};
use crate::report::Fault;

/// One kind of report that can be asked for.
#[derive(Clone, Debug)]
pub struct ReportType {
    /// What a request names it by: capitals, digits and underscores, as in `COFFEE_SALES`.
    pub name: String,
    /// What people call it. It heads the page, as a template.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub description: String,
    /// What it can be asked with, in the order in which a form shows it.
    pub parameters: Vec<Parameter>,
    /// Who answers for it.
    pub author: Option<String>,
    /// Whose separators, names of months and signs are used, as in `de-CH` (BCP 47).
    pub locale: String,
    /// The currency of every amount, as in `EUR` (ISO 4217).
    pub currency: Option<String>,
    /// Where its rows come from.
    pub data: Vec<Data>,
    /// How much one report may use.
    pub limits: Limits,
    /// What is on the page.
    pub page: Page,
    /// The folder in which its data is.
    pub folder: PathBuf,
    /// The name of its file, for those who read the log.
    pub file: String,
}

impl ReportType {
    /// Everything that is wrong with the description itself; empty when it can be used. Pointers lead into
    /// the description.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.name.is_empty()
            || !self.name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        {
            faults.push(Fault::at("name", "expected capitals, digits and underscores, as in COFFEE_SALES"));
        }
        for (position, parameter) in self.parameters.iter().enumerate() {
            let mut fault = |detail: String| {
                faults.push(Fault { pointer: format!("/parameters/{}", parameter.name), detail });
            };
            if RESERVED.contains(&parameter.name.as_str()) {
                fault(format!("{} is a name of the report resource or of the request", parameter.name));
            }
            // SQL takes it as `:name`, and a form as the name of a field.
            if !parameter.name.starts_with(|c: char| c.is_ascii_alphabetic())
                || !parameter.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            {
                fault("a parameter's name is a Latin letter, then letters, digits and underscores".into());
            }
            if self.parameters[..position].iter().any(|other| other.name == parameter.name) {
                fault(format!("{} is declared twice", parameter.name));
            }
            let today = super::today();
            let default = parameter.default.as_ref().map(|default| default.on(today));
            for (member, value) in [("default", default.as_ref()), ("example", parameter.example.as_ref())] {
                if let Some(Err(detail)) = value.map(|value| parameter.kind.check(value, today)) {
                    fault(format!("its {member} is not allowed by itself: {detail}"));
                }
            }
            if parameter.required && parameter.default.is_some() {
                fault("it is required and has a default: one of the two means nothing".into());
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::{Kind, Preset, file};

    fn plain() -> ReportType {
        file::read("[[section]]\ntext = \"x\"", std::path::Path::new("plain.toml")).unwrap()
    }

    #[test]
    fn a_description_that_cannot_work_is_told_why() {
        let base = || Parameter::new("town", "Town", Kind::Choice(vec!["A".into(), "B".into()]));
        let table: [(Vec<Parameter>, &[&str]); 7] = [
            (vec![base()], &[]),
            (vec![Parameter { name: "status".into(), ..base() }], &["/parameters/status"]),
            (vec![Parameter { name: "_links".into(), ..base() }], &["/parameters/_links"; 2]),
            (vec![Parameter { name: "2nd town".into(), ..base() }], &["/parameters/2nd town"]),
            (vec![base(), base()], &["/parameters/town"]),
            (vec![Parameter { default: Some(Preset::Value(json!("C"))), ..base() }], &["/parameters/town"]),
            (
                vec![Parameter { required: true, default: Some(Preset::Value(json!("A"))), ..base() }],
                &["/parameters/town"],
            ),
        ];
        for (parameters, expected) in table {
            let report_type = ReportType { parameters, ..plain() };
            let found: Vec<_> = report_type.validate().into_iter().map(|fault| fault.pointer).collect();
            assert_eq!(found, expected, "{:?}", report_type.parameters);
        }
        let unnamed = ReportType { name: "coffee sales".into(), ..plain() };
        assert_eq!(unnamed.validate().len(), 1);
    }
}
