//! Over TLS, only who is who it says is told.
//!
//! The roots of trust are read once in a process, so each case runs in a process of its own: the test starts itself
//! again with another `SSL_CERT_FILE`.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use reportwire::delivery::webhook::SendError;
use rustls::{CertificateError, Error::InvalidCertificate};

use crate::subject::{Liar, post, sender};

const SERVER: &str = "
import http.server, ssl, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        self.send_response(204)
        self.end_headers()
server = http.server.HTTPServer(('127.0.0.1', 0), Hook)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";

#[tokio::test]
async fn a_receiver_is_told_only_when_its_certificate_is_trusted_and_names_it() {
    if let (Ok(url), Ok(expected)) = (env::var("HOOK_URL"), env::var("HOOK_EXPECTED")) {
        return told(&url, &expected).await;
    }
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let mut server = Command::new("python3")
        .args(["-c", SERVER, "server.pem", "server.key"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let cases = [
        ("ca.pem", "hook.example", "told"),
        ("ca.pem", "other.example", "another name"),
        ("other.pem", "hook.example", "not trusted"),
    ];
    let mut failures = Vec::new();
    for (roots, host, expected) in cases {
        let output = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "securing::a_receiver_is_told_only_when_its_certificate_is_trusted_and_names_it",
            ])
            .env("SSL_CERT_FILE", folder.path().join(roots))
            .env("HOOK_URL", format!("https://{host}:{}/", port.trim()))
            .env("HOOK_EXPECTED", expected)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() || !said.contains("1 passed") {
            failures.push(said);
        }
    }
    let _ = server.kill();
    let _ = server.wait();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

async fn told(url: &str, expected: &str) {
    let sender = sender(&["127.0.0.0/8"]).with_resolver(Arc::new(Liar::answering(&[&["127.0.0.1"]])));
    let result = post(&sender, &url.parse().unwrap()).await.result;
    match expected {
        "told" => assert_eq!(result.unwrap().status, 204),
        "another name" => assert!(
            matches!(
                result,
                Err(SendError::Tls(InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
                )))
            ),
            "{result:?}"
        ),
        "not trusted" => assert!(
            matches!(result, Err(SendError::Tls(InvalidCertificate(CertificateError::UnknownIssuer)))),
            "{result:?}"
        ),
        other => panic!("{other}"),
    }
}

/// An authority, a server that it knows as `hook.example`, and an authority that knows nobody.
fn certificates(folder: &Path) {
    let extensions = "subjectAltName=DNS:hook.example\nbasicConstraints=CA:FALSE\n";
    std::fs::write(folder.join("extensions"), extensions).unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for command in [
        format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"),
        format!("req -x509 {key} -keyout other.key -out other.pem -days 2 -subj /CN=stranger"),
        format!("req {key} -keyout server.key -out server.csr -subj /CN=server"),
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem"
            .to_owned(),
    ] {
        let output = Command::new("openssl").args(command.split(' ')).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "openssl {command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
