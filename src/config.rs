//! What an operator can set: flags over environment over file over defaults.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer};

use crate::delivery::webhook::Policy;

/// What one layer says; `None` leaves it to the layer below. It is the set of `serve`'s flags, each with
/// its environment variable, and the shape of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layer {
    /// Address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "REPORTWIRE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Folder for the database, the files and the link secret [default: reportwire-data]
    #[arg(long, env = "REPORTWIRE_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Folder of report types, one TOML file each; changes are taken up while the server runs
    #[arg(long, env = "REPORTWIRE_REPORTS", value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
    /// Whether the sample reports can be asked for: true or false [default: true]
    #[arg(long, env = "REPORTWIRE_SAMPLES", value_name = "BOOL")]
    pub samples: Option<bool>,
    /// Scheme and authority of all links, as https://reports.example.com [default: those of each request]
    #[arg(long, env = "REPORTWIRE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// How many reports are made at once [default: the number of cores]
    #[arg(long, env = "REPORTWIRE_WORKERS", value_name = "N")]
    pub workers: Option<usize>,
    /// How long one attempt to make a report may take [default: 5m]
    #[arg(long, env = "REPORTWIRE_REPORT_TIMEOUT", value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "duration_text")]
    pub report_timeout: Option<Duration>,
    /// How long a finished report is kept [default: 24h]
    #[arg(long, env = "REPORTWIRE_KEEP", value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "duration_text")]
    pub keep: Option<Duration>,
    /// How many connections are open at once [default: 16000]
    #[arg(long, env = "REPORTWIRE_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Whether webhooks may go to http URLs: true or false [default: false, https only]
    #[arg(long, env = "REPORTWIRE_WEBHOOK_ALLOW_HTTP", value_name = "BOOL")]
    pub webhook_allow_http: Option<bool>,
    /// Private networks that webhooks may go to, as 10.0.0.0/8,127.0.0.1/32 [default: none]
    #[arg(long, env = "REPORTWIRE_WEBHOOK_ALLOW", value_name = "NETWORKS", value_parser = networks)]
    #[serde(deserialize_with = "networks_text")]
    pub webhook_allow: Option<Networks>,
    /// Mail server, as smtps://user:password@mail.example.com; needs public-url [default: none, no e-mail]
    #[arg(long, env = "REPORTWIRE_SMTP", value_name = "URL", hide_env_values = true)]
    pub smtp: Option<Hidden>,
    /// Whom letters are from, as reports@example.com [default: reportwire@ and the public host]
    #[arg(long, env = "REPORTWIRE_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// How long a drain may take before what is left is cut off [default: 10s]
    #[arg(long, env = "REPORTWIRE_DRAIN", value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "duration_text")]
    pub drain: Option<Duration>,
}

/// The settings that the server runs with.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder for everything that must outlive the process.
    pub data_dir: PathBuf,
    /// Folder of report types.
    pub reports: Option<PathBuf>,
    /// Whether the sample reports can be asked for.
    pub samples: bool,
    /// Scheme and authority of all links.
    pub public_url: Option<String>,
    /// How many reports are made at once.
    pub workers: usize,
    /// How long one attempt may take.
    pub report_timeout: Duration,
    /// How long a report is kept.
    pub keep: Duration,
    /// How many connections are open at once.
    pub max_connections: usize,
    /// Where webhooks may go.
    pub webhooks: Policy,
    /// The mail server, as a URL with its password.
    pub smtp: Option<Hidden>,
    /// Whom letters are from.
    pub mail_from: Option<String>,
    /// How long a drain may take.
    pub drain: Duration,
}

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

/// Why the settings cannot be used: everything that is wrong, one fault a line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The file is not TOML, or says what cannot be said.
    #[error("{path} is not a configuration: {cause}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where and what, with line and column.
        cause: Box<toml::de::Error>,
    },
    /// The settings contradict themselves or cannot work.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl Layer {
    /// The layer in the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unreadable`] and [`ConfigError::Malformed`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.into(), cause })?;
        toml::from_str(&text)
            .map_err(|cause| ConfigError::Malformed { path: path.into(), cause: Box::new(cause) })
    }

    /// This layer on top of `below`.
    pub fn over(self, below: Self) -> Self {
        Self {
            listen: self.listen.or(below.listen),
            data_dir: self.data_dir.or(below.data_dir),
            reports: self.reports.or(below.reports),
            samples: self.samples.or(below.samples),
            public_url: self.public_url.or(below.public_url),
            workers: self.workers.or(below.workers),
            report_timeout: self.report_timeout.or(below.report_timeout),
            keep: self.keep.or(below.keep),
            max_connections: self.max_connections.or(below.max_connections),
            webhook_allow_http: self.webhook_allow_http.or(below.webhook_allow_http),
            webhook_allow: self.webhook_allow.or(below.webhook_allow),
            smtp: self.smtp.or(below.smtp),
            mail_from: self.mail_from.or(below.mail_from),
            drain: self.drain.or(below.drain),
        }
    }
}

