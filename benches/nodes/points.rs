//! What the whole does under several loads: what `examples/capacity` is held against.

use std::time::Duration;

use super::{
    database::{self, MASTER},
    figure::{Figure, percentile},
    machine::SCRATCH,
    meter::{Meter, process},
    program::Program,
    rate,
};

pub(crate) const WORKLOAD: &str = "one client that creates 3,000 reports one after another; creates a second by 8 and by 256 clients; one-page \
     coffee reports from the request to the terminal frame, by 8 and by 64 clients; at one node and at three, rounds of 6 s";

const ROUND: Duration = Duration::from_secs(6);

pub(crate) fn measure() -> Vec<Figure> {
    let database = database::start();
    let files = tempfile::tempdir_in(SCRATCH).unwrap();
    let settings = [
        ("REPORTWIRE_STORE", database.url()),
        ("REPORTWIRE_SECRET", MASTER.into()),
        ("REPORTWIRE_ARTIFACTS", format!("file://{}", files.path().display())),
    ];
    let folders = [(); 3].map(|()| tempfile::tempdir_in(SCRATCH).unwrap());
    let nodes = folders.each_ref().map(|folder| Program::with(folder.path(), &settings));
    let addresses = nodes.each_ref().map(|node| node.address);
    let mut alone = rate::create_times(addresses[0]);
    let creates = |nodes, clients| rate::creates(&addresses[..nodes], clients, ROUND);
    let meter = Meter { server: &database };
    let on_nodes = || nodes.iter().map(|node| process(node.id())).sum::<Duration>();
    let mut figures = vec![
        Figure::time("one client, request to 201, p50", percentile(&mut alone, 0.5)),
        Figure::time("one client, request to 201, p99", percentile(&mut alone, 0.99)),
        Figure::new("creates at one node, 8 clients", creates(1, 8), "/s"),
        Figure::new("creates at one node, 256 clients", creates(1, 256), "/s"),
        Figure::new("creates at three nodes, 8 clients", creates(3, 8), "/s"),
        Figure::new("creates at three nodes, 256 clients", creates(3, 256), "/s"),
    ];
    for (name, nodes, clients) in [
        ("reports end to end, 8 clients at one of three nodes", 1, 8),
        ("reports end to end, 64 clients at one of three nodes", 1, 64),
        ("reports end to end, 8 clients at three nodes", 3, 8),
        ("reports end to end, 64 clients at three nodes", 3, 64),
    ] {
        let before = on_nodes();
        let (used, reports) =
            meter.around(|| rate::reports(&addresses[..nodes], clients, ROUND).len() as f64);
        let each = |time: Duration| time.as_secs_f64() * 1e6 / reports;
        figures.extend([
            Figure::new(name, reports / ROUND.as_secs_f64(), "/s"),
            Figure::new("… a core of all nodes, each report", each(on_nodes() - before), "µs"),
            Figure::new("… of the database", each(used.database), "µs"),
            Figure::new("… of the clients", each(used.here), "µs"),
            Figure::new("… transactions that write", used.writes / reports, ""),
        ]);
    }
    figures
}
