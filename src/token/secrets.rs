//! The secrets of links in their file.

use std::{fs, io, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::secret_file;

const FILE: &str = "link.secret";

/// A secret, and until when links that it signed are valid.
#[derive(Serialize, Deserialize)]
pub(super) struct Secret {
    #[serde(rename = "secret", with = "base64_text")]
    pub(super) bytes: [u8; 32],
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Timestamp>,
}

impl Secret {
    /// The secret with these bytes, valid without end.
    pub(super) fn of(bytes: [u8; 32]) -> Self {
        Self { bytes, until: None }
    }

    /// By which a token says that this one signed it. It tells nothing about the secret.
    pub(super) fn number(&self) -> [u8; 4] {
        let digest: [u8; 32] =
            Sha256::new().chain_update(b"number\n").chain_update(self.bytes).finalize().into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    fn generate() -> Self {
        // 122 random bits each, from the operating system
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(Uuid::new_v4().as_bytes());
        bytes[16..].copy_from_slice(Uuid::new_v4().as_bytes());
        Self::of(bytes)
    }
}

/// The secrets in `folder`, the one that signs first; made if there is none.
pub(super) fn open(folder: &Path) -> io::Result<Vec<Secret>> {
    let make = || serde_json::to_vec(&[Secret::generate()]).unwrap_or_default();
    let text = secret_file::read_or_make(folder, FILE, make)?;
    let secrets: Vec<Secret> = serde_json::from_slice(&text).map_err(|_| unreadable(folder))?;
    if secrets.is_empty() { Err(unreadable(folder)) } else { Ok(secrets) }
}

/// Signs with a new secret from now on. Links of those before it are valid for as long as `overlap`, those that are
/// so no longer are forgotten. A server that runs in the folder takes it up within a second or so.
///
/// # Errors
///
/// What the file system says; what is no file of secrets is `InvalidData`.
pub fn rotate(folder: &Path, now: Timestamp, overlap: Duration) -> io::Result<()> {
    let mut secrets = open(folder)?;
    let end = now + SignedDuration::try_from(overlap).unwrap_or(SignedDuration::MAX);
    for secret in &mut secrets {
        secret.until = Some(secret.until.map_or(end, |until| until.min(end)));
    }
    // one that ends now is still named: its links are told to have expired, and not to be forged
    secrets.retain(|secret| secret.until.is_none_or(|until| now <= until));
    secrets.insert(0, Secret::generate());
    secret_file::write(folder, FILE, serde_json::to_vec(&secrets)?).map(drop)
}

/// The text of the file.
pub(super) fn text(folder: &Path) -> Option<Vec<u8>> {
    fs::read(folder.join(FILE)).ok()
}

fn unreadable(folder: &Path) -> io::Error {
    secret_file::unreadable(folder, FILE, "a list of secrets as `reportwire links rotate` writes it")
}

/// Bytes as base64url text.
mod base64_text {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or_else(|| D::Error::custom("not 32 bytes in base64url"))
    }
}
