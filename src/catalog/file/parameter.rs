//! `[parameters.name]`: what can be asked for.

use super::table::{Member, Table};
use crate::catalog::{Kind, LIST_LENGTH, Parameter, Preset, TEXT_LENGTH, humanised};

const MEMBERS: [&str; 15] = [
    "type",
    "title",
    "description",
    "required",
    "default",
    "example",
    "absent",
    "minimum",
    "maximum",
    "min-length",
    "max-length",
    "pattern",
    "choices",
    "items",
    "min-items",
];

/// The parameters in the order of the file.
pub(super) fn all(root: &Table<'_, '_>) -> Vec<Parameter> {
    root.entries("parameters").filter_map(|member| one(root, &member)).collect()
}

/// Notes a mistake at a parameter.
pub(super) fn mistake(root: &Table<'_, '_>, name: &str, detail: &str) {
    if let Some(member) = root.entries("parameters").find(|member| member.name == name) {
        root.source.mistake(&member.at, detail);
    }
}

fn one(root: &Table<'_, '_>, member: &Member<'_, '_>) -> Option<Parameter> {
    let known: Vec<&str> = MEMBERS.into_iter().chain(["max-items"]).collect();
    let table = Table::of(root.source, member.value, &known)?;
    let kind = kind(&table);
    let default = default(&table, &kind);
    let required = table.flag("required");
    Some(Parameter {
        description: table.text("description").unwrap_or_default().to_owned(),
        required: required.unwrap_or(false),
        default,
        example: table.json("example"),
        absent: table.text("absent").map(str::to_owned),
        ..Parameter::new(member.name, table.text("title").unwrap_or(&humanised(member.name)), kind)
    })
}

/// Which of the members that bound a value mean something for which type.
const BOUNDS: [(&str, &[&str]); 8] = [
    ("minimum", &["date", "integer", "decimal"]),
    ("maximum", &["date", "integer", "decimal"]),
    ("min-length", &["string"]),
    ("max-length", &["string"]),
    ("pattern", &["string"]),
    ("choices", &["choice"]),
    ("min-items", &["list"]),
    ("max-items", &["list"]),
];

const TYPES: [(&str, &str); 7] = [
    ("string", "string"),
    ("integer", "integer"),
    ("decimal", "decimal"),
    ("date", "date"),
    ("boolean", "boolean"),
    ("choice", "choice"),
    ("list", "list"),
];

fn kind(table: &Table<'_, '_>) -> Kind {
    // choices need no word
    let named = if table.has("type") { table.word("type", &TYPES) } else { None };
    let name = named.unwrap_or(if table.has("choices") { "choice" } else { "string" });
    // of a list, the bounds of values are those of its items
    let item = if name == "list" {
        let types: Vec<_> = TYPES.into_iter().filter(|(name, _)| *name != "list").collect();
        let named = if table.has("items") { table.word("items", &types) } else { None };
        Some(named.unwrap_or(if table.has("choices") { "choice" } else { "string" }))
    } else {
        None
    };
    if item.is_none() && table.has("items") {
        table.mistake_at("items", format!("items means nothing for a {name}; expected type = \"list\""));
    }
    for (bound, types) in BOUNDS {
        if table.has(bound) && !types.contains(&name) && !item.is_some_and(|item| types.contains(&item)) {
            table.mistake_at(bound, format!("{bound} means nothing for a {}", item.unwrap_or(name)));
        }
    }
    match item {
        None => plain(table, name),
        Some(item) => {
            let min_items = table.whole("min-items", 0, 100_000).unwrap_or(0);
            let max_items = table.whole("max-items", 0, 100_000).unwrap_or(LIST_LENGTH);
            ordered(table, Some(&min_items), Some(&max_items), "min-items");
            Kind::List { of: Box::new(plain(table, item)), min_items, max_items }
        }
    }
}

fn plain(table: &Table<'_, '_>, name: &str) -> Kind {
    match name {
        "integer" => {
            let (minimum, maximum) =
                (table.whole("minimum", i64::MIN, i64::MAX), table.whole("maximum", i64::MIN, i64::MAX));
            ordered(table, minimum.as_ref(), maximum.as_ref(), "minimum");
            Kind::Integer { minimum, maximum }
        }
        "decimal" => {
            let (minimum, maximum) = (table.number("minimum"), table.number("maximum"));
            ordered(table, minimum.as_ref(), maximum.as_ref(), "minimum");
            Kind::Decimal { minimum, maximum }
        }
        "date" => Kind::Date { minimum: table.parsed("minimum"), maximum: table.parsed("maximum") },
        "boolean" => Kind::Boolean,
        "choice" => {
            let choices = table.texts("choices").unwrap_or_default();
            if choices.is_empty() && !table.has("choices") {
                table.mistake("a choice needs choices, as in choices = [\"north\", \"south\"]");
            } else if choices.is_empty() {
                table.mistake_at("choices", "choices must name at least one");
            }
            Kind::Choice(choices.into_iter().map(str::to_owned).collect())
        }
        _ => {
            let min_length = table.whole("min-length", 0, 100_000).unwrap_or(0);
            let max_length = table.whole("max-length", 0, 100_000).unwrap_or(TEXT_LENGTH);
            ordered(table, Some(&min_length), Some(&max_length), "min-length");
            Kind::Text { min_length, max_length, pattern: table.parsed("pattern") }
        }
    }
}

fn ordered<T: PartialOrd + std::fmt::Display>(
    table: &Table<'_, '_>,
    least: Option<&T>,
    most: Option<&T>,
    at: &str,
) {
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        table.mistake_at(at, format!("nothing is at least {least} and at most {most}"));
    }
}

fn default(table: &Table<'_, '_>, kind: &Kind) -> Option<Preset> {
    match kind {
        Kind::Date { .. } => table.parsed("default").map(Preset::Day),
        _ => table.json("default").map(Preset::Value),
    }
}
