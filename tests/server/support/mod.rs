//! The stage of a test: a real server on a free port over a folder of its own, with parts that can be told
//! to misbehave, and the assertion that it leaves nothing behind.

mod answer;
mod client;
mod events;
mod faults;
mod graphql;
mod graphql_events;
mod keys;
mod listener;
mod receiver;
mod scripted;
mod world;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use reportwire::{
    access::Jwt,
    artifact::Artifacts,
    audit::Audit,
    catalog::{self, Library},
    config::{Config, Layer},
    data::Sources,
    delivery::{dispatch::Pace, websocket::Patience},
    generate::Generator,
    server::{Certificate, Parts, Server, courier},
    store::{Clock, Shares, Store, sqlite::SqliteStore},
    token::Signer,
    vault::{Folder, Sealer},
    work::{Handler, Limits},
};
use tempfile::TempDir;

pub(crate) use answer::{Answer, raw, raw_answer};
pub(crate) use client::{Client, Heard};
pub(crate) use events::{Events, Said};
pub(crate) use faults::{Call, Caught, Faults, Faulty, Hints, Side};
pub(crate) use graphql::GraphqlSocket;
pub(crate) use graphql_events::GraphqlEvents;
pub(crate) use keys::Key;
pub(crate) use listener::{Listener, Way};
pub(crate) use receiver::Receiver;
pub(crate) use scripted::{Attempt, Work, script};
pub(crate) use world::World;

/// Longer than anything takes on a machine that is busy with other things: whoever waits this long has
/// found a fault.
const FOREVER: Duration = Duration::from_secs(40);

/// Waits for `event`; that it never comes is a failure with this name.
pub(crate) async fn patiently<T>(what: &str, event: impl Future<Output = T>) -> T {
    match tokio::time::timeout(FOREVER, event).await {
        Ok(came) => came,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

/// The clock of the machine, and whatever a test adds to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shift(Arc<AtomicI64>);

impl Shift {
    pub(crate) fn pass(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock()()
    }

    fn clock(&self) -> Clock {
        let shift = self.clone();
        Arc::new(move || Timestamp::now() + SignedDuration::from_millis(shift.0.load(Ordering::SeqCst)))
    }
}

type Wrap = Box<dyn FnOnce(Arc<dyn Handler>) -> Arc<dyn Handler>>;

/// What a test wants its server to be like.
pub(crate) struct Stage {
    pub(crate) patience: Patience,
    pub(crate) limits: Limits,
    pub(crate) hints: Hints,
    pub(crate) layer: Layer,
    wrap: Wrap,
    folder: Arc<TempDir>,
    shift: Shift,
}

impl Stage {
    /// The server as it is, but quick.
    pub(crate) fn new() -> Self {
        let limits = Limits {
            workers: 2,
            poll: Duration::from_millis(20),
            progress: Duration::from_millis(1),
            ..Limits::default()
        };
        let patience = Patience { farewell: Duration::from_millis(20), ..Patience::default() };
        Self {
            patience,
            limits,
            hints: Hints::Honest,
            layer: Layer {
                listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
                // what is made of one record is compared between channels, and its links must not differ
                link_lifetime: Some(Duration::from_secs(30 * 24 * 3600)),
                ..Layer::default()
            },
            wrap: Box::new(|generator| generator),
            folder: Arc::new(tempfile::tempdir().unwrap()),
            shift: Shift::default(),
        }
    }

    /// A server whose one worker does what the test says.
    pub(crate) fn scripted() -> (Self, tokio::sync::oneshot::Receiver<Work>) {
        let (send, work) = tokio::sync::oneshot::channel();
        let stage = Self::new().handler(move |generator| {
            let (handler, work) = script(generator);
            let _ = send.send(work);
            handler
        });
        (stage, work)
    }

    /// Starts a server whose workers do what the test says.
    pub(crate) async fn start_scripted() -> (World, Work) {
        let (stage, work) = Self::scripted();
        (stage.start().await, work.await.unwrap())
    }

    /// Puts another handler before the generator, or in its place.
    pub(crate) fn handler(
        mut self,
        wrap: impl FnOnce(Arc<dyn Handler>) -> Arc<dyn Handler> + 'static,
    ) -> Self {
        self.wrap = Box::new(wrap);
        self
    }

    /// Takes the place of a server that has ended: its folder, its port, its time.
    pub(crate) fn after(mut self, folder: Arc<TempDir>, address: SocketAddr, shift: Shift) -> Self {
        self.layer.listen = Some(address);
        Self { folder, shift, ..self }
    }

    pub(crate) async fn start(self) -> World {
        crate::watch::logs();
        let folder = self.folder.path();
        let layer = Layer { data_dir: Some(folder.into()), ..self.layer };
        let config = Config::of(layer).unwrap();
        let shares = Shares {
            unfinished: config.limits.unfinished_per_owner,
            running: config.limits.running_per_owner,
        };
        let engine = Arc::new(SqliteStore::open(folder, self.shift.clock(), shares).unwrap());
        let inner: Arc<dyn Store> = Arc::clone(&engine) as _;
        let vault = Arc::new(Folder::new(folder));
        let signer = Signer::open(Arc::clone(&vault) as _).await.unwrap();
        let sealer = Sealer::open(&*vault).await.unwrap();
        let courier = courier(&config, &*vault, signer.clone(), sealer.clone(), self.shift.clock()).await;
        let faults = Arc::new(Faults::default());
        let artifacts = Artifacts::open(&config.artifacts).unwrap();
        let library = library(folder, config.reports.clone());
        let generator = generator(folder, &library, artifacts.clone());
        let parts = Parts {
            queue: Arc::clone(&engine) as _,
            fleet: None,
            store: Arc::new(Faulty::new(inner, Arc::clone(&faults), self.hints)),
            generator: (self.wrap)(Arc::new(generator)),
            outbox: Arc::clone(&engine) as _,
            endpoints: Arc::clone(&engine) as _,
            keys: Arc::clone(&engine) as _,
            jwt: config.access.jwt.as_ref().map(|settings| Arc::new(Jwt::open(settings).unwrap())),
            certificate: config.access.tls.as_ref().map(|files| Certificate::read(files).unwrap()),
            sealer,
            audit: (Audit::none(), None),
            carrier: Arc::new(courier.unwrap()),
            pace: Pace { poll: Duration::from_millis(20), ..Pace::default() },
            clock: self.shift.clock(),
            artifacts: artifacts.clone(),
            library: Arc::clone(&library),
            signer,
            patience: self.patience,
            limits: self.limits,
        };
        let server = Server::assemble(config, parts).await.unwrap();
        World::run(server, self.folder, self.shift, &engine, faults, artifacts, library)
    }
}

/// The samples and, if a test has any, its own report types.
fn library(folder: &Path, reports: Option<PathBuf>) -> Arc<Library> {
    let samples = folder.join("samples");
    catalog::unpack(&samples).unwrap();
    let folders = std::iter::once(samples).chain(reports).collect();
    Arc::new(Library::open(folders).unwrap().0)
}

/// Who makes reports in the server on this folder.
pub(crate) fn generator(folder: &Path, library: &Arc<Library>, artifacts: Artifacts) -> Generator {
    Generator::new(Arc::clone(library), Arc::new(Sources::new(folder.join("cache"))), artifacts)
}
