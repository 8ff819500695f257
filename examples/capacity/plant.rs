//! An installation that is simulated: clients, nodes, the database, and one report after another through all of them.
//!
//! ```text
//! client ─create─► node ─group─► database ─hint─► worker ─claim─► render ─settle─► database ─hint─► node ─frame─► client
//! ```
//!
//! As in the program, a node has one group of calls on its way at a time, and what arrives meanwhile forms the next; and
//! the database lets one transaction that notifies commit after the other, sync included.

use std::{collections::VecDeque, rc::Rc};

use crate::{
    costs::Costs,
    engine::{Engine, Pool},
    scenario::{Clients, Cores, Scenario, Seen},
};

/// How many calls share a transaction at most.
pub(crate) const GROUP: usize = 256;

pub(crate) struct Plant {
    costs: Costs,
    scenario: Scenario,
    random: u64,
    pub(crate) seen: Seen,
    nodes: Vec<Node>,
    reports: Vec<Report>,
    due: VecDeque<usize>,
    pub(crate) clients: Pool,
    pub(crate) database: Pool,
    /// The lock of those who notify, with the disk behind it.
    pub(crate) log: Pool,
}

struct Node {
    cores: Pool,
    calls: VecDeque<Call>,
    /// A group is on its way.
    writes: bool,
    /// A look for work is on its way.
    looks: bool,
    /// Work was due since it began.
    again: bool,
    permits: usize,
}

#[derive(Clone, Copy)]
struct Report {
    web: usize,
    asked: f64,
    settled: Option<f64>,
    seated: bool,
}

#[derive(Clone, Copy)]
enum Call {
    Create(usize),
    Settle(usize),
    Proof(usize),
}

type World = Engine<Plant>;

/// Runs it from the beginning. Returns what was seen, and the engine as it was left.
pub(crate) fn run(costs: Costs, scenario: Scenario) -> World {
    let none = Pool::default();
    let mut world = Engine::new(Plant {
        costs,
        scenario,
        random: 0x9e37_79b9_7f4a_7c15,
        seen: Seen::default(),
        nodes: Vec::new(),
        reports: Vec::new(),
        due: VecDeque::new(),
        clients: none,
        database: none,
        log: none,
    });
    let log = world.pool(1);
    let count = scenario.web + scenario.workers;
    let (clients, database, cores) = match scenario.cores {
        Cores::Shared(cores) => {
            let all = world.pool(cores);
            (all, all, vec![all; count])
        }
        Cores::Apart { node, database } => {
            let nodes = (0..count).map(|_| world.pool(node)).collect();
            (world.pool(usize::MAX), world.pool(database), nodes)
        }
    };
    (world.plant.log, world.plant.clients, world.plant.database) = (log, clients, database);
    let works = |number| matches!(scenario.cores, Cores::Shared(_)) || number >= scenario.web;
    world.plant.nodes = cores
        .into_iter()
        .enumerate()
        .map(|(number, cores)| Node {
            cores,
            calls: VecDeque::new(),
            writes: false,
            looks: false,
            again: false,
            permits: if works(number) { scenario.permits } else { 0 },
        })
        .collect();
    match scenario.clients {
        Clients::OneAfterAnother(clients) => {
            (0..clients).for_each(|client| ask(&mut world, client % scenario.web))
        }
        Clients::EachSecond(rate) => arrive(&mut world, rate),
    }
    world.run(scenario.seconds * 1e6);
    world
}

