//! The keys of a folder for whoever administers them, whether or not a server runs in it.

use std::{fs, path::Path};

use jiff::Timestamp;
use rusqlite::Connection;

use super::{FILE, OpenError, keys, lock, schema};
use crate::{
    report::KeyId,
    store::{ApiKey, NewKey, Result, transitions::stored_time},
};

/// The keys in a folder. A server that runs in it sees each change with its next look.
pub struct KeyBook {
    connection: Connection,
}

impl KeyBook {
    /// Opens the keys in `folder`, making both if need be.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; [`OpenError::OlderServer`] when a server runs in it whose database has not what keys need.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder)?;
        let file = folder.join(FILE);
        let connection = match lock(folder) {
            // nobody else is here: the lock goes when the tables are in place, and a server may start beside us
            Ok(_lock) => schema::open_writer(&file)?,
            Err(OpenError::Locked) => schema::open_beside(&file)?,
            Err(error) => return Err(error),
        };
        Ok(Self { connection })
    }

    /// Makes a key known as of `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Engine`](crate::store::StoreError::Engine).
    pub fn create(&self, key: &NewKey, now: Timestamp) -> Result<ApiKey> {
        keys::create(&self.connection, key, stored_time(now))
    }

    /// All of them, the oldest first.
    ///
    /// # Errors
    ///
    /// As [`KeyBook::create`].
    pub fn all(&self) -> Result<Vec<ApiKey>> {
        keys::all(&self.connection)
    }

    /// Revokes a key as of `now`. Idempotent.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`](crate::store::StoreError::NotFound), and as [`KeyBook::create`].
    pub fn revoke(&self, id: KeyId, now: Timestamp) -> Result<ApiKey> {
        keys::revoke(&self.connection, id, stored_time(now))
    }
}
