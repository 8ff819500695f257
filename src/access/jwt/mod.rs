//! Tokens (JWT, RFC 7519) that name an owner, verified as RFC 8725 asks.
//!
//! ```text
//! token ──header: which key──► keys (a secret, a file, a JWK set at a URL)
//!       ──signature, issuer, audience──► claims ──times, owner, scopes──► Identity
//! ```
//!
//! Four algorithms, and each key has one: what a token says of itself chooses among our keys and nothing else. Why a
//! token is refused goes to the log at level debug; whoever shows it hears that it is not valid.

mod claims;
mod issuer;
mod keys;

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use self::{claims::Claims, issuer::Issuer, keys::Key};
use super::{Denied, Identity, Proved};
use crate::config::{JwtKey, JwtSettings};

pub use keys::NoKeys;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

/// Verifies tokens.
pub struct Jwt {
    claims: Claims,
    source: Source,
    keys: Arc<Held>,
}

/// The keys of now.
type Held = RwLock<Arc<[Key]>>;

/// Where the keys come from.
enum Source {
    /// They stay what they are.
    Settings,
    /// A file, which may change.
    File(std::path::PathBuf),
    /// The issuer, who may change them.
    Issuer(Arc<Issuer>),
}

impl Jwt {
    /// The verifier that the settings ask for. An issuer whose keys are at a URL is not asked before
    /// [`Jwt::follow`] runs.
    ///
    /// # Errors
    ///
    /// [`NoKeys`], when the key in the settings is none.
    pub fn open(settings: &JwtSettings) -> Result<Self, NoKeys> {
        let (source, keys) = match &settings.key {
            JwtKey::Secret(secret) => (Source::Settings, vec![Key::secret(secret.expose())]),
            JwtKey::File(path) => (Source::File(path.clone()), keys::read(path)?),
            JwtKey::Jwks(url) => (Source::Issuer(Arc::new(Issuer::at(url))), Vec::new()),
        };
        Ok(Self { claims: Claims::of(settings), source, keys: Arc::new(RwLock::new(keys.into())) })
    }

    /// Who shows this token at `now`.
    ///
    /// # Errors
    ///
    /// [`Denied::Invalid`], and [`Denied::Unavailable`] as long as there are no keys to verify it with.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Identity, Denied> {
        if token.len() > LONGEST {
            return Err(invalid("too long"));
        }
        let header = decode_header(token).map_err(|error| invalid(&error))?;
        // RFC 7515, section 4.1.11: what is critical and not understood makes it invalid, and we understand nothing more
        if header.crit.is_some() {
            return Err(invalid("a critical extension"));
        }
        if let Source::Issuer(issuer) = &self.source
            && self.is_unknown(&header)
        {
            let keys = Arc::clone(&self.keys);
            issuer.ask_for_unknown(move |fresh| take_up(&keys, fresh)).await;
            if self.all().is_empty() {
                return Err(Denied::Unavailable);
            }
        }
        // looked for after the question, whoever asked it: those who waited for the answer have it, too
        let keys = self.keys_for(&header);
        let claims = keys.iter().find_map(|key| self.signed(token, key));
        let claims = claims.ok_or_else(|| invalid("no key of ours signed it for us"))?;
        let (owner, scopes, until) = self.claims.read(&claims, now).map_err(invalid)?;
        Ok(Identity { owner, scopes, until: Some(until), proved: Proved::Token })
    }

    /// Takes keys up again as they change, until `stop`.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let following = async {
            match &self.source {
                Source::Settings => {}
                Source::File(path) => keys::follow(path, |keys| take_up(&self.keys, keys)).await,
                Source::Issuer(issuer) => issuer.follow(|keys| take_up(&self.keys, keys)).await,
            }
        };
        stop.run_until_cancelled(following).await;
    }

    fn all(&self) -> Arc<[Key]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the token names a key that the issuer may have and we have not.
    fn is_unknown(&self, header: &Header) -> bool {
        let keys = self.all();
        let is_of_issuers = matches!(header.alg, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA);
        let is_known = match &header.kid {
            Some(name) => keys.iter().any(|key| key.is_called(name)),
            None => !keys.is_empty(),
        };
        is_of_issuers && !is_known
    }

    fn keys_for(&self, header: &Header) -> Vec<Key> {
        self.all().iter().filter(|key| key.fits(header)).cloned().collect()
    }

    /// The claims, if `key` signed them, and for us.
    fn signed(&self, token: &str, key: &Key) -> Option<Map<String, Value>> {
        let mut validation = Validation::new(key.algorithm);
        self.claims.ask(&mut validation);
        decode(token, &key.key, &validation).map(|decoded| decoded.claims).ok()
    }
}

fn take_up(held: &Held, keys: Vec<Key>) {
    *held.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
}

fn invalid(why: impl std::fmt::Display) -> Denied {
    tracing::debug!(%why, "a token is refused");
    Denied::Invalid
}

#[cfg(test)]
mod tests;
