//! The command line: what it prints where, and how it ends.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    sync::mpsc,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{
    client::LONG,
    server::{BINARY, Server},
};

/// Runs a command to its end. One that has no end, a server above all, is ended and is a failure.
pub(crate) fn reportwire(arguments: &[&str]) -> Output {
    let command = Command::new(BINARY)
        .args(arguments)
        // what render keeps of data files is not for the cache of whoever runs the tests
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env_remove("REPORTWIRE_REPORTS")
        .env_remove("REPORTWIRE_SERVER")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = Pid::from_raw(command.id().cast_signed());
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(command.wait_with_output().unwrap()));
    end.recv_timeout(LONG).unwrap_or_else(|_| {
        kill(id, Signal::SIGKILL).unwrap();
        panic!("{arguments:?} has no end")
    })
}

pub(crate) fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Asserts that a command failed with this code and one clear line, and nothing on stdout.
#[track_caller]
pub(crate) fn assert_refused(output: &Output, code: i32, words: &[&str]) {
    let line = said(&output.stderr).trim_end();
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert_eq!(said(&output.stdout), "");
    assert!(line.starts_with("reportwire: ") && !line.contains('\n'), "{line}");
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line}");
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn request_saves_the_file_and_names_it_on_stdout() {
    let folder = folder();
    let server = Server::start(folder.path());
    let file = folder.path().join("coffee.pdf");
    let url = server.url();
    let order = ["request", "COFFEE_SALES", "reportDate=2021-01-01", "shop=Zürich"];
    let output = reportwire(&[&order[..], &["--server", &url, "-o", text(&file)]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    assert_eq!(said(&output.stdout), format!("{}\n", file.display()));
    assert_eq!(said(&output.stderr), "", "progress is for a terminal");
    assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF-"));

    let piped = reportwire(&[&order[..], &["--server", &url, "-o", "-"]].concat());
    assert_eq!(piped.status.code(), Some(0), "{}", said(&piped.stderr));
    assert!(piped.stdout.starts_with(b"%PDF-"), "with - the file itself is the result");
}

#[test]
fn request_says_everything_that_is_wrong_with_the_parameters() {
    let folder = folder();
    let server = Server::start(folder.path());
    let order = ["request", "COFFEE_SALES", "reportDate=2021-02-30", "shop=Paris", "size=XL"];
    let output = reportwire(&[&order[..], &["--server", &server.url()]].concat());
    let stderr = said(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(said(&output.stdout), "");
    for fault in ["reportDate: ", "shop: ", "size: "] {
        assert!(stderr.lines().any(|line| line.trim_start().starts_with(fault)), "{fault} {stderr}");
    }
}

#[test]
fn a_server_out_of_reach_is_named() {
    let output = reportwire(&["request", "COFFEE_SALES", "--server", "http://127.0.0.1:1"]);
    assert_refused(&output, 1, &["cannot reach http://127.0.0.1:1", "refused"]);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for wrong in [
        &["request"][..],
        &["request", "COFFEE_SALES", "reportDate"],
        &["request", "COFFEE_SALES", "--server", "ftp://reports.example"],
        &["--listen", "here"],
        &["serve", "--drain", "soon"],
        &["serve", "--log", "=="],
        &["--no-such-flag"],
        &["dance"],
    ] {
        let output = reportwire(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?} {}", said(&output.stderr));
        assert_eq!(said(&output.stdout), "", "{wrong:?}");
        assert_ne!(said(&output.stderr), "", "{wrong:?}");
    }
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let folder = folder();
    let _first = Server::start(folder.path());
    let data = folder.path().join("data");
    let output = reportwire(&["--listen", "127.0.0.1:0", "--data-dir", text(&data)]);
    assert_refused(&output, 1, &["another reportwire process uses this folder"]);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = reportwire(&["--listen", &address, "--data-dir", text(folder.path())]);
    assert_refused(&output, 1, &[&format!("cannot listen on {address}"), "in use"]);
}

#[test]
fn an_unknown_key_in_the_configuration_is_named_with_its_line() {
    let folder = folder();
    let file = folder.path().join("reportwire.toml");
    std::fs::write(&file, "workers = 2\nworker-count = 3\n").unwrap();
    let data = text(folder.path());
    let output = reportwire(&["--config", text(&file), "--listen", "127.0.0.1:0", "--data-dir", data]);
    let stderr = said(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.starts_with(&format!("reportwire: {} is not a configuration", file.display())),
        "{stderr}"
    );
    assert!(stderr.contains("line 2") && stderr.contains("worker-count"), "{stderr}");

    let missing = folder.path().join("nowhere.toml");
    assert_refused(&reportwire(&["--config", text(&missing)]), 1, &["cannot read", text(&missing)]);
}

#[test]
fn the_help_names_the_environment_variable_of_every_flag() {
    for (command, least) in [(&["--help"][..], 9), (&["serve", "--help"], 9), (&["request", "--help"], 1)] {
        let output = reportwire(command);
        assert_eq!(output.status.code(), Some(0));
        // on a narrow terminal a line breaks anywhere
        let help = said(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        let mut named = 0;
        // "-o, --output <FILE>" has no variable: it belongs to one call
        for flag in help.split(' ').filter_map(|word| word.strip_prefix("--")) {
            if matches!(flag, "help" | "version" | "output")
                || !flag.starts_with(|c: char| c.is_ascii_lowercase())
            {
                continue;
            }
            let variable = format!("REPORTWIRE_{}", flag.replace('-', "_").to_uppercase());
            let named_by = |end| help.contains(&format!("[env: {variable}{end}"));
            // one that may hold a password does not show its value
            assert!(named_by("=") || named_by("]"), "{variable} is not in\n{help}");
            named += 1;
        }
        assert!(named >= least, "{named} flags in\n{help}");
    }
}

/// A folder of report types with their data.
fn shelf(files: &[(&str, &str)]) -> TempDir {
    let folder = folder();
    files.iter().for_each(|(name, content)| std::fs::write(folder.path().join(name), content).unwrap());
    folder
}

const SALES: &str = r#"title = "Sales"
[parameters.day]
type = "date"
required = true
[parameters.top]
type = "integer"
minimum = 1
[data.sales]
csv = "sales.csv"
[[section]]
query = "SELECT shop, amount FROM sales WHERE :day IS NOT NULL"
"#;

const LINES: &str = "shop,amount\nZürich,12\nKraków,30\n";

const BILL: &str = r#"[data.items]
request = true
[[section]]
query = "SELECT item, price FROM items"
"#;

#[test]
fn render_makes_the_pdf_or_the_model_without_a_server() {
    let shelf = shelf(&[("sales.toml", SALES), ("sales.csv", LINES)]);
    let reports = text(shelf.path());
    let (pdf, json) = (shelf.path().join("out.pdf"), shelf.path().join("out.json"));
    for path in [&pdf, &json] {
        let output =
            reportwire(&["render", "SALES", "day=2021-01-31", "--reports", reports, "-o", text(path)]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
        assert_eq!(said(&output.stdout), format!("{}\n", path.display()));
        assert_eq!(said(&output.stderr), "");
    }
    assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF-"));
    let model: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(model["sections"][0]["rows"], serde_json::json!([["Zürich", 12], ["Kraków", 30]]));
    let file = shelf.path().join("sales.toml");
    let piped = reportwire(&["render", text(&file), "day=2021-01-31", "-o", "-"]);
    assert!(piped.stdout.starts_with(b"%PDF-"), "by its path, to standard output: {}", said(&piped.stderr));
}

#[test]
fn render_says_everything_that_is_wrong_with_the_parameters_and_ends_with_2() {
    let shelf = shelf(&[("sales.toml", SALES), ("sales.csv", LINES), ("bill.toml", BILL)]);
    let reports = text(shelf.path());
    for (order, faults) in [
        (&["SALES", "day=2021-02-30", "top=0", "shop=x"][..], &["  day: ", "  top: ", "  shop: "][..]),
        (&["SALES"], &["  day: it is missing"]),
        (&["BILL"], &["  data/items: it is missing"]),
        (&["SALE", "day=2021-01-31"], &["there is no report type SALE; did you mean SALES?"]),
        (&["SALES", "day=2021-01-31", "-o", "out.doc"], &["expected .pdf"]),
    ] {
        let output = reportwire(&[&["render", "--reports", reports], order].concat());
        let stderr = said(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{order:?} {stderr}");
        assert_eq!(said(&output.stdout), "", "{order:?}");
        for fault in faults {
            assert!(stderr.contains(fault), "{fault:?} is not in {stderr}");
        }
    }
}

#[test]
fn render_takes_the_rows_that_a_request_would_bring() {
    let shelf = shelf(&[
        ("bill.toml", BILL),
        ("rows.json", r#"{"items": [{"item": "Café", "price": 2.5}]}"#),
        ("bad.json", "[1]"),
    ]);
    let at = |name: &str| shelf.path().join(name);
    let render = |rows: &str| {
        let (file, rows, out) = (at("bill.toml"), at(rows), at("out.json"));
        reportwire(&["render", text(&file), "--data", text(&rows), "-o", text(&out)])
    };
    let output = render("rows.json");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    let model: serde_json::Value = serde_json::from_slice(&std::fs::read(at("out.json")).unwrap()).unwrap();
    assert_eq!(model["sections"][0]["rows"], serde_json::json!([["Café", 2.5]]));
    assert_refused(&render("bad.json"), 1, &["bad.json is no JSON object"]);
    assert_refused(&render("none.json"), 1, &["cannot read", "none.json"]);
}

#[test]
fn render_names_the_place_of_a_mistake_in_a_query_and_what_was_meant() {
    for (query, words) in [
        (
            "SELECT shop,\n  amuont\nFROM sales",
            "sales.toml:4:3: query section 1: no such column: amuont; did you mean amount?",
        ),
        ("SELECT shop\nFROM sale", "no such table: sale; did you mean sales?"),
        (
            "SELECT shop FROM sales\nWHERE shop = :shp",
            "sales.toml:4:14: query section 1: there is no parameter :shp; did you mean :shop?",
        ),
    ] {
        let sales = format!(
            "[[section]]\nquery = \"\"\"\n{query}\"\"\"\n[data.sales]\ncsv = \"sales.csv\"\n[parameters.shop]\n"
        );
        let shelf = shelf(&[("sales.toml", &sales), ("sales.csv", LINES)]);
        let file = shelf.path().join("sales.toml");
        let out = shelf.path().join("out.pdf");
        let output = reportwire(&["render", text(&file), "-o", text(&out)]);
        assert_refused(&output, 1, &[words]);
        assert!(!out.exists());
    }
}

#[test]
fn check_says_in_one_line_that_nothing_is_wrong() {
    let shelf = shelf(&[("sales.toml", SALES), ("sales.csv", LINES), ("bill.toml", BILL)]);
    let output = reportwire(&["check", "--reports", text(shelf.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stdout));
    assert_eq!(said(&output.stdout), "2 report types checked, nothing is wrong\n");
    assert_eq!(said(&output.stderr), "");
    let samples = reportwire(&["check"]);
    assert_eq!(samples.status.code(), Some(0), "{}", said(&samples.stdout));
}

#[test]
fn check_says_everything_that_is_wrong_in_a_folder_with_its_places() {
    let shelf = shelf(&[
        ("sales.csv", LINES),
        ("good.toml", SALES),
        ("toml.toml", "title = \"Open\n"),
        ("words.toml", "titel = \"x\"\nlocale = \"klingonish\"\n[[section]]\ntext = \"{{ nobody }}\"\n"),
        ("query.toml", &SALES.replace("shop, amount", "shop, amuont")),
        ("column.toml", &format!("{SALES}columns = {{ amuont = \"money\" }}\n")),
        ("file.toml", &SALES.replace("sales.csv", "sale.csv")),
    ]);
    let output = reportwire(&["check", "--reports", text(shelf.path())]);
    let lines: Vec<&str> = said(&output.stdout).lines().collect();
    assert_eq!(output.status.code(), Some(1), "{lines:?}");
    for (place, words) in [
        ("toml.toml:1:", ""),
        ("words.toml:1:1: ", "did you mean title?"),
        ("words.toml:2:10: ", "klingonish"),
        ("words.toml:4:", "nobody"),
        ("query.toml:11:23: ", "no such column: amuont; did you mean amount?"),
        ("column.toml:12:13: ", "the query returns no column “amuont”"),
        ("file.toml:1:1: ", "sale.csv"),
    ] {
        let start = format!("{}/{place}", shelf.path().display());
        assert!(
            lines.iter().any(|line| line.starts_with(&start) && line.contains(words)),
            "{place} {words} is not in {lines:#?}"
        );
    }
    assert!(!lines.iter().any(|line| line.contains("good.toml")), "{lines:#?}");
    let count = format!("reportwire: {} mistakes\n", lines.len());
    assert_eq!(said(&output.stderr), count);
    let one = shelf.path().join("query.toml");
    let output = reportwire(&["check", text(&one)]);
    assert_eq!((output.status.code(), said(&output.stderr)), (Some(1), "reportwire: one mistake\n"));
}
