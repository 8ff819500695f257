//! How many machines a load needs, and which part of them is fullest: arithmetic over the unit costs.

use crate::{
    costs::Costs,
    plant::GROUP,
    table::{Table, number, whole},
};

/// How full a part may be. What is fuller answers late long before it answers no more.
pub(crate) const FULL: f64 = 0.6;

/// A machine that runs a node.
pub(crate) const NODE_CORES: usize = 8;
const NODE_GIB: f64 = 16.0;
/// A node's `max-connections`, on a machine that lets it have as many descriptors.
const NODE_SOCKETS: f64 = 100_000.0;
/// How many reports a node makes at once (`workers`): a worker that waits for the bucket needs no core.
pub(crate) const WORKERS: usize = 4 * NODE_CORES;

/// The machine that runs the database.
pub(crate) const DATABASE_CORES: usize = 32;
const LOG_MIB: f64 = 500.0;
const DISK_GIB: f64 = 8_192.0;

/// What S3 takes of one prefix, stored and deleted together, in a second; and with how many prefixes keys begin.
const BUCKET_WRITES: f64 = 3_500.0 * 256.0;

/// How often a node looks again at each report that somebody listens to, and pings a quiet socket, in seconds.
const LOOK_AGAIN: f64 = 30.0;
const PING: f64 = 25.0;

/// How often a node reads for a client that connects at once and hears of the work and of its end, and how many statements
/// that takes.
const READS: f64 = 3.0;
const STATEMENTS: f64 = 5.0;

/// What clients want.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Sockets that wait, each for a report of its own.
    pub(crate) sockets: f64,
    /// Reports a second: each is asked for, connected to, made, pushed, proved, and later expires.
    pub(crate) reports: f64,
    /// For how many hours a report is kept.
    pub(crate) kept: f64,
    /// How many files are deleted at once.
    pub(crate) deletes: f64,
}

/// How many machines, and how full they are.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) web: usize,
    pub(crate) workers: usize,
    /// The cores that all web nodes use together.
    pub(crate) web_cores: f64,
    pub(crate) worker_cores: f64,
    pub(crate) database_cores: f64,
    /// Each part, and how much of it is used, from 0.
    pub(crate) parts: Vec<(&'static str, f64)>,
}

/// How many groups a second a writer commits to which so many calls a second come one by one, when a group takes `time`
/// microseconds: those that come meanwhile share the next.
fn groups(calls: f64, time: f64) -> f64 {
    let meanwhile = calls * time / 1e6;
    if calls == 0.0 { 0.0 } else { calls / (meanwhile + (-meanwhile).exp()) }
}

impl Fleet {
    /// The smallest fleet in which no node is fuller than it may be.
    pub(crate) fn of(costs: &Costs, load: &Load) -> Self {
        let (mut web, mut workers) = (1, 1);
        loop {
            let fleet = Self::with(costs, load, web, workers);
            let (more_web, more_workers) = fleet.wanted(costs, load);
            if (more_web, more_workers) == (web, workers) {
                return fleet;
            }
            (web, workers) = (more_web.max(web), more_workers.max(workers));
        }
    }

    /// How many nodes there should be, if each did what it does now.
    fn wanted(&self, costs: &Costs, load: &Load) -> (usize, usize) {
        let nodes = |cores: f64| (cores / (NODE_CORES as f64 * FULL)).ceil() as usize;
        let memory = load.sockets * costs.socket_kib / (1024.0 * (NODE_GIB * 1024.0 * FULL - costs.node_mib));
        let seats = (load.sockets / NODE_SOCKETS).max(memory).ceil() as usize;
        let busy = load.reports * (costs.render + costs.put) / 1e6;
        let making = (busy / (WORKERS as f64 * FULL)).ceil() as usize;
        (
            nodes(self.web_cores).max(seats).max(self.web),
            nodes(self.worker_cores).max(making).max(self.workers),
        )
    }

