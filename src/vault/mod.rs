//! What this installation keeps to itself: secrets that it makes once, and that every node of it has to have.
//!
//! Each has a name and a content, and comes to whoever uses it through a [`Vault`]: the signatures of links and of
//! callbacks, and the key with which secrets of endpoints are encrypted. Which vault it is, is decided where a server is
//! put together. [`Folder`] keeps each in a file. [`Sealed`] goes around a vault that others can read, such as a database.
//!
//! A vault knows nothing of what it keeps. Whoever keeps something checks what comes back.

mod folder;
mod sealed;
mod sealer;

use std::error::Error;

use async_trait::async_trait;

pub use folder::Folder;
pub use sealed::Sealed;
pub use sealer::{Broken, Sealer};

/// What is kept in a vault, by name: all that an installation keeps to itself.
pub const NAMES: [&str; 3] = ["link.secret", "seal.secret", "webhook.secret"];

/// A place for secrets. All nodes of an installation see the same content under the same name.
///
/// Names are those of files, as in `link.secret`, and fixed: nothing that a client says is ever one. A call ends by itself,
/// also when the place does not answer, because the start of a server waits for it.
#[async_trait]
pub trait Vault: Send + Sync {
    /// What is kept under `name`, if anything is.
    ///
    /// # Errors
    ///
    /// [`VaultError`], as for the other two.
    async fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, VaultError>;

    /// Keeps `content` under `name` if nothing is there, and returns what is there then. It outlives a crash from the moment
    /// it is returned. Of many calls at once, on one node or on several, one wins and all return its content: two nodes that
    /// start for the first time would otherwise sign with two secrets.
    async fn keep(&self, name: &'static str, content: Vec<u8>) -> Result<Vec<u8>, VaultError>;

    /// Puts `content` in the place of what is there, or where nothing is. Whoever reads sees the one or the other, whole. Of
    /// two calls at once the last one wins.
    async fn replace(&self, name: &'static str, content: Vec<u8>) -> Result<(), VaultError>;
}

#[async_trait]
impl<V: Vault> Vault for std::sync::Arc<V> {
    async fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, VaultError> {
        V::read(self, name).await
    }

    async fn keep(&self, name: &'static str, content: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        V::keep(self, name, content).await
    }

    async fn replace(&self, name: &'static str, content: Vec<u8>) -> Result<(), VaultError> {
        V::replace(self, name, content).await
    }
}

/// Why a secret cannot be had. None of them says what is in it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The place cannot be read or written, or does not answer. Made by vaults.
    #[error("cannot read or write {name}")]
    Place {
        /// Which secret.
        name: &'static str,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// It was sealed with another secret than ours. Made by [`Sealed`].
    #[error("{0} was sealed with another secret; is `secret` the same on all nodes?")]
    OtherSecret(&'static str),
    /// It was sealed with ours, and is not what it was. Made by [`Sealed`].
    #[error("{0} is damaged: it was changed or cut off since it was sealed")]
    Damaged(&'static str),
    /// It is there, and is not what it has to be. Made by those who use it.
    #[error("{name} must hold {expected}")]
    Unfit {
        /// Which secret.
        name: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
}
