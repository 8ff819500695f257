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
#[path = "../wire/groups.rs"]
mod groups;
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

use groups::Group;

const GROUPS: [Group; 3] = [
    ("webhooks", webhooks::WORKLOAD, webhooks::measure),
    ("silence", silence::WORKLOAD, silence::measure),
    ("channels", channels::WORKLOAD, channels::measure),
];

fn main() {
    groups::run(&GROUPS);
}
