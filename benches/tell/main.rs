//! How fast somebody hears who is not on the WebSocket, measured: `cargo bench --bench tell`, or with `webhooks`, `silence` or
//! `channels` behind it for one group.
//!
//! The server runs in this process, because no client can see when something was committed or settled. Its receivers and
//! clients share its cores.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot be made is a failure")]

mod channels;
#[path = "../wire/client.rs"]
#[allow(dead_code, reason = "the other bench needs more of it")]
mod client;
#[path = "../wire/figure.rs"]
mod figure;
#[path = "../wire/frames.rs"]
mod frames;
#[path = "../wire/gate.rs"]
mod gate;
#[path = "../wire/inside.rs"]
#[allow(dead_code, reason = "the other bench needs more of it")]
mod inside;
mod line;
#[path = "../wire/machine.rs"]
#[allow(dead_code, reason = "the other bench needs more of it")]
mod machine;
mod outbox;
mod receiver;
mod silence;
#[path = "../wire/stamped.rs"]
#[allow(dead_code, reason = "the other bench needs more of it")]
mod stamped;
mod webhooks;

use std::time::Instant;

use figure::Figure;

/// A name to filter by, the workload in words, and what measures it.
type Group = (&'static str, &'static str, fn() -> Vec<Figure>);

const GROUPS: [Group; 3] = [
    ("webhooks", webhooks::WORKLOAD, webhooks::measure),
    ("silence", silence::WORKLOAD, silence::measure),
    ("channels", channels::WORKLOAD, channels::measure),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // cargo adds --bench
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let began = Instant::now();
    println!("{}", machine::describe());
    for (name, workload, measure) in GROUPS {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(*filter)) {
            println!("\n{name}: {workload}");
            measure().iter().for_each(|figure| println!("{figure}"));
        }
    }
    println!("\nmeasured in {} s", began.elapsed().as_secs());
}
