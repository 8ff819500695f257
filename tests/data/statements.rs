//! What a statement may do: read, once, with parameters that stay values.

use reportwire::work::Monitor;
use serde_json::{Value, json};

use crate::support::{Ground, asked, assert_discreet, cells};

const DATA: &str = "[data.t]\ncsv = 't.csv'\n[parameters.shop]\n[parameters.shops]\ntype = 'list'\nitems = 'string'\n\
                    [parameters.day]\ntype = 'date'\n[parameters.count]\ntype = 'integer'\n\
                    [parameters.share]\ntype = 'decimal'\n[parameters.open]\ntype = 'boolean'\n";

fn ground() -> Ground {
    Ground::new(&[("t.csv", "shop,amount\nZürich,1\nKraków,2\n")])
}

#[test]
fn a_statement_that_does_more_than_read_once_is_refused() {
    let ground = ground();
    let table = [
        ("ATTACH '/tmp/other.db' AS other", ""),
        ("ATTACH ':memory:' AS other", ""),
        ("DETACH t", ""),
        ("PRAGMA query_only = 0", ""),
        ("PRAGMA table_info(t)", "may only read"),
        ("SELECT * FROM pragma_database_list", ""),
        ("SELECT * FROM pragma_table_list", ""),
        ("SELECT load_extension('x') AS n", ""),
        ("SELECT fts3_tokenizer('x') AS n", ""),
        ("SELECT readfile('/etc/passwd') AS n", "no such function"),
        ("SELECT json_group_array(amount) AS n FROM t", "not authorized to use function"),
        ("SELECT jsonb_group_object(shop, amount) AS n FROM t", "not authorized to use function"),
        ("INSERT INTO t VALUES ('x', 1)", ""),
        ("INSERT INTO t VALUES ('x', 1) RETURNING shop", "may only read"),
        ("UPDATE t SET amount = 2 RETURNING shop", "may only read"),
        ("DELETE FROM t RETURNING shop", "may only read"),
        ("CREATE TABLE u (n)", ""),
        ("CREATE TEMP TABLE u (n)", ""),
        ("CREATE TEMP VIEW u AS SELECT 1", ""),
        ("CREATE VIRTUAL TABLE u USING fts5(n)", ""),
        ("DROP TABLE t", ""),
        ("ALTER TABLE t ADD COLUMN x", ""),
        ("ANALYZE", ""),
        ("REINDEX", ""),
        ("VACUUM INTO '/tmp/copy.db'", ""),
        ("BEGIN", ""),
        ("COMMIT", ""),
        ("SAVEPOINT a", ""),
        ("SELECT 1 AS n; SELECT 2 AS n", "there are several statements; expected one"),
        ("SELECT 1 AS n; DROP TABLE t", "there are several statements; expected one"),
        ("SELECT 1 AS n; -- a comment\n this is no SQL", "there are several statements; expected one"),
        ("", "it is empty; expected a SELECT"),
        (" -- nothing\n /* at all */ ; ", "it is empty; expected a SELECT"),
        ("SELECT 1 AS n, 2 AS n", "two columns are named n; give one another name with AS"),
        ("SELECT x'ff' AS n", "row 1, column n: it holds bytes, not text"),
    ];
    for (sql, words) in table {
        let error = ground.refusal(DATA, sql);
        assert!(
            error.author().starts_with("query test: ") || error.author().contains("query test"),
            "{sql}: {error}"
        );
        assert!(error.author().contains(words), "{sql}: {error}");
        assert_eq!(error.query(), Some("test"), "{sql}");
        assert!(!error.is_transient(), "{sql}: {error}");
    }
    assert!(!std::path::Path::new("/tmp/copy.db").exists());
    assert_eq!(cells(&ground.ask(DATA, "SELECT count(*) AS n FROM t").unwrap()), "2");
}

