//! Secrets that have to be kept in a form that can be read again: encrypted, with a key in a file of its own, so that
//! neither the database nor a copy of it gives them away.

use std::{io, path::Path, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom as _, SystemRandom},
};

use crate::secret_file;

/// Encrypts and decrypts (ChaCha20-Poly1305, RFC 8439) with the key of this installation.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<LessSafeKey>,
}

/// What was sealed cannot be opened: it is not ours, or it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret in the store cannot be decrypted; was seal.secret replaced?")]
pub struct Broken;

impl Sealer {
    /// The sealer of the installation in `folder`: reads its key, or makes one if there is none.
    ///
    /// # Errors
    ///
    /// What the file system says; a key of the wrong length is `InvalidData`.
    pub fn open(folder: &Path) -> io::Result<Self> {
        const FILE: &str = "seal.secret";
        let make = || {
            let mut key = vec![0; CHACHA20_POLY1305.key_len()];
            // an empty key is refused right below
            if SystemRandom::new().fill(&mut key).is_err() {
                key.clear();
            }
            key
        };
        let bytes = secret_file::read_or_make(folder, FILE, make)?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes)
            .map_err(|_| secret_file::unreadable(folder, FILE, "exactly 32 bytes"))?;
        Ok(Self { key: Arc::new(LessSafeKey::new(key)) })
    }

    /// `secret` as text that can be kept. Sealing it again gives another text.
    pub fn seal(&self, secret: &str) -> String {
        let mut sealed = vec![0; NONCE_LEN];
        SystemRandom::new().fill(&mut sealed).expect("the operating system has random numbers");
        let nonce = Nonce::try_assume_unique_for_key(&sealed).expect("it has the length of a nonce");
        let mut text = secret.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut text)
            .expect("a secret is shorter than the cipher can take");
        sealed.append(&mut text);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The secret in `sealed`.
    ///
    /// # Errors
    ///
    /// [`Broken`].
    pub fn unseal(&self, sealed: &str) -> Result<String, Broken> {
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Broken)?;
        let (nonce, text) = sealed.split_at_mut_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let text = self.key.open_in_place(nonce, Aad::empty(), text).map_err(|_| Broken)?;
        String::from_utf8(text.to_vec()).map_err(|_| Broken)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_by_the_same_installation_and_nobody_else() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealer = Sealer::open(folder.path()).unwrap();
        let sealed = sealer.seal("whsec_abc");
        assert!(!sealed.contains("abc"));
        assert_ne!(sealed, sealer.seal("whsec_abc"), "two that are alike do not look alike");
        let again = Sealer::open(folder.path()).unwrap();
        assert_eq!(again.unseal(&sealed).as_deref(), Ok("whsec_abc"));
        assert_eq!(Sealer::open(other.path()).unwrap().unseal(&sealed), Err(Broken));
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
}
