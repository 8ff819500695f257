//! Whom we believe to be who they say when we connect to them.

use std::sync::{Arc, LazyLock};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// TLS with the certificates that this machine trusts, read once; `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them.
pub(crate) static TLS: LazyLock<ClientConfig> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    // one that cannot be read is one that is not trusted
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    #[expect(clippy::expect_used, reason = "the provider has the default versions")]
    config.expect("versions").with_root_certificates(roots).with_no_client_auth()
});

/// A client for HTTP and HTTPS that trusts whom we trust.
pub fn http_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_backend_preconfigured(TLS.clone())
}
