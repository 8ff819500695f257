//! Signatures that let a link stand for itself: each allows one action on one report.
//!
//! A token carries no time of its own. It dies with its report, whose record is read for every use of it
//! anyway; a time in it would be another one than the report's as soon as that moves.

use std::{io, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    report::{Problem, ReportId},
    secret_file,
};

/// What a link allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Opening the WebSocket.
    Follow,
    /// Fetching the finished file or the model.
    Download,
}

/// The token was not signed by us for this report and this action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the link's token is not valid for this report")]
pub struct Forged;

impl From<Forged> for Problem {
    fn from(error: Forged) -> Self {
        let detail = format!("{error}; read the report again for a fresh link");
        Self::new("bad-link", 403, "Link not valid", detail)
    }
}

/// Signs and checks tokens with the secret of this installation.
#[derive(Clone)]
pub struct Signer {
    // keyed once: a clone of it costs a copy, a new one two blocks of SHA-256
    keyed: Hmac<Sha256>,
}

impl Signer {
    /// A signer with this secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { keyed: Hmac::new_from_slice(secret).expect("HMAC takes a key of any length") }
    }

    /// The signer of the installation in `folder`: reads its secret, or makes one if there is none.
    ///
    /// # Errors
    ///
    /// What the file system says; a secret of the wrong length is `InvalidData`.
    pub fn open(folder: &Path) -> io::Result<Self> {
        const FILE: &str = "link.secret";
        // 122 random bits each, from the operating system
        let make = || [Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|half| *half.as_bytes()).collect();
        let bytes = secret_file::read_or_make(folder, FILE, make)?;
        let secret = <&[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| secret_file::unreadable(folder, FILE, "exactly 32 bytes"))?;
        Ok(Self::new(secret))
    }

    /// The token that allows `action` on `id`.
    pub fn sign(&self, action: Action, id: ReportId) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(action, id).finalize().into_bytes())
    }

    /// Whether `token` allows `action` on `id`.
    ///
    /// # Errors
    ///
    /// [`Forged`].
    pub fn check(&self, token: &str, action: Action, id: ReportId) -> Result<(), Forged> {
        let signature = URL_SAFE_NO_PAD.decode(token).map_err(|_| Forged)?;
        // compares in constant time
        self.mac(action, id).verify_slice(&signature).map_err(|_| Forged)
    }

    fn mac(&self, action: Action, id: ReportId) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(match action {
            Action::Follow => b"follow\n",
            Action::Download => b"download\n",
        });
        mac.update(id.as_bytes());
        mac
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_allows_one_action_on_one_report() {
        let signer = Signer::new(&[7; 32]);
        let (id, other) = (ReportId::generate(), ReportId::generate());
        let token = signer.sign(Action::Follow, id);

        assert_eq!(signer.check(&token, Action::Follow, id), Ok(()));
        assert_eq!(signer.check(&token, Action::Download, id), Err(Forged));
        assert_eq!(signer.check(&token, Action::Follow, other), Err(Forged));
        for broken in ["", ".", &token[..token.len() - 1], &format!("{token}A")] {
            assert_eq!(signer.check(broken, Action::Follow, id), Err(Forged), "{broken}");
        }
        assert_eq!(Signer::new(&[8; 32]).check(&token, Action::Follow, id), Err(Forged));
    }

    #[test]
    fn the_secret_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let id = ReportId::generate();
        let token = Signer::open(folder.path()).unwrap().sign(Action::Download, id);
        let again = Signer::open(folder.path()).unwrap();
        assert_eq!(again.check(&token, Action::Download, id), Ok(()));
        std::fs::write(folder.path().join("link.secret"), b"short").unwrap();
        assert!(Signer::open(folder.path()).is_err());
    }
}
