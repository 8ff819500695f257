//! Secrets that have to be kept in a form that can be read again: encrypted, with a key that lies apart, so that neither
//! the database nor a copy of it gives them away.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf,
    rand::{SecureRandom as _, SystemRandom},
};
use sha2::{Digest as _, Sha256};

use super::{Vault, VaultError};

const KEY_LEN: usize = 32;

/// The length of the number of a key.
pub(super) const NUMBER_LEN: usize = 8;

/// Encrypts and decrypts (ChaCha20-Poly1305, RFC 8439) with one key.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<LessSafeKey>,
    number: [u8; NUMBER_LEN],
}

/// What was sealed cannot be opened: it is not ours, or it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret in the store cannot be decrypted; was seal.secret replaced?")]
pub struct Broken;

impl Sealer {
    /// The sealer of this installation, for what is in its store: its key is `seal.secret` in `vault`, made if there is none.
    ///
    /// # Errors
    ///
    /// What the vault says; a key of the wrong length is [`VaultError::Unfit`].
    pub async fn open(vault: &dyn Vault) -> Result<Self, VaultError> {
        const NAME: &str = "seal.secret";
        let mut fresh = vec![0; KEY_LEN];
        randomise(&mut fresh);
        let key = vault.keep(NAME, fresh).await?;
        let key =
            key.try_into().map_err(|_| VaultError::Unfit { name: NAME, expected: "exactly 32 bytes" })?;
        Ok(Self::of(&key))
    }

    /// The sealer that every node derives from the `secret` of the installation, for what is in a vault that they share
    /// (HKDF-SHA-256, RFC 5869). It goes with [`Sealed`](super::Sealed), and seals nothing else.
    pub fn from_master(secret: &str) -> Self {
        // never changed: with another label, no installation opens what it has
        const LABEL: &[u8] = b"reportwire vault 1";
        // no salt: nodes share nothing yet, and the secret is random
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret.as_bytes());
        let mut key = [0; KEY_LEN];
        extracted
            .expand(&[LABEL], hkdf::HKDF_SHA256)
            .and_then(|expanded| expanded.fill(&mut key))
            .expect("a key has the length of the hash");
        Self::of(&key)
    }

    fn of(key: &[u8; KEY_LEN]) -> Self {
        let digest: [u8; 32] = Sha256::new().chain_update(b"number\n").chain_update(key).finalize().into();
        let mut number = [0; NUMBER_LEN];
        number.copy_from_slice(&digest[..NUMBER_LEN]);
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).expect("it has the length of a key");
        Self { key: Arc::new(LessSafeKey::new(key)), number }
    }

    /// By which one key is told from another. It tells nothing about the key.
    pub(super) fn number(&self) -> [u8; NUMBER_LEN] {
        self.number
    }

    /// `content`, for whoever opens it as `what` it is: the nonce, the ciphertext and the tag.
    pub(super) fn encrypt(&self, what: &[u8], content: &[u8]) -> Vec<u8> {
        let mut sealed = vec![0; NONCE_LEN];
        randomise(&mut sealed);
        let nonce = Nonce::try_assume_unique_for_key(&sealed).expect("it has the length of a nonce");
        let mut text = content.to_vec();
        self.key
            .seal_in_place_append_tag(nonce, Aad::from(what), &mut text)
            .expect("a secret is shorter than the cipher can take");
        sealed.append(&mut text);
        sealed
    }

    /// The content that was encrypted as `what`.
    pub(super) fn decrypt(&self, what: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut text = text.to_vec();
        let content = self.key.open_in_place(nonce, Aad::from(what), &mut text).map_err(|_| Broken)?;
        Ok(content.to_vec())
    }

    /// `secret` as text that can be kept. Sealing it again gives another text.
    pub fn seal(&self, secret: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.encrypt(&[], secret.as_bytes()))
    }

    /// The secret in `sealed`.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn unseal(&self, sealed: &str) -> Result<String, Broken> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Broken)?;
        String::from_utf8(self.decrypt(&[], &sealed)?).map_err(|_| Broken)
    }
}

fn randomise(bytes: &mut [u8]) {
    SystemRandom::new().fill(bytes).expect("the operating system has random numbers");
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Folder, Sealed},
        *,
    };

    async fn of(folder: &tempfile::TempDir) -> Sealer {
        Sealer::open(&Folder::new(folder.path())).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_sealed_is_opened_by_the_same_installation_and_nobody_else() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealer = of(&folder).await;
        let sealed = sealer.seal("whsec_abc");
        assert!(!sealed.contains("abc"));
        assert_ne!(sealed, sealer.seal("whsec_abc"), "two that are alike do not look alike");
        let again = of(&folder).await;
        assert_eq!(again.unseal(&sealed).as_deref(), Ok("whsec_abc"));
        assert_eq!(of(&other).await.unseal(&sealed), Err(Broken));
        let mut changed = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        for at in 0..changed.len() {
            changed[at] ^= 1;
            assert_eq!(again.unseal(&URL_SAFE_NO_PAD.encode(&changed)), Err(Broken), "byte {at}");
            changed[at] ^= 1;
        }
        for broken in ["", "AAAA", "whsec_abc", &sealed[..20]] {
            assert_eq!(again.unseal(broken), Err(Broken));
        }
    }

    // the next two were computed with another implementation; whoever changes them locks installations out
    #[tokio::test]
    async fn what_is_in_stores_is_opened_by_every_release() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("seal.secret"), [7; 32]).unwrap();
        let sealed = "AAECAwQFBgcICQoLWx2CRg_Ezk50s2qVsCT4-jPe7cMuNFvILQ";
        assert_eq!(of(&folder).await.unseal(sealed).as_deref(), Ok("whsec_abc"));
    }

    #[tokio::test]
    async fn what_is_in_shared_vaults_is_opened_by_every_release() {
        let folder = tempfile::tempdir().unwrap();
        let inside = "_ybA8ulhFKwAAQIDBAUGBwgJCgvP2-yPfyus8DtHvnfUCxlO0z03zZdfpXq_piLJH9mfMJFWGXUlmyFKew";
        std::fs::write(folder.path().join("some.secret"), URL_SAFE_NO_PAD.decode(inside).unwrap()).unwrap();
        let sealer = Sealer::from_master("correct horse battery staple, and more");
        let vault = Sealed::new(Folder::new(folder.path()), sealer);
        assert_eq!(vault.read("some.secret").await.unwrap().unwrap(), b"kept by the first release");
    }

    #[tokio::test]
    async fn a_key_of_another_length_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for length in [0, 31, 33] {
            let path = folder.path().join("seal.secret");
            std::fs::write(&path, vec![7; length]).unwrap();
            let error = Sealer::open(&Folder::new(folder.path())).await.unwrap_err();
            assert_eq!(error.to_string(), "seal.secret must hold exactly 32 bytes");
            assert_eq!(std::fs::read(&path).unwrap().len(), length);
        }
    }
}
