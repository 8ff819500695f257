//! Data files with accidents: each is read or refused with a reason, and no reader learns where it lies.

use reportwire::{
    catalog::file,
    data::{Asked, Sources},
    work::Monitor,
};

use crate::support::{bytes, cases, hostile};

const GOOD: &str =
    "day,shop,amount,yes\n2021-01-31,Zürich,12.50,true\n2021-02-01,\"K, \"\"x\"\"\nö\",-3,false\n,,,\n";

#[test]
fn data_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut read = 0_u32;
    cases("data files", 1_500, |rng| {
        let (ending, good) = [
            ("csv", GOOD.to_owned()),
            ("tsv", GOOD.replace(',', "\t")),
            ("json", r#"[{"a": 1, "b": "x", "c": [1.5, null]}, {"b": true, "d": {"e": "ö"}}]"#.to_owned()),
            ("ndjson", "{\"a\": 1, \"b\": \"x\"}\n\n{\"a\": 2.5e3, \"day\": \"2021-01-31\"}\n".to_owned()),
        ][rng.usize(..4)]
        .clone();
        let content = if rng.u8(..20) == 0 { hostile(rng).into_bytes() } else { bytes(rng, good.as_bytes()) };
        let name = format!("a.{ending}");
        std::fs::write(folder.path().join(&name), content).unwrap();
        let mut text = format!("[data.a]\n{ending} = '{name}'\n");
        if rng.u8(..4) == 0 {
            text += "columns = { a = 'integer', shop = 'text', amount = 'decimal' }\n";
        }
        let text = format!("{text}[[section]]\ntext = 'x'");
        let report_type = file::read(&text, &folder.path().join("fuzzed.toml")).unwrap();
        let parameters = serde_json::Map::new();
        let asked = Asked {
            report_type: "FUZZED",
            data: &report_type.data,
            folder: folder.path(),
            limits: &report_type.limits,
            declared: &[],
            parameters: &parameters,
            rows: None,
        };
        // a cache for each: the files may be written within the grain of their time
        let cache = tempfile::tempdir().unwrap();
        let sources = Sources::new(cache.path().into());
        let rows = sources
            .open(&asked, &Monitor::detached())
            .and_then(|mut database| database.query("all", "SELECT * FROM a"));
        match rows {
            Ok(rows) => {
                read += 1;
                assert!(rows.rows.iter().all(|row| row.len() == rows.columns.len()));
            }
            Err(error) => {
                assert!(!error.reader().contains(&*folder.path().to_string_lossy()), "{}", error.reader());
                assert!(error.author().len() > 8, "{error}");
            }
        }
    });
    assert!(read > 100, "{read} could be read: the others say little");
}
