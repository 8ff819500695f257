//! How files are named.

use serde_json::Value;

use crate::{
    catalog::{Kind, ReportType},
    report::Parameters,
};

/// The name of the file: the report type and the dates it was asked for. Other parameters may be in any
/// script or of any length, so they are left out.
pub(super) fn file_name(report_type: &ReportType, parameters: &Parameters, extension: &str) -> String {
    let mut name = report_type.name.to_ascii_lowercase().replace('_', "-");
    let is_date = |kind: &Kind| matches!(kind, Kind::Date { .. });
    for parameter in report_type.parameters.iter().filter(|parameter| is_date(&parameter.kind)) {
        if let Some(Value::String(date)) = parameters.get(&parameter.name) {
            name = name + "-" + date;
        }
    }
    format!("{name}.{extension}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::file;

    #[test]
    fn a_file_is_named_after_what_it_reports_on() {
        let text = "[parameters.town]\n[parameters.day]\ntype = \"date\"\n[[section]]\ntext = \"x\"";
        let report_type = file::read(text, std::path::Path::new("town-walk.toml")).unwrap();
        let parameters = json!({"day": "2021-01-01", "town": "Αθήνα"});
        let name = file_name(&report_type, parameters.as_object().unwrap(), "pdf");
        assert_eq!(name, "town-walk-2021-01-01.pdf");
    }
}
