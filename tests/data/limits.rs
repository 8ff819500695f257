//! Whatever a report asks for, it ends, and the limit that it reached is named.

use std::time::{Duration, Instant};

use reportwire::work::Monitor;
use serde_json::json;

use crate::support::Ground;

const NUMBERS: &str = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c";

/// Longer than what any of this may take when nothing is wrong, whatever else the machine does.
const LONG: Duration = Duration::from_secs(25);

#[test]
fn work_that_has_no_end_is_ended_after_the_seconds_that_it_may_take() {
    let ground = Ground::new(&[]);
    for sql in [
        format!("{NUMBERS}) SELECT max(n) AS n FROM c"),
        format!("{NUMBERS} LIMIT 3000) SELECT count(*) AS n FROM c a, c b, c d, c e"),
        format!("{NUMBERS}) SELECT n FROM c WHERE n < 0"),
        format!("{NUMBERS}) SELECT sum(n) OVER () AS n FROM c ORDER BY random()"),
    ] {
        let begun = Instant::now();
        let error = ground.refusal("[limits]\nseconds = 1", &sql);
        assert!(error.reader().ends_with("the limit is seconds = 1"), "{sql}: {error}");
        assert_eq!(error.query(), Some("test"));
        assert!(!error.is_transient());
        assert!(begun.elapsed() >= Duration::from_secs(1) && begun.elapsed() < LONG, "{sql}");
    }
}

#[test]
fn values_that_burst_end_without_the_memory_that_they_ask_for() {
    let ground = Ground::new(&[]);
    let before = peak();
    for sql in [
        "SELECT length(zeroblob(1000000000)) AS n",
        "SELECT hex(zeroblob(1000000000)) AS n",
        "SELECT hex(randomblob(1000000000)) AS n",
        "SELECT printf('%1000000000d', 1) AS n",
        "SELECT format('%.*c', 1000000000, 'x') AS n",
        "SELECT replace(hex(zeroblob(4000000)), '0', 'long long long long') AS n",
        "SELECT quote(zeroblob(8000000)) AS n",
        &format!("{NUMBERS} LIMIT 2000000) SELECT group_concat(n) AS n FROM c"),
        "SELECT string_agg(a.value, hex(zeroblob(1000000))) AS n FROM json_each('[1,2,3,4,5,6,7,8,9]') a",
        "WITH RECURSIVE c(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM c) SELECT max(length(t)) AS n FROM c",
    ] {
        let begun = Instant::now();
        let error = ground.refusal("", sql);
        let words = "a value is longer than 8388608 bytes";
        assert!(error.reader().contains(words), "{sql}: {error}");
        assert!(begun.elapsed() < LONG, "{sql}");
    }
    let more = peak() - before;
    assert!(more < 300, "{more} MB more than before");
}

/// The most memory that this process ever took, in megabytes.
pub(crate) fn peak() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<i64>().unwrap() / 1024
}

#[test]
fn a_query_returns_as_many_rows_as_it_may() {
    let ground = Ground::new(&[]);
    let sql = |count: u32| format!("{NUMBERS} LIMIT {count}) SELECT n FROM c");
    assert_eq!(ground.ask("[limits]\nrows = 10", &sql(10)).unwrap().rows.len(), 10);
    let error = ground.refusal("[limits]\nrows = 10", &sql(11));
    assert_eq!(error.reader(), "query test returns more than 10 rows; the limit is rows = 10");
    assert!(error.author().ends_with("and can be set in [limits]"), "{error}");
}

#[test]
fn rows_take_as_much_memory_as_they_may() {
    let ground = Ground::new(&[]);
    let wide = format!("{NUMBERS} LIMIT 40) SELECT hex(zeroblob(50000)) AS t, n FROM c");
    assert_eq!(ground.ask("[limits]\nmegabytes = 8", &wide).unwrap().rows.len(), 40);
    let error = ground.refusal("[limits]\nmegabytes = 2", &wide);
    assert_eq!(error.reader(), "the rows of query test take too much memory; the limit is megabytes = 2");
    let one = (0..20).map(|at| format!("hex(zeroblob(4000000)) AS c{at}")).collect::<Vec<_>>().join(", ");
    let error = ground.refusal("[limits]\nmegabytes = 2", &format!("SELECT {one}"));
    assert!(error.reader().ends_with("the limit is megabytes = 2"), "one row counts too: {error}");
}

