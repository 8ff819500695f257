//! A server as a child process: started, signalled and ended by its process id.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::client::{Client, until};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_reportwire");

/// A process that has said where it listens. It ends with this value.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

/// How to start one.
pub(crate) struct Launch {
    folder: PathBuf,
    before: Vec<OsString>,
    after: Vec<OsString>,
}

impl Launch {
    /// A server whose data lie in `folder`.
    pub(crate) fn on(folder: &Path) -> Self {
        Self { folder: folder.into(), before: Vec::new(), after: Vec::new() }
    }

    /// With these arguments more.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.after.extend(arguments.iter().map(OsString::from));
        self
    }

    /// As the argument of another program, which must become the server's tracer and not its parent.
    pub(crate) fn under(mut self, program: Vec<OsString>) -> Self {
        self.before = program;
        self
    }

    pub(crate) fn start(self) -> Server {
        let Self { folder, mut before, after } = self;
        before.push(BINARY.into());
        let log = folder.join("test.log");
        let mut child = Command::new(&before[0])
            .args(&before[1..])
            .env("REPORTWIRE_LOG", "debug,reportwire=trace")
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.join("data"))
            .args(after)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().append(true).create(true).open(&log).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", before[0].display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("reportwire listening on ")
            .and_then(|url| url.split_once("://"))
            .and_then(|(_, address)| address.parse().ok())
            .unwrap_or_else(|| panic!("no address in {line:?}; {}", fs::read_to_string(&log).unwrap()));
        Server { child, address, log }
    }
}

impl Server {
    /// A server with its data in `folder`, and otherwise as it comes.
    pub(crate) fn start(folder: &Path) -> Self {
        Launch::on(folder).start()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn client(&self) -> Client {
        Client::of(self.address)
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends the polite signal.
    pub(crate) fn terminate(&self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).unwrap();
    }

    /// Tells it to look at its files again.
    pub(crate) fn hang_up(&self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGHUP).unwrap();
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits for its own end.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        until(within, "the server to end", async || self.child.try_wait().unwrap()).await
    }

    /// Physical memory that it has now, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        crate::watch::log(&fs::read(&self.log).unwrap_or_default());
        if std::thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(20).collect();
            eprintln!("the last the server said:");
            lines.iter().rev().for_each(|line| eprintln!("  {line}"));
        }
    }
}
