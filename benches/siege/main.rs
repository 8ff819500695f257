//! What those feel who behave, while others do not: `cargo bench --bench siege`, or with `flood`, `attack` or `leak`
//! behind it for one group.
//!
//! Server, attackers and clients share this process and its cores: what the attackers cost themselves counts, too.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot be made is a failure")]

mod attack;
#[path = "../wire/figure.rs"]
#[allow(dead_code, reason = "the other benches need more of it")]
mod figure;
mod flood;
#[path = "../wire/groups.rs"]
mod groups;
#[path = "../wire/inside.rs"]
#[allow(dead_code, reason = "the other benches need more of it")]
mod inside;
mod leak;
#[path = "../wire/machine.rs"]
#[allow(dead_code, reason = "the other benches need more of it")]
mod machine;

use std::path::Path;

use groups::Group;
use jiff::Timestamp;
use reportwire::{
    access::KeyText,
    report::Scopes,
    store::{NewKey, sqlite::KeyBook},
};

const GROUPS: [Group; 3] = [
    ("flood", flood::WORKLOAD, flood::measure),
    ("attack", attack::WORKLOAD, attack::measure),
    ("leak", leak::WORKLOAD, leak::measure),
];

fn main() {
    groups::run(&GROUPS);
}

/// A key of this owner, for the server whose data are in `folder`.
fn key(folder: &Path, owner: &str) -> String {
    let text = KeyText::generate();
    let owner = owner.parse().unwrap();
    let new = NewKey { hash: text.hash(), owner, scopes: Scopes::all(), expires_at: None };
    KeyBook::open(folder).unwrap().create(&new, Timestamp::now()).unwrap();
    text.expose().to_owned()
}

/// The sample at this share of all, from 0 to 1.
fn percentile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[((samples.len() - 1) as f64 * share).round() as usize]
}
