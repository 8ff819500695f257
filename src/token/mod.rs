//! Signatures that let a link stand for itself: each allows one action on one report, for a time.
//!
//! ```text
//! token = base64url(secret's number · time at which it ends · HMAC-SHA-256 of action, report and that time)
//! ```
//!
//! The secret can be changed while links that were made with the one before stay valid for as long as one chooses.

mod secrets;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

pub use secrets::rotate;
use secrets::{Found, Secret};

use crate::{
    report::{Problem, ReportId},
    vault::{Vault, VaultError},
    watched,
};

/// What a link allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Following the report: its WebSocket, its events, and saying that one knows.
    Follow,
    /// Fetching the finished file or the model.
    Download,
}

/// Why a link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// The token was not signed by us for this report and this action.
    #[error("the link's token is not valid for this report")]
    Forged,
    /// It was, and its time is over.
    #[error("the link has expired")]
    Expired,
}

impl From<BadLink> for Problem {
    fn from(error: BadLink) -> Self {
        let detail = format!("{error}; read the report again for a fresh link");
        let slug = match error {
            BadLink::Forged => "bad-link",
            BadLink::Expired => "link-expired",
        };
        Self::new(slug, 403, "Link not valid", detail)
    }
}

/// Signs and checks tokens with the secrets of this installation.
#[derive(Clone)]
pub struct Signer {
    keys: Arc<RwLock<Arc<[Key]>>>,
    /// Where the secrets are kept, and as which text they were; `None` for one that was handed over.
    kept: Option<(Arc<dyn Vault>, Vec<u8>)>,
}

/// The first key signs; all of them check, as long as they are valid.
struct Key {
    number: [u8; 4],
    // keyed once: a clone of it costs a copy, a new one two blocks of SHA-256
    keyed: Hmac<Sha256>,
    until: Option<Timestamp>,
}

/// The length of a token in bytes, before it becomes text.
const LENGTH: usize = 4 + 4 + 32;

impl Signer {
    /// A signer with this secret alone.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { keys: Arc::new(RwLock::new(keys(&[Secret::of(*secret)]))), kept: None }
    }

    /// The signer of this installation: its secrets are `link.secret` in `vault`, made if there is none.
    ///
    /// # Errors
    ///
    /// What the vault says; what is no list of secrets is [`VaultError::Unfit`].
    pub async fn open(vault: Arc<dyn Vault>) -> Result<Self, VaultError> {
        let text = secrets::open(&*vault).await?;
        let keys = keys(&secrets::parse(&text)?);
        Ok(Self { keys: Arc::new(RwLock::new(keys)), kept: Some((vault, text)) })
    }

    /// The token that allows `action` on `id` until `until`, in whole seconds.
    pub fn sign(&self, action: Action, id: ReportId, until: Timestamp) -> String {
        let until = u32::try_from(until.as_second().max(0)).unwrap_or(u32::MAX).to_be_bytes();
        let keys = self.keys();
        // there is always one; a token of none would be one that nobody takes
        let Some(key) = keys.first() else { return String::new() };
        let mut token = Vec::with_capacity(LENGTH);
        token.extend(key.number);
        token.extend(until);
        token.extend(mac(key, action, id, until).finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Until when `token` allows `action` on `id`.
    ///
    /// # Errors
    ///
    /// [`BadLink`]. It says that a token has expired only of one that was ours.
    pub fn check(
        &self,
        token: &str,
        action: Action,
        id: ReportId,
        now: Timestamp,
    ) -> Result<Timestamp, BadLink> {
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadLink::Forged)?;
        let token = <&[u8; LENGTH]>::try_from(token.as_slice()).map_err(|_| BadLink::Forged)?;
        let (number, rest) = token.split_first_chunk::<4>().ok_or(BadLink::Forged)?;
        let (until, signature) = rest.split_first_chunk::<4>().ok_or(BadLink::Forged)?;
        let keys = self.keys();
        let key = keys.iter().find(|key| key.number == *number).ok_or(BadLink::Forged)?;
        // compares in constant time
        mac(key, action, id, *until).verify_slice(signature).map_err(|_| BadLink::Forged)?;
        let until = Timestamp::from_second(u32::from_be_bytes(*until).into()).unwrap_or(Timestamp::MIN);
        let until = key.until.map_or(until, |end| end.min(until));
        if now < until { Ok(until) } else { Err(BadLink::Expired) }
    }

    /// Takes the secrets up again whenever they change, until `stop`. Those that cannot be read change nothing.
    pub async fn follow(self, stop: CancellationToken) {
        let Some((vault, text)) = &self.kept else { return };
        // a change since they were read is one, too
        let seen = Found::Text(text.clone());
        let following = watched::follow(seen, || Found::in_vault(&**vault), |found| self.take_up(found));
        stop.run_until_cancelled(following).await;
    }

    fn take_up(&self, found: &Found) {
        let stay = |error: &VaultError| {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "the secrets of links stay as they were"
            );
        };
        let text = match found {
            Found::Text(text) => text,
            // what was read stays: a new secret would end every link
            Found::Nothing => {
                return tracing::error!("the secrets of links are gone; a restart would make new ones");
            }
            Found::Unknown(error) => return stay(error),
        };
        match secrets::parse(text) {
            Ok(secrets) => {
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys(&secrets);
                tracing::info!("the secrets of links were taken up again");
            }
            Err(error) => stay(&error),
        }
    }

    fn keys(&self) -> Arc<[Key]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn keys(secrets: &[Secret]) -> Arc<[Key]> {
    let key = |secret: &Secret| Key {
        number: secret.number(),
        keyed: Hmac::new_from_slice(&secret.bytes).expect("HMAC takes a key of any length"),
        until: secret.until,
    };
    secrets.iter().map(key).collect()
}

fn mac(key: &Key, action: Action, id: ReportId, until: [u8; 4]) -> Hmac<Sha256> {
    let mut mac = key.keyed.clone();
    mac.update(match action {
        Action::Follow => b"follow\n",
        Action::Download => b"download\n",
    });
    mac.update(id.as_bytes());
    mac.update(&until);
    mac
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}
