//! What a server is made of, opened as the configuration asks for it.

use std::{net::SocketAddr, sync::Arc};

use tracing_appender::non_blocking::WorkerGuard;

use crate::{
    access::{Jwt, NoKeys},
    artifact::{ArtifactError, Artifacts, Location},
    audit::Audit,
    catalog::{self, Library},
    config::Config,
    data::Sources,
    delivery::{
        courier::Courier,
        dispatch::{Carrier, Pace},
        email::{Mailer, NoMailer},
        webhook::{Secret, Sender},
        websocket::Patience,
    },
    generate::Generator,
    links::Linker,
    store::{Clock, Endpoints, Fleet, Keys, Outbox, Queue, Store, StoreError, postgres, sqlite},
    token::Signer,
    vault::{Sealer, Vault, VaultError},
    work::{Handler, Limits},
};

use super::{
    stores::Stores,
    tls::{Certificate, NoCertificate},
};

/// Why the server did not start. Each says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or used.
    #[error("cannot use the data folder {}", .0.display())]
    Folder(std::path::PathBuf, #[source] std::io::Error),
    /// The secrets of the installation cannot be had.
    #[error("cannot use the secrets of this installation")]
    Secrets(#[from] VaultError),
    /// The store did not open.
    #[error("cannot open the store")]
    Store(#[from] sqlite::OpenError),
    /// Nor did the one that nodes share.
    #[error(transparent)]
    SharedStore(#[from] postgres::OpenError),
    /// The samples cannot be unpacked.
    #[error("cannot unpack the sample reports into {}", .0.display())]
    Samples(std::path::PathBuf, #[source] std::io::Error),
    /// A folder of report types cannot be read.
    #[error("cannot read the report types in {}", .0.display())]
    Reports(std::path::PathBuf, #[source] std::io::Error),
    /// The folder of the audit log cannot be used.
    #[error("cannot write the audit log in {}", .0.display())]
    Audit(std::path::PathBuf, #[source] std::io::Error),
    /// Everybody could come in, and nobody said that they should.
    #[error(
        "others can connect to {0}, and there is nothing by which to tell them apart: make a key with `reportwire key \
         create --owner NAME`, set jwt-issuer and its like, or say --open true"
    )]
    Unguarded(SocketAddr),
    /// There is nothing to speak TLS with.
    #[error(transparent)]
    Certificate(#[from] NoCertificate),
    /// There is nothing to verify tokens with.
    #[error(transparent)]
    Tokens(#[from] NoKeys),
    /// The keys cannot be looked at.
    #[error("cannot look at the keys")]
    Keys(#[source] StoreError),
    /// Finished files cannot be kept where they should be.
    #[error("cannot use {0}")]
    Artifacts(Location, #[source] ArtifactError),
    /// Letters cannot be sent as the settings say.
    #[error("cannot send e-mail")]
    Mail(#[from] NoMailer),
    /// The address is taken, or is not ours.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// What a server is made of. Tests hand in parts that fail, stall or wait for a signal.
pub struct Parts {
    /// The reports.
    pub store: Arc<dyn Store>,
    /// What is to be told to whom.
    pub outbox: Arc<dyn Outbox>,
    /// Who registered for events.
    pub endpoints: Arc<dyn Endpoints>,
    /// Who may come in with a key.
    pub keys: Arc<dyn Keys>,
    /// Who may come in with a token.
    pub jwt: Option<Arc<Jwt>>,
    /// What TLS is spoken with, if it is.
    pub certificate: Option<Certificate>,
    /// Encrypts the secrets of endpoints.
    pub sealer: Sealer,
    /// Where it is written down who did what, and what ends the writing.
    pub audit: (Audit, Option<WorkerGuard>),
    /// Who tells it.
    pub carrier: Arc<dyn Carrier>,
    /// How much of it at once, and how long.
    pub pace: Pace,
    /// The store's clock.
    pub clock: Clock,
    /// The other nodes, if there can be any.
    pub fleet: Option<Arc<dyn Fleet>>,
    /// Who waits for a worker, in the same store.
    pub queue: Arc<dyn Queue>,
    /// Their files.
    pub artifacts: Artifacts,
    /// What can be asked for.
    pub library: Arc<Library>,
    /// Who makes reports.
    pub generator: Arc<dyn Handler>,
    /// Signs links.
    pub signer: Signer,
    /// How long sockets wait for what.
    pub patience: Patience,
    /// How much work at once, and how long.
    pub limits: Limits,
}

impl Parts {
    /// The parts that a configuration asks for.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        let folder = &config.data_dir;
        make_folder(folder).map_err(|error| StartError::Folder(folder.clone(), error))?;
        let Stores { store, outbox, endpoints, keys, queue, vault, fleet, clock } =
            Stores::open(config).await?;
        let signer = Signer::open(Arc::clone(&vault)).await?;
        let sealer = Sealer::open(&*vault).await?;
        let courier = courier(config, &*vault, signer.clone(), sealer.clone(), Arc::clone(&clock)).await?;
        let artifacts = Artifacts::open(&config.artifacts)
            .map_err(|error| StartError::Artifacts(config.artifacts.clone(), error))?;
        let library = Arc::new(library(config)?);
        let sources = Arc::new(Sources::new(folder.join("cache")));
        Ok(Self {
            queue,
            carrier: Arc::new(courier),
            outbox,
            endpoints,
            keys,
            fleet,
            jwt: config.access.jwt.as_ref().map(Jwt::open).transpose()?.map(Arc::new),
            certificate: config.access.tls.as_ref().map(Certificate::read).transpose()?,
            audit: audit(config)?,
            store,
            pace: Pace::default(),
            clock,
            generator: Arc::new(Generator::new(Arc::clone(&library), sources, artifacts.clone())),
            artifacts,
            library,
            signer,
            sealer,
            patience: Patience::default(),
            limits: Limits { workers: config.workers, timeout: config.report_timeout, ..Limits::default() },
        })
    }
}

/// The report types that a configuration asks for. What is broken is said in the log, and does not keep the
/// others from serving.
fn library(config: &Config) -> Result<Library, StartError> {
    let mut folders = Vec::new();
    if config.samples {
        let samples = config.data_dir.join("samples");
        catalog::unpack(&samples).map_err(|error| StartError::Samples(samples.clone(), error))?;
        folders.push(samples);
    }
    folders.extend(config.reports.clone());
    let (library, broken) =
        Library::open(folders).map_err(|(folder, error)| StartError::Reports(folder, error))?;
    broken.iter().for_each(catalog::Broken::log);
    Ok(library)
}

/// What brings webhooks and letters, as a configuration has it.
///
/// # Errors
///
/// [`StartError::Secrets`] when the secret of callbacks cannot be had, and [`StartError::Mail`].
pub async fn courier(
    config: &Config,
    vault: &dyn Vault,
    signer: Signer,
    sealer: Sealer,
    clock: Clock,
) -> Result<Courier, StartError> {
    let url = config.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let host = url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "reportwire".into());
    let from = config.mail_from.clone().unwrap_or_else(|| format!("reportwire@{host}"));
    let mailer = config.smtp.as_ref().map(|smtp| Mailer::new(smtp.expose(), &from)).transpose()?;
    Ok(Courier {
        sender: Sender::new(config.webhooks.clone(), host),
        mailer,
        linker: Linker::new(signer, Arc::clone(&clock), config.access.link_lifetime),
        sealer,
        secret: Secret::open(vault).await?,
        clock,
    })
}

/// Makes the folder for its owner alone: reports are nobody else's business. One that exists stays as its
/// owner made it.
fn make_folder(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// The audit log that a configuration asks for.
fn audit(config: &Config) -> Result<(Audit, Option<WorkerGuard>), StartError> {
    let usual = || config.data_dir.join("audit");
    let folder = config.access.audit_log.clone().unwrap_or_else(usual);
    let (audit, writing) = Audit::open(&folder).map_err(|error| StartError::Audit(folder, error))?;
    Ok((audit, Some(writing)))
}
