//! How many machines a load needs, and how far that can be trusted: the numbers of `docs/SCALE.md`.
//!
//! ```text
//! cargo run --release --example capacity -- ladder      how many machines, and what gives out first
//!                                           costs       what each step costs
//!                                           check       the simulation beside what was measured
//!                                           rehearse    the arithmetic beside the simulation
//!                                           document    writes all of them into docs/SCALE.md, and docs/scale.svg
//! ```
//!
//! `costs` are measured one by one. `fleet` adds them up. `plant` lets an installation run in simulated time, in `engine`,
//! made of the same costs: `points` holds it against what was measured of the whole, and the sums against it.

mod costs;
mod document;
mod engine;
mod fleet;
mod picture;
mod plant;
mod points;
mod scenario;
mod table;

use std::process::ExitCode;

use costs::Costs;

/// How many files a node deletes at once.
const DELETES: f64 = 128.0;

fn main() -> ExitCode {
    let costs = Costs::measured();
    let done = match std::env::args().nth(1).as_deref() {
        Some("document") => document::write(&costs),
        Some(name) => match document::block(name, &costs) {
            Some((text, fine)) => {
                print!("{text}");
                Ok(fine)
            }
            None => Err(format!("there is no {name}: costs, ladder, check, rehearse or document")),
        },
        None => Err("what is wanted: costs, ladder, check, rehearse or document".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
