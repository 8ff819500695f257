//! What the server costs before anybody comes.

use std::{fs, thread, time::Duration};

use super::{
    figure::{Figure, median},
    machine::SCRATCH,
    program::{BINARY, Program},
};

pub(crate) const WORKLOAD: &str = "the release binary started on an empty folder, 11 times";

/// How long the server is left alone before it is weighed.
const SETTLED: Duration = Duration::from_millis(500);

pub(crate) fn measure() -> Vec<Figure> {
    let (mut ready, mut resident): (Vec<_>, Vec<_>) = (0..11)
        .map(|_| {
            let folder = tempfile::tempdir_in(SCRATCH).unwrap();
            let program = Program::start(folder.path());
            thread::sleep(SETTLED);
            (program.ready, program.resident() / 1024.0)
        })
        .unzip();
    let size = fs::metadata(BINARY).unwrap().len() as f64;
    vec![
        Figure::new("resident memory of a fresh server", median(&mut resident), "MiB").at_most(12.0),
        Figure::time("start of the process to its first 200", median(&mut ready)).at_most(100.0),
        Figure::new("size of the binary", size / 1024.0 / 1024.0, "MiB").at_most(20.0),
    ]
}
