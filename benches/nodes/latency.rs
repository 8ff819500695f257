//! How soon a client of one node knows what another node has committed.

use std::sync::{Arc, mpsc};

use reportwire::config::{Layer, Roles};

use super::{
    database,
    figure::{Figure, percentile},
    gate::{Gate, Keeper},
    inside::Inside,
    machine::SCRATCH,
    stamped::{Settled, Stamped},
    wait::wait,
};

pub(crate) const WORKLOAD: &str = "500 reports one after another, each with one client that waits: at the node that makes them, and at \
     another; nodes and client in one process, one clock";

const ROUNDS: usize = 500;

pub(crate) fn measure() -> Vec<Figure> {
    let database = database::start();
    let files = tempfile::tempdir_in(SCRATCH).unwrap();
    let layer = || database::layer(&database, &files);
    let mut one = {
        let folder = tempfile::tempdir_in(SCRATCH).unwrap();
        let (node, mut keeper, settled) = worker(folder.path(), layer());
        wait(node.address, ROUNDS, &mut keeper, &settled).since_commit
    };
    let mut two = {
        let folders = [(); 2].map(|()| tempfile::tempdir_in(SCRATCH).unwrap());
        let role = |web, worker| Layer { roles: Some(Roles { web, worker }), ..layer() };
        let (_worker, mut keeper, settled) = worker(folders[0].path(), role(false, true));
        let web = Inside::with(folders[1].path(), role(true, false), |_| {});
        wait(web.address, ROUNDS, &mut keeper, &settled).since_commit
    };
    vec![
        Figure::time("settled on one node, seen at a client of another, p50", percentile(&mut two, 0.5))
            .at_most(5.0),
        Figure::time("settled on one node, seen at a client of another, p99", percentile(&mut two, 0.99))
            .at_most(20.0),
        Figure::time("settled and seen at the same node, p50", percentile(&mut one, 0.5)),
        Figure::time("settled and seen at the same node, p99", percentile(&mut one, 0.99)),
    ]
}

fn worker(folder: &std::path::Path, layer: Layer) -> (Inside, Keeper, mpsc::Receiver<Settled>) {
    let (notes, settled) = mpsc::channel();
    let mut keeper = None;
    let node = Inside::with(folder, layer, |parts| {
        let (gate, other_side) = Gate::new(Arc::clone(&parts.generator));
        keeper = Some(other_side);
        parts.generator = Arc::new(gate);
        parts.store = Arc::new(Stamped { inner: Arc::clone(&parts.store), notes });
    });
    (node, keeper.unwrap(), settled)
}
