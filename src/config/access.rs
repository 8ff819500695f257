//! Who may come in, and how.

use std::{path::PathBuf, time::Duration};

use super::{Hidden, Layer, Networks, Origins};

/// Who may come in, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Nobody is asked who they are, wherever they come from.
    pub open: bool,
    /// Whose tokens are believed.
    pub jwt: Option<JwtSettings>,
    /// Origins of other web pages that may use this server.
    pub origins: Origins,
    /// How long a link can be used.
    pub link_lifetime: Duration,
    /// Folder of the audit log, if it is not the usual one.
    pub audit_log: Option<PathBuf>,
    /// The certificate, if there is TLS.
    pub tls: Option<TlsFiles>,
    /// Whose word on the client's address and scheme is taken.
    pub trusted_proxies: Networks,
}

/// Whose tokens (JWT, RFC 7519) are believed.
#[derive(Clone, Debug, PartialEq)]
pub struct JwtSettings {
    /// What they are signed with.
    pub key: JwtKey,
    /// The issuer that they must name.
    pub issuer: String,
    /// The audience that they must name.
    pub audience: String,
    /// The claim that names the owner.
    pub owner_claim: String,
    /// The claim with the scopes.
    pub scope_claim: String,
}

/// What tokens are signed with.
#[derive(Clone, Debug, PartialEq)]
pub enum JwtKey {
    /// HS256 with this secret.
    Secret(Hidden),
    /// The key, or the set of keys, in this file: PEM or JWK set.
    File(PathBuf),
    /// The set of keys at this URL.
    Jwks(String),
}

/// The files of a certificate, PEM.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl Access {
    /// What a layer says, with everything in it that contradicts itself.
    pub(super) fn of(layer: &Layer) -> (Self, Vec<String>) {
        let mut faults = Vec::new();
        let jwt = jwt(layer, &mut faults);
        let open = layer.open.unwrap_or(false);
        if open && jwt.is_some() {
            faults.push("open lets everybody in, and jwt-… asks who they are: choose one".into());
        }
        let tls = match (&layer.tls_cert, &layer.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert: cert.clone(), key: key.clone() }),
            (None, None) => None,
            _ => {
                faults.push("tls-cert and tls-key need each other".into());
                None
            }
        };
        let link_lifetime = layer.link_lifetime.unwrap_or(Duration::from_secs(3600));
        if !(Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 3600)).contains(&link_lifetime) {
            faults.push("link-lifetime must be from 1s to 30 days".into());
        }
        let access = Self {
            open,
            jwt,
            origins: layer.allow_origin.clone().unwrap_or_default(),
            link_lifetime,
            audit_log: layer.audit_log.clone(),
            tls,
            trusted_proxies: layer.trusted_proxies.clone().unwrap_or_default(),
        };
        (access, faults)
    }
}

fn jwt(layer: &Layer, faults: &mut Vec<String>) -> Option<JwtSettings> {
    const SHORTEST: usize = 32;
    let mut keys = Vec::new();
    keys.extend(layer.jwt_secret.clone().map(JwtKey::Secret));
    keys.extend(layer.jwt_key.clone().map(JwtKey::File));
    keys.extend(layer.jwt_jwks.clone().map(JwtKey::Jwks));
    let (issuer, audience) = (layer.jwt_issuer.clone(), layer.jwt_audience.clone());
    if keys.is_empty() && issuer.is_none() && audience.is_none() {
        return None;
    }
    if keys.len() != 1 {
        faults.push("tokens need one of jwt-secret, jwt-key and jwt-jwks".into());
    }
    if issuer.is_none() || audience.is_none() {
        faults.push(
            "tokens need jwt-issuer and jwt-audience: one that was made for somebody else must not pass"
                .into(),
        );
    }
    match keys.first() {
        // RFC 7518, section 3.2: a key of the size of the hash output or larger
        Some(JwtKey::Secret(secret)) if secret.expose().len() < SHORTEST => {
            faults.push(format!("jwt-secret must have at least {SHORTEST} bytes"));
        }
        Some(JwtKey::Jwks(url)) if !is_safe(url) => {
            faults.push("jwt-jwks must be an https:// URL, or http:// on a loopback address".into());
        }
        _ => {}
    }
    Some(JwtSettings {
        key: keys.into_iter().next()?,
        issuer: issuer?,
        audience: audience?,
        owner_claim: layer.jwt_owner_claim.clone().unwrap_or_else(|| "sub".into()),
        scope_claim: layer.jwt_scope_claim.clone().unwrap_or_else(|| "scope".into()),
    })
}

/// Whether keys that come from this URL are the issuer's.
fn is_safe(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(set: impl FnOnce(&mut Layer)) -> Vec<String> {
        let mut layer = Layer::default();
        set(&mut layer);
        Access::of(&layer).1
    }

    fn tokens(set: impl FnOnce(&mut Layer)) -> Vec<String> {
        faults(|layer| {
            layer.jwt_issuer = Some("https://login.example.com".into());
            layer.jwt_audience = Some("reportwire".into());
            layer.jwt_key = Some("issuer.pem".into());
            set(layer);
        })
    }

    fn begin(faults: &[String], wanted: &[&str]) {
        let fit = faults.iter().zip(wanted).all(|(fault, wanted)| fault.starts_with(wanted));
        assert!(fit && faults.len() == wanted.len(), "{faults:?} and not {wanted:?}");
    }

    #[test]
    fn what_contradicts_itself_is_said_by_name() {
        begin(&faults(|_| {}), &[]);
        begin(&tokens(|_| {}), &[]);
        begin(&tokens(|layer| layer.open = Some(true)), &["open lets everybody in, and jwt-"]);
        begin(&faults(|layer| layer.tls_cert = Some("chain.pem".into())), &["tls-cert and tls-key"]);
        begin(&faults(|layer| layer.tls_key = Some("key.pem".into())), &["tls-cert and tls-key"]);
        for seconds in [0, 30 * 24 * 3600 + 1] {
            let lifetime = Some(Duration::from_secs(seconds));
            begin(&faults(|layer| layer.link_lifetime = lifetime), &["link-lifetime must be"]);
        }
    }

    #[test]
    fn tokens_need_one_key_an_issuer_and_an_audience() {
        let one = "tokens need one of jwt-secret, jwt-key and jwt-jwks";
        begin(&tokens(|layer| layer.jwt_key = None), &[one]);
        begin(&tokens(|layer| layer.jwt_jwks = Some("https://login.example.com/keys".into())), &[one]);
        begin(&tokens(|layer| layer.jwt_issuer = None), &["tokens need jwt-issuer and jwt-audience"]);
        begin(&tokens(|layer| layer.jwt_audience = None), &["tokens need jwt-issuer and jwt-audience"]);
        let all = faults(|layer| {
            (layer.open, layer.tls_cert) = (Some(false), Some("chain.pem".into()));
            layer.jwt_secret = Some("short".parse().unwrap());
        });
        begin(&all, &["tokens need jwt-issuer", "jwt-secret must have at least 32 bytes", "tls-cert"]);
    }

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        let fetched = |url: &str| tokens(|layer| (layer.jwt_key, layer.jwt_jwks) = (None, Some(url.into())));
        for url in ["https://login.example.com/keys", "http://127.0.0.1:9000/keys", "http://[::1]/keys"] {
            begin(&fetched(url), &[]);
        }
        for url in ["http://login.example.com/keys", "http://localhost/keys", "ftp://127.0.0.1/keys", "keys"]
        {
            begin(&fetched(url), &["jwt-jwks must be an https:// URL"]);
        }
    }
}
