//! What the server promises in numbers, measured: `cargo bench`, or `cargo bench fan-out` for one group.
//!
//! Each group says its workload in words and then prints figure, goal, and whether it was met. What a
//! client sees is measured at the release binary in a process of its own; only a figure that begins with a
//! commit or ends in a worker runs the library in this process, because no client can see those moments.
//! Crowds of clients are always a process of their own ([`crowd`]), so that each side has its descriptors.
//!
//! Needs Linux: it reads `/proc`.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot be made is a failure")]

mod client;
mod coffee;
mod creates;
mod crowd;
mod fan_out;
mod figure;
mod footprint;
mod frames;
mod gate;
mod inside;
mod latency;
mod machine;
mod memory;
mod program;
mod stamped;
mod start;

use std::time::Instant;

use figure::Figure;

/// A name to filter by, the workload in words, and what measures it.
type Group = (&'static str, &'static str, fn() -> Vec<Figure>);

const GROUPS: [Group; 7] = [
    ("footprint", footprint::WORKLOAD, footprint::measure),
    ("memory", memory::WORKLOAD, memory::measure),
    ("latency", latency::WORKLOAD, latency::measure),
    ("fan-out", fan_out::WORKLOAD, fan_out::measure),
    ("creates", creates::WORKLOAD, creates::measure),
    ("start", start::WORKLOAD, start::measure),
    ("coffee", coffee::WORKLOAD, coffee::measure),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [crowd::COMMAND, address] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return crowd::main(address.parse().unwrap());
    }
    // cargo adds --bench
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let began = Instant::now();
    machine::prepare();
    println!("{}", machine::describe());
    for (name, workload, measure) in GROUPS {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(*filter)) {
            println!("\n{name}: {workload}");
            measure().iter().for_each(|figure| println!("{figure}"));
        }
    }
    println!("\nmeasured in {} s", began.elapsed().as_secs());
}
