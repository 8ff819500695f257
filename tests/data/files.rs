//! CSV, TSV, JSON, NDJSON and the rows of a request: what comes in and as what it arrives.

use reportwire::work::Monitor;
use serde_json::json;

use crate::support::{Ground, cells, columns};

struct Case {
    what: &'static str,
    files: &'static [(&'static str, &'static str)],
    data: &'static str,
    columns: &'static str,
    cells: &'static str,
}

const CASES: [Case; 21] = [
    Case {
        what: "types are found from all values",
        files: &[("a.csv", "n,d,day,yes,code,t\n1,1,2021-01-31,true,007,x\n-2,2.5,2020-02-29,false,8,\n")],
        data: "csv = 'a.csv'",
        columns: "n:integer d:decimal day:date yes:boolean code:text t:text",
        cells: "1 1.0 '2021-01-31' 1 '007' 'x' | -2 2.5 '2020-02-29' 0 '8' -",
    },
    Case {
        what: "types that are declared count more",
        files: &[("a.csv", "n,code,yes\n1,1234,1\n2,0042,false\n")],
        data: "csv = 'a.csv'\ncolumns = { n = 'decimal', code = 'text', yes = 'boolean' }",
        columns: "n:decimal code:text yes:boolean",
        cells: "1.0 '1234' 1 | 2.0 '0042' 0",
    },
    Case {
        what: "a mark of UTF-8 is no part of a name",
        files: &[("a.csv", "\u{feff}n,m\n1,2\n")],
        data: "csv = 'a.csv'",
        columns: "n:integer m:integer",
        cells: "1 2",
    },
    Case {
        what: "… nor in front of a quoted name",
        files: &[("a.csv", "\u{feff}\"n\",m\n1,2\n")],
        data: "csv = 'a.csv'",
        columns: "n:integer m:integer",
        cells: "1 2",
    },
    Case {
        what: "quotes, separators and line breaks are values",
        files: &[("a.csv", "t,u\r\n\"a,\"\"b\"\"\",\"one\r\ntwo\"\r\nÅ,日本\r\n")],
        data: "csv = 'a.csv'",
        columns: "t:text u:text",
        cells: "'a,\"b\"' 'one\r\ntwo' | 'Å' '日本'",
    },
    Case {
        what: "another separator, and a last line without an end",
        files: &[("a.csv", "t;n\na,b;1\nc;2")],
        data: "csv = 'a.csv'\nseparator = ';'",
        columns: "t:text n:integer",
        cells: "'a,b' 1 | 'c' 2",
    },
    Case {
        what: "TSV",
        files: &[("a.tsv", "t\tn\na,b\t1\n")],
        data: "tsv = 'a.tsv'",
        columns: "t:text n:integer",
        cells: "'a,b' 1",
    },
    Case {
        what: "a header and nothing else",
        files: &[("a.csv", "t,n\n")],
        data: "csv = 'a.csv'\ncolumns = { n = 'integer' }",
        columns: "t:text n:integer",
        cells: "",
    },
    Case {
        what: "a name that is a word of SQL, or holds a quote",
        files: &[("a.csv", "select,a \"\"b\n1,2\n")],
        data: "csv = 'a.csv'",
        columns: "select:integer a \"\"b:integer",
        cells: "1 2",
    },
    Case {
        what: "several files follow each other by name, whatever the order of their columns",
        files: &[("b.csv", "m,n\n4,3\n"), ("a.csv", "n,m\n1,2\n"), ("c.txt", "x\n1\n")],
        data: "csv = '*.csv'",
        columns: "n:integer m:integer",
        cells: "1 2 | 3 4",
    },
    Case {
        what: "a type that holds in one file only is none",
        files: &[("a.csv", "n\n1\n"), ("b.csv", "n\nx\n")],
        data: "csv = '?.csv'",
        columns: "n:text",
        cells: "'1' | 'x'",
    },
    Case {
        what: "a pattern in folders",
        files: &[("2020/a.csv", "n\n1\n"), ("2021/a.csv", "n\n2\n")],
        data: "csv = '20*/a.csv'",
        columns: "n:integer",
        cells: "1 | 2",
    },
    Case {
        what: "JSON of every kind; what is nested stays JSON",
        files: &[(
            "a.json",
            r#"[{"n": 1, "d": 1.5, "t": "x", "yes": true, "day": "2021-01-31", "l": [1, {"a": 2}]}, {}]"#,
        )],
        data: "json = 'a.json'",
        columns: "n:integer d:decimal t:text yes:boolean day:date l:text",
        cells: "1 1.5 'x' 1 '2021-01-31' '[1,{\"a\":2}]' | - - - - - -",
    },
    Case {
        what: "what a row lacks is nothing, and a later row may have more",
        files: &[("a.json", r#"[{"a": 1}, {"b": "x"}, {"a": null, "b": "y"}]"#)],
        data: "json = 'a.json'",
        columns: "a:integer b:text",
        cells: "1 - | - 'x' | - 'y'",
    },
    Case {
        what: "numbers of both kinds are decimals, texts and numbers are text",
        files: &[("a.json", r#"[{"a": 1, "b": 1}, {"a": 0.5, "b": "one"}]"#)],
        data: "json = 'a.json'",
        columns: "a:decimal b:text",
        cells: "1.0 '1' | 0.5 'one'",
    },
    Case {
        what: "declared types of JSON",
        files: &[("a.json", r#"[{"zip": "01234", "n": "5", "yes": 1}]"#)],
        data: "json = 'a.json'\ncolumns = { zip = 'text', n = 'integer', yes = 'boolean', missing = 'date' }",
        columns: "zip:text n:integer yes:boolean missing:date",
        cells: "'01234' 5 1 -",
    },
    Case {
        what: "an array of nothing",
        files: &[("a.json", " [ ] ")],
        data: "json = 'a.json'\ncolumns = { n = 'integer' }",
        columns: "n:integer",
        cells: "",
    },
    Case {
        what: "JSON in several files",
        files: &[("1.json", r#"[{"a": 1}]"#), ("2.json", r#"[{"a": 2}]"#)],
        data: "json = '*.json'",
        columns: "a:integer",
        cells: "1 | 2",
    },
    Case {
        what: "NDJSON, with empty lines and Windows line ends",
        files: &[("a.ndjson", "{\"a\": 1}\r\n\r\n{\"a\": 2, \"b\": \"x\"}")],
        data: "ndjson = 'a.ndjson'",
        columns: "a:integer b:text",
        cells: "1 - | 2 'x'",
    },
    Case {
        what: "numbers at the edges of what is a whole number",
        files: &[("a.ndjson", "{\"a\": 9223372036854775807, \"b\": 18446744073709551615}")],
        data: "ndjson = 'a.ndjson'",
        columns: "a:integer b:decimal",
        cells: "9223372036854775807 1.8446744073709552e19",
    },
    Case {
        what: "a number that is too long to be an amount is text, digit by digit",
        files: &[("a.csv", "card\n12345678901234567890\n")],
        data: "csv = 'a.csv'",
        columns: "card:text",
        cells: "'12345678901234567890'",
    },
];

#[test]
fn what_stands_in_a_file_arrives_with_its_type() {
    for Case { what, files, data, columns: wanted, cells: values } in CASES {
        let ground = Ground::new(files);
        let rows = ground.ask(&format!("[data.a]\n{data}"), "SELECT * FROM a").unwrap_or_else(|error| {
            panic!("{what}: {error}");
        });
        assert_eq!(columns(&rows), wanted, "{what}");
        assert_eq!(cells(&rows), values, "{what}");
    }
}

#[test]
fn rows_of_the_request_are_a_table_and_gone_with_it() {
    let ground = Ground::new(&[]);
    let text = "[data.items]\nrequest = true\ncolumns = { price = 'decimal' }";
    let sql = "SELECT item, price FROM items";
    let ask = |rows| {
        ground.ask_with(text, sql, &json!({}), Some(&json!({ "items": rows })), &Monitor::detached()).unwrap()
    };
    let rows = ask(json!([{"item": "'); DROP TABLE items; --", "price": 2}, {"item": "b"}]));
    assert_eq!(columns(&rows), "item:text price:decimal");
    assert_eq!(cells(&rows), "''); DROP TABLE items; --' 2.0 | 'b' -");
    assert_eq!(cells(&ask(json!([{"item": "c", "price": "1.5"}]))), "'c' 1.5");
    assert_eq!(ground.kept(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_column_that_comes_late_is_there_for_all_rows() {
    let mut text = String::new();
    (0..600).for_each(|n| text += &format!("{{\"n\": {n}}}\n"));
    text += "{\"n\": 600, \"late\": \"x\"}\n";
    let ground = Ground::new(&[("a.ndjson", &text)]);
    let sql = "SELECT count(*) AS rows, count(late) AS late, sum(n) AS sum FROM a";
    let rows = ground.ask("[data.a]\nndjson = 'a.ndjson'", sql).unwrap();
    assert_eq!(cells(&rows), "601 1 180300");
}

#[test]
fn ten_sources_meet_in_one_query_and_an_eleventh_is_refused() {
    let names: Vec<String> = (0..11).map(|n| format!("t{n}")).collect();
    let ground = Ground::new(&[("a.csv", "n\n1\n")]);
    let text = |count: usize| {
        names[..count].iter().map(|name| format!("[data.{name}]\ncsv = 'a.csv'\n")).collect::<String>()
    };
    let sql = names[..10]
        .iter()
        .map(|name| format!("SELECT n FROM {name}"))
        .collect::<Vec<_>>()
        .join(" UNION ALL ");
    let sql = format!("SELECT sum(n) AS n FROM ({sql})");
    assert_eq!(cells(&ground.ask(&text(10), &sql).unwrap()), "10");
    let error = ground.refusal(&text(11), &sql);
    assert!(error.author().contains("11 entries of data are files, and 10 can be"), "{error}");
}
