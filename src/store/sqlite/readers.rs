//! Connections that read, on the blocking threads of the runtime.
//!
//! A reader sees the newest commit and never waits for the writer: in WAL mode each statement reads its
//! own snapshot. Connections are opened when they are first needed, because each costs memory.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema;
use crate::store::{Result, StoreError};

/// How many reads run at once. A read takes microseconds, so a few are enough to keep every core busy.
const READERS: usize = 4;

/// The pool.
pub(super) struct Readers {
    file: PathBuf,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// A pool on `file` without any connection yet.
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, permits: Arc::new(Semaphore::new(READERS)), idle: Arc::default() }
    }

    /// Runs `query` on one of the connections.
    pub(super) async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (idle, file) = (Arc::clone(&self.idle), self.file.clone());
        let read = tokio::task::spawn_blocking(move || {
            // Moved in here: a caller that goes away must not free the permit of a read that still runs.
            let _permit = permit;
            let free = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match free {
                Some(connection) => connection,
                None => schema::open_reader(&file)?,
            };
            let result = query(&connection);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        });
        read.await.unwrap_or_else(|error| Err(StoreError::Engine(error.into())))
    }

    /// Lets running reads finish, refuses new ones, and closes the connections.
    pub(super) async fn stop(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let running = self.permits.acquire_many(all).await;
        self.permits.close();
        drop(running);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
