//! The keys that tokens are signed with: from a secret, PEM, or a JWK set (RFC 7517).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde_json::Value;

use crate::watched;

/// A key, and the one algorithm that it is for.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
    id: Option<String>,
}

/// Why there is nothing to verify tokens with.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    /// The file cannot be read.
    #[error("cannot read the key in {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file holds no key.
    #[error(
        "{} holds no key for tokens: a public key as PEM (RSA from 2,048 bits, EC over P-256, Ed25519) or a JWK set with \
         one",
        .0.display()
    )]
    NoKey(PathBuf),
}

/// The shortest RSA modulus, in bytes (RFC 7518, section 3.3).
const SHORTEST_RSA: usize = 2048 / 8;

impl Key {
    /// HS256 with this secret.
    pub(super) fn secret(text: &str) -> Self {
        Self { algorithm: Algorithm::HS256, key: DecodingKey::from_secret(text.as_bytes()), id: None }
    }

    /// Whether a token with this header may be signed with it.
    pub(super) fn fits(&self, header: &Header) -> bool {
        let is_named = match (&header.kid, &self.id) {
            (Some(asked), Some(own)) => asked == own,
            _ => true,
        };
        is_named && header.alg == self.algorithm
    }

    /// Whether a token may name it so.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.id.as_deref() == Some(name)
    }

    fn pem(text: &str) -> Option<Self> {
        // a private key has no business here, and would verify nothing
        if !text.contains("PUBLIC KEY-----") {
            return None;
        }
        let bytes = text.as_bytes();
        let rsa = || DecodingKey::from_rsa_pem(bytes).ok().map(|key| (Algorithm::RS256, key));
        let ec = || DecodingKey::from_ec_pem(bytes).ok().map(|key| (Algorithm::ES256, key));
        let ed = || DecodingKey::from_ed_pem(bytes).ok().map(|key| (Algorithm::EdDSA, key));
        let (algorithm, key) = rsa().or_else(ec).or_else(ed)?;
        let length = key.try_get_as_bytes().map_or(0, <[u8]>::len);
        let is_long_enough = match algorithm {
            Algorithm::RS256 => key.try_get_as_bytes().map_or(0, modulus_in) >= SHORTEST_RSA,
            // an uncompressed point of P-256 (SEC 1, section 2.3.3)
            Algorithm::ES256 => length == 65,
            _ => true,
        };
        is_long_enough.then_some(Self { algorithm, key, id: None })
    }

    /// A key of a set, if it is one of ours: for signatures, public, and of a kind that we know.
    fn jwk(jwk: &Jwk) -> Option<Self> {
        let common = &jwk.common;
        let is_for_signatures =
            common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
        let may_verify =
            common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let (algorithm, named) = match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) if modulus(&rsa.n) >= SHORTEST_RSA => {
                (Algorithm::RS256, KeyAlgorithm::RS256)
            }
            AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            // a secret in a set that anybody can read is none
            _ => return None,
        };
        let is_ours = is_for_signatures && may_verify && common.key_algorithm.is_none_or(|it| it == named);
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| is_ours)?;
        Some(Self { algorithm, key, id: common.key_id.clone() })
    }
}

/// The length of the modulus in bytes, in a key as PKCS #1 has it (RFC 8017, appendix A.1.1): a sequence that begins with it.
fn modulus_in(der: &[u8]) -> usize {
    match der {
        [0x30, 0x82, _, _, 0x02, 0x82, high, low, sign, ..] => {
            usize::from(u16::from_be_bytes([*high, *low])) - usize::from(*sign == 0)
        }
        // shorter ones have shorter lengths
        _ => 0,
    }
}

/// The length of a modulus in bytes.
fn modulus(text: &str) -> usize {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).map_or(0, |bytes| bytes.iter().skip_while(|byte| **byte == 0).count())
}

/// The keys of a JWK set that are ours; those of other kinds are passed over. `None` when it is no set.
pub(super) fn set(text: &[u8]) -> Option<Vec<Key>> {
    let set: Value = serde_json::from_slice(text).ok()?;
    let jwks = set.get("keys")?.as_array()?;
    let jwk = |value: &Value| serde_json::from_value::<Jwk>(value.clone()).ok();
    Some(jwks.iter().filter_map(jwk).filter_map(|jwk| Key::jwk(&jwk)).collect())
}

/// The keys in a file.
pub(super) fn read(path: &Path) -> Result<Vec<Key>, NoKeys> {
    let text = fs::read_to_string(path).map_err(|error| NoKeys::Unreadable(path.into(), error))?;
    in_text(&text).ok_or_else(|| NoKeys::NoKey(path.into()))
}

fn in_text(text: &str) -> Option<Vec<Key>> {
    let keys = set(text.as_bytes()).or_else(|| Key::pem(text).map(|key| vec![key]));
    keys.filter(|keys| !keys.is_empty())
}

/// Takes a file up again whenever it changes. One that holds no key changes nothing.
pub(super) async fn follow(path: &Path, take_up: impl Fn(Vec<Key>)) {
    let state = || fs::read(path).ok();
    let changed = |_: &_| match read(path) {
        Ok(keys) => {
            tracing::info!(keys = keys.len(), "the keys of tokens were taken up again");
            take_up(keys);
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the keys of tokens stay as they were");
        }
    };
    watched::follow(state(), async || state(), changed).await;
}