    /// What so many nodes do, however full they are.
    pub(crate) fn with(costs: &Costs, load: &Load, web: usize, workers: usize) -> Self {
        let Load { sockets, reports, kept, deletes } = *load;
        let (each_web, each_worker) = (reports / web as f64, reports / workers as f64);
        // a transaction waits for those before it at the log, which waits for the disk
        let (mut wait, mut telling, mut settling, mut claiming) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..100 {
            let time = |(here, database): (f64, f64)| here + database + costs.sync + wait;
            // a web node's transactions have creates and proofs
            telling = web as f64 * groups(2.0 * each_web, time(costs.transaction(1.0, 0.0, 1.0)));
            settling = workers as f64 * groups(each_worker, time(costs.transaction(0.0, 1.0, 0.0)));
            // what one of those that create has created, one worker takes
            let size = 2.0 * reports / telling.max(1.0);
            claiming = telling * (1.0 - 0.5_f64.powf(size));
            let full = ((telling + settling + claiming) * costs.sync / 1e6).min(0.95);
            wait = 0.5 * wait + 0.5 * costs.sync * full / (2.0 * (1.0 - full));
        }
        let commits = telling + settling + claiming;
        let nodes = (web + workers) as f64;
        // a worker looks when a report is due, whoever takes it, and when it has made one
        let looks = workers as f64 * groups(claiming + each_worker, costs.node_look + costs.look);
        let in_vain = (looks - claiming).max(0.0);
        let heard = commits * costs.node_hint + 4.0 * reports * costs.node_id;
        let again = sockets / LOOK_AGAIN;
        let web_time = reports
            * (costs.node_create
                + costs.node_socket
                + 1.5 * costs.node_frame
                + costs.node_call
                + costs.node_proof
                + READS * costs.node_read)
            + telling * costs.node_group.max(costs.node_proving)
            + again * costs.node_read
            + sockets / PING * costs.node_ping
            + web as f64 * heard;
        let worker_time = reports * (costs.render + costs.node_settle + costs.node_task)
            + settling * costs.node_settling
            + claiming * costs.node_claim
            + in_vain * costs.node_look
            + workers as f64 * heard;
        let database_time = reports
            * (costs.create
                + costs.task
                + costs.settle
                + costs.proof
                + STATEMENTS * costs.read
                + costs.sweep)
            + if sockets > reports { reports * costs.presence } else { 0.0 }
            + telling * costs.group.max(costs.proving)
            + settling * costs.settling
            + claiming * costs.claim
            + in_vain * costs.look
            + commits * (nodes - 1.0) * costs.notify
            + again * costs.read
            + 2.0 * nodes * costs.word;
        let cores = |time: f64| time / 1e6;
        let node = NODE_CORES as f64;
        let parts = vec![
            ("web nodes: cores", cores(web_time) / (web as f64 * node)),
            ("web nodes: memory", sockets * costs.socket_kib / (web as f64 * NODE_GIB * 1024.0 * 1024.0)),
            ("workers: cores", cores(worker_time) / (workers as f64 * node)),
            (
                "workers: reports at once",
                reports * (costs.render + costs.put) / 1e6 / (workers * WORKERS) as f64,
            ),
            ("database: cores", cores(database_time) / DATABASE_CORES as f64),
            (
                "database: turns at its log, groups being full",
                4.0 * reports / GROUP as f64 * costs.sync / 1e6,
            ),
            ("database: what its log writes", reports * costs.wal_kib / 1024.0 / LOG_MIB),
            ("database: disk", reports * kept * 3600.0 * costs.row_kib / (1024.0 * 1024.0 * DISK_GIB)),
            ("bucket: writes to its prefixes", 2.0 * reports / BUCKET_WRITES),
            ("bucket: files that one node deletes", reports * costs.delete / 1e6 / deletes),
        ];
        Self {
            web,
            workers,
            web_cores: cores(web_time),
            worker_cores: cores(worker_time),
            database_cores: cores(database_time),
            parts,
        }
    }

    /// The part that is fullest of those that more nodes do not help.
    pub(crate) fn fullest(&self) -> (&'static str, f64) {
        let shared =
            self.parts.iter().filter(|(name, _)| name.starts_with("database") || name.starts_with("bucket"));
        shared.copied().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("none", 0.0))
    }

    /// Into how many installations it is to be divided so that none is fuller than it may be.
    pub(crate) fn cells(&self) -> usize {
        (self.fullest().1 / FULL).ceil().max(1.0) as usize
    }
}

/// The loads that are answered for, from the smallest.
pub(crate) const LOADS: [(f64, f64); 6] =
    [(100.0, 1.0), (1e3, 10.0), (1e4, 100.0), (1e5, 1e3), (3e5, 3e3), (1e6, 1e4)];

