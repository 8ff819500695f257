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
fn reportwire(arguments: &[&str]) -> Output {
    let command = Command::new(BINARY)
        .args(arguments)
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

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Asserts that a command failed with this code and one clear line, and nothing on stdout.
#[track_caller]
fn assert_refused(output: &Output, code: i32, words: &[&str]) {
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
        &["request", "COFFEE_SALES", "--server", "https://reports.example"],
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
            assert!(help.contains(&format!("[env: {variable}=")), "{variable} is not in\n{help}");
            named += 1;
        }
        assert!(named >= least, "{named} flags in\n{help}");
    }
}
