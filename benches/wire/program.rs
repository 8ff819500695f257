//! The release binary as an operator runs it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Where the binary is.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_reportwire");

/// A server that runs. Dropping it ends it.
pub(crate) struct Program {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How long it took from the start of the process to its first 200.
    pub(crate) ready: Duration,
}

impl Program {
    /// Starts the server with its data in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::with(folder, &[])
    }

    /// … with these settings, by the names of their environment variables.
    pub(crate) fn with(folder: &Path, settings: &[(&str, String)]) -> Self {
        let began = Instant::now();
        let mut process = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--max-connections", "16000"])
            // a crowd has few addresses here, and much to say to one report
            .args([
                "--max-connections-per-address",
                "16000",
                "--max-sockets-per-report",
                "16000",
                "--data-dir",
            ])
            .arg(folder)
            .env_clear()
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
        let mut answer = [0; 12];
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        Self { process, address, ready: began.elapsed() }
    }

    /// The id of its process.
    #[allow(dead_code, reason = "not every bench looks at it")]
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its resident memory in KiB.
    pub(crate) fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
