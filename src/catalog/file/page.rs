//! `[queries]` and `[[section]]`: what is on the pages.

use std::collections::BTreeMap;

use super::{
    look,
    table::{Source, Table, Value, not_one_of},
};
use crate::catalog::{Align, ChartKind, Column, DateStyle, Format, Name, Page, Query, Section, Total};

const TYPES: [&str; 11] = [
    "table",
    "cross",
    "figures",
    "bar",
    "stacked-bar",
    "line",
    "pie",
    "heading",
    "text",
    "image",
    "page-break",
];

/// The page that the file describes.
pub(super) fn of(root: &Table<'_, '_>) -> Page {
    let mut queries = Queries::named(root);
    let sections = root.list("section");
    if sections.is_empty() {
        root.mistake("there is nothing on the page; expected at least one [[section]], as in [[section]] query = \"SELECT …\"");
    }
    let section = |(at, value)| self::section(root.source, value, at, &mut queries);
    let sections = sections.iter().enumerate().filter_map(section).collect();
    Page {
        subtitle: root.template("subtitle"),
        nothing: root.template("nothing").unwrap_or_else(|| "There is nothing to show.".into()),
        look: look::of(root),
        logo: root.name("logo"),
        queries: queries.all,
        sections,
    }
}

/// The statements, and the names of those that have one.
struct Queries {
    all: Vec<Query>,
    names: BTreeMap<String, usize>,
}

impl Queries {
    fn named(root: &Table<'_, '_>) -> Self {
        let mut queries = Self { all: Vec::new(), names: BTreeMap::new() };
        for member in root.entries("queries") {
            match member.value.get_ref().as_str() {
                _ if !super::data::is_name(member.name) => {
                    let detail = "a query's name is a Latin letter, then letters, digits and _";
                    root.source.mistake(&member.at, detail);
                }
                Some(sql) => {
                    queries.names.insert(member.name.to_owned(), queries.all.len());
                    let at = root.source.beginning(&member.value.span());
                    let (name, sql) = (member.name.to_owned(), sql.to_owned());
                    queries.all.push(Query { name, sql, at, named: true });
                }
                None => root.source.mistake(&member.value.span(), "expected a query as text"),
            }
        }
        queries
    }

    /// The query of a section: one word is the name of one, everything else is a statement.
    fn of(&mut self, table: &Table<'_, '_>, section: &str) -> Option<usize> {
        let Some(text) = table.text("query") else {
            if !table.has("query") {
                table.mistake("query is missing; expected a statement, or a name from [queries]");
            }
            return None;
        };
        if text.contains(char::is_whitespace) {
            let (_, at) = table.statement("query")?;
            self.all.push(Query { name: section.to_owned(), sql: text.to_owned(), at, named: false });
            return Some(self.all.len() - 1);
        }
        let found = self.names.get(text).copied();
        if found.is_none() {
            table.mistake_at("query", not_one_of("query", text, self.names.keys().map(String::as_str)));
        }
        found
    }
}

fn section(source: &Source<'_>, value: &Value<'_>, at: usize, queries: &mut Queries) -> Option<Section> {
    let open = Table::open(source, value)?;
    let kind = match open.text("type") {
        Some(kind) => kind,
        // what has a query and no type is a table
        None if open.has("type") => return None,
        None if open.has("text") => "text",
        None if open.has("image") => "image",
        None => "table",
    };
    let known: &[&str] = match kind {
        "table" => &["type", "title", "query", "columns", "group"],
        "cross" => &["type", "title", "query", "columns", "down", "across"],
        "figures" => &["type", "query", "columns"],
        "bar" | "stacked-bar" | "line" => &["type", "title", "query", "columns", "by"],
        "pie" => &["type", "title", "query", "columns"],
        "heading" => &["type", "text", "level"],
        "text" => &["type", "text"],
        "image" => &["type", "image", "width", "alt", "caption"],
        "page-break" => &["type"],
        other => {
            open.mistake_at("type", not_one_of("type", other, TYPES.into_iter()));
            return None;
        }
    };
    let table = Table::of(source, value, known)?;
    let title = table.template("title").unwrap_or_default();
    let name =
        if title.is_empty() { format!("section {}", at + 1) } else { format!("section “{title}”") };
    let columns = if table.has("columns") { columns(&table) } else { Vec::new() };
    let chart = |kind, queries: &mut Queries| {
        Some(Section::Chart {
            kind,
            query: queries.of(&table, &name)?,
            by: table.name("by"),
            title: title.clone(),
            columns: columns.clone(),
        })
    };
    match kind {
        "table" => {
            let groups = table.names("group").unwrap_or_default();
            Some(Section::Table { query: queries.of(&table, &name)?, groups, title, columns })
        }
        "cross" => {
            let query = queries.of(&table, &name);
            let axis = |name| {
                if !table.has(name) {
                    table.mistake(format!("{name} is missing; expected the column whose values stand there"));
                }
                table.name(name)
            };
            let (down, across) = (axis("down"), axis("across"));
            Some(Section::Cross { query: query?, down: down?, across: across?, title, columns })
        }
        "figures" => Some(Section::KeyFigures { query: queries.of(&table, &name)?, columns }),
        "bar" => chart(ChartKind::Bar, queries),
        "stacked-bar" => chart(ChartKind::StackedBar, queries),
        "line" => chart(ChartKind::Line, queries),
        "pie" => chart(ChartKind::Pie, queries),
        "heading" => Some(Section::Heading {
            text: needed(&table, "text")?,
            level: table.whole("level", 1, 2).unwrap_or(1),
        }),
        "text" => Some(Section::Text { text: needed(&table, "text")? }),
        "image" => Some(Section::Image {
            file: table.name("image")?,
            width: table.length("width", 1.0, 1_000.0),
            alt: table.text("alt").unwrap_or_default().to_owned(),
            caption: table.template("caption"),
        }),
        _ => Some(Section::PageBreak),
    }
}

