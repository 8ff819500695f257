//! What was measured of the whole, and what the simulation makes of it.

use crate::{
    costs::Costs,
    fleet::{self, DATABASE_CORES, Fleet, NODE_CORES, WORKERS},
    plant,
    scenario::{Clients, Cores, Scenario, Seen},
    table::{Table, number},
};

/// How far a simulated figure may be from the measured one, as a ratio.
const WITHIN: f64 = 1.35;

/// One figure of the whole.
pub(crate) struct Point {
    what: &'static str,
    unit: &'static str,
    measured: f64,
    scenario: Scenario,
    figure: fn(&Seen, f64) -> f64,
}

/// The machine of the measurements: everything on two cores, one disk, files in a folder of it.
fn here(nodes: usize, held: bool, clients: usize) -> Scenario {
    Scenario {
        web: nodes,
        workers: 0,
        permits: 2,
        held,
        clients: Clients::OneAfterAnother(clients),
        cores: Cores::Shared(2),
        seconds: 6.0,
    }
}

fn created(seen: &Seen, seconds: f64) -> f64 {
    seen.created as f64 / seconds
}

fn told(seen: &Seen, seconds: f64) -> f64 {
    seen.told as f64 / seconds
}

fn create_time(seen: &Seen, _: f64) -> f64 {
    median(&seen.create_times) / 1e3
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

/// Every point that was measured.
pub(crate) fn all() -> Vec<Point> {
    let creates = |what, measured, nodes, clients| Point {
        what,
        unit: "/s",
        measured,
        scenario: here(nodes, true, clients),
        figure: created,
    };
    let reports = |what, measured, nodes, clients| Point {
        what,
        unit: "/s",
        measured,
        // clients of the measurement ask the first of three nodes, and all three work
        scenario: Scenario { web: nodes, workers: 3 - nodes, ..here(nodes, false, clients) },
        figure: told,
    };
    vec![
        Point {
            what: "one client, request to 201, median",
            unit: "ms",
            measured: 0.57,
            scenario: here(1, true, 1),
            figure: create_time,
        },
        creates("creates, 8 clients, one node", 5_945.0, 1, 8),
        creates("creates, 64 clients, one node", 18_805.0, 1, 64),
        creates("creates, 256 clients, one node", 29_236.0, 1, 256),
        creates("creates, 64 clients, two nodes", 17_253.0, 2, 64),
        creates("creates, 8 clients, three nodes", 3_441.0, 3, 8),
        creates("creates, 64 clients, three nodes", 15_515.0, 3, 64),
        creates("creates, 256 clients, three nodes", 30_233.0, 3, 256),
        reports("reports end to end, 8 clients at one of three nodes", 307.5, 1, 8),
        reports("reports end to end, 64 clients at one of three nodes", 313.5, 1, 64),
        reports("reports end to end, 8 clients at three nodes", 297.8, 3, 8),
        reports("reports end to end, 64 clients at three nodes", 320.5, 3, 64),
    ]
}

impl Point {
    fn simulated(&self, costs: &Costs) -> f64 {
        // a file in a folder of the same disk: it is synced, and its folder is
        let costs = Costs { put: 2.0 * costs.sync, ..*costs };
        let is_alone = self.scenario.web + self.scenario.workers == 1;
        let costs = if is_alone { costs } else { costs.crowded() };
        (self.figure)(&plant::run(costs, self.scenario).plant.seen, self.scenario.seconds)
    }
}

/// Measured beside simulated, and whether all are near enough.
pub(crate) fn check(costs: &Costs) -> (Table, bool) {
    let mut table =
        Table::new(&["on the machine of the measurements", "measured", "simulated", "", "ratio", ""]);
    let mut all_near = true;
    for point in all() {
        let simulated = point.simulated(costs);
        let ratio = simulated / point.measured;
        let near = (WITHIN.recip()..=WITHIN).contains(&ratio);
        all_near &= near;
        table.row([
            point.what.into(),
            number(point.measured),
            number(simulated),
            point.unit.into(),
            format!("{ratio:.2}"),
            if near { "near" } else { "FAR" }.into(),
        ]);
    }
    (table, all_near)
}

/// How far arithmetic and simulation may be from each other, as a ratio.
const AGREED: f64 = 1.1;

/// The arithmetic held against the simulation, where every part has cores of its own.
pub(crate) fn rehearse(costs: &Costs) -> (Table, bool) {
    let mut table = Table::new(&["cores in use", "reports a second", "arithmetic", "simulated", "ratio", ""]);
    let mut agreed = true;
    for reports in [100.0, 1_000.0, 3_000.0] {
        // what time alone costs is in the arithmetic only
        let (costs, seconds) = (Costs { sweep: 0.0, word: 0.0, ..*costs }, 4.0);
        let load = fleet::Load { sockets: 0.0, ..fleet::load((0.0, reports), 32.0) };
        let fleet = Fleet::of(&costs, &load);
        let scenario = Scenario {
            web: fleet.web,
            workers: fleet.workers,
            permits: WORKERS,
            held: false,
            clients: Clients::EachSecond(reports),
            cores: Cores::Apart { node: NODE_CORES, database: DATABASE_CORES },
            seconds,
        };
        let world = plant::run(costs, scenario);
        let used = |time: f64| time / (seconds * 1e6);
        for (part, expected, found) in [
            ("web nodes", fleet.web_cores, used(world.plant.web_time(&world))),
            ("workers", fleet.worker_cores, used(world.plant.worker_time(&world))),
            ("database", fleet.database_cores, used(world.worked(world.plant.database))),
        ] {
            let ratio = found / expected;
            let near = (AGREED.recip()..=AGREED).contains(&ratio);
            agreed &= near;
            table.row([
                part.into(),
                number(reports),
                number(expected),
                number(found),
                format!("{ratio:.2}"),
                if near { "agreed" } else { "DIFFERENT" }.into(),
            ]);
        }
    }
    (table, agreed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulation_reproduces_what_was_measured() {
        let (table, near) = check(&Costs::measured());
        assert!(near, "\n{table}");
    }

    #[test]
    fn arithmetic_and_simulation_agree() {
        let (table, agreed) = rehearse(&Costs::measured());
        assert!(agreed, "\n{table}");
    }
}