#[test]
fn what_a_query_needs_works() {
    let ground = ground();
    for (sql, expected) in [
        ("SELECT shop FROM t ORDER BY amount DESC;", "'Kraków' | 'Zürich'"),
        ("-- first\nSELECT 1 AS n -- last", "1"),
        ("VALUES (1, 'a'), (2, 'b')", "1 'a' | 2 'b'"),
        (
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT n FROM c",
            "1 | 2 | 3",
        ),
        ("SELECT sum(amount) OVER (ORDER BY amount) AS n FROM t", "1 | 3"),
        ("SELECT value AS n FROM json_each('[1, \"x\", null]')", "1 | 'x' | -"),
        (
            "SELECT date('2021-01-31', '+1 day') AS d, round(2.345, 2) AS r, upper('x') AS u",
            "'2021-02-01' 2.35 'X'",
        ),
        ("SELECT 9e999 AS n, -9e999 AS m", "inf -inf"),
    ] {
        match ground.ask(DATA, sql) {
            Ok(rows) => assert_eq!(cells(&rows), expected, "{sql}"),
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

#[test]
fn parameters_stay_values_whatever_stands_in_them() {
    let ground = ground();
    let hostile = [
        "' OR 1=1 --",
        "'; DROP TABLE t; --",
        "\" OR \"\"=\"",
        ":day",
        "%",
        "Zürich\u{0}",
        "\u{202e}hciruZ",
        "{{ shop }}",
        "\\",
    ];
    for text in hostile {
        let ask = |sql: &str, parameters: Value| {
            let rows = ground.ask_with(DATA, sql, &parameters, None, &Monitor::detached());
            cells(&rows.unwrap_or_else(|error| panic!("{text:?}: {error}")))
        };
        assert_eq!(
            ask("SELECT count(*) AS n FROM t WHERE shop = :shop", json!({ "shop": text })),
            "0",
            "{text:?}"
        );
        assert_eq!(
            ask("SELECT length(:shop) AS n, :shop AS t", json!({ "shop": text })).split_once(' ').unwrap().1,
            format!("'{text}'")
        );
        let list = "SELECT count(*) AS n FROM t WHERE shop IN (SELECT value FROM json_each(:shops))";
        assert_eq!(ask(list, json!({ "shops": [text, "Kraków"] })), "1", "{text:?}");
    }
    assert_eq!(cells(&ground.ask(DATA, "SELECT count(*) AS n FROM t").unwrap()), "2");
}

#[test]
fn a_parameter_of_each_kind_arrives_as_what_it_is() {
    let ground = ground();
    let sql = "SELECT typeof(:shop) AS a, typeof(:day) AS b, typeof(:count) AS c, typeof(:share) AS d, \
               :open AS e, :shops AS f";
    let all = json!({"shop": "x", "day": "2021-01-31", "count": 5, "share": 0.5, "open": true, "shops": ["a", "b"]});
    let ask = |parameters: Value| {
        cells(&ground.ask_with(DATA, sql, &parameters, None, &Monitor::detached()).unwrap())
    };
    assert_eq!(ask(all), "'text' 'text' 'integer' 'real' 1 '[\"a\",\"b\"]'");
    assert_eq!(ask(json!({})), "'null' 'null' 'null' 'null' - -", "what is absent is nothing");
}

#[test]
fn a_parameter_that_is_not_there_is_named_with_its_place_and_the_one_that_was_meant() {
    let ground = ground();
    for (sql, words) in [
        ("SELECT shop FROM t\nWHERE shop = :shp", "there is no parameter :shp; did you mean :shop?"),
        ("SELECT shop FROM t\nWHERE shop = @shop", "there is no parameter @shop; did you mean :shop?"),
        ("SELECT shop FROM t\nWHERE shop = $shop", "there is no parameter $shop; did you mean :shop?"),
        (
            "SELECT shop FROM t\nWHERE shop = ?1",
            "there is no parameter ?1; parameters of the report type stand in it",
        ),
        ("SELECT shop FROM t\nWHERE shop = :elsewhere", "there is no parameter :elsewhere; parameters of"),
    ] {
        let error = ground.refusal(DATA, sql);
        assert!(error.author().contains(words), "{sql}: {error}");
        assert_eq!(error.offset(), sql.rfind("= ").map(|at| at + 2), "{sql}");
    }
}

#[test]
fn a_mistake_is_told_to_the_author_with_its_place_and_to_the_reader_without_the_statement() {
    let ground = ground();
    for (sql, words, at) in [
        ("SELECT shop FROM tt", "no such table: tt; did you mean t?", None),
        ("SELECT amuont FROM t", "no such column: amuont; did you mean amount?", Some(7)),
        ("SELECT \"amuont\" FROM t", "single-quotes?; did you mean amount?", Some(7)),
        (
            "SELECT shop FROM t WHERE shop = \"Zürich\"",
            "should this be a string literal in single-quotes?",
            Some(32),
        ),
        ("SELECT t.amuont FROM t", "no such column: t.amuont; did you mean amount?", Some(7)),
        ("SELECT é, nothing_like_it FROM t", "no such column", Some(7)),
        ("SELECT shop\nFORM t", "syntax error", Some(17)),
        ("SELECT sum(shop, 1, 2) AS n FROM t", "wrong number of arguments", Some(7)),
        ("SELECT nosuch(1) AS n", "no such function: nosuch", Some(7)),
        ("SELECT 'x", "unrecognized token", Some(7)),
    ] {
        let error = ground.refusal(DATA, sql);
        assert!(error.author().contains(words), "{sql}: {error}");
        if at.is_some() {
            assert_eq!(error.offset(), at, "{sql}: {error}");
        }
        assert_eq!(error.reader(), "the query “test” could not be answered");
        assert_discreet(error.reader(), &["amuont", "shop"], ground.folder.path());
    }
}

#[test]
fn columns_are_known_without_running_a_query_and_nothing_else_is() {
    let ground = ground();
    let report_type = ground.report_type(DATA);
    let parameters = serde_json::Map::new();
    let monitor = Monitor::detached();
    let mut database = ground.sources.open(&asked(&report_type, &parameters, None), &monitor).unwrap();
    let endless =
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n, :shop AS shop FROM c";
    assert_eq!(database.columns("q", endless).unwrap(), ["n", "shop"]);
    for sql in ["DROP TABLE t", "SELECT 1; SELECT 2", "", "SELECT :nothing AS n"] {
        assert_eq!(database.columns("q", sql).unwrap_err().query(), Some("q"), "{sql}");
    }
}
