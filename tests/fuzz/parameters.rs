//! Whatever a request brings as a parameter, it is taken or refused, and what is taken keeps to its rule.

use fastrand::Rng;
use reportwire::catalog::{Kind, Parameter, ReportType, file};
use serde_json::{Map, Value, json};

use crate::support::{cases, hostile};

fn value(rng: &mut Rng, depth: u8) -> Value {
    match rng.u8(..if depth == 0 { 9 } else { 11 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => rng.i64(..).into(),
        3 => (rng.i64(..20) - 10).into(),
        4 => rng.u64(..).into(),
        5 => (f64::from_bits(rng.u64(..))).into(),
        6 => format!("{:04}-{:02}-{:02}", rng.u32(..10_100), rng.u8(..14), rng.u8(..33)).into(),
        7 => ["a", "b", "today", "2021-02-29", "9999-12-31", "+5"][rng.usize(..6)].into(),
        8 => hostile(rng).into(),
        9 => (0..rng.usize(..6)).map(|_| value(rng, depth - 1)).collect::<Vec<_>>().into(),
        _ => (0..rng.usize(..4)).map(|_| (hostile(rng), value(rng, depth - 1))).collect::<Map<_, _>>().into(),
    }
}

fn kind(rng: &mut Rng, may_be_list: bool) -> Kind {
    let day = |rng: &mut Rng| {
        let days = ["today", "today-1d", "today+30d", "2021-01-31", "yesterday"];
        rng.bool().then(|| days[rng.usize(..days.len())].parse().ok()).flatten()
    };
    match rng.u8(..if may_be_list { 7 } else { 6 }) {
        0 => Kind::Date { minimum: day(rng), maximum: day(rng) },
        1 => Kind::Integer {
            minimum: rng.bool().then(|| rng.i64(-5..5)),
            maximum: rng.bool().then(|| rng.i64(..)),
        },
        2 => Kind::Decimal {
            minimum: rng.bool().then(|| rng.f64() - 0.5),
            maximum: rng.bool().then(|| f64::from_bits(rng.u64(..))),
        },
        3 => Kind::Choice((0..rng.usize(1..4)).map(|_| hostile(rng)).chain(["a".into()]).collect()),
        4 => Kind::Boolean,
        5 => Kind::Text {
            min_length: rng.usize(..3),
            max_length: rng.usize(..2_000),
            pattern: ["(a|aa)+b?", r"\p{L}*", "[^x]{0,50}", ".*.*.*=.*"]
                .get(rng.usize(..8))
                .map(|text| text.parse().unwrap()),
        },
        _ => Kind::List {
            of: Box::new(kind(rng, false)),
            min_items: rng.usize(..2),
            max_items: rng.usize(..6),
        },
    }
}

#[test]
fn parameters() {
    let plain = file::read("[[section]]\ntext = \"x\"", std::path::Path::new("plain.toml")).unwrap();
    let day = jiff::civil::date(2024, 2, 29);
    let mut taken = 0_u32;
    cases("parameters", 30_000, |rng| {
        let parameters = (0..rng.usize(..4))
            .map(|at| Parameter {
                required: rng.bool(),
                ..Parameter::new(&format!("p{at}"), "P", kind(rng, true))
            })
            .collect();
        let report_type = ReportType { parameters, ..plain.clone() };
        let given: Map<String, Value> = (0..rng.usize(..4))
            .map(|at| (if rng.u8(..9) == 0 { hostile(rng) } else { format!("p{at}") }, value(rng, 2)))
            .collect();
        let _ = serde_json::to_string(&report_type.json_schema(day)).unwrap();
        match report_type.check(&given, day) {
            Ok(checked) => {
                taken += 1;
                for (name, value) in &checked {
                    let parameter =
                        report_type.parameters.iter().find(|parameter| parameter.name == *name).unwrap();
                    assert_eq!(parameter.kind.check(value, day), Ok(()));
                    assert_eq!(given.get(name), Some(value), "a value is taken as it is or not at all");
                }
            }
            Err(faults) => {
                assert!(!faults.is_empty());
                for fault in faults {
                    assert!(fault.pointer.starts_with('/') && !fault.detail.is_empty(), "{fault:?}");
                }
            }
        }
        let rows = json!({ "a": value(rng, 2) });
        assert!(!report_type.check_data(Some(&rows)).is_empty(), "it takes no rows");
    });
    assert!(taken > 1_000, "{taken} were taken: the others say little");
}