fn needed(table: &Table<'_, '_>, name: &str) -> Option<String> {
    if !table.has(name) {
        table.mistake(format!("{name} is missing"));
    }
    table.template(name)
}

/// `[section.columns]`: a word is a format, a table says more.
fn columns(table: &Table<'_, '_>) -> Vec<Column> {
    let one = |member: super::table::Member<'_, '_>| {
        let name = Name { text: member.name.to_owned(), at: table.source.place(member.at.start) };
        if let Some(word) = member.value.get_ref().as_str() {
            let format = format(word, None, None);
            if format.is_none() {
                let detail = not_one_of("format", word, FORMATS.into_iter());
                table.source.mistake(&member.value.span(), detail);
            }
            return Some(Column { name, format, ..Column::default() });
        }
        let known = ["title", "format", "digits", "style", "align", "width", "total", "link", "hidden"];
        let column = Table::of(table.source, member.value, &known)?;
        Some(Column {
            name,
            title: column.text("title").map(str::to_owned),
            format: format_of(&column),
            align: column
                .word("align", &[("left", Align::Left), ("center", Align::Center), ("right", Align::Right)]),
            width: column.length("width", 0.1, 100.0),
            total: total(&column),
            link: column.name("link"),
            hidden: column.flag("hidden").unwrap_or(false),
        })
    };
    let entries: Vec<_> = table.entries("columns").collect();
    entries.into_iter().filter_map(one).collect()
}

const FORMATS: [&str; 7] = ["text", "integer", "decimal", "money", "percent", "date", "date-time"];

const STYLES: [(&str, DateStyle); 6] = [
    ("short", DateStyle::Short),
    ("medium", DateStyle::Medium),
    ("long", DateStyle::Long),
    ("full", DateStyle::Full),
    ("month", DateStyle::Month),
    ("iso", DateStyle::Iso),
];

fn format(word: &str, digits: Option<u8>, style: Option<DateStyle>) -> Option<Format> {
    let style = style.unwrap_or_default();
    Some(match word {
        "text" => Format::Text,
        "integer" => Format::Integer,
        "decimal" => Format::Decimal { digits: digits.unwrap_or(2) },
        "money" => Format::Money { digits: digits.unwrap_or(2) },
        "percent" => Format::Percent { digits: digits.unwrap_or(1) },
        "date" => Format::Date { style },
        "date-time" => Format::DateTime { style },
        _ => return None,
    })
}

fn format_of(column: &Table<'_, '_>) -> Option<Format> {
    let digits = column.whole("digits", 0, 9);
    let style = column.word("style", &STYLES);
    let Some(word) = column.text("format") else {
        for name in ["digits", "style"] {
            if column.has(name) {
                column.mistake_at(name, format!("{name} means nothing without a format"));
            }
        }
        return None;
    };
    let format = format(word, digits, style);
    match format {
        None => column.mistake_at("format", not_one_of("format", word, FORMATS.into_iter())),
        Some(Format::Date { .. } | Format::DateTime { .. }) if digits.is_some() => {
            column.mistake_at("digits", "digits means nothing for a date; style does");
        }
        Some(format) if style.is_some() && format.is_number() => {
            column.mistake_at("style", "style means nothing for a number; digits does");
        }
        Some(_) => {}
    }
    format
}

fn total(column: &Table<'_, '_>) -> Option<Total> {
    if column.get("total").is_some_and(|value| value.get_ref().is_bool()) {
        return column.flag("total").filter(|yes| *yes).map(|_| Total::Sum);
    }
    let words = [
        ("sum", Total::Sum),
        ("average", Total::Average),
        ("minimum", Total::Minimum),
        ("maximum", Total::Maximum),
    ];
    column.word("total", &words)
}
