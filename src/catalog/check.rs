//! From what a client sent to checked parameters, or to everything that is wrong with it.

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::{Origin, ReportType};
use crate::report::{Fault, Parameters};

impl ReportType {
    /// Checks the parameters of a request and fills in defaults. `given` holds the parameters only: the
    /// caller has taken out `reportType` and the other members of a request that are not parameters.
    /// `null` means the same as leaving the member out. `today` is the day of the request, from which relative
    /// days are counted.
    ///
    /// # Errors
    ///
    /// Every fault, not just the first, each with a pointer to its member: declared parameters in their
    /// order, then unknown ones.
    pub fn check(&self, given: &Map<String, Value>, today: Date) -> Result<Parameters, Vec<Fault>> {
        let mut checked = Parameters::new();
        let mut faults = Vec::new();
        for parameter in &self.parameters {
            match given.get(&parameter.name).filter(|value| !value.is_null()) {
                Some(value) => match parameter.kind.check(value, today) {
                    Ok(()) => drop(checked.insert(parameter.name.clone(), value.clone())),
                    Err(detail) => faults.push(Fault::at(&parameter.name, detail)),
                },
                None => match &parameter.default {
                    Some(default) => drop(checked.insert(parameter.name.clone(), default.on(today))),
                    None if parameter.required => faults.push(Fault::at(
                        &parameter.name,
                        format!("it is missing; expected {}", parameter.kind.expected()),
                    )),
                    None => {}
                },
            }
        }
        let names = || self.parameters.iter().map(|parameter| parameter.name.as_str());
        for unknown in given.keys().filter(|name| !names().any(|known| known == *name)) {
            let detail = match nearest(unknown, names()) {
                Some(meant) => format!("{} has no such parameter; did you mean {meant}?", self.name),
                None => {
                    let known = names().collect::<Vec<_>>().join(", ");
                    format!("{} has no such parameter; it has {known}", self.name)
                }
            };
            faults.push(Fault::at(unknown, detail));
        }
        if faults.is_empty() { Ok(checked) } else { Err(faults) }
    }
}

impl ReportType {
    /// Everything that is wrong with the rows that came with a request, its member `data`: an object with an
    /// array of objects for each entry of data that a request brings, and no other member.
    pub fn check_data(&self, given: Option<&Value>) -> Vec<Fault> {
        let wanted: Vec<&str> = self
            .data
            .iter()
            .filter(|data| data.origin == Origin::Request)
            .map(|data| data.name.as_str())
            .collect();
        let none = Map::new();
        let given = match given {
            None | Some(Value::Null) => &none,
            Some(Value::Object(given)) => given,
            Some(_) => {
                return vec![Fault::at("data", "expected an object with an array of rows for each name")];
            }
        };
        let fault = |name: &str, detail: String| Fault {
            pointer: format!("/data{}", Fault::at(name, "").pointer),
            detail,
        };
        let missing = wanted.iter().filter(|name| !given.contains_key(**name));
        let mut faults: Vec<Fault> =
            missing.map(|name| fault(name, "it is missing; expected an array of objects".into())).collect();
        for (name, rows) in given {
            if !wanted.contains(&name.as_str()) {
                let detail = match (nearest(name, wanted.iter().copied()), &wanted[..]) {
                    (_, []) => format!("{} takes no rows", self.name),
                    (Some(meant), _) => format!("{} takes no such rows; did you mean {meant}?", self.name),
                    (None, _) => format!("{} takes no such rows; it takes {}", self.name, wanted.join(", ")),
                };
                faults.push(fault(name, detail));
            } else if !rows.as_array().is_some_and(|rows| rows.iter().all(Value::is_object)) {
                faults.push(fault(name, "expected an array of objects".into()));
            }
        }
        faults
    }
}

