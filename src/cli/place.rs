//! Where an installation keeps what is its own, for commands that work on it beside a server: a folder, or a database that
//! nodes share.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::{
    config::{Hidden, Layer, Nodes, master_secret},
    store::postgres::{PostgresStore, Settings},
    vault::{Sealed, Sealer},
};

/// How few connections the database lets us get by with.
const CONNECTIONS: usize = 4;

#[derive(Debug, Args)]
pub(super) struct Where {
    /// Folder of the server's data [default: reportwire-data]
    #[arg(long, env = "REPORTWIRE_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// The store, if it is not in that folder: postgres://user:password@host/database
    #[arg(long, env = "REPORTWIRE_STORE", value_name = "URL", hide_env_values = true)]
    store: Option<Hidden>,
    /// TOML file with the settings of the server
    #[arg(long, env = "REPORTWIRE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The master secret of those who share a database.
#[derive(Debug, Default, Args)]
pub(super) struct Master {
    /// Master secret of the nodes that share the store. Better in the environment or in a file: others can see a command line
    #[arg(long, env = "REPORTWIRE_SECRET", value_name = "SECRET", hide_env_values = true)]
    secret: Option<Hidden>,
    /// File with that secret alone
    #[arg(long, env = "REPORTWIRE_SECRET_FILE", value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

/// Where it is.
pub(super) enum Place {
    /// In the folder.
    Folder(PathBuf),
    /// In the database of this URL, with the settings that say more of it.
    Database(Hidden, Box<Layer>),
}

impl Where {
    /// The place that the server would use.
    pub(super) fn place(self, master: Master) -> Result<Place, Failure> {
        let file = match &self.config {
            Some(path) => Layer::read(path).map_err(|error| Failure::caused("", &error))?,
            None => Layer::default(),
        };
        let layer = Layer { data_dir: self.data_dir, store: self.store, ..master.layer() }.over(file);
        Ok(match Nodes::database(&layer).map_err(Failure::usage)? {
            Some(url) => Place::Database(url, Box::new(layer)),
            None => Place::Folder(layer.data_dir.unwrap_or_else(|| "reportwire-data".into())),
        })
    }
}

impl Master {
    /// These settings, and no others.
    pub(super) fn layer(self) -> Layer {
        Layer { secret: self.secret, secret_file: self.secret_file, ..Layer::default() }
    }
}

/// The store in the database; tables are made if there are none.
pub(super) async fn open(url: &Hidden) -> Result<PostgresStore, Failure> {
    let settings = Settings { connections: CONNECTIONS, ..Settings::default() };
    PostgresStore::open(url.expose(), settings).await.map_err(|error| Failure::caused("", &error))
}

/// What seals the secrets in the database: derived from the master secret that the settings give.
fn sealer(layer: &Layer) -> Result<Sealer, Failure> {
    let (secret, faults) = master_secret(layer, true);
    secret.map(|secret| Sealer::from_master(secret.expose())).ok_or_else(|| Failure::usage(faults.join("\n")))
}

/// The secrets in the database.
pub(super) fn vault<V: crate::vault::Vault>(store: V, layer: &Layer) -> Result<Sealed<V>, Failure> {
    Ok(Sealed::new(store, sealer(layer)?))
}

/// What commands wait on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::caused("cannot start the runtime", &error))
}
