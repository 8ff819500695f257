//! How fast one report reaches everybody.

use std::{
    sync::{Arc, mpsc},
    time::Instant,
};

use super::{
    client::{self, COFFEE, Http, socket_path},
    crowd::{self, Crowd},
    figure::{Figure, median},
    gate::Gate,
    inside::Inside,
    machine::SCRATCH,
    stamped::Stamped,
};

pub(crate) const WORKLOAD: &str = "one coffee report, 10,000 WebSockets of a second process at it; from the commit (server in this \
     process) until that process says that the last socket has the terminal frame, model and all; 5 rounds";

pub(crate) fn measure() -> Vec<Figure> {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    let (notes, settled) = mpsc::channel();
    let mut keeper = None;
    let inside = Inside::start(folder.path(), |parts| {
        let (gate, other_side) = Gate::new(Arc::clone(&parts.generator));
        keeper = Some(other_side);
        parts.generator = Arc::new(gate);
        parts.store = Arc::new(Stamped { inner: Arc::clone(&parts.store), notes });
    });
    let mut keeper = keeper.unwrap();
    let client = client::runtime();
    let request = client::post(inside.address, COFFEE);

    let mut round = |query: &str| {
        let id = client.block_on(async { Http::connect(inside.address).await.report(&request).await });
        keeper.wait();
        let paths = vec![socket_path(id) + query; crowd::SIZE];
        let mut crowd = Crowd::seat(inside.address, &paths);
        keeper.open();
        crowd.heard();
        let took = Instant::now() - settled.recv().unwrap().committed;
        crowd::SIZE as f64 / took.as_secs_f64()
    };
    let mut closing = [(); 5].map(|()| round(""));
    let mut kept = [(); 5].map(|()| round("?keep=1"));
    vec![
        Figure::new("deliveries a second", median(&mut closing), "/s").at_least(120_000.0),
        Figure::new("deliveries a second, sockets kept open (keep=1)", median(&mut kept), "/s")
            .at_least(120_000.0),
    ]
}
