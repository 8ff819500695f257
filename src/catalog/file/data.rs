//! `[data.name]`: where the rows are.

use super::table::{Member, Table};
use crate::catalog::{ColumnType, Data, Origin, Server};

const ORIGINS: [&str; 8] = ["csv", "tsv", "json", "ndjson", "sqlite", "postgres", "request", "command"];

/// The origins that are read once into a database of their own.
const FILES: [&str; 4] = ["csv", "tsv", "json", "ndjson"];

const COLUMN_TYPES: [(&str, ColumnType); 5] = [
    ("text", ColumnType::Text),
    ("integer", ColumnType::Integer),
    ("decimal", ColumnType::Decimal),
    ("date", ColumnType::Date),
    ("boolean", ColumnType::Boolean),
];

/// The entries in the order of the file.
pub(super) fn all(root: &Table<'_, '_>) -> Vec<Data> {
    root.entries("data").filter_map(|member| one(root, &member)).collect()
}

fn one(root: &Table<'_, '_>, member: &Member<'_, '_>) -> Option<Data> {
    let known: Vec<&str> = ORIGINS.into_iter().chain(["query", "separator", "columns", "index"]).collect();
    let table = Table::of(root.source, member.value, &known)?;
    if !is_name(member.name) {
        let detail =
            format!("“{}” is no name for a table; expected Latin letters, digits and _", member.name);
        root.source.mistake(&member.at, detail);
    }
    let given: Vec<&str> = ORIGINS.into_iter().filter(|origin| table.has(origin)).collect();
    let origin = match given[..] {
        [origin] => self::origin(&table, origin),
        [] => {
            table.mistake(format!(
                "{} does not say where its rows are; expected one of {}",
                member.name,
                ORIGINS.join(", ")
            ));
            None
        }
        [..] => {
            table.mistake(format!("{} says twice where its rows are: {}", member.name, given.join(" and ")));
            None
        }
    };
    for (name, wanted) in [("query", "postgres"), ("separator", "csv")] {
        if table.has(name) && given[..] != [wanted] {
            table.mistake_at(name, format!("{name} means nothing here; it belongs to {wanted}"));
        }
    }
    let types = table.get("columns").and_then(|value| Table::open(root.source, value)).map(|columns| {
        let typed = |column: Member<'_, '_>| {
            Some((column.name.to_owned(), columns.word(column.name, &COLUMN_TYPES)?))
        };
        columns.members().filter_map(typed).collect()
    });
    if table.has("index") && !given.iter().all(|origin| FILES.contains(origin)) {
        table.mistake_at("index", format!("index means nothing here; it belongs to {}", FILES.join(", ")));
    }
    let index = table.texts("index").unwrap_or_default().into_iter().map(str::to_owned).collect();
    Some(Data { name: member.name.to_owned(), origin: origin?, columns: types.unwrap_or_default(), index })
}

fn origin(table: &Table<'_, '_>, origin: &str) -> Option<Origin> {
    let path = || table.text(origin).map(str::to_owned);
    Some(match origin {
        "csv" => Origin::Separated { pattern: path()?, separator: separator(table) },
        "tsv" => Origin::Separated { pattern: path()?, separator: b'\t' },
        "json" => Origin::Json { pattern: path()? },
        "ndjson" => Origin::Ndjson { pattern: path()? },
        "sqlite" => Origin::Sqlite { path: path()? },
        "postgres" => {
            let server = table.text("postgres")?;
            let server = match server.strip_prefix("env:") {
                Some(variable) => Server::Variable(variable.to_owned()),
                None => Server::Url(server.to_owned()),
            };
            match table.text("query") {
                Some(query) => Origin::Postgres { server, query: query.to_owned() },
                None => {
                    table.mistake("postgres needs a query, which fetches the rows");
                    return None;
                }
            }
        }
        "request" => {
            if table.flag("request") == Some(false) {
                table.mistake_at("request", "expected request = true");
            }
            Origin::Request
        }
        _ => {
            let program: Vec<String> = table.texts("command")?.into_iter().map(str::to_owned).collect();
            if program.is_empty() {
                table.mistake_at("command", "command names no program");
            }
            Origin::Command { program }
        }
    })
}

fn separator(table: &Table<'_, '_>) -> u8 {
    let Some(text) = table.text("separator") else { return b',' };
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => *byte,
        _ => {
            table.mistake_at("separator", "a separator is one character, as in \";\"");
            b','
        }
    }
}

pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
