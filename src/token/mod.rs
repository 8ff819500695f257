//! Signatures that let a link stand for itself: each allows one action on one report, for a time.
//!
//! ```text
//! token = base64url(secret's number · time at which it ends · HMAC-SHA-256 of action, report and that time)
//! ```
//!
//! The secret can be changed while links that were made with the one before stay valid for as long as one chooses.

mod secrets;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use tokio_util::sync::CancellationToken;

use secrets::Secret;
pub use secrets::rotate;

use crate::{
    report::{Problem, ReportId},
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
    /// Where the secrets are, if they are in a file.
    folder: Option<PathBuf>,
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
        Self { keys: Arc::new(RwLock::new(keys(&[Secret::of(*secret)]))), folder: None }
    }

    /// The signer of the installation in `folder`: reads its secrets, or makes one if there is none.
    ///
    /// # Errors
    ///
    /// What the file system says; what is no file of secrets is `InvalidData`.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        let keys = keys(&secrets::open(folder)?);
        Ok(Self { keys: Arc::new(RwLock::new(keys)), folder: Some(folder.into()) })
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

    /// Takes the file up again whenever it changes, until `stop`. One that cannot be read changes nothing.
    pub async fn follow(self, stop: CancellationToken) {
        let Some(folder) = &self.folder else { return };
        let following = watched::follow(|| secrets::text(folder), || self.take_up(folder));
        stop.run_until_cancelled(following).await;
    }

    fn take_up(&self, folder: &Path) {
        // when the file is gone, what was read stays: a new secret would end every link
        if secrets::text(folder).is_none() {
            return tracing::error!(
                "the secrets of links are gone from their folder; a restart would make new ones"
            );
        }
        match secrets::open(folder) {
            Ok(secrets) => {
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys(&secrets);
                tracing::info!("the secrets of links were taken up again");
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the secrets of links stay as they were"
                );
            }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_allows_one_action_on_one_report_until_its_time_is_over() {
        let signer = Signer::new(&[7; 32]);
        let (id, other) = (ReportId::generate(), ReportId::generate());
        let token = signer.sign(Action::Follow, id, at(100));
        let check = |token: &str, action, id| signer.check(token, action, id, at(99));

        assert_eq!(check(&token, Action::Follow, id), Ok(at(100)));
        assert_eq!(signer.check(&token, Action::Follow, id, at(100)), Err(BadLink::Expired));
        assert_eq!(check(&token, Action::Download, id), Err(BadLink::Forged));
        assert_eq!(check(&token, Action::Follow, other), Err(BadLink::Forged));
        for broken in ["", ".", &token[..token.len() - 1], &format!("{token}A"), &"A".repeat(token.len())] {
            assert_eq!(check(broken, Action::Follow, id), Err(BadLink::Forged), "{broken}");
        }
        let foreign = Signer::new(&[8; 32]);
        assert_eq!(foreign.check(&token, Action::Follow, id, at(99)), Err(BadLink::Forged));
    }

    #[test]
    fn no_bit_of_a_token_can_be_changed() {
        let signer = Signer::new(&[7; 32]);
        let id = ReportId::generate();
        let token = URL_SAFE_NO_PAD.decode(signer.sign(Action::Download, id, at(100))).unwrap();
        for bit in 0..8 * token.len() {
            let mut changed = token.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = URL_SAFE_NO_PAD.encode(changed);
            // an expired one that is forged is forged: whether a time is over is told of our own only
            assert_eq!(
                signer.check(&changed, Action::Download, id, at(99)),
                Err(BadLink::Forged),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_secret_that_was_changed_is_valid_for_as_long_as_was_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let id = ReportId::generate();
        let old = Signer::open(folder.path()).unwrap().sign(Action::Download, id, at(1000));
        rotate(folder.path(), at(10), Duration::from_secs(20)).unwrap();
        let again = Signer::open(folder.path()).unwrap();
        assert_eq!(again.check(&old, Action::Download, id, at(29)), Ok(at(30)), "and no longer");
        assert_eq!(again.check(&old, Action::Download, id, at(30)), Err(BadLink::Expired));
        let new = again.sign(Action::Download, id, at(1000));
        assert_eq!(again.check(&new, Action::Download, id, at(999)), Ok(at(1000)));
        rotate(folder.path(), at(40), Duration::ZERO).unwrap();
        let third = Signer::open(folder.path()).unwrap();
        assert_eq!(third.check(&old, Action::Download, id, at(41)), Err(BadLink::Forged), "it is forgotten");
        assert_eq!(third.check(&new, Action::Download, id, at(41)), Err(BadLink::Expired));
    }

    #[test]
    fn what_is_no_file_of_secrets_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["short", "[]", "[{\"secret\":\"AAAA\"}]", "{}"] {
            std::fs::write(folder.path().join("link.secret"), text).unwrap();
            let error = Signer::open(folder.path()).unwrap_err().to_string();
            assert!(error.contains("link.secret"), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_takes_up_a_new_secret_while_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let id = ReportId::generate();
        let signer = Signer::open(folder.path()).unwrap();
        let old = signer.sign(Action::Follow, id, at(1000));
        let stop = CancellationToken::new();
        let following = tokio::spawn(signer.clone().follow(stop.clone()));
        tokio::task::yield_now().await;
        rotate(folder.path(), at(10), Duration::ZERO).unwrap();
        while signer.check(&old, Action::Follow, id, at(11)).is_ok() {
            // time is paused: it moves on when everybody waits
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        stop.cancel();
        following.await.unwrap();
    }
}
