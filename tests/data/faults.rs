//! Broken data: where it is broken is said, and to whom.

use std::io::Write as _;

use serde_json::json;

use crate::{
    limits::peak,
    support::{Ground, assert_discreet, cells},
};
use reportwire::work::Monitor;

struct Case {
    what: &'static str,
    file: &'static str,
    content: &'static [u8],
    data: &'static str,
    /// What the author reads.
    author: &'static [&'static str],
    /// What the reader may know.
    reader: &'static str,
}

const fn case(
    what: &'static str,
    (file, content): (&'static str, &'static [u8]),
    data: &'static str,
    author: &'static [&'static str],
    reader: &'static str,
) -> Case {
    Case { what, file, content, data, author, reader }
}

const UNREADABLE: &str = "the data “a” could not be read";
const CSV: &str = "csv = 'a.csv'";

const CASES: [Case; 21] = [
    case(
        "a row that is too long",
        ("a.csv", b"a,b\n1,2\n\"x\ny\",2\n1,2,3\n"),
        CSV,
        &["a.csv", "line 5 has 3 values and the first line 2"],
        "the data “a” is not as it should be: line 5 has 3 values and the first line 2",
    ),
    case("a row that is too short", ("a.csv", b"a,b\n1\n"), CSV, &["line 2 has 1 values"], "the data “a” is"),
    case(
        "bytes that are no text",
        ("a.csv", b"a,b\n1,2\n3,caf\xe9\n"),
        CSV,
        &["a.csv: line 3, column b: it is not UTF-8; save the file in that encoding"],
        "the data “a” is not as it should be: line 3, column b: it is not UTF-8",
    ),
    case("… in the header", ("a.csv", b"caf\xe9,b\n1,2\n"), CSV, &["first line is not UTF-8"], UNREADABLE),
    case(
        "no name",
        ("a.csv", b"a,,c\n1,2,3\n"),
        CSV,
        &["column 2 has no name in the first line"],
        UNREADABLE,
    ),
    case("a name twice", ("a.csv", b"a,B,b\n1,2,3\n"), CSV, &["two columns are named b"], UNREADABLE),
    case("nothing at all", ("a.csv", b""), CSV, &["it is empty; expected a first line"], UNREADABLE),
    case("a mark of UTF-8 only", ("a.csv", b"\xef\xbb\xbf"), CSV, &["a.csv", "first line"], UNREADABLE),
    case(
        "a value that is not of the declared type, behind a quoted line break",
        ("a.csv", b"a,b\n\"1\n2\",3\nx,y\n"),
        "csv = 'a.csv'\ncolumns = { b = 'integer' }",
        &["a.csv: line 4, column b: “y” is not a whole number"],
        "the data “a” is not as it should be: line 4, column b: “y” is not a whole number",
    ),
    case(
        "a declared column that is not there",
        ("a.csv", b"amount\n1\n"),
        "csv = 'a.csv'\ncolumns = { amuont = 'integer' }",
        &["there is no column amuont; did you mean amount?"],
        UNREADABLE,
    ),
    case(
        "a day that is none",
        ("a.csv", b"d\n2021-02-30\n"),
        "csv = 'a.csv'\ncolumns = { d = 'date' }",
        &["line 2, column d: “2021-02-30” is not a date in the form 2021-01-31"],
        "the data “a” is not as it should be: line 2, column d",
    ),
    case(
        "a number that is none",
        ("a.csv", b"d\nNaN\n"),
        "csv = 'a.csv'\ncolumns = { d = 'decimal' }",
        &["line 2, column d: “NaN” is not a number"],
        "the data “a” is not as it should be",
    ),
    case(
        "no array",
        ("a.json", b"{\"a\": 1}"),
        "json = 'a.json'",
        &["a.json", "an array of objects"],
        UNREADABLE,
    ),
    case("no objects", ("a.json", b"[1]"), "json = 'a.json'", &["a.json", "line 1 column 3"], UNREADABLE),
    case("cut off", ("a.json", b"[{\"a\": 1},\n{\"a\""), "json = 'a.json'", &["line 2", "EOF"], UNREADABLE),
    case("more than an array", ("a.json", b"[{\"a\": 1}] x"), "json = 'a.json'", &["trailing"], UNREADABLE),
    case(
        "a row of JSON that is not of the declared type",
        ("a.json", b"[{\"n\": 1}, {\"n\": \"x\"}]"),
        "json = 'a.json'\ncolumns = { n = 'integer' }",
        &["row 2, column n: \"x\" is not a whole number"],
        "the data “a” is not as it should be: row 2, column n",
    ),
    case(
        "a line that is no object",
        ("a.ndjson", b"{\"a\": 1}\n\n[2]\n"),
        "ndjson = 'a.ndjson'",
        &["a.ndjson: line 3: expected an object"],
        "the data “a” is not as it should be: line 3: expected an object",
    ),
    case(
        "nested for ever",
        ("a.ndjson", &[b'['; 100_000]),
        "ndjson = 'a.ndjson'",
        &["line 1"],
        "the data “a”",
    ),
    case(
        "two members whose names differ in their case only",
        ("a.ndjson", b"{\"a\": 1, \"A\": 2}"),
        "ndjson = 'a.ndjson'",
        &["duplicate column name: A"],
        UNREADABLE,
    ),
    case(
        "an index on a column that is not there",
        ("a.csv", b"a\n1\n"),
        "csv = 'a.csv'\nindex = ['b']",
        &["data a: ", "b"],
        UNREADABLE,
    ),
];

