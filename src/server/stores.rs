//! Where an installation keeps what must outlive its processes: one folder, or a database that nodes share.

use std::sync::Arc;

use super::parts::StartError;
use crate::{
    config::Config,
    store::{
        Clock, Endpoints, Fleet, Keys, Outbox, Queue, Shares, Store,
        postgres::{PostgresStore, Settings},
        sqlite::SqliteStore,
        system_clock,
    },
    vault::{Folder, Sealed, Sealer, Vault},
};

/// One store, by each of its sides.
pub(super) struct Stores {
    pub(super) store: Arc<dyn Store>,
    pub(super) outbox: Arc<dyn Outbox>,
    pub(super) endpoints: Arc<dyn Endpoints>,
    pub(super) keys: Arc<dyn Keys>,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) vault: Arc<dyn Vault>,
    /// The other nodes, if there can be any.
    pub(super) fleet: Option<Arc<dyn Fleet>>,
    pub(super) clock: Clock,
}

impl Stores {
    /// Opens what the configuration names.
    pub(super) async fn open(config: &Config) -> Result<Self, StartError> {
        let shares = Shares {
            unfinished: config.limits.unfinished_per_owner,
            running: config.limits.running_per_owner,
        };
        let Some(url) = &config.nodes.database else {
            let store = Arc::new(SqliteStore::open(&config.data_dir, system_clock(), shares)?);
            let vault = Arc::new(Folder::new(&config.data_dir));
            return Ok(Self::of(store, vault, None, system_clock()));
        };
        let settings = Settings { shares, connections: config.nodes.connections, clock: None };
        let store = Arc::new(PostgresStore::open(url.expose(), settings).await?);
        let vault = shared_vault(config, Arc::clone(&store));
        let (fleet, clock) = (Arc::clone(&store) as _, store.clock());
        Ok(Self::of(store, vault, Some(fleet), clock))
    }

    fn of<S: Store + Outbox + Endpoints + Keys + Queue>(
        store: Arc<S>,
        vault: Arc<dyn Vault>,
        fleet: Option<Arc<dyn Fleet>>,
        clock: Clock,
    ) -> Self {
        Self {
            outbox: Arc::clone(&store) as _,
            endpoints: Arc::clone(&store) as _,
            keys: Arc::clone(&store) as _,
            queue: Arc::clone(&store) as _,
            store,
            vault,
            fleet,
            clock,
        }
    }
}

/// The secrets in a database, which are sealed with the one that every node is given.
pub(super) fn shared_vault(config: &Config, store: Arc<PostgresStore>) -> Arc<dyn Vault> {
    let master = config.secret.as_ref().map_or("", |secret| secret.expose());
    Arc::new(Sealed::new(store, Sealer::from_master(master)))
}
