//! A PostgreSQL server of our own: on a free port, in a temporary folder, gone at the end.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rustix::process::geteuid;
use tempfile::TempDir;

/// The owner of the server, who is nobody in particular: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "pg_isready", "psql"];
pub(crate) const PASSWORD: &str = "correct-horse";

/// How long it may take to be ready: it is a failure when it is not.
const FOREVER: Duration = Duration::from_secs(60);

pub(crate) struct PostgresServer {
    process: Child,
    programs: PathBuf,
    port: u16,
    settings: Vec<String>,
    folder: TempDir,
}

impl PostgresServer {
    /// Starts it. That it cannot be started is a failure, whatever the reason. What the machine would lose without power
    /// is no matter here, so nothing is synced to disk.
    pub(crate) fn start() -> Self {
        Self::start_with(&["fsync=off", "max_connections=100", "shared_buffers=32MB"])
    }

    /// … with these settings.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings)
    }

    /// … in this folder, which others must be able to reach.
    pub(crate) fn start_in(folder: TempDir, settings: &[&str]) -> Self {
        let programs = programs();
        let data = folder.path().join("data");
        copy(&template(&programs), &data);
        if geteuid().is_root() {
            std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
            let owner = format!("{NOBODY}:{NOBODY}");
            assert!(Command::new("chown").args(["-R", &owner]).arg(&data).status().unwrap().success());
        }
        // free a moment ago; a test that loses this race fails, and says why
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let process = run(&programs, folder.path(), port, &settings);
        let server = Self { process, programs, port, settings, folder };
        server.until_ready();
        server
    }

    fn until_ready(&self) {
        let begun = Instant::now();
        loop {
            let ready = command(&self.programs, "pg_isready")
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status();
            if ready.unwrap().success() {
                return;
            }
            assert!(begun.elapsed() < FOREVER, "PostgreSQL is not ready: {}", self.log());
        }
    }

    /// Stops it as an operator would who restarts it: whoever is connected is cut off.
    #[allow(dead_code, reason = "not every kind of test takes it away")]
    pub(crate) fn stop(&mut self) {
        // SIGINT is its fast shutdown: it ends its own children
        kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGINT).unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, where it was.
    #[allow(dead_code, reason = "not every kind of test takes it away")]
    pub(crate) fn start_again(&mut self) {
        self.process = run(&self.programs, self.folder.path(), self.port, &self.settings);
        self.until_ready();
    }

    /// The id of its first process, of which all others are children.
    #[allow(dead_code, reason = "benches look at it")]
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    #[allow(dead_code, reason = "not every kind of test needs it")]
    pub(crate) fn port(&self) -> u16 {
        self.port
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
    #[allow(dead_code, reason = "not every kind of test asks it")]
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

    /// One of its programs.
    #[allow(dead_code, reason = "not every kind of test has use for others")]
    pub(crate) fn program(&self, name: &str) -> Command {
        command(&self.programs, name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGINT);
        let _ = self.process.wait();
    }
}

fn run(programs: &Path, folder: &Path, port: u16, settings: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    command(programs, "postgres")
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        .args(settings.iter().flat_map(|setting| ["-c", setting]))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// A folder of data as `initdb` makes it, which takes a second: made once, and copied for each server.
fn template(programs: &Path) -> PathBuf {
    let version = command(programs, "postgres").arg("--version").output().unwrap();
    // "postgres (PostgreSQL) 15.8 …"
    let version = String::from_utf8(version.stdout).unwrap();
    let number = version.split_whitespace().nth(2).unwrap();
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("postgresql-{number}"));
    fs::create_dir_all(home.parent().unwrap()).unwrap();
    // whoever comes first makes it, and the others wait
    let lock = File::create(home.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if home.exists() {
        return home;
    }
    // not below the folder for builds: another user makes it, who may not be able to go there
    let making = tempfile::tempdir().unwrap();
    let (data, words) = (making.path().join("data"), making.path().join("password"));
    fs::create_dir(&data).unwrap();
    fs::write(&words, PASSWORD).unwrap();
    if geteuid().is_root() {
        for path in [making.path(), &data, &words] {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    let made = command(programs, "initdb")
        .arg("--pgdata")
        .arg(&data)
        .arg(format!("--pwfile={}", words.display()))
        .args(["--username=reader", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"])
        .arg("--wal-segsize=1")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let half = home.with_extension("half");
    let _ = fs::remove_dir_all(&half);
    copy(&data, &half);
    fs::rename(&half, &home).unwrap();
    home
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-rp").arg(from).arg(to).status().unwrap().success());
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