impl Config {
    /// The settings of a layer on top of the defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`], with everything that is wrong.
    pub fn of(layer: Layer) -> Result<Self, ConfigError> {
        let config = Self {
            listen: layer.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            data_dir: layer.data_dir.unwrap_or_else(|| "reportwire-data".into()),
            reports: layer.reports,
            samples: layer.samples.unwrap_or(true),
            public_url: layer.public_url.map(|url| url.trim_end_matches('/').to_owned()),
            workers: layer
                .workers
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from)),
            report_timeout: layer.report_timeout.unwrap_or(Duration::from_secs(300)),
            keep: layer.keep.unwrap_or(Duration::from_secs(24 * 3600)),
            max_connections: layer.max_connections.unwrap_or(16_000),
            webhooks: Policy {
                allow_http: layer.webhook_allow_http.unwrap_or(false),
                allow: layer.webhook_allow.unwrap_or_default(),
            },
            smtp: layer.smtp,
            mail_from: layer.mail_from,
            drain: layer.drain.unwrap_or(Duration::from_secs(10)),
        };
        let faults = config.faults();
        if faults.is_empty() { Ok(config) } else { Err(ConfigError::Invalid(faults)) }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, fault: &str| {
            if !holds {
                faults.push(fault.to_owned());
            }
        };
        require((1..=1024).contains(&self.workers), "workers must be from 1 to 1024");
        require(
            (1..=1_000_000).contains(&self.max_connections),
            "max-connections must be from 1 to 1,000,000",
        );
        require(!self.report_timeout.is_zero(), "report-timeout must be longer than nothing");
        let century = Duration::from_secs(100 * 365 * 24 * 3600);
        require(!self.keep.is_zero() && self.keep < century, "keep must be from 1ms to 100 years");
        if let Some(url) = &self.public_url {
            require(is_origin(url), "public-url must be http:// or https:// with a host and no path");
        }
        // whoever asks for a report names the host of its links and the reader of its letter: together they could
        // lead a reader anywhere, in a letter of the operator's
        require(
            self.smtp.is_none() || self.public_url.is_some(),
            "smtp needs public-url: the links in letters must not lead where whoever asked for the report says",
        );
        faults
    }
}

fn is_origin(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.and_then(|rest| rest.parse::<hyper::http::uri::Authority>().ok())
        .is_some_and(|authority| !authority.as_str().contains('@'))
}

/// Reads a length of time such as `30s`, `5m` or `24h`.
fn duration(text: &str) -> Result<Duration, String> {
    let read: Result<SignedDuration, _> = text.parse();
    read.ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| format!("{text:?} is not a length of time such as 30s, 5m or 24h"))
}

fn duration_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text).map(Some).map_err(serde::de::Error::custom)
}

fn networks(text: &str) -> Result<Networks, String> {
    let network = |text: &str| {
        let text = text.trim();
        // one address is a network of its own
        text.parse()
            .or_else(|_| text.parse::<std::net::IpAddr>().map(Into::into))
            .map_err(|_| format!("{text:?} is not a network such as 10.0.0.0/8"))
    };
    text.split(',').filter(|text| !text.trim().is_empty()).map(network).collect()
}

fn networks_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Networks>, D::Error> {
    let text = String::deserialize(deserializer)?;
    networks(&text).map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_wins_over_those_below_it() {
        let file: Layer = toml::from_str("listen = \"127.0.0.1:1\"\nkeep = \"2h\"\nworkers = 3").unwrap();
        let flags = Layer { workers: Some(5), ..Layer::default() };
        let config = Config::of(flags.over(file)).unwrap();
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.keep, Duration::from_secs(7200));
        assert_eq!(config.workers, 5);
        assert_eq!(config.data_dir, Path::new("reportwire-data"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let layer = Layer {
            workers: Some(0),
            keep: Some(Duration::ZERO),
            public_url: Some("example.com/reports".into()),
            ..Layer::default()
        };
        let ConfigError::Invalid(faults) = Config::of(layer).unwrap_err() else { panic!("another error") };
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn letters_need_a_public_url_for_their_links() {
        let mailing = |public_url: Option<&str>| {
            let smtp = Some("smtp://mail.example.com".parse().unwrap());
            Config::of(Layer { smtp, public_url: public_url.map(Into::into), ..Layer::default() })
        };
        let fault = mailing(None).unwrap_err().to_string();
        assert!(fault.starts_with("smtp needs public-url"), "{fault}");
        assert!(mailing(Some("https://reports.example.com")).is_ok());
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_line() {
        let error = toml::from_str::<Layer>("workers = 2\nlisten-on = \"x\"").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("listen-on"), "{error}");
    }
}
