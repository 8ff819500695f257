//! A server for the time of a comparison: on a free loopback port, over a folder that goes with it, and with leave to call
//! back on the loopback address.

use std::{net::Ipv4Addr, path::PathBuf};

use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    cli::Failure,
    config::{Config, Layer},
    server::Server,
};

/// A server that runs until it is told to end.
pub(super) struct Host {
    /// Its origin.
    pub(super) url: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    _folder: TempDir,
}

impl Host {
    /// Starts one with the samples, and the report types in `reports`.
    pub(super) async fn start(reports: Option<PathBuf>) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("reportwire-")
            .tempdir()
            .map_err(|error| Failure::caused("cannot make a temporary folder", &error))?;
        let layer = Layer {
            listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
            data_dir: Some(folder.path().join("data")),
            reports,
            webhook_allow_http: Some(true),
            webhook_allow: Some(vec![std::net::IpAddr::from(Ipv4Addr::LOCALHOST).into()]),
            ..Layer::default()
        };
        let config = Config::of(layer).map_err(|error| Failure::new(error.to_string()))?;
        let server = Server::bind(config).await.map_err(|error| Failure::caused("", &error))?;
        let url = format!("http://{}", server.address());
        let (stop, asked) = oneshot::channel();
        let running = tokio::spawn(server.run(async move {
            let _ = asked.await;
        }));
        Ok(Self { url, stop, running, _folder: folder })
    }

    /// Ends it, and removes what it has written.
    pub(super) async fn end(self) {
        let _ = self.stop.send(());
        let _ = self.running.await;
    }
}
