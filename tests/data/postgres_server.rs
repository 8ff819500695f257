//! A PostgreSQL server of our own: on a free port, in a temporary folder, gone at the end.

use std::{
    fs,
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::patiently;

/// The owner of the server, who is nobody in particular: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "pg_isready", "psql"];
pub(crate) const PASSWORD: &str = "correct-horse";

pub(crate) struct PostgresServer {
    process: Child,
    programs: PathBuf,
    port: u16,
    _folder: TempDir,
}

impl PostgresServer {
    /// Starts it. That it cannot be started is a failure, whatever the reason.
    pub(crate) fn start() -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        let words = folder.path().join("password");
        fs::write(&words, PASSWORD).unwrap();
        if geteuid().is_root() {
            for path in [folder.path(), &data, &words] {
                std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let made = command(&programs, "initdb")
            .arg("--pgdata")
            .arg(&data)
            .arg(format!("--pwfile={}", words.display()))
            .args(["--username=reader", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // free a moment ago; a test that loses this race fails, and says why
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut process = command(&programs, "postgres")
            .arg("-D")
            .arg(&data)
            .args([
                "-p",
                &port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args(["-c", "fsync=off", "-c", "max_connections=20", "-c", "shared_buffers=16MB"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        patiently("PostgreSQL answers", || {
            if let Some(status) = process.try_wait().unwrap() {
                panic!("it ended, {status}: {}", fs::read_to_string(folder.path().join("log")).unwrap());
            }
            let ready = command(&programs, "pg_isready")
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status();
            ready.unwrap().success()
        });
        Self { process, programs, port, _folder: folder }
    }

    pub(crate) fn url(&self) -> String {
        self.url_with(PASSWORD)
    }

    pub(crate) fn url_with(&self, password: &str) -> String {
        crate::watch::logs();
        crate::watch::secret(password);
        format!("postgres://reader:{password}@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// What a statement of ours returns, as text.
    pub(crate) fn say(&self, sql: &str) -> String {
        let output = command(&self.programs, "psql")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "reader", "-d", "postgres"])
            .args(["-v", "ON_ERROR_STOP=1", "-qAtc", sql])
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown: it ends its own children
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGINT);
        let _ = self.process.wait();
    }
}

fn command(programs: &Path, name: &str) -> Command {
    let mut command = Command::new(programs.join(name));
    command.current_dir("/").env("LC_ALL", "C");
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Where the newest server is: Debian keeps its programs out of `PATH`.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = debian.collect();
    all.sort();
    let all = std::env::split_paths(&path).chain(all).collect::<Vec<_>>();
    let whole = |folder: &PathBuf| PROGRAMS.iter().all(|name| folder.join(name).is_file());
    all.into_iter().rev().find(whole).expect("PostgreSQL is not installed (Debian: postgresql)")
}
