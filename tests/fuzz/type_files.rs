//! Type files that were sat upon by a cat: each is read or refused with places that are in it, and what is read can
//! be asked for, described and made.

use std::{fs, path::Path};

use jiff::Timestamp;
use reportwire::{
    catalog::{ReportType, file, unpack},
    data::Sources,
    generate::{self, Order},
    report::Parameters,
    work::Monitor,
};

use crate::support::{bytes, cases, lines};

#[test]
fn type_files() {
    let folder = tempfile::tempdir().unwrap();
    unpack(folder.path()).unwrap();
    let mut samples: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    samples.sort();
    let texts: Vec<String> = samples.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let sources = Sources::new(folder.path().join("cache"));
    let path = folder.path().join("fuzzed.toml");
    let mut read = 0_u32;
    cases("type files", 20_000, |rng| {
        let at = rng.usize(..texts.len());
        let text = if rng.bool() {
            lines(rng, &texts[at])
        } else {
            String::from_utf8_lossy(&bytes(rng, texts[at].as_bytes())).into_owned()
        };
        match file::read(&text, &path) {
            Ok(report_type) => {
                read += 1;
                let _ = serde_json::to_string(&report_type.summary(day(), false)).unwrap();
                if rng.u8(..4) == 0 && is_harmless(&report_type) {
                    made(&report_type, &sources);
                }
            }
            Err(mistakes) => {
                assert!(!mistakes.is_empty(), "refused without a reason:\n{text}");
                let end = text.split('\n').count();
                for mistake in mistakes {
                    assert!(
                        (1..=end).contains(&mistake.at.line) && mistake.at.column > 0,
                        "{mistake}\n{text}"
                    );
                    assert!(!mistake.detail.is_empty());
                }
            }
        }
    });
    assert!(read > 100, "{read} could be read: the others say little");
}

fn day() -> jiff::civil::Date {
    jiff::civil::date(2024, 3, 1)
}

/// A program of which a word was changed is another program.
fn is_harmless(report_type: &ReportType) -> bool {
    let is_program =
        |origin: &reportwire::catalog::Origin| matches!(origin, reportwire::catalog::Origin::Command { .. });
    !report_type.data.iter().any(|data| is_program(&data.origin))
}

fn made(report_type: &ReportType, sources: &Sources) {
    let mut report_type = report_type.clone();
    // long enough for every sample, and short enough for a query that lost its condition
    report_type.limits.seconds = 2;
    report_type.limits.rows = report_type.limits.rows.min(2_000);
    let found = generate::check(&report_type, sources);
    assert!(found.iter().all(|mistake| mistake.at.line > 0), "{found:?}");
    let value = |parameter: &reportwire::catalog::Parameter| {
        let default = parameter.default.as_ref().map(|default| default.on(day()));
        Some((parameter.name.clone(), default.or_else(|| parameter.example.clone())?))
    };
    let parameters: Parameters = report_type.parameters.iter().filter_map(value).collect();
    let created_at = Timestamp::UNIX_EPOCH;
    let order = Order { report_type: &report_type, parameters: &parameters, data: None, created_at };
    if let Err(error) = generate::model(&order, sources, &Monitor::detached()) {
        let detail = error.to_string();
        let folder = report_type.folder.to_string_lossy();
        assert!(!detail.contains(&*folder) && !detail.contains("SELECT "), "{detail}");
    }
    assert!(Path::new(&report_type.file).extension().is_some());
}
