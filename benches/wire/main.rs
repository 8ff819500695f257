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
mod groups;
mod inside;
mod latency;
mod machine;
mod memory;
mod program;
mod rate;
mod stamped;
mod start;
mod wait;

use groups::Group;

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
    machine::prepare();
    groups::run(&GROUPS);
}