/// The name that was probably meant by `written`, if one is near enough to be worth saying.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The distance costs time and memory by the product of the lengths, and the text comes from a client.
    if written.len() > 100 {
        return None;
    }
    let lower = written.to_lowercase();
    names
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::{Kind, Parameter, Preset, samples::coffee};

    const TODAY: Date = jiff::civil::date(2024, 3, 1);

    fn pointers(report_type: &ReportType, given: Value) -> Vec<String> {
        let faults = report_type.check(given.as_object().unwrap(), TODAY).unwrap_err();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn what_is_right_comes_back_with_defaults_filled_in() {
        let mut coffee = coffee();
        let count = Kind::Integer { minimum: Some(1), maximum: None };
        coffee.parameters.push(Parameter {
            default: Some(Preset::Value(json!(5))),
            ..Parameter::new("top", "Top", count)
        });
        let yesterday = Preset::Day("yesterday".parse().unwrap());
        coffee
            .parameters
            .push(Parameter { default: Some(yesterday), ..Parameter::new("since", "Since", Kind::ANY_DATE) });
        let table = [
            (
                json!({"reportDate": "2021-01-01"}),
                json!({"reportDate": "2021-01-01", "top": 5, "since": "2024-02-29"}),
            ),
            (
                json!({"reportDate": "2021-01-01", "shop": null, "top": 7}),
                json!({"reportDate": "2021-01-01", "top": 7, "since": "2024-02-29"}),
            ),
            (
                json!({"shop": "Αθήνα", "reportDate": "2021-01-01"}),
                json!({"reportDate": "2021-01-01", "shop": "Αθήνα", "top": 5, "since": "2024-02-29"}),
            ),
        ];
        for (given, expected) in table {
            let checked = coffee.check(given.as_object().unwrap(), TODAY).unwrap();
            assert_eq!(Value::Object(checked), expected);
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let coffee = coffee();
        let table = [
            (json!({}), vec!["/reportDate"]),
            (json!({"reportDate": null}), vec!["/reportDate"]),
            (
                json!({"reportDate": "2021-02-30", "shop": 7, "colour": "red", "a/b~": 1}),
                vec!["/reportDate", "/shop", "/a~1b~0", "/colour"],
            ),
            (json!({"reportdate": "2021-01-01"}), vec!["/reportDate", "/reportdate"]),
        ];
        for (given, expected) in table {
            let mut found = pointers(&coffee, given.clone());
            found[1..].sort();
            let mut expected = expected;
            expected[1..].sort();
            assert_eq!(found, expected, "{given}");
        }
    }

    #[test]
    fn rows_that_come_with_a_request_are_checked_by_name_and_shape() {
        let text = "[data.items]\nrequest = true\n[data.notes]\nrequest = true\n[[section]]\ntext = \"x\"";
        let invoice = crate::catalog::file::read(text, std::path::Path::new("invoice.toml")).unwrap();
        let good = json!({"items": [{"a": 1}], "notes": []});
        assert_eq!(invoice.check_data(Some(&good)), []);
        let table = [
            (None, vec!["/data/items", "/data/notes"]),
            (Some(json!([])), vec!["/data"]),
            (Some(json!({"items": {}, "notes": [1]})), vec!["/data/items", "/data/notes"]),
            (Some(json!({"items": [], "notes": [], "item": []})), vec!["/data/item"]),
        ];
        for (given, expected) in table {
            let found: Vec<_> =
                invoice.check_data(given.as_ref()).into_iter().map(|fault| fault.pointer).collect();
            assert_eq!(found, expected, "{given:?}");
        }
        let unwanted = coffee().check_data(Some(&json!({"items": []})));
        assert!(unwanted[0].detail.contains("takes no rows"), "{unwanted:?}");
    }

    #[test]
    fn a_slip_of_the_pen_is_answered_with_the_name_that_was_meant() {
        let names = ["reportDate", "shop"];
        let table = [
            ("reportdate", Some("reportDate")),
            ("report_date", Some("reportDate")),
            ("reprotDate", Some("reportDate")),
            ("shops", Some("shop")),
            ("colour", None),
        ];
        for (written, expected) in table {
            assert_eq!(nearest(written, names.into_iter()), expected, "{written}");
        }
        assert_eq!(nearest(&"shop".repeat(1000), names.into_iter()), None);
    }
}
