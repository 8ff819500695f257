//! The certificate, taken up again whenever its files change.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::{config::TlsFiles, watched};

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum NoCertificate {
    /// A file cannot be read, or is no PEM.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] rustls::pki_types::pem::Error),
    /// There is no certificate in the file.
    #[error("{} holds no certificate", .0.display())]
    Empty(PathBuf),
    /// They do not belong together, or are of a kind that is not known.
    #[error("the key in {} is not that of the certificate in {}", .key.display(), .cert.display())]
    Mismatch {
        /// The key.
        key: PathBuf,
        /// The certificate.
        cert: PathBuf,
        /// Why.
        #[source]
        cause: rustls::Error,
    },
}

/// The certificate of this server. A clone is the same one.
#[derive(Clone, Debug)]
pub struct Certificate {
    files: TlsFiles,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// [`NoCertificate`].
    pub fn read(files: &TlsFiles) -> Result<Self, NoCertificate> {
        let current = Arc::new(Current(RwLock::new(Arc::new(read(files)?))));
        Ok(Self { files: files.clone(), current })
    }

    /// Speaks TLS 1.2 and 1.3, and HTTP/1.1 over it.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions();
        #[expect(clippy::expect_used, reason = "the provider has the default versions")]
        let config = config.expect("versions").with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::clone(&self.current) as _);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// Takes the files up again when they change, and on SIGHUP, until `stop`. Connections that are open keep what they
    /// have. Files that do not fit together change nothing: they may be half replaced.
    pub(super) async fn follow(self, stop: CancellationToken) {
        let changes = watched::follow(self.state(), async || self.state(), |_| self.take_up());
        let following = async { tokio::join!(changes, self.obey()) };
        stop.run_until_cancelled(following).await;
    }

    /// Takes the files up again on SIGHUP.
    async fn obey(&self) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        while hangup.recv().await.is_some() {
            self.take_up();
        }
    }

    fn take_up(&self) {
        match read(&self.files) {
            Ok(certified) => {
                *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                tracing::info!("the certificate was taken up again");
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the certificate stays as it was");
            }
        }
    }

    /// By what a change of the files is known: their content.
    fn state(&self) -> [Option<Vec<u8>>; 2] {
        [&self.files.cert, &self.files.key].map(|file| fs::read(file).ok())
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, NoCertificate> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error| NoCertificate::Unreadable(path, error)
    };
    let chain = CertificateDer::pem_file_iter(&files.cert).map_err(unreadable(&files.cert))?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(unreadable(&files.cert))?;
    if chain.is_empty() {
        return Err(NoCertificate::Empty(files.cert.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|cause| NoCertificate::Mismatch {
        key: files.key.clone(),
        cert: files.cert.clone(),
        cause,
    })
}
