//! From the commit to the client's knowledge of it, by each channel.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use reportwire::report::ReportId;
use tokio::{runtime::Runtime, time::sleep};

use super::{
    client::{self, COFFEE, Http, Socket, socket_path},
    figure::{Figure, percentile},
    gate::{Gate, Keeper},
    inside::Inside,
    line::Line,
    machine::SCRATCH,
    stamped::{Settled, Stamped},
};

pub(crate) const WORKLOAD: &str = "one-page reports one after another, each with one client that waits for it; 300 for each channel, 100 for polling, \
     whose looks are spread evenly over their second; server and client in one process, one clock";

const ROUNDS: usize = 300;
/// They take half a second each.
const LOOKED_FOR: usize = 100;

/// What says in any answer that the report is there.
const DONE: &str = r#""completed":true"#;

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
    let mut stage =
        Stage { address: inside.address, client: client::runtime(), keeper: keeper.unwrap(), settled };
    let mut looks: Vec<Duration> =
        (0..LOOKED_FOR).map(|round| stage.polling(round as f64 / LOOKED_FOR as f64)).collect();
    let mut waits: Vec<Duration> = (0..ROUNDS).map(|_| stage.long_poll()).collect();
    let mut streams: Vec<Duration> = (0..ROUNDS).map(|_| stage.stream()).collect();
    let mut sockets: Vec<Duration> = (0..ROUNDS).map(|_| stage.socket()).collect();
    vec![
        Figure::time("commit to knowing, polling at 1 s, p50", percentile(&mut looks, 0.5)),
        Figure::time("commit to knowing, polling at 1 s, p99", percentile(&mut looks, 0.99)),
        Figure::time("commit to knowing, long poll, p50", percentile(&mut waits, 0.5)),
        Figure::time("commit to knowing, long poll, p99", percentile(&mut waits, 0.99)),
        Figure::time("commit to knowing, server-sent events, p50", percentile(&mut streams, 0.5)),
        Figure::time("commit to knowing, server-sent events, p99", percentile(&mut streams, 0.99)),
        Figure::time("commit to knowing, WebSocket, p50", percentile(&mut sockets, 0.5)).at_most(1.0),
        Figure::time("commit to knowing, WebSocket, p99", percentile(&mut sockets, 0.99)).at_most(5.0),
    ]
}

/// A server whose reports wait for a word, and the client beside it.
struct Stage {
    address: SocketAddr,
    client: Runtime,
    keeper: Keeper,
    settled: mpsc::Receiver<Settled>,
}

impl Stage {
    /// A report whose work is done and not yet settled.
    fn report(&mut self) -> ReportId {
        let (address, request) = (self.address, client::post(self.address, COFFEE));
        let id = self.client.block_on(async { Http::connect(address).await.report(&request).await });
        self.keeper.wait();
        id
    }

    /// How long after its commit the end arrived.
    fn since_commit(&self, arrived: Instant) -> Duration {
        arrived.saturating_duration_since(self.settled.recv().unwrap().committed)
    }

    /// Looks every second; the end comes the given share of a second after the first look.
    fn polling(&mut self, phase: f64) -> Duration {
        let path = path(self.report());
        let arrived = self.client.block_on(async {
            let mut line = Line::connect(self.address).await;
            let looking = async {
                loop {
                    line.get(&path, "").await;
                    if line.answer().await.contains(DONE) {
                        return Instant::now();
                    }
                    sleep(Duration::from_secs(1)).await;
                }
            };
            let ending = async {
                sleep(Duration::from_secs_f64(phase)).await;
                self.keeper.open();
            };
            tokio::join!(looking, ending).0
        });
        self.since_commit(arrived)
    }

    fn long_poll(&mut self) -> Duration {
        let path = path(self.report());
        let arrived = self.client.block_on(async {
            let mut line = Line::connect(self.address).await;
            line.get(&path, "Prefer: wait=60\r\n").await;
            self.until_it_waits(&path).await;
            self.keeper.open();
            line.until(DONE).await;
            Instant::now()
        });
        self.since_commit(arrived)
    }

    fn stream(&mut self) -> Duration {
        let path = path(self.report());
        let arrived = self.client.block_on(async {
            let mut line = Line::connect(self.address).await;
            line.get(&format!("{path}/events"), "").await;
            line.until("event: report").await;
            self.keeper.open();
            line.until(DONE).await;
            Instant::now()
        });
        self.since_commit(arrived)
    }

    fn socket(&mut self) -> Duration {
        let path = socket_path(self.report());
        let arrived = self.client.block_on(async {
            let mut socket = Socket::open(self.address, &path, false).await;
            socket.until(1).await;
            self.keeper.open();
            socket.until(2).await;
            let arrived = Instant::now();
            socket.answer_close().await;
            arrived
        });
        self.since_commit(arrived)
    }

    /// Returns when the server counts a listener.
    async fn until_it_waits(&self, path: &str) {
        let mut line = Line::connect(self.address).await;
        loop {
            line.get(&format!("{path}/listeners"), "").await;
            if line.answer().await.contains(r#""count":1"#) {
                return;
            }
        }
    }
}

fn path(id: ReportId) -> String {
    format!("/api/v1/report/{id}")
}
