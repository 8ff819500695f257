//! How settings are written: lengths of time, networks, origins, and what stands in no log.

use std::time::Duration;

use hyper::http::uri::Uri;
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

/// How files are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Downloads {
    /// They pass through this server.
    #[default]
    Through,
    /// The bucket hands them out, to whoever is sent there.
    Redirect,
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

pub(super) fn networks(text: &str) -> Result<Networks, String> {
    list(text, |text| {
        // one address is a network of its own
        text.parse()
            .or_else(|_| text.parse::<std::net::IpAddr>().map(Into::into))
            .map_err(|_| format!("{text:?} is not a network such as 10.0.0.0/8"))
    })
}

pub(super) fn origins(text: &str) -> Result<Origins, String> {
    list(text, |text| {
        origin(text).ok_or_else(|| format!("{text:?} is not an origin such as https://app.example.com"))
    })
}

/// The items of a list with commas between them.
fn list<T>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(item).collect()
}

/// Reads a setting from a file as from a flag.
macro_rules! in_files {
    ($($name:ident: $read:ident -> $type:ty;)*) => {
        $(pub(super) fn $name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$type>, D::Error> {
            let text = String::deserialize(deserializer)?;
            $read(&text).map(Some).map_err(serde::de::Error::custom)
        })*
    };
}

in_files! {
    duration_text: duration -> Duration;
    networks_text: networks -> Networks;
    origins_text: origins -> Origins;
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
