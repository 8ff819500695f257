//! What several nodes over one PostgreSQL promise in numbers: `cargo bench --bench nodes`, or with the name of a group.
//!
//! PostgreSQL and its `pgbench` have to be installed (Debian: `postgresql`). The database, the nodes and their clients share
//! the cores of this machine, so a second and a third node show what they cost, and not what they would add elsewhere.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot be made is a failure")]

#[path = "../wire/client.rs"]
#[allow(dead_code, reason = "another bench needs more of it")]
mod client;
mod costs;
mod creates;
#[path = "../wire/crowd.rs"]
mod crowd;
mod database;
#[path = "../wire/figure.rs"]
#[allow(dead_code, reason = "another bench needs more of it")]
mod figure;
#[path = "../wire/frames.rs"]
#[allow(dead_code, reason = "another bench needs more of it")]
mod frames;
#[path = "../wire/gate.rs"]
mod gate;
#[path = "../wire/groups.rs"]
mod groups;
#[path = "../wire/inside.rs"]
#[allow(dead_code, reason = "another bench needs more of it")]
mod inside;
mod latency;
#[path = "../wire/machine.rs"]
mod machine;
mod meter;
mod million;
mod points;
#[path = "../../tests/shared/postgres_server.rs"]
#[allow(dead_code, reason = "tests need more of it")]
mod postgres_server;
#[path = "../wire/program.rs"]
#[allow(dead_code, reason = "another bench needs more of it")]
mod program;
#[path = "../wire/rate.rs"]
mod rate;
#[path = "../wire/stamped.rs"]
mod stamped;
mod takeover;
#[path = "../wire/wait.rs"]
#[allow(dead_code, reason = "another bench needs more of it")]
mod wait;

/// What tests tell of a server's password, and measurements need not.
mod watch {
    pub(crate) fn logs() {}
    pub(crate) fn secret(_: &str) {}
}

use groups::Group;

const GROUPS: [Group; 6] = [
    ("latency", latency::WORKLOAD, latency::measure),
    ("creates", creates::WORKLOAD, creates::measure),
    ("costs", costs::WORKLOAD, costs::measure),
    ("million", million::WORKLOAD, million::measure),
    ("points", points::WORKLOAD, points::measure),
    ("takeover", takeover::WORKLOAD, takeover::measure),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [crowd::COMMAND, address] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return crowd::main(address.parse().unwrap());
    }
    machine::prepare();
    groups::run(&GROUPS);
}
