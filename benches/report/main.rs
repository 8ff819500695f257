//! What reports cost, beside others in the same run: `cargo bench --bench report`, or with a word for one group.
//!
//! Each figure is taken in a process of its own, which does nothing else, so that its memory can be told. The rivals
//! come from PyPI into a folder below `target`; WeasyPrint also needs Pango (Debian: `libpangoft2-1.0-0`).
//!
//! Needs Linux: it reads `/proc`.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot be made is a failure")]

#[allow(dead_code, reason = "the other bench has figures of more kinds")]
#[path = "../wire/figure.rs"]
mod figure;
mod million;
mod pdf;
mod rivals;
mod table;

use figure::Figure;
use serde_json::{Value, json};

/// A name to filter by, the workload in words, and what measures it.
type Group = (&'static str, &'static str, fn() -> Vec<Figure>);

const GROUPS: [Group; 2] =
    [("pdf", pdf::WORKLOAD, pdf::measure), ("million", million::WORKLOAD, million::measure)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["child", "pdf", rows, times, file] => return pdf::child(rows, times, file),
        ["child", "million", folder] => return million::child(folder),
        _ => {}
    }
    // cargo adds --bench
    let filters: Vec<&&str> = words.iter().filter(|word| !word.starts_with('-')).collect();
    for (name, workload, measure) in GROUPS {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(**filter)) {
            println!("\n{name}: {workload}");
            measure().iter().for_each(|figure| println!("{figure}"));
        }
    }
}

/// Runs a part of this program as a process of its own, and returns what it printed.
fn run(arguments: &[&str]) -> Value {
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new(program).arg("child").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Prints figures for [`run`], with the most memory that this process ever had, in KiB.
fn report(mut figures: Value) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    figures["kibibytes"] = json!(peak.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap());
    println!("{figures}");
}
