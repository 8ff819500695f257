//! API keys: the statements, for the writer of a server and for a [`KeyBook`](super::KeyBook).

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::Millis;
use crate::{
    report::{KeyId, Owner},
    store::{ApiKey, NewKey, Result, StoreError},
};

const COLUMNS: &str = "SELECT id, owner, scopes, created_at, expires_at, revoked_at FROM api_key";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let scopes: String = row.get(2)?;
    Ok(ApiKey {
        id: KeyId::from_bytes(row.get(0)?),
        owner: Owner::stored(row.get(1)?),
        // a key without a scope allows nothing, and its column is empty
        scopes: scopes.parse().unwrap_or_default(),
        created_at: row.get::<_, Millis>(3)?.0,
        expires_at: row.get::<_, Option<Millis>>(4)?.map(|time| time.0),
        revoked_at: row.get::<_, Option<Millis>>(5)?.map(|time| time.0),
    })
}

/// Makes a key known.
pub(super) fn create(connection: &Connection, new: &NewKey, now: Timestamp) -> Result<ApiKey> {
    let id = KeyId::generate();
    connection
        .prepare_cached(
            "INSERT INTO api_key (id, hash, owner, scopes, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id.as_bytes().as_slice(),
            new.hash.as_slice(),
            new.owner.name(),
            new.scopes.to_string(),
            Millis(now),
            new.expires_at.map(Millis),
        ])?;
    fetch(connection, id)
}

/// The key with this hash.
pub(super) fn of_hash(connection: &Connection, hash: [u8; 32]) -> Result<Option<ApiKey>> {
    let key = connection
        .prepare_cached(&format!("{COLUMNS} WHERE hash = ?1"))?
        .query_row([hash.as_slice()], read)
        .optional()?;
    Ok(key)
}

/// All of them, the oldest first.
pub(super) fn all(connection: &Connection) -> Result<Vec<ApiKey>> {
    let all = connection
        .prepare_cached(&format!("{COLUMNS} ORDER BY id"))?
        .query_map([], read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(all)
}

/// Revokes it.
pub(super) fn revoke(connection: &Connection, id: KeyId, now: Timestamp) -> Result<ApiKey> {
    connection
        .prepare_cached("UPDATE api_key SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1")?
        .execute(params![id.as_bytes().as_slice(), Millis(now)])?;
    fetch(connection, id)
}

fn fetch(connection: &Connection, id: KeyId) -> Result<ApiKey> {
    connection
        .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_row([id.as_bytes().as_slice()], read)
        .optional()?
        .ok_or(StoreError::NotFound)
}
