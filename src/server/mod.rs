//! Composition: opens the parts, binds the address, runs everything, and drains it in order.
//!
//! A drain, each step for its reason: stop accepting (nothing new comes in), stop claiming and give leases
//! back (what was begun is free for the next process), say farewell on every socket, spread over time →
//! wait for work, connections and sockets until the deadline → cut off what is left → drop the store, last
//! of all, because everything before it may still write.

mod accept;
mod connection;
mod proxy;
mod refuse;
mod tls;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::task::TaskTracker;
use tracing_appender::non_blocking::WorkerGuard;

use crate::{
    access::{self, Door, Gate, Jwt, NoKeys},
    artifact::{ArtifactError, Artifacts},
    audit::Audit,
    catalog::{self, Library},
    config::Config,
    data::Sources,
    delivery::{
        Hub, Rendezvous, Terms,
        courier::Courier,
        dispatch::{Carrier, Dispatcher, Pace},
        email::{Mailer, NoMailer},
        webhook::{Secret, Sender},
        websocket::{Patience, Peer},
    },
    generate::Generator,
    graphql::{Reports, Schema},
    http::{self, Api, Bounds, Doors},
    intake::Intake,
    links::Linker,
    metrics::Metrics,
    seal::Sealer,
    shutdown::Shutdown,
    store::{
        Clock, Endpoints, Keys, Outbox, Queue, Shares, Store, StoreError, TaskKind,
        sqlite::{OpenError, SqliteStore},
        system_clock,
    },
    token::Signer,
    work::{Estimator, Handler, Janitor, Limits, Runner},
};

use accept::Acceptor;
use connection::Line;
pub use tls::{Certificate, NoCertificate};

