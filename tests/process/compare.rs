//! `reportwire compare`: every channel is there, and its numbers can be true.

use serde_json::Value;

use crate::{
    command::{assert_refused, reportwire, said},
    server::Server,
};

const CHANNELS: [&str; 6] = ["websocket", "sse", "longPoll", "polling", "graphql", "webhook"];

/// The costs of each channel, in the order of [`CHANNELS`].
fn rows(outcome: &Value) -> Vec<&Value> {
    let rows: Vec<&Value> = outcome["channels"].as_array().unwrap().iter().collect();
    let names: Vec<&str> = rows.iter().map(|row| row["channel"].as_str().unwrap()).collect();
    assert_eq!(names, CHANNELS);
    rows
}

/// Asserts that a row's numbers can be those of a client that heard of a report and fetched its model.
#[track_caller]
fn assert_plausible(row: &Value) {
    let number = |name: &str| row[name].as_f64().unwrap_or_else(|| panic!("no {name} in {row}"));
    assert!(number("p50Ms") >= 0.0 && number("maxMs") >= number("p50Ms"), "{row}");
    assert!((1.0..=2.0).contains(&number("connections")), "{row}");
    assert!((1.0..100.0).contains(&number("requests")), "{row}");
    assert!((100.0..20_000.0).contains(&number("bytesUp")), "{row}");
    // the model of the report that is run has more than a thousand
    assert!((1_000.0..100_000.0).contains(&number("bytesDown")), "{row}");
}

#[test]
fn compare_runs_every_channel_against_a_server_of_its_own() {
    let output = reportwire(&["compare", "--runs", "2", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    assert_eq!(said(&output.stderr), "", "progress is for a terminal");
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&outcome["reportType"], &outcome["runs"]), (&"SLOW_ROAST".into(), &2.into()));
    assert_eq!(outcome["timesFrom"], "done");
    let rows = rows(&outcome);
    rows.iter().for_each(|row| assert_plausible(row));
    let [websocket, sse, long_poll, polling, graphql, webhook] = rows[..] else { unreachable!() };
    assert_eq!(websocket["requests"], 1, "the handshake, and everything is pushed");
    assert_eq!(graphql["requests"], 1, "the handshake");
    assert_eq!(sse["requests"], 2, "the stream, and the proof");
    assert_eq!(webhook["requests"], 2, "the call, and the model");
    for way in [long_poll, polling] {
        assert!(way["requests"].as_u64() >= Some(4), "the states, the model, the proof: {way}");
        assert_eq!(way["connections"], 1, "it is kept alive");
    }
    assert!(
        polling["maxMs"].as_f64() > websocket["maxMs"].as_f64(),
        "two looks are a second apart: {outcome}"
    );
}

#[test]
fn compare_takes_a_report_and_a_server_and_says_why_that_one_does_not_call_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let order = ["compare", "COFFEE_SALES", "reportDate=2021-01-01", "--runs", "1", "--server"];
    let output = reportwire(&[&order[..], &[&server.url()]].concat());
    let table = said(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    assert!(table.starts_with("COFFEE_SALES, once,"), "{table}");
    for title in ["WebSocket ", "Server-sent events ", "Long poll ", "Polling every second ", "GraphQL "] {
        let line =
            table.lines().find(|line| line.starts_with(title)).unwrap_or_else(|| panic!("{title}: {table}"));
        let numbers = line.split_whitespace().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        assert_eq!(numbers.count(), 6, "{line}");
    }
    let webhook = table.lines().find(|line| line.starts_with("Webhook")).unwrap();
    assert!(webhook.contains("left out: a server elsewhere cannot be expected to reach"), "{webhook}");
}

#[test]
fn compare_says_why_it_cannot_be_made() {
    let out_of_reach = reportwire(&["compare", "--server", "http://127.0.0.1:1"]);
    assert_refused(&out_of_reach, 1, &["cannot reach http://127.0.0.1:1", "refused"]);
    let unknown = reportwire(&["compare", "NO_SUCH_TYPE"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown.stderr).contains("reportType: "), "{}", said(&unknown.stderr));
    for wrong in [&["compare", "--runs", "0"][..], &["compare", "--server", "https://reports.example"]] {
        assert_eq!(reportwire(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
