//! A whole server in this process, and clients that send it what nobody should.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use reportwire::{
    config::{Config, Layer},
    server::Server,
};
use tempfile::TempDir;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Panics of any thread: one in a task of the server is caught there, and would pass for a client that left.
static PANICS: AtomicUsize = AtomicUsize::new(0);

pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    serving: Option<std::thread::JoinHandle<()>>,
    _folder: TempDir,
}

impl Wire {
    /// A server that lets everybody in and makes nothing.
    pub(crate) fn open() -> Self {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(panic);
        }));
        let folder = tempfile::tempdir().unwrap();
        let layer = Layer {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            data_dir: Some(folder.path().into()),
            // what is asked for is kept for a moment only: a minute of requests is many
            keep: Some(Duration::from_secs(5)),
            workers: Some(1),
            ..Layer::default()
        };
        let config = Config::of(layer).unwrap();
        let (ready, address) = std::sync::mpsc::channel();
        let (stop, asked) = tokio::sync::oneshot::channel();
        let serving = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(config).await.unwrap();
                ready.send(server.address()).unwrap();
                server.run(async { drop(asked.await) }).await;
            });
        });
        Self { address: address.recv().unwrap(), stop: Some(stop), serving: Some(serving), _folder: folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// The status of the answer to these bytes, which are a whole request; none when the connection is closed without.
    pub(crate) fn ask(&self, request: &[u8]) -> Option<u16> {
        let mut stream = self.connect();
        // it may be refused before the last byte is written
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
        }
        let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
        std::str::from_utf8(status).ok()?.parse().ok()
    }

    /// Asks for a report, and returns its id.
    pub(crate) fn create(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\"id\":\"").expect("a resource").1[..36].to_owned()
    }

    /// Sends these bytes behind a handshake on `path`, and waits for the end of the connection.
    pub(crate) fn say(&self, path: &str, protocol: &str, bytes: &[u8]) {
        let mut stream = self.connect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let _ = stream.write_all(bytes);
        // a Close behind it, so that the server need not wait for more; what broke the protocol before is closed anyway
        let _ = stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    }

    /// The server still answers, and nothing in it panicked.
    pub(crate) fn finish(mut self) {
        let healthy = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        assert_eq!(self.ask(healthy), Some(200));
        let _ = self.stop.take().unwrap().send(());
        self.serving.take().unwrap().join().unwrap();
        assert_eq!(PANICS.load(Ordering::SeqCst), 0, "something panicked; see above");
    }
}
