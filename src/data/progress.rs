//! How far the reading is.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Instant,
};

use super::DataError;
use crate::work::Monitor;

/// How much of the whole work reading is, in percent.
const SHARE: u64 = 70;
/// Asking the monitor and the clock for each row would cost as much as reading one.
const EVERY: u32 = 256;

/// Counts what was read of files that are read once or twice, and stops when it is time.
pub(super) struct Reading<'a> {
    monitor: &'a Monitor,
    deadline: Deadline,
    sizes: HashMap<PathBuf, u64>,
    whole: u64,
    before: u64,
    until: u32,
}

/// When the data and the queries of a report must be through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    end: Instant,
    seconds: u32,
}

impl Deadline {
    pub(super) fn after(seconds: u32) -> Self {
        Self { end: Instant::now() + std::time::Duration::from_secs(seconds.into()), seconds }
    }

    pub(super) fn left(self) -> std::time::Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    pub(super) fn is_over(self) -> bool {
        Instant::now() >= self.end
    }

    pub(super) fn check(self) -> Result<(), DataError> {
        if self.is_over() { Err(self.over()) } else { Ok(()) }
    }

    pub(super) fn over(self) -> DataError {
        let what = format!("data and queries took longer than {} seconds", self.seconds);
        DataError::limit(&what, "seconds", self.seconds)
    }
}

impl<'a> Reading<'a> {
    /// Files that are each read `times`.
    pub(super) fn new(monitor: &'a Monitor, deadline: Deadline, files: &[PathBuf], times: u64) -> Self {
        let size =
            |path: &PathBuf| (path.clone(), std::fs::metadata(path).map_or(0, |metadata| metadata.len()));
        let sizes: HashMap<PathBuf, u64> = files.iter().map(size).collect();
        let whole = sizes.values().sum::<u64>() * times;
        Self { monitor, deadline, sizes, whole, before: 0, until: EVERY }
    }

    /// A row was read that begins at this byte.
    pub(super) fn row(&mut self, at: u64) -> Result<(), DataError> {
        self.until -= 1;
        if self.until == 0 {
            self.until = EVERY;
            self.deadline.check()?;
            let percent = SHARE * (self.before + at) / self.whole.max(1);
            self.monitor.progress("reading", percent.min(SHARE) as u8)?;
        }
        Ok(())
    }

    /// The file was read to its end.
    pub(super) fn done(&mut self, path: &Path) {
        self.before += self.sizes.get(path).copied().unwrap_or(0);
    }
}
