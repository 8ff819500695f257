//! What one source of settings says: the command line, the environment or a file.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{
    ConfigError, Roles,
    units::{
        Downloads, Hidden, Networks, Origins, duration, duration_text, networks, networks_text, origins,
        origins_text,
    },
};

/// What one layer says; `None` leaves it to the layer below. It is the set of `serve`'s flags, each with
/// its environment variable, and the shape of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Layer {
    /// Address to listen on; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "REPORTWIRE_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Folder for the database, the files and the secrets [default: reportwire-data]
    #[arg(long, env = "REPORTWIRE_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Where the records are: sqlite: in the data folder, or postgres://user:password@host/database for several nodes [default: sqlite:]
    #[arg(long, env = "REPORTWIRE_STORE", value_name = "URL", hide_env_values = true)]
    pub store: Option<Hidden>,
    /// How many connections this node opens to PostgreSQL at most [default: 12]
    #[arg(long, env = "REPORTWIRE_STORE_CONNECTIONS", value_name = "N")]
    pub store_connections: Option<usize>,
    /// What this node does: web (serves clients), worker (makes reports, tells webhooks) [default: web,worker]
    #[arg(long, env = "REPORTWIRE_ROLES", value_name = "ROLES")]
    pub roles: Option<Roles>,
    /// Where finished files lie: file:///folder, s3://bucket/prefix, gs://… or az://… [default: the folder artifacts in the data folder]
    #[arg(long, env = "REPORTWIRE_ARTIFACTS", value_name = "URL", hide_env_values = true)]
    pub artifacts: Option<Hidden>,
    /// How files in a bucket are handed out: through this server, or by a redirect to the bucket [default: through]
    #[arg(long, env = "REPORTWIRE_DOWNLOADS", value_name = "HOW")]
    pub downloads: Option<Downloads>,
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
    /// Whether to serve without keys and tokens where others can connect: true or false [default: false, only on a loopback address]
    #[arg(long, env = "REPORTWIRE_OPEN", value_name = "BOOL")]
    pub open: Option<bool>,
    /// Secret of the HS256 tokens (JWT) that name their owner; at least 32 bytes
    #[arg(long, env = "REPORTWIRE_JWT_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub jwt_secret: Option<Hidden>,
    /// File with the public key of the tokens (JWT) that name their owner: PEM, or a JWK set
    #[arg(long, env = "REPORTWIRE_JWT_KEY", value_name = "FILE")]
    pub jwt_key: Option<PathBuf>,
    /// Where the JWK set of their issuer is, as https://login.example.com/.well-known/jwks.json
    #[arg(long, env = "REPORTWIRE_JWT_JWKS", value_name = "URL")]
    pub jwt_jwks: Option<String>,
    /// The issuer (iss) that tokens must name
    #[arg(long, env = "REPORTWIRE_JWT_ISSUER", value_name = "TEXT")]
    pub jwt_issuer: Option<String>,
    /// The audience (aud) that tokens must name
    #[arg(long, env = "REPORTWIRE_JWT_AUDIENCE", value_name = "TEXT")]
    pub jwt_audience: Option<String>,
    /// The claim that names the owner [default: sub]
    #[arg(long, env = "REPORTWIRE_JWT_OWNER_CLAIM", value_name = "CLAIM")]
    pub jwt_owner_claim: Option<String>,
    /// The claim with the scopes create, read, cancel, admin; without it a token may do all but admin [default: scope]
    #[arg(long, env = "REPORTWIRE_JWT_SCOPE_CLAIM", value_name = "CLAIM")]
    pub jwt_scope_claim: Option<String>,
    /// Origins of other web pages that may use this server, as https://app.example.com,https://admin.example.com
    #[arg(long, env = "REPORTWIRE_ALLOW_ORIGIN", value_name = "ORIGINS", value_parser = origins)]
    #[serde(deserialize_with = "origins_text")]
    pub allow_origin: Option<Origins>,
    /// How long a link that is handed out can be used [default: 1h]
    #[arg(long, env = "REPORTWIRE_LINK_LIFETIME", value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "duration_text")]
    pub link_lifetime: Option<Duration>,
    /// Folder of the audit log, one file a day [default: audit in the data folder]
    #[arg(long, env = "REPORTWIRE_AUDIT_LOG", value_name = "FOLDER")]
    pub audit_log: Option<PathBuf>,
    /// Certificate chain for TLS, PEM; taken up again when it changes
    #[arg(long, env = "REPORTWIRE_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, env = "REPORTWIRE_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Master secret that all nodes with a shared store have; at least 32 bytes. Better in the environment or in a file: others can see a command line
    #[arg(long, env = "REPORTWIRE_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub secret: Option<Hidden>,
    /// File with that secret alone, as containers are given theirs
    #[arg(long, env = "REPORTWIRE_SECRET_FILE", value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Proxies whose word on the client's address and scheme is taken, as 10.0.0.0/8 [default: none]
    #[arg(long, env = "REPORTWIRE_TRUSTED_PROXIES", value_name = "NETWORKS", value_parser = networks)]
    #[serde(deserialize_with = "networks_text")]
    pub trusted_proxies: Option<Networks>,
    /// How many connections one address may have open at once [default: 1000]
    #[arg(long, env = "REPORTWIRE_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    pub max_connections_per_address: Option<usize>,
    /// How many sockets and streams one owner may have open at once [default: 1000]
    #[arg(long, env = "REPORTWIRE_MAX_CONNECTIONS_PER_OWNER", value_name = "N")]
    pub max_connections_per_owner: Option<usize>,
    /// How many sockets and streams may follow one report at once [default: 100]
    #[arg(long, env = "REPORTWIRE_MAX_SOCKETS_PER_REPORT", value_name = "N")]
    pub max_sockets_per_report: Option<usize>,
    /// How many reports one owner may ask for in a minute [default: 600]
    #[arg(long, env = "REPORTWIRE_CREATES_PER_MINUTE", value_name = "N")]
    pub creates_per_minute: Option<usize>,
    /// How many reports of one owner may be queued or generating [default: 10000]
    #[arg(long, env = "REPORTWIRE_MAX_UNFINISHED_PER_OWNER", value_name = "N")]
    pub max_unfinished_per_owner: Option<usize>,
    /// How many reports of one owner are made at once [default: as many as there are workers]
    #[arg(long, env = "REPORTWIRE_MAX_RUNNING_PER_OWNER", value_name = "N")]
    pub max_running_per_owner: Option<usize>,
    /// Longest body of a request, in bytes [default: 65536]
    #[arg(long, env = "REPORTWIRE_MAX_BODY", value_name = "BYTES")]
    pub max_body: Option<usize>,
    /// Longest head of a request, in bytes [default: 16384]
    #[arg(long, env = "REPORTWIRE_MAX_HEAD", value_name = "BYTES")]
    pub max_head: Option<usize>,
    /// Longest URL of a request, in bytes [default: 8192]
    #[arg(long, env = "REPORTWIRE_MAX_URL", value_name = "BYTES")]
    pub max_url: Option<usize>,
    /// Longest message of a WebSocket client, in bytes [default: 65536]
    #[arg(long, env = "REPORTWIRE_MAX_FRAME", value_name = "BYTES")]
    pub max_frame: Option<usize>,
    /// How long a client may take to send the head of a request [default: 5s]
    #[arg(long, env = "REPORTWIRE_HEADER_TIMEOUT", value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "duration_text")]
    pub header_timeout: Option<Duration>,
    /// How long it may take for the body [default: 5s]
    #[arg(long, env = "REPORTWIRE_BODY_TIMEOUT", value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "duration_text")]
    pub body_timeout: Option<Duration>,
    /// How long a connection may be idle between two requests [default: 30s]
    #[arg(long, env = "REPORTWIRE_IDLE_TIMEOUT", value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "duration_text")]
    pub idle_timeout: Option<Duration>,
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

/// Each of these settings from the upper layer, or else from the lower.
macro_rules! over {
    ($upper:ident, $lower:ident: $($name:ident)*) => {
        Layer { $($name: $upper.$name.or($lower.$name)),* }
    };
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
        over! { self, below:
            listen data_dir store store_connections roles artifacts downloads reports samples public_url workers report_timeout keep max_connections open jwt_secret jwt_key jwt_jwks jwt_issuer jwt_audience jwt_owner_claim jwt_scope_claim allow_origin link_lifetime audit_log tls_cert tls_key secret secret_file trusted_proxies max_connections_per_address max_connections_per_owner max_sockets_per_report creates_per_minute max_unfinished_per_owner max_running_per_owner max_body max_head max_url max_frame header_timeout body_timeout idle_timeout webhook_allow_http webhook_allow smtp mail_from drain
        }
    }
}
