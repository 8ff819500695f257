//! A database that syncs to the disk of the build, and what nodes are told of it.

use reportwire::config::Layer;
use tempfile::TempDir;

use super::{machine::SCRATCH, postgres_server::PostgresServer};

pub(crate) const MASTER: &str = "a master secret for measurements alone";

/// As an installation has it: every commit is synced.
pub(crate) fn start() -> PostgresServer {
    let folder = tempfile::tempdir_in(SCRATCH).unwrap();
    PostgresServer::start_in(folder, &["max_connections=200", "shared_buffers=256MB"])
}

/// The settings of a node.
pub(crate) fn layer(database: &PostgresServer, files: &TempDir) -> Layer {
    Layer {
        store: Some(database.url().parse().unwrap()),
        secret: Some(MASTER.parse().unwrap()),
        artifacts: Some(format!("file://{}", files.path().display()).parse().unwrap()),
        ..Layer::default()
    }
}
