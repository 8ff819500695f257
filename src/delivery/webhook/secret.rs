//! The key with which an endpoint's webhooks are signed.

use std::str::FromStr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use standardwebhooks::Webhook;
use uuid::Uuid;

use crate::vault::{Vault, VaultError};

const PREFIX: &str = "whsec_";

/// A signing secret: 24 to 64 bytes, written `whsec_` and then in base64 (Standard Webhooks 1.0, “Signature scheme”).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The text is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret is whsec_ and 24 to 64 bytes in base64")]
pub struct NoSecret;

impl Secret {
    /// A fresh secret of 32 bytes, from the randomness of the operating system.
    pub fn generate() -> Self {
        // 122 random bits each
        Self([Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|half| *half.as_bytes()).collect())
    }

    /// The secret of this installation, which signs what goes to the callback URL of a request: `webhook.secret` in `vault`,
    /// made if there is none. It is kept as the text that has to reach the receivers, with a line end.
    ///
    /// # Errors
    ///
    /// What the vault says; what is no such text is [`VaultError::Unfit`].
    pub async fn open(vault: &dyn Vault) -> Result<Self, VaultError> {
        const NAME: &str = "webhook.secret";
        let fresh = format!("{}\n", Self::generate().expose()).into_bytes();
        let kept = vault.keep(NAME, fresh).await?;
        let text = std::str::from_utf8(&kept).map(str::trim).unwrap_or_default();
        let unfit = VaultError::Unfit { name: NAME, expected: "whsec_ and 24 to 64 bytes in base64" };
        text.parse().map_err(|_| unfit)
    }

    /// The text by which the receiver knows it. Named so that nobody writes it into a log unawares: there is
    /// no `Display`.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The signature of one message, as in `v1,…`.
    pub(super) fn sign(&self, event_id: &str, at: i64, body: &[u8]) -> Option<String> {
        Webhook::from_bytes(self.0.clone()).and_then(|key| key.sign(event_id, at, body)).ok()
    }
}

impl FromStr for Secret {
    type Err = NoSecret;

    fn from_str(text: &str) -> Result<Self, NoSecret> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).ok_or(NoSecret)?).map_err(|_| NoSecret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(NoSecret) }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_written_and_never_the_same_twice() {
        let secret = Secret::generate();
        assert_eq!(secret.expose().parse(), Ok(secret.clone()));
        assert_eq!(STANDARD.decode(&secret.expose()[6..]).unwrap().len(), 32);
        assert_ne!(Secret::generate(), secret);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn what_is_too_short_too_long_or_not_base64_is_no_secret() {
        let of = |length| format!("whsec_{}", STANDARD.encode(vec![7; length]));
        for good in [24, 64] {
            assert!(of(good).parse::<Secret>().is_ok(), "{good}");
        }
        for bad in [of(23), of(65), of(0), of(32).replace("whsec_", ""), "whsec_!".into(), "".into()] {
            assert_eq!(bad.parse::<Secret>(), Err(NoSecret), "{bad}");
        }
    }

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // the example of the published libraries
        let secret: Secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".parse().unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        assert_eq!(
            secret.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body).as_deref(),
            Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")
        );
    }
}