/// A step of the ladder: clients wait a hundred seconds, and reports are kept for a day.
pub(crate) fn load((sockets, reports): (f64, f64), deletes: f64) -> Load {
    Load { sockets, reports, kept: 24.0, deletes }
}

/// Nodes and how full they are, for each load.
pub(crate) fn ladder(costs: &Costs, deletes: f64) -> Table {
    let mut table = Table::new(&[
        "sockets",
        "reports a second",
        "web nodes",
        "workers",
        "database, cores",
        "log, MiB/s",
        "disk, GiB",
        "installations",
        "gives out first",
        "",
    ]);
    for step in LOADS {
        let load = load(step, deletes);
        let undivided = Fleet::of(costs, &load);
        let (part, full) = undivided.fullest();
        let cells = undivided.cells() as f64;
        // what each installation has of it
        let cell =
            Fleet::of(costs, &Load { sockets: load.sockets / cells, reports: load.reports / cells, ..load });
        let all = |each: usize| whole(each as f64 * cells);
        table.row([
            whole(load.sockets),
            whole(load.reports),
            all(cell.web),
            all(cell.workers),
            number(cell.database_cores * cells),
            number(load.reports * costs.wal_kib / 1024.0),
            number(load.reports * load.kept * 3600.0 * costs.row_kib / 1024.0 / 1024.0),
            whole(cells),
            part.into(),
            format!("{:.0} %", full * 100.0),
        ]);
    }
    table
}

/// All parts of one step, in one installation, the fullest first.
pub(crate) fn parts(costs: &Costs, step: (f64, f64), deletes: f64) -> Table {
    let fleet = Fleet::of(costs, &load(step, deletes));
    let mut parts = fleet.parts;
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let title = format!("one installation: {} reports a second", whole(step.1));
    let mut table = Table::new(&[&title, "used", "gives out at, reports a second"]);
    for (part, full) in parts {
        // more nodes are the answer to what nodes lack
        let at = if part.starts_with("w") { "more nodes".into() } else { whole(step.1 / full) };
        table.row([part.into(), format!("{:.1} %", full * 100.0), at]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_as_many_as_calls_when_these_are_few_and_one_after_another_when_they_are_many() {
        assert!((groups(10.0, 1_000.0) - 10.0).abs() < 0.01);
        assert!((groups(1e6, 1_000.0) - 1_000.0).abs() < 1.0);
        assert_eq!(groups(0.0, 1_000.0), 0.0);
    }

    #[test]
    fn a_load_by_hand() {
        let costs = Costs { render: 10_000.0, create: 100.0, wal_kib: 8.0, row_kib: 4.0, ..Costs::default() };
        let load = Load { sockets: 0.0, reports: 1_000.0, kept: 1.0, deletes: 32.0 };
        let fleet = Fleet::of(&costs, &load);
        // ten cores render, and eight machines have eight, of which six tenths are used
        assert_eq!((fleet.web, fleet.workers), (1, 3));
        assert!((fleet.worker_cores - 10.0).abs() < 1e-9 && (fleet.database_cores - 0.1).abs() < 1e-9);
        let part = |name| fleet.parts.iter().find(|(part, _)| *part == name).unwrap().1;
        assert!((part("database: what its log writes") - 1_000.0 * 8.0 / 1024.0 / LOG_MIB).abs() < 1e-9);
        assert!((part("database: disk") - 3_600_000.0 * 4.0 / 1024.0 / 1024.0 / DISK_GIB).abs() < 1e-9);
        assert!((part("bucket: writes to its prefixes") - 2_000.0 / BUCKET_WRITES).abs() < 1e-9);
        assert_eq!(fleet.fullest().0, "database: what its log writes");
    }

    #[test]
    fn a_larger_load_never_needs_less() {
        let costs = Costs::measured();
        let fleets = LOADS.map(|step| Fleet::of(&costs, &load(step, 32.0)));
        for two in fleets.windows(2) {
            assert!(two[0].web <= two[1].web && two[0].workers <= two[1].workers);
            assert!(two[0].database_cores < two[1].database_cores && two[0].fullest().1 < two[1].fullest().1);
        }
    }
}
