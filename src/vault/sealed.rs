//! A vault that others can read, and that tells them nothing.
//!
//! ```text
//! content inside = number of the sealer's key (8) · nonce (12) · ChaCha20-Poly1305 of the content, bound to its name (… + 16)
//! ```

use async_trait::async_trait;

use super::{Sealer, Vault, VaultError, sealer::NUMBER_LEN};

/// Seals what goes into `V`, and opens what comes out of it. Whoever holds `V` can neither read nor change a secret, nor
/// put one in the place of another; they can take one away, or put back an older one.
pub struct Sealed<V> {
    inner: V,
    sealer: Sealer,
}

impl<V: Vault> Sealed<V> {
    /// What is in `inner`, for whoever has this sealer. It has to be the same on all nodes ([`Sealer::from_master`]).
    pub fn new(inner: V, sealer: Sealer) -> Self {
        Self { inner, sealer }
    }

    fn seal(&self, name: &'static str, content: &[u8]) -> Vec<u8> {
        let mut sealed = self.sealer.number().to_vec();
        sealed.extend(self.sealer.encrypt(name.as_bytes(), content));
        sealed
    }

    fn open(&self, name: &'static str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (number, rest) = sealed.split_first_chunk::<NUMBER_LEN>().ok_or(VaultError::Damaged(name))?;
        let is_ours = *number == self.sealer.number();
        // tried in any case: a number that is not ours before what only our key opens is damage, too
        match self.sealer.decrypt(name.as_bytes(), rest) {
            Ok(content) if is_ours => Ok(content),
            Err(_) if !is_ours => Err(VaultError::OtherSecret(name)),
            _ => Err(VaultError::Damaged(name)),
        }
    }
}

#[async_trait]
impl<V: Vault> Vault for Sealed<V> {
    async fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, VaultError> {
        let sealed = self.inner.read(name).await?;
        sealed.map(|sealed| self.open(name, &sealed)).transpose()
    }

    async fn keep(&self, name: &'static str, content: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let kept = self.inner.keep(name, self.seal(name, &content)).await?;
        self.open(name, &kept)
    }

    async fn replace(&self, name: &'static str, content: Vec<u8>) -> Result<(), VaultError> {
        // a node with another secret must not lock out those who have the right one
        self.read(name).await?;
        self.inner.replace(name, self.seal(name, &content)).await
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Folder, *};

    const NAME: &str = "some.secret";
    const MASTER: &str = "correct horse battery staple, and more";

    fn sealed(folder: &tempfile::TempDir, master: &str) -> Sealed<Folder> {
        Sealed::new(Folder::new(folder.path()), Sealer::from_master(master))
    }

    #[tokio::test]
    async fn what_is_kept_comes_back_and_cannot_be_read_inside() {
        let folder = tempfile::tempdir().unwrap();
        let (vault, inner) = (sealed(&folder, MASTER), Folder::new(folder.path()));
        assert_eq!(vault.read(NAME).await.unwrap(), None);
        assert_eq!(vault.keep(NAME, b"the first".to_vec()).await.unwrap(), b"the first");
        let other_node = sealed(&folder, MASTER);
        assert_eq!(other_node.keep(NAME, b"the second".to_vec()).await.unwrap(), b"the first");
        let before = inner.read(NAME).await.unwrap().unwrap();
        other_node.replace(NAME, b"the third".to_vec()).await.unwrap();
        assert_eq!(vault.read(NAME).await.unwrap().unwrap(), b"the third");
        let after = inner.read(NAME).await.unwrap().unwrap();
        for inside in [before, after] {
            assert!(!inside.windows(4).any(|part| part == b"the "), "{inside:?}");
        }
    }

    #[tokio::test]
    async fn another_master_secret_is_told_as_that_and_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let right = sealed(&folder, MASTER);
        right.keep(NAME, b"ours".to_vec()).await.unwrap();
        let wrong = sealed(&folder, "correct horse battery staple, and less");
        let errors = [
            wrong.read(NAME).await.unwrap_err(),
            wrong.keep(NAME, b"theirs".to_vec()).await.unwrap_err(),
            wrong.replace(NAME, b"theirs".to_vec()).await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, VaultError::OtherSecret(NAME)), "{error}");
            let text = error.to_string();
            assert!(text.ends_with("was sealed with another secret; is `secret` the same on all nodes?"));
        }
        assert_eq!(right.read(NAME).await.unwrap().unwrap(), b"ours");
    }

    #[tokio::test]
    async fn damage_is_told_as_damage_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (vault, inner) = (sealed(&folder, MASTER), Folder::new(folder.path()));
        vault.keep(NAME, b"ours".to_vec()).await.unwrap();
        let whole = inner.read(NAME).await.unwrap().unwrap();
        let flipped = (0..whole.len()).map(|at| {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            changed
        });
        let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
        for (number, damaged) in flipped.chain(cut).enumerate() {
            inner.replace(NAME, damaged).await.unwrap();
            let error = vault.read(NAME).await.unwrap_err();
            assert!(matches!(error, VaultError::Damaged(NAME)), "{number}: {error}");
        }
    }

    #[tokio::test]
    async fn one_secret_is_not_taken_for_another() {
        let folder = tempfile::tempdir().unwrap();
        let (vault, inner) = (sealed(&folder, MASTER), Folder::new(folder.path()));
        vault.keep("other.secret", b"of another use".to_vec()).await.unwrap();
        let swapped = inner.read("other.secret").await.unwrap().unwrap();
        inner.replace(NAME, swapped).await.unwrap();
        assert!(matches!(vault.read(NAME).await.unwrap_err(), VaultError::Damaged(NAME)));
    }
}
