//! Nodes as child processes, and how clients find one that lives.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::{bucket::Bucket, postgres_server::PostgresServer};

const BINARY: &str = env!("CARGO_BIN_EXE_reportwire");
const MASTER: &str = "a master secret that all nodes have, and nobody else";

/// What nodes share, and where those are that live.
pub(crate) struct Fleet {
    folder: TempDir,
    settings: Vec<(String, String)>,
    nodes: Vec<Mutex<Option<Node>>>,
}

struct Node {
    child: Child,
    address: SocketAddr,
}

impl Fleet {
    /// A fleet without nodes, over the database at this port and this bucket.
    pub(crate) fn new(database: &PostgresServer, port: u16, bucket: &Bucket, size: usize) -> Arc<Self> {
        crate::watch::secret(MASTER);
        let store = database.url().replace(&format!(":{}/", database.port()), &format!(":{port}/"));
        let own = [
            ("REPORTWIRE_STORE", store),
            ("REPORTWIRE_SECRET", MASTER.into()),
            ("REPORTWIRE_ARTIFACTS", "s3://reports/cluster".into()),
            ("REPORTWIRE_LOG", "info,reportwire=debug".into()),
        ];
        let settings = own.into_iter().chain(bucket.settings());
        Arc::new(Self {
            folder: tempfile::tempdir().unwrap(),
            settings: settings.map(|(name, value)| (name.to_owned(), value)).collect(),
            nodes: (0..size).map(|_| Mutex::new(None)).collect(),
        })
    }

    /// Starts the node of this number, as a process that says where it listens.
    pub(crate) fn start(&self, number: usize, arguments: &[&str]) {
        let log = File::options().append(true).create(true).open(self.log_file(number)).unwrap();
        let mut child = Command::new(BINARY)
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(self.folder.path().join(number.to_string()))
            .args(arguments)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("://").and_then(|(_, address)| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("node {number} said {line:?}: {}", self.log(number)));
        *self.nodes[number].lock().unwrap() = Some(Node { child, address });
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(&self, number: usize) {
        let node = self.nodes[number].lock().unwrap().take();
        let mut node = node.unwrap();
        node.child.kill().unwrap();
        node.child.wait().unwrap();
    }

    /// Asks it to drain, and waits until it is gone.
    pub(crate) fn drain(&self, number: usize) {
        let mut node = self.nodes[number].lock().unwrap().take().unwrap();
        kill(Pid::from_raw(node.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        assert!(node.child.wait().unwrap().success(), "{}", self.log(number));
    }

    /// Stops the process without ending it, or lets it go on.
    pub(crate) fn freeze(&self, number: usize, frozen: bool) {
        let signal = if frozen { Signal::SIGSTOP } else { Signal::SIGCONT };
        let node = self.nodes[number].lock().unwrap();
        kill(Pid::from_raw(node.as_ref().unwrap().child.id().cast_signed()), signal).unwrap();
    }

    /// Where a node is that was not killed, any of them.
    pub(crate) fn any(&self) -> SocketAddr {
        loop {
            let number = fastrand::usize(..self.nodes.len());
            if let Some(node) = self.nodes[number].lock().unwrap().as_ref() {
                return node.address;
            }
            std::thread::yield_now();
        }
    }

    /// Where this node is.
    pub(crate) fn at(&self, number: usize) -> SocketAddr {
        self.nodes[number].lock().unwrap().as_ref().unwrap().address
    }

    fn log_file(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("{number}.log"))
    }

    pub(crate) fn log(&self, number: usize) -> String {
        fs::read_to_string(self.log_file(number)).unwrap_or_default()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for (number, node) in self.nodes.iter().enumerate() {
            if let Some(mut node) = node.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
                let _ = node.child.kill();
                let _ = node.child.wait();
            }
            let log = self.log(number);
            crate::watch::log(log.as_bytes());
            if std::thread::panicking() {
                let lines: Vec<_> =
                    log.lines().rev().filter(|line| !line.contains("DEBUG")).take(15).collect();
                eprintln!("the last that node {number} said:");
                lines.iter().rev().for_each(|line| eprintln!("  {line}"));
            }
        }
    }
}
