//! How settings are written: lengths of time, networks, origins, and what stands in no log.

use std::time::Duration;

use hyper::http::uri::{Authority, Uri};
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

/// Networks in CIDR notation, separated by commas.
pub type Networks = Vec<ipnet::IpNet>;

/// A setting that stands in no log: its `Debug` does not show it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// The setting itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl std::str::FromStr for Hidden {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Origins of web pages (RFC 6454), in the form in which a browser sends them, as in `https://app.example.com`.
pub type Origins = Vec<String>;

/// Reads a length of time such as `30s`, `5m` or `24h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let read: Result<SignedDuration, _> = text.parse();
    read.ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("{text:?} is not a length of time such as 30s, 5m or 24h"))
}

pub(super) fn duration_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn networks(text: &str) -> Result<Networks, String> {
    let network = |text: &str| {
        let text = text.trim();
        // one address is a network of its own
        text.parse()
            .or_else(|_| text.parse::<std::net::IpAddr>().map(Into::into))
            .map_err(|_| format!("{text:?} is not a network such as 10.0.0.0/8"))
    };
    text.split(',').filter(|text| !text.trim().is_empty()).map(network).collect()
}

pub(super) fn networks_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Networks>, D::Error> {
    let text = String::deserialize(deserializer)?;
    networks(&text).map(Some).map_err(serde::de::Error::custom)
}

pub(super) fn origins(text: &str) -> Result<Origins, String> {
    let origin = |text: &str| {
        origin(text.trim())
            .ok_or_else(|| format!("{text:?} is not an origin such as https://app.example.com"))
    };
    text.split(',').filter(|text| !text.trim().is_empty()).map(origin).collect()
}

pub(super) fn origins_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Origins>, D::Error> {
    let text = String::deserialize(deserializer)?;
    origins(&text).map(Some).map_err(serde::de::Error::custom)
}

/// `text` as a browser writes it: in lower case, without the port that its scheme has anyway.
pub(crate) fn origin(text: &str) -> Option<String> {
    let uri: Uri = text.trim_end_matches('/').parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    if uri.path_and_query().is_some_and(|path| path.as_str() != "/") || authority.as_str().contains('@') {
        return None;
    }
    let port = authority.port_u16().filter(|port| *port != default);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{}{port}", authority.host().to_ascii_lowercase()))
}

/// Whether it is the scheme and authority of a server.
pub(super) fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.and_then(|rest| rest.parse::<Authority>().ok())
        .is_some_and(|authority| !authority.as_str().contains('@'))
}