/// Why the server did not start. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or used.
    #[error("cannot use the data folder {}", .0.display())]
    Folder(std::path::PathBuf, #[source] std::io::Error),
    /// The store did not open.
    #[error("cannot open the store")]
    Store(#[from] OpenError),
    /// The samples cannot be unpacked.
    #[error("cannot unpack the sample reports into {}", .0.display())]
    Samples(std::path::PathBuf, #[source] std::io::Error),
    /// A folder of report types cannot be read.
    #[error("cannot read the report types in {}", .0.display())]
    Reports(std::path::PathBuf, #[source] std::io::Error),
    /// The folder of the audit log cannot be used.
    #[error("cannot write the audit log in {}", .0.display())]
    Audit(std::path::PathBuf, #[source] std::io::Error),
    /// Everybody could come in, and nobody said that they should.
    #[error(
        "others can connect to {0}, and there is nothing by which to tell them apart: make a key with `reportwire key \
         create --owner NAME`, set jwt-issuer and its like, or say --open true"
    )]
    Unguarded(SocketAddr),
    /// There is nothing to speak TLS with.
    #[error(transparent)]
    Certificate(#[from] NoCertificate),
    /// There is nothing to verify tokens with.
    #[error(transparent)]
    Tokens(#[from] NoKeys),
    /// The keys cannot be looked at.
    #[error("cannot look at the keys")]
    Keys(#[source] StoreError),
    /// The folder of finished files did not open.
    #[error("cannot open the folder of finished files")]
    Artifacts(#[from] ArtifactError),
    /// Letters cannot be sent as the settings say.
    #[error("cannot send e-mail")]
    Mail(#[from] NoMailer),
    /// The address is taken, or is not ours.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// What a server is made of. Tests hand in parts that fail, stall or wait for a signal.
pub struct Parts {
    /// The reports.
    pub store: Arc<dyn Store>,
    /// What is to be told to whom.
    pub outbox: Arc<dyn Outbox>,
    /// Who registered for events.
    pub endpoints: Arc<dyn Endpoints>,
    /// Who may come in with a key.
    pub keys: Arc<dyn Keys>,
    /// Who may come in with a token.
    pub jwt: Option<Arc<Jwt>>,
    /// What TLS is spoken with, if it is.
    pub certificate: Option<Certificate>,
    /// Encrypts the secrets of endpoints.
    pub sealer: Sealer,
    /// Where it is written down who did what, and what ends the writing.
    pub audit: (Audit, Option<WorkerGuard>),
    /// Who tells it.
    pub carrier: Arc<dyn Carrier>,
    /// How much of it at once, and how long.
    pub pace: Pace,
    /// The store's clock.
    pub clock: Clock,
    /// Who waits for a worker, in the same store.
    pub queue: Arc<dyn Queue>,
    /// Their files.
    pub artifacts: Artifacts,
    /// What can be asked for.
    pub library: Arc<Library>,
    /// Who makes reports.
    pub generator: Arc<dyn Handler>,
    /// Signs links.
    pub signer: Signer,
    /// How long sockets wait for what.
    pub patience: Patience,
    /// How much work at once, and how long.
    pub limits: Limits,
}

impl Parts {
    /// The parts that a configuration asks for.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn open(config: &Config) -> Result<Self, StartError> {
        let folder = &config.data_dir;
        let unusable = |error| StartError::Folder(folder.clone(), error);
        make_folder(folder).map_err(unusable)?;
        let shares = Shares {
            unfinished: config.limits.unfinished_per_owner,
            running: config.limits.running_per_owner,
        };
        let store = Arc::new(SqliteStore::open(folder, system_clock(), shares)?);
        let signer = Signer::open(folder).map_err(unusable)?;
        let sealer = Sealer::open(folder).map_err(unusable)?;
        let artifacts = Artifacts::open(&folder.join("artifacts"))?;
        let library = Arc::new(library(config)?);
        let sources = Arc::new(Sources::new(folder.join("cache")));
        Ok(Self {
            queue: Arc::clone(&store) as _,
            carrier: Arc::new(courier(config, signer.clone(), sealer.clone(), system_clock())?),
            outbox: Arc::clone(&store) as _,
            endpoints: Arc::clone(&store) as _,
            keys: Arc::clone(&store) as _,
            jwt: config.access.jwt.as_ref().map(Jwt::open).transpose()?.map(Arc::new),
            certificate: config.access.tls.as_ref().map(Certificate::read).transpose()?,
            audit: audit(config)?,
            store,
            pace: Pace::default(),
            clock: system_clock(),
            generator: Arc::new(Generator::new(Arc::clone(&library), sources, artifacts.clone())),
            artifacts,
            library,
            signer,
            sealer,
            patience: Patience::default(),
            limits: Limits { workers: config.workers, timeout: config.report_timeout, ..Limits::default() },
        })
    }
}

/// How many connections may wait to be accepted, as far as the system allows. With the usual 128 a burst of clients
/// overflows: their handshakes are dropped and tried again a second later, or three, or seven.
const BACKLOG: u32 = 4_096;

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // a restart must not wait for the connections of the one before
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The report types that a configuration asks for. What is broken is said in the log, and does not keep the
/// others from serving.
fn library(config: &Config) -> Result<Library, StartError> {
    let mut folders = Vec::new();
    if config.samples {
        let samples = config.data_dir.join("samples");
        catalog::unpack(&samples).map_err(|error| StartError::Samples(samples.clone(), error))?;
        folders.push(samples);
    }
    folders.extend(config.reports.clone());
    let (library, broken) =
        Library::open(folders).map_err(|(folder, error)| StartError::Reports(folder, error))?;
    broken.iter().for_each(catalog::Broken::log);
    Ok(library)
}

/// What brings webhooks and letters, as a configuration has it.
///
/// # Errors
///
/// [`StartError::Folder`] when the secret of callbacks cannot be read, and [`StartError::Mail`].
pub fn courier(config: &Config, signer: Signer, sealer: Sealer, clock: Clock) -> Result<Courier, StartError> {
    let folder = &config.data_dir;
    let url = config.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let host = url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "reportwire".into());
    let from = config.mail_from.clone().unwrap_or_else(|| format!("reportwire@{host}"));
    let mailer = config.smtp.as_ref().map(|smtp| Mailer::new(smtp.expose(), &from)).transpose()?;
    Ok(Courier {
        sender: Sender::new(config.webhooks.clone(), host),
        mailer,
        linker: Linker::new(signer, Arc::clone(&clock), config.access.link_lifetime),
        sealer,
        secret: Secret::open(folder).map_err(|error| StartError::Folder(folder.clone(), error))?,
        clock,
    })
}

/// Makes the folder for its owner alone: reports are nobody else's business. One that exists stays as its
/// owner made it.
fn make_folder(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// A server that has its address and is ready to run.
pub struct Server {
    listener: TcpListener,
    config: Config,
    parts: Parts,
    door: Door,
}

impl Server {
    /// Opens what `config` asks for and binds the address.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let parts = Parts::open(&config)?;
        Self::assemble(config, parts).await
    }

    /// Binds the address for parts that are open.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`] and [`StartError::Unguarded`].
    pub async fn assemble(config: Config, parts: Parts) -> Result<Self, StartError> {
        let keys = parts.keys.keys().await.map_err(StartError::Keys)?;
        let door = door(&config, parts.jwt.is_some(), !keys.is_empty());
        let door = door.ok_or(StartError::Unguarded(config.listen))?;
        let listener = listen(config.listen).map_err(|error| StartError::Listen(config.listen, error))?;
        Ok(Self { listener, config, parts, door })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(self.config.listen)
    }

    /// The scheme that it speaks.
    pub fn scheme(&self) -> &'static str {
        if self.parts.certificate.is_some() { "https" } else { "http" }
    }

    /// Serves until `asked` ends, then drains.
    pub async fn run(self, asked: impl Future<Output = ()>) {
        let Self { listener, config, parts, door } = self;
        let shutdown = Shutdown::default();
        let hub = Arc::new(Hub::new(config.limits.sockets_per_report));
        let lifetime = config.access.link_lifetime;
        let linker = Linker::new(parts.signer.clone(), Arc::clone(&parts.clock), lifetime);
        let rendezvous = Rendezvous::new(
            Arc::clone(&parts.store),
            Arc::clone(&hub),
            linker.clone(),
            parts.patience.look_again,
        );
        // connections and sockets; work has its own tracker, so that the two can be drained apart
        let clients = TaskTracker::new();
        let work = TaskTracker::new();

        let exports = Arc::new(Semaphore::new(parts.limits.workers));
        let metrics = Arc::new(Metrics::default());
        let estimator = Arc::new(Estimator::new(parts.limits.workers, Arc::clone(&metrics)));
        let runner = Runner::new(Arc::clone(&parts.store), parts.generator, TaskKind::Generate, parts.limits)
            .teaching(Arc::clone(&estimator));
        work.spawn(runner.run(shutdown.stop.clone()));
        work.spawn(
            Janitor::new(Arc::clone(&parts.store), parts.artifacts.clone()).run(shutdown.stop.clone()),
        );
        let dispatcher = Dispatcher::new(parts.outbox, parts.carrier, Arc::clone(&parts.clock), parts.pace);
        work.spawn(dispatcher.run(shutdown.stop.clone()));
        work.spawn(Arc::clone(&parts.library).follow(shutdown.stop.clone()));
        work.spawn(parts.signer.follow(shutdown.stop.clone()));
        // frames must flow until the last socket is closed
        let (follower, until) = (rendezvous.clone(), shutdown.deadline.clone());
        let following = tokio::spawn(async move { follower.follow(until).await });

        if let Some(jwt) = &parts.jwt {
            work.spawn(Arc::clone(jwt).follow(shutdown.stop.clone()));
        }
        let gate =
            Gate::new(parts.keys, parts.jwt, door, Arc::clone(&parts.clock), shutdown.farewell.clone());
        let gate = Arc::new(gate);
        gate.look().await;
        let (audit, _writing) = parts.audit;
        let reports = access::Reports::new(
            Arc::clone(&parts.store),
            rendezvous.clone(),
            audit,
            Arc::clone(&metrics),
            &config.limits,
        );
        let reports = Arc::new(reports);
        let doors = Doors { origins: config.access.origins, public_url: config.public_url.clone() };
        let intake = Arc::new(Intake {
            library: Arc::clone(&parts.library),
            terms: Terms { policy: config.webhooks, mail: config.smtp.is_some() },
            keep: config.keep,
            public_url: config.public_url,
        });
        let schema = Schema::new(Arc::new(Reports {
            gate: Arc::clone(&gate),
            reports: Arc::clone(&reports),
            intake: Arc::clone(&intake),
            linker: linker.clone(),
            metrics: Arc::clone(&metrics),
        }));
        let api = Arc::new(Api {
            doors,
            gate: Arc::clone(&gate),
            reports,
            sealer: parts.sealer,
            endpoints: parts.endpoints,
            artifacts: parts.artifacts,
            exports,
            library: parts.library,
            intake,
            schema,
            hub,
            queue: parts.queue,
            estimator,
            metrics: Arc::clone(&metrics),
            linker,
            peer: Arc::new(Peer {
                store: Arc::clone(&parts.store),
                patience: parts.patience,
                farewell: shutdown.farewell.clone(),
                deadline: shutdown.deadline.clone(),
                metrics: Arc::clone(&metrics),
                largest: config.limits.frame,
            }),
            tasks: clients.clone(),
            body: Bounds {
                bytes: config.limits.body,
                time: config.limits.body_timeout,
                metrics: Arc::clone(&metrics),
            },
            longest_url: config.limits.url,
        });
        // whose key is revoked leaves at once, also while the server drains
        work.spawn(gate.follow(shutdown.stop.clone()));
        let tls = parts.certificate.as_ref().map(Certificate::acceptor);
        if let Some(certificate) = parts.certificate {
            work.spawn(certificate.follow(shutdown.stop.clone()));
        }
        let line = Line {
            service: http::service(api),
            tls,
            trusted: config.access.trusted_proxies,
            limits: config.limits,
            shutdown: shutdown.clone(),
        };
        let acceptor = Acceptor { listener, line: Arc::new(line), tasks: clients.clone(), metrics };
        let accepting = acceptor.run();
        tokio::select! {
            () = accepting => {}
            () = asked => {}
        }
        drain(&shutdown, &clients, &work, config.drain).await;
        let _ = following.await;
        tracing::info!("drained");
    }
}

/// Who comes in without showing anything; `None` when nobody said and others can connect.
fn door(config: &Config, has_tokens: bool, has_keys: bool) -> Option<Door> {
    if config.access.open {
        return Some(Door::Open);
    }
    match (has_tokens, config.listen.ip().is_loopback(), has_keys) {
        (true, ..) => Some(Door::Closed),
        (false, true, _) => Some(Door::UntilThereIsAKey),
        (false, false, true) => Some(Door::Closed),
        (false, false, false) => None,
    }
}

/// The audit log that a configuration asks for.
fn audit(config: &Config) -> Result<(Audit, Option<WorkerGuard>), StartError> {
    let usual = || config.data_dir.join("audit");
    let folder = config.access.audit_log.clone().unwrap_or_else(usual);
    let (audit, writing) = Audit::open(&folder).map_err(|error| StartError::Audit(folder, error))?;
    Ok((audit, Some(writing)))
}

async fn drain(shutdown: &Shutdown, clients: &TaskTracker, work: &TaskTracker, patience: Duration) {
    shutdown.stop.cancel();
    work.close();
    clients.close();
    shutdown.farewell.cancel();
    let everybody = async { tokio::join!(work.wait(), clients.wait()) };
    if timeout(patience, everybody).await.is_err() {
        tracing::warn!(connections = clients.len(), "the drain took too long; cutting off what is left");
    }
    shutdown.deadline.cancel();
}
