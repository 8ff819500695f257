//! A report type as a file: TOML, one type a file.
//!
//! ```text
//! text ──toml──► values with places ──Table──► ReportType, or every Mistake with its line and column
//! ```
//!
//! The name of the file is the name of the type: `coffee-sales.toml` is `COFFEE_SALES`. docs/REPORTS.md is
//! the reference of what stands in it.

mod data;
mod look;
mod page;
mod parameter;
mod table;

use std::{path::Path, sync::Arc};

use toml::de::DeTable;

use self::table::{Source, Table};
use super::{Limits, Mistake, ReportType, humanised};
use crate::locale::Locale;

/// Of a file that names none.
const DEFAULT_LOCALE: &str = "en-GB";

const MEMBERS: [&str; 13] = [
    "name",
    "title",
    "description",
    "author",
    "locale",
    "currency",
    "subtitle",
    "nothing",
    "parameters",
    "data",
    "limits",
    "queries",
    "section",
];

/// Reads the report type that `text` describes. `path` is where the file lies: its name is that of the type,
/// and its data lies in the same folder.
///
/// # Errors
///
/// Everything that is wrong, in the order of the file. There is always at least one.
pub fn read(text: &str, path: &Path) -> Result<ReportType, Vec<Mistake>> {
    let source = Source::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    // what follows a line that is no TOML may be read wrongly, and would be reported for what it is not
    if let Some(error) = errors.first() {
        source.mistake(&error.span().unwrap_or(0..0), error.message().to_owned());
        return Err(source.into_mistakes());
    }
    let known: Vec<&str> = MEMBERS.into_iter().chain(look::MEMBERS).collect();
    let report_type = of(&Table::root(&source, root.get_ref(), &known), path);
    let mistakes = source.into_mistakes();
    if mistakes.is_empty() { Ok(report_type) } else { Err(mistakes) }
}

fn of(root: &Table<'_, '_>, path: &Path) -> ReportType {
    let name = match root.text("name") {
        Some(name) => name.to_owned(),
        None => {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            stem.to_uppercase().replace(['-', ' ', '.'], "_")
        }
    };
    let parameters = parameter::all(root);
    let locale = locale(root);
    let page = page::of(root);
    let report_type = ReportType {
        title: root.template("title").unwrap_or_else(|| humanised(&name)),
        description: root.text("description").unwrap_or_default().to_owned(),
        author: root.text("author").map(str::to_owned),
        locale: locale.tag().to_owned(),
        currency: currency(root),
        parameters,
        data: data::all(root),
        limits: limits(root),
        page,
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        name,
    };
    for fault in report_type.validate() {
        match fault.pointer.strip_prefix("/parameters/") {
            Some(name) => parameter::mistake(root, name, &fault.detail),
            None => root.mistake_at("name", fault.detail),
        }
    }
    let named = report_type.page.queries.iter().filter(|query| query.named).map(|query| query.name.as_str());
    let names = report_type.parameters.iter().map(|parameter| parameter.name.as_str());
    let environment = super::environment(Arc::new(locale), report_type.currency.as_deref());
    root.source.check_templates(&environment, &names.chain(named).collect::<Vec<_>>());
    report_type
}

fn locale(root: &Table<'_, '_>) -> Locale {
    let english = || Locale::new(DEFAULT_LOCALE).expect("a locale that is known");
    let Some(tag) = root.text("locale") else { return english() };
    Locale::new(tag).unwrap_or_else(|error| {
        root.mistake_at("locale", error.to_string());
        english()
    })
}

fn currency(root: &Table<'_, '_>) -> Option<String> {
    let code = root.text("currency")?;
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        root.mistake_at("currency", format!("“{code}” is not a currency; expected a code as EUR (ISO 4217)"));
    }
    Some(code.to_owned())
}

fn limits(root: &Table<'_, '_>) -> Limits {
    let default = Limits::default();
    let Some(limits) = root.table("limits", &["seconds", "rows", "source-rows", "megabytes"]) else {
        return default;
    };
    Limits {
        seconds: limits.whole("seconds", 1, 86_400).unwrap_or(default.seconds),
        rows: limits.whole("rows", 1, 10_000_000).unwrap_or(default.rows),
        source_rows: limits.whole("source-rows", 1, i64::MAX).unwrap_or(default.source_rows),
        megabytes: limits.whole("megabytes", 1, 65_536).unwrap_or(default.megabytes),
    }
}

#[cfg(test)]
mod tests;
