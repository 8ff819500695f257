//! TLS, with certificates that the test makes for itself.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, SanType, SerialNumber};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tempfile::TempDir;
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{Connector, client_async_tls_with_config, tungstenite::Message};

use crate::{
    client::{LONG, until},
    command::{assert_refused, reportwire, said},
    curl::curl,
    server::{Launch, Server},
};

/// One who issues certificates for this machine, into the files of a server.
struct Issuer {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Issuer {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, "an issuer for a test");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A certificate with this number, and its key.
    fn make(&self, number: u64) -> (String, String) {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
        params.distinguished_name.push(rcgen::DnType::CommonName, "a server for a test");
        params.serial_number = Some(SerialNumber::from(number));
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Puts it where the server looks.
    fn issue(&self, number: u64) {
        let (certificate, key) = self.make(number);
        key.lines().filter(|line| !line.starts_with('-')).for_each(crate::watch::secret);
        fs::write(self.file("cert.pem"), certificate).unwrap();
        fs::write(self.file("key.pem"), key).unwrap();
    }

    fn start(&self, folder: &Path) -> Server {
        let (cert, key) = (self.file("cert.pem"), self.file("key.pem"));
        Launch::on(folder)
            .with(&["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()])
            .start()
    }

    fn trusting(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    }
}

/// The number of the certificate that a new connection is shown.
async fn shown(address: SocketAddr, config: &Arc<ClientConfig>) -> Vec<u8> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

async fn socket(address: SocketAddr, config: &Arc<ClientConfig>, id: &str) -> Socket {
    let stream = TcpStream::connect(address).await.unwrap();
    let url = format!("wss://localhost:{}/api/v1/report/{id}/ws?keep=1", address.port());
    let connector = Connector::Rustls(Arc::clone(config));
    client_async_tls_with_config(url, stream, None, Some(connector)).await.unwrap().0
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<TcpStream>>;

/// Waits until the server speaks of what this names.
async fn hears(socket: &mut Socket, wanted: &str) {
    loop {
        match tokio::time::timeout(LONG, socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) if text.contains(wanted) => return,
            Some(Ok(_)) => {}
            other => panic!("the connection was dropped: {other:?}"),
        }
    }
}

#[tokio::test]
async fn curl_and_request_speak_tls_and_who_does_not_is_told_where_it_is() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    issuer.issue(1);
    let server = issuer.start(folder.path());
    let ca = issuer.file("ca.pem").to_str().unwrap().to_owned();
    let url = format!("https://{}", server.address());
    let order = r#"{"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"}"#;
    let created = curl(&["--cacert", &ca, "--json", order, &format!("{url}/api/v1/report")]).await;
    let created: serde_json::Value = serde_json::from_slice(&created).unwrap();
    let link = created["_links"]["ws"]["href"].as_str().unwrap();
    assert!(link.starts_with("wss://127.0.0.1:"), "{link}");
    assert!(created["_links"]["self"]["href"].as_str().unwrap().starts_with(&url));
    for version in ["--tlsv1.2", "--tlsv1.3"] {
        let health =
            curl(&[version, "--tls-max", &version[6..], "--cacert", &ca, &format!("{url}/healthz")]).await;
        assert!(said(&health).contains("ok"), "{version}");
    }
    let plain = format!("http://{}/healthz?x=1", server.address());
    let told = curl(&["--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}", &plain]).await;
    assert_eq!(said(&told), format!("308 {url}/healthz?x=1"));

    let output = folder.path().join("report.pdf").to_str().unwrap().to_owned();
    let program = std::process::Command::new(crate::server::BINARY)
        .args(["request", "COFFEE_SALES", "reportDate=2021-01-01", "--server", &url, "--output", &output])
        .env("SSL_CERT_FILE", &ca)
        .output();
    let asked = tokio::task::spawn_blocking(|| program).await.unwrap().unwrap();
    assert!(asked.status.success(), "{}", said(&asked.stderr));
    assert!(fs::read(&output).unwrap().starts_with(b"%PDF"));
}

#[tokio::test]
async fn a_certificate_is_changed_under_load_and_nobody_loses_a_connection() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    issuer.issue(1);
    let server = issuer.start(folder.path());
    let (address, config) = (server.address(), issuer.trusting());
    let http = reportwire::trust::http_client()
        .tls_backend_preconfigured(ClientConfig::clone(&config))
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("https://localhost:{}", address.port());
    let order = r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01","startWhen":"connected"}"#;
    let request =
        http.post(format!("{url}/api/v1/report")).header("content-type", "application/json").body(order);
    let created: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    let id = created["id"].as_str().unwrap().to_owned();
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(socket(address, &config, &id).await);
    }
    for socket in &mut sockets {
        hears(socket, "completed").await;
    }
    // some keep their connection, some come anew each time
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut load = JoinSet::new();
    for number in 0..8 {
        let (http, config) = (http.clone(), Arc::clone(&config));
        let (stop, asked, url) = (Arc::clone(&stop), Arc::clone(&asked), format!("{url}/healthz"));
        load.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                if number % 2 == 0 {
                    assert_eq!(http.get(&url).send().await.unwrap().status(), 200);
                } else {
                    shown(address, &config).await;
                }
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let more = async || {
        let before = asked.load(Ordering::Relaxed);
        until(LONG, "more requests", async || (asked.load(Ordering::Relaxed) > before + 50).then_some(()))
            .await;
    };
    let first = shown(address, &config).await;
    more().await;
    issuer.issue(2);
    until(LONG, "the new certificate", async || (shown(address, &config).await != first).then_some(())).await;
    let second = shown(address, &config).await;
    // half a pair changes nothing
    fs::write(issuer.file("cert.pem"), issuer.make(3).0).unwrap();
    until(LONG, "the server to say so", async || server.log().contains("stays as it was").then_some(()))
        .await;
    assert_eq!(shown(address, &config).await, second);
    issuer.issue(4);
    server.hang_up();
    until(LONG, "the third certificate", async || (shown(address, &config).await != second).then_some(()))
        .await;
    more().await;
    stop.store(true, Ordering::Relaxed);
    load.join_all().await;
    for socket in &mut sockets {
        socket.send(Message::text("still there?")).await.unwrap();
        hears(socket, "bad-message").await;
    }
}

#[test]
fn what_is_no_certificate_is_refused_by_its_name() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    issuer.issue(1);
    let (other, _) = issuer.make(2);
    fs::write(issuer.file("other.pem"), other).unwrap();
    fs::write(issuer.file("empty.pem"), "").unwrap();
    let path = |name: &str| issuer.file(name).to_str().unwrap().to_owned();
    let serve = |cert: &str, key: &str| {
        let data = folder.path().to_str().unwrap();
        reportwire(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data,
            "--tls-cert",
            cert,
            "--tls-key",
            key,
        ])
    };
    assert_refused(&serve(&path("none.pem"), &path("key.pem")), 1, &["none.pem"]);
    assert_refused(&serve(&path("empty.pem"), &path("key.pem")), 1, &["empty.pem holds no certificate"]);
    assert_refused(&serve(&path("cert.pem"), &path("empty.pem")), 1, &["empty.pem"]);
    assert_refused(&serve(&path("other.pem"), &path("key.pem")), 1, &["key.pem is not that of"]);
    let alone = reportwire(&["serve", "--tls-cert", "x"]);
    assert_refused(&alone, 2, &["tls-cert and tls-key need each other"]);
}
