//! How soon a waiting client knows.

use std::sync::{Arc, mpsc};

use super::{
    client::socket_path,
    crowd::{self, Crowd},
    figure::{Figure, percentile},
    gate::Gate,
    inside::{self, Inside},
    machine::SCRATCH,
    stamped::Stamped,
    wait::{Waits, wait},
};

pub(crate) const WORKLOAD: &str = "500 reports one after another, each with one client that waits, among 10,000 idle WebSockets of a \
     second process; server and waiting client in one process, one clock";

const ROUNDS: usize = 500;

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let idle: Vec<_> = inside::fill(folder.path(), crowd::SIZE).into_iter().map(socket_path).collect();
    let (notes, settled) = mpsc::channel();
    let mut keeper = None;
    let inside = Inside::start(folder.path(), |parts| {
        let (gate, other_side) = Gate::new(Arc::clone(&parts.generator));
        keeper = Some(other_side);
        parts.generator = Arc::new(gate);
        parts.store = Arc::new(Stamped { inner: Arc::clone(&parts.store), notes });
    });
    let mut keeper = keeper.unwrap();
    let _crowd = Crowd::seat(inside.address, &idle);

    let Waits { mut since_commit, mut since_call } = wait(inside.address, ROUNDS, &mut keeper, &settled);
    vec![
        Figure::time("commit to the frame at the client, p50", percentile(&mut since_commit, 0.5))
            .at_most(1.0),
        Figure::time("commit to the frame at the client, p99", percentile(&mut since_commit, 0.99))
            .at_most(5.0),
        Figure::time("from before the commit, its sync included, p50", percentile(&mut since_call, 0.5)),
        Figure::time("from before the commit, its sync included, p99", percentile(&mut since_call, 0.99)),
    ]
}