#[test]
fn every_source_has_as_many_rows_as_it_may() {
    let ground = Ground::new(&[
        ("a.csv", "n\n1\n2\n3\n"),
        ("a.tsv", "n\tm\n1\t1\n2\t1\n3\t1\n"),
        ("a.json", "[{},{},{}]"),
        ("a.ndjson", "{}\n{}\n{}\n"),
    ]);
    let rows = json!({"a": [{}, {}, {}]});
    for entry in [
        "csv = 'a.csv'",
        "tsv = 'a.tsv'",
        "json = 'a.json'",
        "ndjson = 'a.ndjson'",
        "request = true",
        "command = ['printf', '{}\\n{}\\n{}\\n']",
    ] {
        let ask = |most: u32| {
            let text = format!("[data.a]\n{}\n[limits]\nsource-rows = {most}", entry.replace('\'', "\""));
            ground.ask_with(
                &text,
                "SELECT count(*) AS n FROM a",
                &json!({}),
                Some(&rows),
                &Monitor::detached(),
            )
        };
        assert!(ask(3).is_ok(), "{entry}");
        let error = ask(2).unwrap_err();
        assert_eq!(
            error.reader(),
            "the data “a” has more than 2 rows; the limit is source-rows = 2",
            "{entry}"
        );
    }
}

#[test]
fn rows_in_memory_take_as_much_of_it_as_they_may() {
    let ground = Ground::new(&[]);
    let long = "x".repeat(10_000);
    let rows = json!({"a": vec![json!({"t": long}); 300]});
    let command = "[data.a]\ncommand = ['awk', 'BEGIN { for (i = 0; i < 5000000; i++) print \"{\\\"n\\\": \" i \"}\" }']";
    for entry in ["[data.a]\nrequest = true", command] {
        let text = format!("{entry}\n[limits]\nmegabytes = 1");
        let error = ground
            .ask_with(&text, "SELECT 1 AS n", &json!({}), Some(&rows), &Monitor::detached())
            .unwrap_err();
        assert!(
            error.reader().contains("takes more memory than it may; the limit is megabytes"),
            "{entry}: {error}"
        );
    }
}

#[test]
fn a_program_that_sleeps_for_ever_is_ended_after_the_seconds_that_it_may_take() {
    let ground = Ground::new(&[]);
    for program in [
        "['sleep', 'infinity']",
        "['yes', '']",
        "['sh', '-c', 'yes {} >&2']",
        "['sh', '-c', 'exec >&- 2>&-; sleep 1000']",
    ] {
        let text = format!("[data.a]\ncommand = {program}\n[limits]\nseconds = 1");
        let begun = Instant::now();
        let error = ground.refusal(&text, "SELECT 1 AS n");
        assert!(error.reader().ends_with("the limit is seconds = 1"), "{program}: {error}");
        assert!(begun.elapsed() < LONG, "{program}");
    }
}

#[test]
fn reading_a_file_is_part_of_the_seconds() {
    let mut content = String::from("n,t\n");
    (0..3_000_000).for_each(|n| content += &format!("{n},some text to make it long\n"));
    let ground = Ground::new(&[("a.csv", &content)]);
    let text = "[data.a]\ncsv = 'a.csv'\nindex = ['t', 'n']\n[limits]\nseconds = 1";
    let error = ground.refusal(text, "SELECT count(*) AS n FROM a");
    assert!(error.reader().ends_with("the limit is seconds = 1"), "{error}");
    assert_eq!(ground.kept(), Vec::<std::path::PathBuf>::new());
}
