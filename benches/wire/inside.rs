//! The server in this process, and stores to begin with.

use std::{net::SocketAddr, path::Path, time::Duration};

use futures_util::future::join_all;
use reportwire::{
    config::{Config, Layer},
    report::{Deliver, NewReport, Owner, ReportId, StartWhen},
    server::{Parts, Server},
    store::{Outcome, Shares, Store as _, TaskKind, sqlite::SqliteStore, system_clock},
};
use tokio::runtime::Runtime;

/// A server that runs in this process. Dropping it ends it without a drain.
pub(crate) struct Inside {
    runtime: Option<Runtime>,
    pub(crate) address: SocketAddr,
}

impl Inside {
    /// Runs a server on the data in `folder`, with parts that `change` may replace.
    pub(crate) fn start(folder: &Path, change: impl FnOnce(&mut Parts)) -> Self {
        Self::with(folder, Layer::default(), change)
    }

    /// The same, with settings beside the folder and the address.
    pub(crate) fn with(folder: &Path, layer: Layer, change: impl FnOnce(&mut Parts)) -> Self {
        let runtime = Runtime::new().unwrap();
        let listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let config = Config::of(Layer {
            listen,
            data_dir: Some(folder.into()),
            max_connections_per_address: Some(16_000),
            max_sockets_per_report: Some(16_000),
            ..layer
        })
        .unwrap();
        let server = runtime.block_on(async {
            let mut parts = Parts::open(&config).await.unwrap();
            change(&mut parts);
            Server::assemble(config, parts).await.unwrap()
        });
        let address = server.address();
        runtime.spawn(server.run(std::future::pending()));
        Self { runtime: Some(runtime), address }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}

/// A request for the sample report.
pub(crate) fn request(start_when: StartWhen) -> NewReport {
    let parameters = serde_json::from_str(r#"{"reportDate":"2021-01-01"}"#).unwrap();
    NewReport {
        id: ReportId::generate(),
        owner: Owner::anonymous(),
        report_type: "COFFEE_SALES".into(),
        parameters,
        data: None,
        deliver: Deliver::default(),
        callback_url: None,
        start_when,
        origin: "http://127.0.0.1:8080".into(),
        keep: Duration::from_secs(3600),
        idempotency: None,
    }
}

/// Puts reports into `folder` whose next attempt is an hour away: they stay queued whoever connects.
pub(crate) fn fill(folder: &Path, reports: usize) -> Vec<ReportId> {
    let hour = Duration::from_secs(3600);
    Runtime::new().unwrap().block_on(async {
        let store = SqliteStore::open(folder, system_clock(), Shares::default()).unwrap();
        join_all((0..reports).map(|_| async { store.create(request(StartWhen::Now)).await.unwrap() })).await;
        let lease = Duration::from_secs(60);
        let claimed = store.claim(TaskKind::Generate, lease, reports).await.unwrap();
        join_all(claimed.iter().map(|task| store.settle(&task.claim, Outcome::RetryIn(hour)))).await;
        store.close().await;
        claimed.into_iter().map(|task| task.claim.report).collect()
    })
}
