//! What an idle socket costs.

use reportwire::report::ReportId;

use super::{
    client::socket_path,
    crowd::{self, Crowd},
    figure::{Figure, median},
    inside,
    machine::SCRATCH,
    program::Program,
};

pub(crate) const WORKLOAD: &str = "10,000 WebSockets from a second process, idle after their first frame; what the server's resident \
     memory grew by, divided by 10,000; 3 servers each";

pub(crate) fn measure() -> Vec<Figure> {
    vec![
        Figure::new("memory of a socket, all at one report", per_socket(1), "KiB").at_most(4.0),
        Figure::new("memory of a socket, each at its own report", per_socket(crowd::SIZE), "KiB")
            .at_most(4.0),
    ]
}

fn per_socket(reports: usize) -> f64 {
    median(&mut [(); 3].map(|()| {
        let folder = tempfile::tempdir_in(SCRATCH).unwrap();
        let ids = inside::fill(folder.path(), reports);
        let paths: Vec<_> =
            ids.iter().copied().cycle().take(crowd::SIZE).map(|id: ReportId| socket_path(id)).collect();
        let program = Program::start(folder.path());
        let before = program.resident();
        let _crowd = Crowd::seat(program.address, &paths);
        (program.resident() - before) / crowd::SIZE as f64
    }))
}
