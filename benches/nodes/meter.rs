//! What processes used of the cores, and what the database wrote.

use std::{fs, time::Duration};

use super::postgres_server::PostgresServer;

/// A clock tick of `/proc`, in seconds: Linux has a hundred of them in a second for whoever asks.
const TICK: Duration = Duration::from_millis(10);

/// What was used up to a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// This process: the node, where the library runs in it.
    pub(crate) here: Duration,
    /// All processes of the database.
    pub(crate) database: Duration,
    /// Transactions that wrote. Those that only heard of others are not among them.
    pub(crate) writes: f64,
    /// Write-ahead log, in bytes.
    pub(crate) wal: f64,
}

/// Looks at this process and at a database.
pub(crate) struct Meter<'a> {
    pub(crate) server: &'a PostgresServer,
}

impl Meter<'_> {
    /// What `work` used of this process and of the database, and what it returned.
    pub(crate) fn around<T>(&self, work: impl FnOnce() -> T) -> (Used, T) {
        // what asking costs the database is outside of what is measured
        let (writes, wal) = self.written();
        let before = self.cores();
        let done = work();
        let after = self.cores();
        let (writes_after, wal_after) = self.written();
        let used = Used {
            here: after.0 - before.0,
            database: after.1.saturating_sub(before.1),
            writes: writes_after - writes,
            wal: wal_after - wal,
        };
        (used, done)
    }

    fn cores(&self) -> (Duration, Duration) {
        (process(std::process::id()), family(self.server.process()))
    }

    /// Transactions, and bytes of the log.
    fn written(&self) -> (f64, f64) {
        let said = self.server.say(
            "SELECT pg_snapshot_xmax(pg_current_snapshot()),
                 pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')",
        );
        let (writes, wal) = said.split_once('|').unwrap();
        (writes.parse().unwrap(), wal.parse().unwrap())
    }
}

/// The time on cores that a process used.
pub(crate) fn process(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    fields(&stat).map_or(Duration::ZERO, |[_, user, system, ..]| ticks(user + system))
}

/// The time of a process and of all its children, those that have ended included.
fn family(id: u32) -> Duration {
    let mut all = Duration::ZERO;
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some([parent, user, system, children, children_system]) = fields(&stat) else { continue };
        let own = entry.file_name().to_str().is_some_and(|name| name == id.to_string());
        if own {
            all += ticks(user + system + children + children_system);
        } else if parent == u64::from(id) {
            all += ticks(user + system);
        }
    }
    all
}

/// Parent, own time in user and system mode, and that of children that have ended: `proc(5)`, fields 4 and 14 to 17.
fn fields(stat: &str) -> Option<[u64; 5]> {
    // the name before it may have spaces
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse().ok();
    Some([number(1)?, number(11)?, number(12)?, number(13)?, number(14)?])
}

fn ticks(count: u64) -> Duration {
    TICK * u32::try_from(count).unwrap()
}