#[test]
fn broken_data_is_told_with_its_place() {
    for Case { what, file, content, data, author, reader } in CASES {
        let ground = Ground::new(&[]);
        ground.write(file, content);
        let error = ground.refusal(&format!("[data.a]\n{data}"), "SELECT * FROM a");
        for words in author {
            assert!(error.author().contains(words), "{what}: {words} is not in {}", error.author());
        }
        assert!(error.reader().starts_with(reader), "{what}: {}", error.reader());
        assert_discreet(error.reader(), &[file], ground.folder.path());
        assert!(!error.is_transient() && !error.is_stopped(), "{what}: nothing will mend it");
        assert_eq!(ground.kept(), Vec::<std::path::PathBuf>::new(), "{what}: nothing half-made stays");
    }
}

#[test]
fn files_that_do_not_fit_together_are_named_with_their_columns() {
    for (second, words) in
        [("n,x\n1,2\n", "n, x"), ("n\n1\n", "columns are n,"), ("n,m,o\n1,2,3\n", "n, m, o")]
    {
        let ground = Ground::new(&[("a.csv", "n,m\n1,2\n"), ("b.csv", second)]);
        let error = ground.refusal("[data.a]\ncsv = '*.csv'", "SELECT * FROM a");
        assert!(error.author().contains("b.csv") && error.author().contains(words), "{error}");
    }
}

#[test]
fn a_line_or_a_value_that_never_ends_is_not_read_to_its_end() {
    let ground = Ground::new(&[]);
    let endless = vec![b'x'; 40 * 1024 * 1024];
    let csv = [b"a,b\n1,2\n\"".as_slice(), &endless].concat();
    let json = [b"[{\"a\": \"".as_slice(), &endless].concat();
    let ndjson = [b"{}\n{\"a\": \"".as_slice(), &endless].concat();
    for (name, content, words) in [
        ("csv", csv, "line 3 is longer than"),
        ("json", json, "longer than"),
        ("ndjson", ndjson, "line 2: it is longer than"),
    ] {
        ground.write(&format!("a.{name}"), content);
        let error = ground.refusal(&format!("[data.a]\n{name} = 'a.{name}'"), "SELECT * FROM a");
        assert!(error.author().contains(words), "{name}: {}", error.author());
    }
}

#[test]
fn more_columns_than_people_have_are_refused_at_once() {
    let wide = |count: usize| (0..count).map(|n| format!("c{n}")).collect::<Vec<_>>();
    let members =
        |names: &[String]| names.iter().map(|name| format!("\"{name}\": 1")).collect::<Vec<_>>().join(",");
    // each line has other members: together they are far more
    let lines: String = (0..400)
        .map(|line| {
            let names: Vec<String> = (0..400).map(|n| format!("{line}_{n}")).collect();
            format!("{{{}}}\n", members(&names))
        })
        .collect();
    for (name, content) in [
        ("csv", format!("{}\n", wide(501).join(","))),
        ("json", format!("[{{{}}}]", members(&wide(501)))),
        ("ndjson", lines),
    ] {
        let ground = Ground::new(&[(&format!("a.{name}"), &content)]);
        let error = ground.refusal(&format!("[data.a]\n{name} = 'a.{name}'"), "SELECT * FROM a");
        assert!(error.author().contains("more than 500 columns"), "{name}: {error}");
    }
}

#[test]
fn rows_of_a_request_that_are_not_as_declared_are_told() {
    let ground = Ground::new(&[]);
    let text = "[data.items]\nrequest = true\ncolumns = { price = 'decimal' }";
    let table = [
        (None, "they are missing"),
        (Some(json!({})), "they are missing"),
        (Some(json!({"items": 1})), "expected an array of objects"),
        (Some(json!({"items": [1]})), "expected an array of objects"),
        (
            Some(json!({"items": [{"price": 1}, {"price": "free"}]})),
            "row 2, column price: \"free\" is not a number",
        ),
        (Some(json!({"items": [{"price\u{0}": 1}]})), "items"),
    ];
    for (rows, words) in table {
        let monitor = Monitor::detached();
        let error =
            ground.ask_with(text, "SELECT * FROM items", &json!({}), rows.as_ref(), &monitor).unwrap_err();
        assert!(error.reader().contains(words), "{rows:?}: {error}");
    }
}

#[test]
fn a_text_that_comes_late_among_numbers_is_told_and_never_made_a_number() {
    for (first, late) in [
        ("5", "\"007\""),
        ("0.5", "\" 12345678901234567890\""),
        ("true", "\"1\""),
        ("\"2021-01-31\"", "\"20210131\""),
    ] {
        let mut lines = format!("{{\"n\": {first}}}\n").repeat(600);
        lines += &format!("{{\"n\": {late}}}\n");
        let ground = Ground::new(&[("a.ndjson", &lines)]);
        let error = ground.refusal("[data.a]\nndjson = 'a.ndjson'", "SELECT n FROM a");
        assert!(error.reader().contains("row 601, column n: "), "{late}: {error}");
        assert!(error.author().ends_with("say the type in columns"), "{late}: {error}");
        let said =
            ground.ask("[data.a]\nndjson = 'a.ndjson'\ncolumns = { n = 'text' }", "SELECT n FROM a").unwrap();
        assert_eq!(cells(&said).split(" | ").last(), Some(late.replace('"', "'").as_str()));
    }
}

#[test]
fn long_rows_are_not_gathered_in_memory() {
    let ground = Ground::new(&[]);
    let line = format!("{{\"t\": \"{}\"}}\n", "x".repeat(1_000_000));
    let file = std::fs::File::create(ground.path("a.ndjson")).unwrap();
    (0..200).for_each(|_| (&file).write_all(line.as_bytes()).unwrap());
    let before = peak();
    let rows = ground.ask("[data.a]\nndjson = 'a.ndjson'", "SELECT count(*) AS n FROM a").unwrap();
    assert_eq!(cells(&rows), "200");
    let more = peak() - before;
    assert!(more < 120, "{more} MB more than before");
}