impl Plant {
    /// From 0 to 1: xorshift, which is good enough for arrivals.
    fn random(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How long the cores of web nodes have worked.
    pub(crate) fn web_time(&self, world: &World) -> f64 {
        self.nodes[..self.scenario.web].iter().map(|node| world.worked(node.cores)).sum()
    }

    /// How long those of workers have.
    pub(crate) fn worker_time(&self, world: &World) -> f64 {
        self.nodes[self.scenario.web..].iter().map(|node| world.worked(node.cores)).sum()
    }

    /// What is done elsewhere, or to many kinds of reports, takes between half and one and a half of its usual time.
    fn about(&mut self, usual: f64) -> f64 {
        usual * (0.5 + self.random())
    }
}

/// One report now, and the next after a while.
fn arrive(world: &mut World, rate: f64) {
    let web = (world.plant.random() * world.plant.scenario.web as f64) as usize;
    ask(world, web);
    let wait = -world.plant.random().max(f64::MIN_POSITIVE).ln() * 1e6 / rate;
    world.after(wait, move |world| arrive(world, rate));
}

/// A client asks a node for a report.
fn ask(world: &mut World, web: usize) {
    let (clients, costs) = (world.plant.clients, world.plant.costs);
    world.work(clients, costs.client_create, move |world| {
        let report = world.plant.reports.len();
        let asked = world.now();
        world.plant.reports.push(Report { web, asked, settled: None, seated: false });
        let cores = world.plant.nodes[web].cores;
        world.work(cores, costs.node_create, move |world| call(world, web, Call::Create(report)));
    });
}

/// The call waits for the next group of its node.
fn call(world: &mut World, node: usize, call: Call) {
    let own = &mut world.plant.nodes[node];
    own.calls.push_back(call);
    if !std::mem::replace(&mut own.writes, true) {
        group(world, node);
    }
}

fn group(world: &mut World, node: usize) {
    let own = &mut world.plant.nodes[node];
    let calls: Vec<Call> = own.calls.drain(..own.calls.len().min(GROUP)).collect();
    if calls.is_empty() {
        own.writes = false;
        return;
    }
    let costs = world.plant.costs;
    let count = |kind: fn(&Call) -> bool| calls.iter().filter(|call| kind(call)).count() as f64;
    let creates = count(|call| matches!(call, Call::Create(_)));
    let settlements = count(|call| matches!(call, Call::Settle(_)));
    let proofs = count(|call| matches!(call, Call::Proof(_)));
    let (here, database) = costs.transaction(creates, settlements, proofs);
    let (cores, pool) = (own.cores, world.plant.database);
    world.work(cores, here, move |world| {
        world.work(pool, database, move |world| {
            commit(world, move |world| {
                let ids = calls.iter().map(|call| match call {
                    Call::Create(report) | Call::Settle(report) | Call::Proof(report) => *report,
                });
                let due = creates > 0.0 && !world.plant.scenario.held;
                hint(world, node, ids.collect(), due, |world| {
                    calls.into_iter().for_each(|call| answer(world, call))
                });
                group(world, node);
            });
        });
    });
}

/// The end of a transaction that notifies.
fn commit(world: &mut World, then: impl FnOnce(&mut World) + 'static) {
    let sync = world.plant.costs.sync;
    let sync = world.plant.about(sync);
    let log = world.plant.log;
    world.work(log, sync, move |world| {
        world.plant.seen.commits += 1;
        then(world);
    });
}

/// What a call leads to, once it is committed.
fn answer(world: &mut World, call: Call) {
    let now = world.now();
    match call {
        Call::Create(report) => {
            let Report { web, asked, .. } = world.plant.reports[report];
            world.plant.seen.created += 1;
            world.plant.seen.create_times.push(now - asked);
            if world.plant.scenario.held {
                return next(world, web);
            }
            world.plant.due.push_back(report);
            let (clients, costs) = (world.plant.clients, world.plant.costs);
            world.work(clients, costs.client_socket, move |world| {
                let cores = world.plant.nodes[web].cores;
                world.work(cores, costs.node_socket, move |world| {
                    read(world, web, 2.0, move |world| {
                        world.plant.reports[report].seated = true;
                        tell(world, report);
                    });
                });
            });
        }
        Call::Settle(report) => world.plant.reports[report].settled = Some(now),
        Call::Proof(_) => {}
    }
}

/// A client that asks again when it was told does so; others do not wait for that.
fn next(world: &mut World, web: usize) {
    if let Clients::OneAfterAnother(_) = world.plant.scenario.clients {
        ask(world, web);
    }
}

/// All nodes hear what changed, this one at once and before the others; `own` happens here first.
fn hint(world: &mut World, node: usize, ids: Vec<usize>, due: bool, own: impl FnOnce(&mut World)) {
    own(world);
    let (ids, costs, database) = (Rc::new(ids), world.plant.costs, world.plant.database);
    hear(world, node, &ids, due);
    for other in (0..world.plant.nodes.len()).filter(|other| *other != node) {
        let ids = Rc::clone(&ids);
        world.work(database, costs.notify, move |world| {
            let cores = world.plant.nodes[other].cores;
            let here = costs.node_hint + costs.node_id * ids.len() as f64;
            world.work(cores, here, move |world| hear(world, other, &ids, due));
        });
    }
}

fn hear(world: &mut World, node: usize, ids: &[usize], due: bool) {
    if due {
        look(world, node);
    }
    for &report in ids {
        let Report { web, seated, settled, .. } = world.plant.reports[report];
        if web == node && seated {
            match settled {
                Some(_) => tell(world, report),
                None => push(world, report),
            }
        }
    }
}

/// A worker that has nothing to do looks for work.
fn look(world: &mut World, node: usize) {
    let own = &mut world.plant.nodes[node];
    if own.permits == 0 {
        return;
    }
    if std::mem::replace(&mut own.looks, true) {
        own.again = true;
        return;
    }
    own.again = false;
    let (permits, cores) = (own.permits, own.cores);
    let (costs, database) = (world.plant.costs, world.plant.database);
    let most = permits.min(world.plant.due.len());
    let taken: Vec<usize> = world.plant.due.drain(..most).collect();
    world.plant.nodes[node].permits -= taken.len();
    let tasks = taken.len() as f64;
    let (here, there) = if taken.is_empty() {
        (costs.node_look, costs.look)
    } else {
        (costs.node_claim + tasks * costs.node_task, costs.claim + tasks * costs.task)
    };
    world.work(cores, here, move |world| {
        world.work(database, there, move |world| {
            if taken.is_empty() {
                return looked(world, node);
            }
            commit(world, move |world| {
                hint(world, node, taken.clone(), false, |_| ());
                for report in taken {
                    let cores = world.plant.nodes[node].cores;
                    let (render, put) = (world.plant.about(costs.render), world.plant.about(costs.put));
                    world.work(cores, render, move |world| {
                        world.after(put, move |world| {
                            world.plant.nodes[node].permits += 1;
                            call(world, node, Call::Settle(report));
                            look(world, node);
                        });
                    });
                }
                looked(world, node);
            });
        });
    });
}

fn looked(world: &mut World, node: usize) {
    world.plant.nodes[node].looks = false;
    if world.plant.nodes[node].again {
        look(world, node);
    }
}

/// A node reads so many records.
fn read(world: &mut World, node: usize, records: f64, then: impl FnOnce(&mut World) + 'static) {
    let (costs, database, cores) = (world.plant.costs, world.plant.database, world.plant.nodes[node].cores);
    world.work(database, costs.read * records, move |world| world.work(cores, costs.node_read, then));
}

/// A state that is not the last, to a client that listens.
fn push(world: &mut World, report: usize) {
    let (web, costs, clients) = (world.plant.reports[report].web, world.plant.costs, world.plant.clients);
    read(world, web, 1.0, move |world| {
        let cores = world.plant.nodes[web].cores;
        world.work(cores, costs.node_frame / 2.0, move |world| {
            world.work(clients, costs.client_frame, |_| ())
        });
    });
}

/// The end, to a client that listens, with the model; and its proof.
fn tell(world: &mut World, report: usize) {
    let Report { web, settled: Some(settled), seated: true, .. } = world.plant.reports[report] else {
        return;
    };
    let (costs, clients) = (world.plant.costs, world.plant.clients);
    // once is enough
    world.plant.reports[report].seated = false;
    read(world, web, 2.0, move |world| {
        let cores = world.plant.nodes[web].cores;
        world.work(cores, costs.node_frame, move |world| {
            world.work(clients, costs.client_frame, move |world| {
                let now = world.now();
                world.plant.seen.told += 1;
                world.plant.seen.tell_times.push(now - settled);
                call(world, web, Call::Proof(report));
                next(world, web);
            });
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(clients: Clients) -> Scenario {
        let cores = Cores::Apart { node: 2, database: 4 };
        Scenario { web: 2, workers: 1, permits: 2, held: false, clients, cores, seconds: 2.0 }
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_told_twice() {
        let world = run(Costs::measured(), scenario(Clients::EachSecond(50.0)));
        let Seen { created, told, .. } = world.plant.seen;
        let asked = world.plant.reports.len();
        assert!(asked > 50 && asked - created < 5 && created - told < 20, "{asked} {created} {told}");
    }

    #[test]
    fn a_run_is_the_same_each_time() {
        let seen = || run(Costs::measured(), scenario(Clients::OneAfterAnother(5))).plant.seen.create_times;
        assert_eq!(seen(), seen());
    }

    #[test]
    fn more_clients_share_larger_groups() {
        let per_commit = |clients| {
            let held = Scenario { held: true, ..scenario(Clients::OneAfterAnother(clients)) };
            let seen = run(Costs::measured(), held).plant.seen;
            seen.created as f64 / seen.commits as f64
        };
        assert!(per_commit(2) < 2.0 && per_commit(200) > 20.0, "{} {}", per_commit(2), per_commit(200));
    }
}
