//! The secrets of links as they are kept.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::vault::{Vault, VaultError};

const NAME: &str = "link.secret";

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

/// The text of the secrets in `vault`; made if there is none.
pub(super) async fn open(vault: &dyn Vault) -> Result<Vec<u8>, VaultError> {
    vault.keep(NAME, text(&[Secret::generate()])).await
}

/// The secrets in a text, the one that signs first.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Secret>, VaultError> {
    let secrets: Option<Vec<Secret>> = serde_json::from_slice(text).ok();
    secrets.filter(|secrets| !secrets.is_empty()).ok_or(VaultError::Unfit {
        name: NAME,
        expected: "a list of secrets as `reportwire links rotate` writes it",
    })
}

fn text(secrets: &[Secret]) -> Vec<u8> {
    serde_json::to_vec(secrets).expect("secrets are texts and times")
}

/// Signs with a new secret from now on. Links of those before it are valid for as long as `overlap`, those that are
/// so no longer are forgotten. Every server of the installation takes it up within a second or so.
///
/// # Errors
///
/// What the vault says; what is no list of secrets is [`VaultError::Unfit`]. Then they are as they were.
pub async fn rotate(vault: &dyn Vault, now: Timestamp, overlap: Duration) -> Result<(), VaultError> {
    let mut secrets = parse(&open(vault).await?)?;
    let end = now + SignedDuration::try_from(overlap).unwrap_or(SignedDuration::MAX);
    for secret in &mut secrets {
        secret.until = Some(secret.until.map_or(end, |until| until.min(end)));
    }
    // one that ends now is still named: its links are told to have expired, and not to be forged
    secrets.retain(|secret| secret.until.is_none_or(|until| now <= until));
    secrets.insert(0, Secret::generate());
    vault.replace(NAME, text(&secrets)).await
}

/// What is found in a vault while a server runs.
pub(super) enum Found {
    /// A text, which may be one of secrets.
    Text(Vec<u8>),
    Nothing,
    Unknown(VaultError),
}

impl Found {
    pub(super) async fn in_vault(vault: &dyn Vault) -> Self {
        match vault.read(NAME).await {
            Ok(Some(text)) => Self::Text(text),
            Ok(None) => Self::Nothing,
            Err(error) => Self::Unknown(error),
        }
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            // one failure is like another: a vault that is away for an hour is said once, however it is away
            (Self::Nothing, Self::Nothing) | (Self::Unknown(_), Self::Unknown(_)) => true,
            _ => false,
        }
    }
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
