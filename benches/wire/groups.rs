//! The groups of a bench: run by name, each with what it measures in words.

use std::time::Instant;

use crate::{figure::Figure, machine};

/// A name to filter by, the workload in words, and what measures it.
pub(crate) type Group = (&'static str, &'static str, fn() -> Vec<Figure>);

/// Runs the groups that the command line names, or all.
pub(crate) fn run(groups: &[Group]) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // cargo adds --bench
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let began = Instant::now();
    println!("{}", machine::describe());
    for (name, workload, measure) in groups {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(*filter)) {
            println!("\n{name}: {workload}");
            measure().iter().for_each(|figure| println!("{figure}"));
        }
    }
    println!("\nmeasured in {} s", began.elapsed().as_secs());
}
