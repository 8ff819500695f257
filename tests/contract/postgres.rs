//! What the PostgreSQL engine promises beyond the contract.

use std::{future::Future, sync::Arc};

use reportwire::store::{
    Clock, Shares,
    postgres::{PostgresStore, Settings, TestClock},
};

use super::Opened;
use crate::postgres_server::PostgresServer;

/// A store in a server of its own.
pub(crate) fn fresh(clock: Clock, shares: Shares) -> Opened {
    let server = PostgresServer::start();
    let store = open(&server, clock, shares);
    (Arc::new(store), Box::new(server))
}

fn open(server: &PostgresServer, clock: Clock, shares: Shares) -> PostgresStore {
    let settings = Settings { shares, clock: Some(TestClock(clock)), ..Settings::default() };
    wait(PostgresStore::open(&server.url(), settings)).unwrap()
}

/// Waits in the middle of a runtime of several threads.
fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work))
}
