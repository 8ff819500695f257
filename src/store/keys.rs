//! API keys: who may come in with one.

use async_trait::async_trait;
use jiff::Timestamp;

use super::Result;
use crate::report::{KeyId, Owner, Scopes};

/// The promises about keys that every engine keeps. Only the hash of a key is ever stored.
#[async_trait]
pub trait Keys: Send + Sync + 'static {
    /// Makes a key known.
    async fn create_key(&self, key: NewKey) -> Result<ApiKey>;

    /// The key with this hash, if there is one. It may be revoked or expired.
    async fn key_of(&self, hash: [u8; 32]) -> Result<Option<ApiKey>>;

    /// All of them, the oldest first, revoked ones too.
    async fn keys(&self) -> Result<Vec<ApiKey>>;

    /// Revokes it from now on. Idempotent.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`](super::StoreError::NotFound).
    async fn revoke_key(&self, id: KeyId) -> Result<ApiKey>;
}

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its name.
    pub id: KeyId,
    /// Whose it is.
    pub owner: Owner,
    /// What it allows.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
    /// Since when it is revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A key to be made known.
#[derive(Clone)]
pub struct NewKey {
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// Whose it is.
    pub owner: Owner,
    /// What it allows.
    pub scopes: Scopes,
    /// From when it is no longer valid.
    pub expires_at: Option<Timestamp>,
}
