//! What the numbers were measured on.

use std::{fs, io::Write as _, path::Path, thread, time::Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::figure::median;

/// Where the data of all measurements lies: on the disk that holds the build, because a temporary folder
/// may be memory, where a sync costs nothing.
pub(crate) const SCRATCH: &str = env!("CARGO_TARGET_TMPDIR");

/// How many descriptors a side of 10,000 sockets needs.
const DESCRIPTORS: u64 = 11_000;

/// Allows this process and its children as many descriptors as they may have.
pub(crate) fn prepare() {
    let limit = getrlimit(Resource::Nofile);
    let maximum = limit.maximum.unwrap_or(u64::MAX);
    assert!(maximum >= DESCRIPTORS, "{DESCRIPTORS} descriptors are needed and {maximum} allowed: ulimit -n");
    let wanted = limit.current.map(|current| current.max(DESCRIPTORS.max(maximum.min(20_000))));
    setrlimit(Resource::Nofile, Rlimit { current: wanted, ..limit }).unwrap();
}

/// One line: the machine, its disk, and where the clients are.
pub(crate) fn describe() -> String {
    let cores = thread::available_parallelism().unwrap();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "reportwire {version} · {cores} cores · Linux {} · one sync to disk {:.2} ms\n\
         loopback, clients on the same cores · medians of several rounds",
        kernel.trim(),
        sync(Path::new(SCRATCH)) * 1e3,
    )
}

/// How many seconds it takes to append a page to a file and sync it.
fn sync(folder: &Path) -> f64 {
    let mut file = tempfile::tempfile_in(folder).unwrap();
    let mut once = || {
        let began = Instant::now();
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        began.elapsed().as_secs_f64()
    };
    median(&mut (0..51).map(|_| once()).collect::<Vec<_>>())
}
