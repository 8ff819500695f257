//! How fast one report reaches everybody.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
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
     process) until that process says that the last socket has the terminal frame, model and all; 5 \
     rounds. The bare loop does no more than write a frame of that size to each of 10,000 sockets of the \
     same crowd, from as many threads as there are cores";

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
        Figure::new("what a bare loop reaches here", median(&mut [(); 5].map(|()| bare_loop())), "/s"),
    ]
}

/// How long the terminal frame of the coffee report is, about.
const FRAME: u16 = 4_000;

fn bare_loop() -> f64 {
    let frame = |length: u16| [&[0x81, 126][..], &length.to_be_bytes(), &vec![b' '; length.into()]].concat();
    let greeting = [b"HTTP/1.1 101 \r\n\r\n", &*frame(1_000)].concat();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let welcome = move |stream: std::io::Result<TcpStream>| {
        let mut stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(&greeting).unwrap();
        stream
    };
    let accepting =
        thread::spawn(move || listener.incoming().take(crowd::SIZE).map(welcome).collect::<Vec<_>>());
    let mut crowd = Crowd::seat(address, &vec!["/".into(); crowd::SIZE]);
    let mut sockets = accepting.join().unwrap();
    let frame = &frame(FRAME);
    let share = sockets.len().div_ceil(thread::available_parallelism().unwrap().get());
    let began = Instant::now();
    thread::scope(|scope| {
        for share in sockets.chunks_mut(share) {
            scope.spawn(move || share.iter_mut().for_each(|socket| socket.write_all(frame).unwrap()));
        }
    });
    crowd.heard();
    crowd::SIZE as f64 / began.elapsed().as_secs_f64()
}
