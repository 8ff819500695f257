//! The way to the database: what its URL says, how a connection is set up, and how many there are.

use std::{str::FromStr as _, time::Duration};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Transaction,
};
use tokio::time::timeout;
use tokio_postgres::{Config, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{Result, StoreError};

/// How long a connection may take to be made, and how long a caller waits for a free one.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a transaction or a query may take before it is given up with its connection. The database gives up
/// before that; this is for a network that swallows what it is sent.
pub(super) const PATIENCE: Duration = Duration::from_secs(12);

/// How each connection is set up.
///
/// A node that freezes within a transaction must not keep its locks: the database ends it. Every statement of ours
/// finds a few rows by an index, in a table of ten rows as of ten million, and a plan that was made while a table was
/// empty may be used when it is not: so other plans are ruled out, and since no value could change them, each is made
/// once. A commit that is not on disk is no commit.
const SESSION: &str = "
    SET search_path = reportwire;
    SET statement_timeout = '10s';
    SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '5s';
    SET default_transaction_isolation = 'read committed';
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;
    SET plan_cache_mode = force_generic_plan;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');
";

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one of PostgreSQL. It is not repeated: it may hold a password.
    #[error("store must be postgres://user:password@host/database")]
    Url,
    /// It does not answer, or does not let us in.
    #[error("cannot connect to the database at {0}")]
    Connect(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// It answers, and refuses what we need.
    #[error("the database cannot be used")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is too old.
    #[error("the database is PostgreSQL {0}; 15 or later is needed")]
    TooOld(String),
    /// It was brought forward by a later release, which no longer works beside this one.
    #[error(
        "the database has schema version {found}, and this release knows {known} at most; upgrade this node"
    )]
    NewerSchema {
        /// The version of the database.
        found: i32,
        /// The newest version that this release knows.
        known: i32,
    },
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Engine(cause) => OpenError::Database(cause),
            other => OpenError::Database(Box::new(other)),
        }
    }
}

/// A database, and the connections to it.
#[derive(Clone)]
pub(super) struct Database {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    // apart, so that reads never keep a write waiting for a connection
    readers: Pool,
    writers: Pool,
}

/// A connection of a pool, with its prepared statements.
pub(super) type Connection = Object;

impl Database {
    /// The database that `url` names, over at most `connections` connections, one of which listens.
    pub(super) fn of(url: &str, connections: usize) -> Result<Self, OpenError> {
        let mut config = Config::from_str(url).map_err(|_| OpenError::Url)?;
        if config.get_hosts().is_empty()
            || !(url.starts_with("postgres://") || url.starts_with("postgresql://"))
        {
            return Err(OpenError::Url);
        }
        if config.get_application_name().is_none() {
            config.application_name("reportwire");
        }
        config.connect_timeout(CONNECT).tcp_user_timeout(PATIENCE).keepalives_idle(PATIENCE);
        let tls = (config.get_ssl_mode() != SslMode::Disable)
            .then(|| MakeRustlsConnect::new(crate::trust::TLS.clone()));
        let writing = (connections / 3).clamp(2, 4);
        let reading = connections.saturating_sub(writing + 1).max(1);
        let (readers, writers) = (pool(&config, &tls, reading), pool(&config, &tls, writing));
        Ok(Self { config, tls, readers, writers })
    }

    /// A connection to read with.
    pub(super) async fn reader(&self) -> Result<Connection> {
        Ok(self.readers.get().await?)
    }

    /// A connection to write with.
    pub(super) async fn writer(&self) -> Result<Connection> {
        Ok(self.writers.get().await?)
    }

    /// Does `work` on a connection that reads. A query that gets no answer is given up, and its connection with it.
    pub(super) async fn read<T>(&self, work: impl AsyncFnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.reader().await?;
        let done = timeout(PATIENCE, work(&connection)).await;
        done.unwrap_or_else(|_| Err(silent(connection)))
    }

    /// Does `work` in a transaction of its own, and commits it if it went well. See [`persistently!`](super::fault).
    pub(super) async fn transact<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut connection = self.writer().await?;
        let done = timeout(PATIENCE, async {
            let transaction = connection.transaction().await?;
            let done = work(&transaction).await?;
            transaction.commit().await?;
            Ok(done)
        });
        done.await.unwrap_or_else(|_| Err(silent(connection)))
    }

    /// Where it is, without its password.
    pub(super) fn place(&self) -> String {
        use tokio_postgres::config::Host;
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            _ => "…".into(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        format!("{host}:{port}")
    }

    /// How to connect beside the pools.
    pub(super) fn config(&self) -> (&Config, Option<MakeRustlsConnect>) {
        (&self.config, self.tls.clone())
    }

    /// No connection is handed out any more.
    pub(super) fn close(&self) {
        self.readers.close();
        self.writers.close();
    }
}

/// Throws the connection away: an answer may still come in the place of another.
pub(super) fn silent(connection: Connection) -> StoreError {
    drop(Object::take(connection));
    StoreError::Engine(Box::new(Silent))
}

/// It took too long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the database does not answer")]
pub(super) struct Silent;

fn pool(config: &Config, tls: &Option<MakeRustlsConnect>, size: usize) -> Pool {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match tls {
        Some(tls) => Manager::from_config(config.clone(), tls.clone(), recycling),
        None => Manager::from_config(config.clone(), NoTls, recycling),
    };
    let set_up = Hook::async_fn(|connection, _| {
        Box::pin(async move { connection.batch_execute(SESSION).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(CONNECT))
        .create_timeout(Some(CONNECT))
        .post_create(set_up)
        .build()
        .expect("a runtime is named, which is all that is asked for")
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        StoreError::Engine(Box::new(error))
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Closed => StoreError::Closed,
            PoolError::Backend(error) => error.into(),
            other => StoreError::Engine(Box::new(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_is_none_is_refused_without_repeating_it() {
        for url in
            ["", "postgres://", "mysql://a:secret@b/c", "host=a user=b", "postgres://a:secret@b:port/c"]
        {
            let Err(error) = Database::of(url, 12) else { panic!("{url} was taken") };
            assert!(!error.to_string().contains("secret@"), "{error}");
        }
        assert_eq!(
            Database::of("postgres://a:secret@db.example:6543/c", 12).unwrap().place(),
            "db.example:6543"
        );
    }
}
