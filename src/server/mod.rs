//! Composition: opens the parts, binds the address, runs everything, and drains it in order.
//!
//! A drain, each step for its reason: stop accepting (nothing new comes in), stop claiming and give leases
//! back (what was begun is free for the next process), say farewell on every socket, spread over time →
//! wait for work, connections and sockets until the deadline → cut off what is left → drop the store, last
//! of all, because everything before it may still write.

mod accept;
mod connection;
mod parts;
mod proxy;
mod refuse;
mod stores;
mod tls;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::task::TaskTracker;

use crate::{
    access::{self, Door, Gate},
    artifact::Artifacts,
    config::{Config, Downloads},
    delivery::{Hub, Presence, Rendezvous, Terms, dispatch::Dispatcher, websocket::Peer},
    graphql::{Reports, Schema},
    http::{self, Api, Bounds, Doors},
    intake::Intake,
    links::Linker,
    metrics::Metrics,
    shutdown::Shutdown,
    store::TaskKind,
    work::{Estimator, Janitor, Runner},
};

use accept::Acceptor;
use connection::Line;
pub use parts::{Parts, StartError, courier};
pub use tls::{Certificate, NoCertificate};

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
        let parts = Parts::open(&config).await?;
        prove(&parts.artifacts, config.downloads).await?;
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
        let roles = config.nodes.roles;
        let hub = Hub::new(config.limits.sockets_per_report);
        let hub = Arc::new(if parts.fleet.is_some() { hub.remembering() } else { hub });
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
        let dispatcher = Dispatcher::new(parts.outbox, parts.carrier, Arc::clone(&parts.clock), parts.pace);
        if roles.worker {
            work.spawn(runner.run(shutdown.stop.clone()));
            work.spawn(dispatcher.run(shutdown.stop.clone()));
        }
        if let Some(fleet) = &parts.fleet {
            let workers = if roles.worker { parts.limits.workers } else { 0 };
            let (fleet, learner) = (Arc::clone(fleet), Arc::clone(&estimator));
            let presence = Presence::new(fleet, Arc::clone(&hub), workers);
            let learn = move |workers| learner.shared_by(workers);
            work.spawn(presence.run(learn, shutdown.stop.clone()));
        }
        let (store, clock) = (Arc::clone(&parts.store), Arc::clone(&parts.clock));
        let janitor = Janitor::new(store, parts.artifacts.clone(), clock);
        work.spawn(
            if parts.fleet.is_some() { janitor.of_a_shared_store() } else { janitor }
                .run(shutdown.stop.clone()),
        );
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
        if door == Door::UntilThereIsAKey && gate.is_open() {
            tracing::info!(
                "nobody is asked who they are, until `reportwire key create --owner NAME` makes the first key"
            );
        }
        let (audit, _writing) = parts.audit;
        let reports = access::Reports::new(
            Arc::clone(&parts.store),
            rendezvous.clone(),
            audit,
            Arc::clone(&metrics),
            &config.limits,
        );
        let reports = Arc::new(reports);
        // proved at the start; should it fail all the same, a page shows no preview
        let elsewhere = match config.downloads {
            Downloads::Through => None,
            Downloads::Redirect => parts.artifacts.origin().await.ok(),
        };
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
            downloads: config.downloads,
            page_policy: http::page_policy(elsewhere.as_deref()),
            exports,
            library: parts.library,
            intake,
            schema,
            hub,
            fleet: parts.fleet,
            serves: roles.web,
            queue: parts.queue,
            estimator,
            clock: parts.clock,
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

/// Finds out now whether files can be kept, and signed for if they are to be, and not when somebody waits for one.
async fn prove(artifacts: &Artifacts, downloads: Downloads) -> Result<(), StartError> {
    let unusable = |error| StartError::Artifacts(artifacts.location().clone(), error);
    artifacts.prove().await.map_err(unusable)?;
    if downloads == Downloads::Redirect {
        artifacts.origin().await.map_err(unusable)?;
    }
    Ok(())
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
