//! What is read out of type files, and what their authors are told.

use super::*;
use crate::catalog::{
    Align, ChartKind, ColumnType, Format, Kind, Orientation, Origin, Paper, Preset, RowStyle, Section,
    Server, Total,
};

fn read(text: &str) -> ReportType {
    super::read(text, Path::new("reports/town-walks.toml")).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn mistakes(text: &str) -> Vec<String> {
    let mistakes = super::read(text, Path::new("reports/town-walks.toml")).err().unwrap_or_default();
    mistakes.iter().map(Mistake::to_string).collect()
}

#[test]
fn ten_lines_are_a_report_type() {
    let walks = read("[data.walks]\ncsv = \"walks.csv\"\n[[section]]\nquery = \"SELECT * FROM walks\"");
    assert_eq!((walks.name.as_str(), walks.title.as_str()), ("TOWN_WALKS", "Town walks"));
    assert_eq!((walks.locale.as_str(), walks.folder.as_path()), ("en-GB", Path::new("reports")));
    assert_eq!(walks.limits, Limits::default());
    assert_eq!(walks.data[0].origin, Origin::Separated { pattern: "walks.csv".into(), separator: b',' });
    assert!(matches!(&walks.page.sections[..], [Section::Table { query: 0, .. }]));
    let query = &walks.page.queries[0];
    assert_eq!((query.sql.as_str(), query.at.line, query.at.column), ("SELECT * FROM walks", 4, 10));
}

#[test]
fn every_member_finds_its_place() {
    let text = r##"
name = "WALKS"
title = "Walks in {{ town }}"
author = "Town hall"
locale = "de-CH"
currency = "CHF"
subtitle = "{{ by_town|length }} towns"
nothing = "No walks."
paper = "letter"
orientation = "landscape"
accent = "#112233"
palette = ["#445566"]
rows = "zebra"
logo = "logo.png"
header = "h"
footer = "f"
[parameters.town]
description = "Where"
required = true
max-length = 20
pattern = "[A-Z].*"
[parameters.since]
type = "date"
default = "today - 7 days"
maximum = "today"
[parameters.top]
type = "integer"
default = 5
minimum = 1
maximum = 9
[parameters.rate]
type = "decimal"
minimum = 0.5
[parameters.all]
type = "boolean"
default = false
[parameters.kind]
choices = ["long", "short"]
[parameters.tags]
type = "list"
items = "choice"
choices = ["a", "b"]
min-items = 1
[data.walks]
csv = "walks-*.csv"
separator = ";"
index = ["town"]
columns = { zip = "text", length = "decimal" }
[data.tab]
tsv = "t.tsv"
[data.doc]
json = "d.json"
[data.lines]
ndjson = "l.ndjson"
[data.archive]
sqlite = "a.db"
[data.server]
postgres = "env:WALKS_DB"
query = "SELECT 1"
[data.sent]
request = true
[data.program]
command = ["sh", "-c", "true"]
[limits]
seconds = 5
rows = 10
source-rows = 100
megabytes = 16
[queries]
by_town = """
SELECT town, count(*) AS n
FROM walks GROUP BY town"""
[[section]]
type = "heading"
text = "One"
level = 2
[[section]]
text = "**Two**"
[[section]]
type = "figures"
query = "by_town"
[[section]]
type = "stacked-bar"
title = "T"
query = "by_town"
by = "town"
[[section]]
type = "table"
query = "by_town"
group = "town"
[section.columns]
n = { title = "Count", format = "decimal", digits = 1, align = "center", width = 20, total = "average", link = "url" }
town = "text"
url = { hidden = true }
when = { format = "date", style = "long" }
[[section]]
type = "cross"
query = "SELECT 1 AS a, 2 AS b, 3 AS c"
down = "a"
across = "b"
[[section]]
image = "map.png"
width = 80
alt = "A map"
caption = "Map"
[[section]]
type = "page-break"
"##;
    let walks = read(text);
    assert_eq!(walks.name, "WALKS");
    let look = &walks.page.look;
    assert_eq!(
        (look.paper, look.orientation, look.rows),
        (Paper::Letter, Orientation::Landscape, RowStyle::Zebra)
    );
    assert_eq!((look.accent.unwrap().to_string(), look.palette.len()), ("#112233".into(), 1));
    assert_eq!(walks.page.logo.as_ref().unwrap().text, "logo.png");
    let kinds: Vec<String> =
        walks.parameters.iter().map(|known| format!("{} {:?}", known.name, known.kind)).collect();
    assert_eq!(kinds.len(), 7);
    assert!(matches!(walks.parameters[1].default, Some(Preset::Day(_))));
    assert!(
        matches!(&walks.parameters[6].kind, Kind::List { of, min_items: 1, .. } if matches!(**of, Kind::Choice(_)))
    );
    assert_eq!(walks.data.len(), 8);
    assert_eq!(walks.data[0].columns["zip"], ColumnType::Text);
    assert_eq!(walks.data[0].index, ["town"]);
    assert!(
        matches!(&walks.data[5].origin, Origin::Postgres { server: Server::Variable(name), .. } if name == "WALKS_DB")
    );
    assert_eq!(walks.limits, Limits { seconds: 5, rows: 10, source_rows: 100, megabytes: 16 });
    assert_eq!(walks.page.queries.len(), 2);
    assert!(walks.page.queries[0].named && !walks.page.queries[1].named);
    let Section::Table { columns, groups, .. } = &walks.page.sections[4] else {
        panic!("{:?}", walks.page.sections)
    };
    assert_eq!((groups[0].text.as_str(), columns.len()), ("town", 4));
    assert_eq!(columns[0].format, Some(Format::Decimal { digits: 1 }));
    assert_eq!((columns[0].align, columns[0].total), (Some(Align::Center), Some(Total::Average)));
    assert!(columns[2].hidden);
    assert!(matches!(
        walks.page.sections[3],
        Section::Chart { kind: ChartKind::StackedBar, by: Some(_), .. }
    ));
}

#[test]
fn a_place_in_a_statement_is_a_place_in_the_file() {
    let walks = read("[queries]\nq = \"\"\"\nSELECT a,\n  wrong\nFROM t\"\"\"\n[[section]]\nquery = 'q'");
    let query = &walks.page.queries[0];
    let at = |part: &str| query.place(query.sql.find(part).unwrap()).to_string();
    assert_eq!((at("SELECT"), at("wrong"), at("FROM")), ("3:1".into(), "4:3".into(), "5:1".into()));
}

#[test]
fn each_mistake_is_named_with_its_line_and_what_was_expected() {
    const END: &str = "\n[[section]]\ntext = \"x\"";
    let table: [(&str, &[&str]); 34] = [
        ("titel = \"x\"", &["1:1: “titel” is not known here; did you mean title?"]),
        ("title = 5", &["1:9: title must be text, not a number"]),
        ("title = \"a\"\ntitle = \"b\"", &["2:1: duplicate key"]),
        (
            "title = \"{{ twon }}\"\n[parameters.town]",
            &["1:9: the template names “twon”, which is not known; did you mean town?"],
        ),
        ("title = \"{{ town\"", &["1:9: the template is wrong"]),
        (
            "title = \"{{ 1|monney }}\"",
            &["1:9: the template has a filter “monney”, which is not known; did you mean money?"],
        ),
        ("locale = \"xx-XX-nonsense-\"", &["1:10: "]),
        ("currency = \"Euro\"", &["1:12: “Euro” is not a currency; expected a code as EUR (ISO 4217)"]),
        ("paper = \"A44\"", &["1:9: paper: “A44” is not known; did you mean A4?"]),
        (
            "orientation = \"sideways\"",
            &["1:15: orientation: “sideways” is not known; expected portrait, landscape"],
        ),
        ("accent = \"red\"", &["1:10: accent: a colour is a # and six hexadecimal digits, as in #0f5c63"]),
        ("name = \"walks\"", &["1:8: expected capitals"]),
        ("[parameters.status]", &["1:13: status is a name of the report resource"]),
        ("[parameters.\"a b\"]", &["1:13: a parameter's name is a Latin letter"]),
        (
            "[parameters.a]\ntype = \"date\"\ndefault = \"yesterady\"",
            &["3:11: default: “yesterady” is not a day; expected one like 2021-01-31, today"],
        ),
        ("[parameters.a]\ntype = \"intger\"", &["2:8: type: “intger” is not known; did you mean integer?"]),
        ("[parameters.a]\ntype = \"choice\"", &["1:1: a choice needs choices"]),
        ("[parameters.a]\nminimum = 1", &["2:11: minimum means nothing for a string"]),
        (
            "[parameters.a]\ntype = \"integer\"\nminimum = 5\nmaximum = 1",
            &["3:11: nothing is at least 5 and at most 1"],
        ),
        ("[parameters.a]\npattern = \"(\"", &["2:11: pattern: "]),
        (
            "[parameters.a]\ntype = \"integer\"\ndefault = \"x\"",
            &["1:13: its default is not allowed by itself"],
        ),
        ("[parameters.a]\nrequired = true\ndefault = \"x\"", &["1:13: it is required and has a default"]),
        ("[data.d]", &["1:1: d does not say where its rows are; expected one of csv"]),
        ("[data.d]\ncsv = \"a\"\njson = \"b\"", &["1:1: d says twice where its rows are: csv and json"]),
        ("[data.d]\ncsv = \"a\"\nseparator = \"::\"", &["3:13: a separator is one character"]),
        (
            "[data.d]\njson = \"a\"\nseparator = \";\"",
            &["3:13: separator means nothing here; it belongs to csv"],
        ),
        ("[data.d]\nsqlite = \"a\"\nindex = \"x\"", &["3:9: index means nothing here"]),
        ("[data.d]\npostgres = \"env:X\"", &["1:1: postgres needs a query"]),
        ("[data.\"a b\"]\ncsv = \"a\"", &["1:7: “a b” is no name for a table"]),
        (
            "[data.d]\ncsv = \"a\"\ncolumns = { a = \"txt\" }",
            &["3:17: a: “txt” is not known; did you mean text?"],
        ),
        ("[limits]\nrows = 0", &["2:8: rows must be a whole number from 1 to 10000000, not a number"]),
        ("[queries]\n\"1\" = \"SELECT 1\"", &["2:1: a query's name is a Latin letter"]),
        ("title = one", &["1:9: "]),
        ("titel = 1\npaper = 1\n[limits]\nrow = 1", &["1:1: ", "2:9: ", "4:1: "]),
    ];
    for (text, expected) in table {
        let found = mistakes(&format!("{text}{END}"));
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{text}: {found}");
        }
    }
    let sections: [(&str, &str); 9] = [
        ("", "1:1: there is nothing on the page"),
        ("[[section]]\ntype = \"tabel\"", "2:8: type: “tabel” is not known; did you mean table?"),
        ("[[section]]\ntype = \"table\"", "1:1: query is missing"),
        ("[[section]]\nquery = \"towns\"", "2:9: query: “towns” is not known; expected "),
        (
            "[[section]]\nquery = \"SELECT 1\"\ncolumns = { a = \"mony\" }",
            "3:17: format: “mony” is not known; did you mean money?",
        ),
        (
            "[[section]]\nquery = \"SELECT 1\"\ncolumns = { a = { digits = 2 } }",
            "3:28: digits means nothing without a format",
        ),
        ("[[section]]\ntype = \"cross\"\nquery = \"SELECT 1\"\ndown = \"a\"", "1:1: across is missing"),
        (
            "[[section]]\ntype = \"heading\"\ntext = \"x\"\nlevel = 7",
            "4:9: level must be a whole number from 1 to 2",
        ),
        ("[[section]]\ntype = \"pie\"\nquery = \"SELECT 1\"\nby = \"x\"", "4:1: “by” is not known here"),
    ];
    for (text, expected) in sections {
        let found = mistakes(text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
}
