//! Whether a report type would work: what can be known without a request.

use super::model;
use crate::{
    catalog::{Mistake, Origin, Place, ReportType, today},
    data::{Asked, DataError, Sources},
    report::Parameters,
    work::Monitor,
};

/// Reads the data of `report_type` as far as it lies in files, prepares every query over it, and compares the
/// columns that the page names with those that come back. Data that only a request, a server or a program
/// has is not asked for: then nothing is said about the queries.
pub fn check(report_type: &ReportType, sources: &Sources) -> Vec<Mistake> {
    let is_file = |origin: &Origin| {
        !matches!(origin, Origin::Request | Origin::Command { .. } | Origin::Postgres { .. })
    };
    if !report_type.data.iter().all(|data| is_file(&data.origin)) {
        return Vec::new();
    }
    let day = today();
    let preset = |parameter: &crate::catalog::Parameter| {
        let value = parameter.default.as_ref().map(|default| default.on(day));
        Some((parameter.name.clone(), value.or_else(|| parameter.example.clone())?))
    };
    let parameters: Parameters = report_type.parameters.iter().filter_map(preset).collect();
    let asked = Asked {
        report_type: &report_type.name,
        data: &report_type.data,
        folder: &report_type.folder,
        limits: &report_type.limits,
        declared: &report_type.parameters,
        parameters: &parameters,
        rows: None,
    };
    let monitor = Monitor::detached();
    let mut database = match sources.open(&asked, &monitor) {
        Ok(database) => database,
        Err(error) => return vec![mistake(report_type, &error)],
    };
    let mut mistakes = Vec::new();
    let columns: Vec<Option<Vec<String>>> = report_type
        .page
        .queries
        .iter()
        .map(|query| {
            let prepared = database.columns(&query.name, &query.sql);
            prepared.map_err(|error| mistakes.push(mistake(report_type, &error))).ok()
        })
        .collect();
    mistakes.extend(model::mistakes(&report_type.page, |query| columns[query].clone()));
    mistakes.sort_by_key(|mistake| mistake.at);
    mistakes
}

fn mistake(report_type: &ReportType, error: &DataError) -> Mistake {
    let at = place(report_type, error).unwrap_or(Place { line: 1, column: 1 });
    Mistake { at, detail: error.author().to_owned() }
}

/// The place in the type file of what a query is wrong about.
pub(super) fn place(report_type: &ReportType, error: &DataError) -> Option<Place> {
    let name = error.query()?;
    let query = report_type.page.queries.iter().find(|query| query.name == name)?;
    Some(query.place(error.offset().unwrap_or(0)))
}
