//! What an operator can set: flags over environment over file over defaults.

mod access;
mod layer;
mod limits;
mod master;
mod nodes;
mod units;

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use crate::{artifact::Location, delivery::webhook::Policy};

pub use access::{Access, JwtKey, JwtSettings, TlsFiles};
pub use layer::Layer;
pub use limits::Limits;
pub(crate) use master::of as master_secret;
pub use nodes::{NoRoles, Nodes, Roles};
pub use units::{Downloads, Hidden, Networks, Origins};
pub(crate) use units::{duration, origin};

/// The settings that the server runs with.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder for everything that must outlive the process.
    pub data_dir: PathBuf,
    /// One machine or several.
    pub nodes: Nodes,
    /// Where finished files lie.
    pub artifacts: Location,
    /// How they are handed out.
    pub downloads: Downloads,
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
    /// How much of everything one may have.
    pub limits: Limits,
    /// Who may come in, and how.
    pub access: Access,
    /// The master secret, if the store is one that nodes share: with it they seal the secrets that they share.
    pub secret: Option<Hidden>,
    /// Where webhooks may go.
    pub webhooks: Policy,
    /// The mail server, as a URL with its password.
    pub smtp: Option<Hidden>,
    /// Whom letters are from.
    pub mail_from: Option<String>,
    /// How long a drain may take.
    pub drain: Duration,
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

impl Config {
    /// The settings of a layer on top of the defaults. The file with the master secret is read, if there is one.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`], with everything that is wrong.
    pub fn of(layer: Layer) -> Result<Self, ConfigError> {
        let limits = Limits::of(&layer);
        let (access, contradictions) = Access::of(&layer);
        let (nodes, more) = Nodes::of(&layer);
        let (secret, unfit) = master::of(&layer, nodes.database.is_some());
        let data_dir = layer.data_dir.unwrap_or_else(|| "reportwire-data".into());
        let own = Location::Own(data_dir.join("artifacts"));
        let (artifacts, unknown) = match layer.artifacts.as_ref().map(|url| url.expose().parse()) {
            None => (own, None),
            Some(Ok(location)) => (location, None),
            Some(Err(fault)) => (own, Some(format!("artifacts {fault}"))),
        };
        let downloads = layer.downloads.unwrap_or_default();
        let is_elsewhere = unknown.is_some() || matches!(artifacts, Location::Bucket(_));
        let config = Self {
            listen: layer.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            data_dir,
            nodes,
            artifacts,
            downloads,
            reports: layer.reports,
            samples: layer.samples.unwrap_or(true),
            public_url: layer.public_url.map(|url| url.trim_end_matches('/').to_owned()),
            workers: layer
                .workers
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from)),
            report_timeout: layer.report_timeout.unwrap_or(Duration::from_secs(300)),
            keep: layer.keep.unwrap_or(Duration::from_secs(24 * 3600)),
            limits,
            access,
            secret,
            webhooks: Policy {
                allow_http: layer.webhook_allow_http.unwrap_or(false),
                allow: layer.webhook_allow.unwrap_or_default(),
            },
            smtp: layer.smtp,
            mail_from: layer.mail_from,
            drain: layer.drain.unwrap_or(Duration::from_secs(10)),
        };
        let mut faults = config.faults();
        faults.extend(unknown);
        if downloads == Downloads::Redirect && !is_elsewhere {
            faults.push(
                "downloads = redirect needs artifacts in a bucket: a folder answers nobody, so files go through".into(),
            );
        }
        if config.nodes.database.is_some() && matches!(config.artifacts, Location::Own(_)) {
            faults.push(
                "nodes that share a store share their files, too: set artifacts to s3://bucket/prefix, or to a \
                 file:///folder that all of them have"
                    .into(),
            );
        }
        faults.extend(contradictions);
        faults.extend(more);
        faults.extend(unfit);
        faults.extend(limits.faults());
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
        require(!self.report_timeout.is_zero(), "report-timeout must be longer than nothing");
        let century = Duration::from_secs(100 * 365 * 24 * 3600);
        require(!self.keep.is_zero() && self.keep < century, "keep must be from 1ms to 100 years");
        if let Some(url) = &self.public_url {
            require(origin(url).is_some(), "public-url must be http:// or https:// with a host and no path");
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

#[cfg(test)]
mod tests {
    use std::path::Path;

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
    fn a_place_for_files_is_a_folder_or_a_bucket_and_only_a_bucket_hands_out_files_itself() {
        let faults = |artifacts: Option<&str>, downloads| {
            let artifacts = artifacts.map(|url| url.parse().unwrap());
            let layer = Layer { artifacts, downloads, workers: Some(0), ..Layer::default() };
            let ConfigError::Invalid(faults) = Config::of(layer).unwrap_err() else {
                panic!("another error")
            };
            assert_eq!(faults[0], "workers must be from 1 to 1024");
            faults[1..].to_vec()
        };
        let (through, redirect) = (Some(Downloads::Through), Some(Downloads::Redirect));
        assert_eq!(faults(None, through), [""; 0]);
        assert_eq!(faults(Some("file:///var/files"), None), [""; 0]);
        assert_eq!(faults(Some("s3://reports/a"), redirect), [""; 0]);
        for folder in [None, Some("file:///var/files")] {
            let found = faults(folder, redirect);
            assert!(
                found.len() == 1 && found[0].starts_with("downloads = redirect needs artifacts in a bucket")
            );
        }
        // the one that matters, and not what follows from it
        let found = faults(Some("http://reports"), redirect);
        assert!(found.len() == 1 && found[0].starts_with("artifacts must be file:///"), "{found:?}");
        let found = faults(Some("s3://AKIA:hush@reports"), None);
        assert!(found.len() == 1 && !found[0].contains("hush"), "{found:?}");
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
