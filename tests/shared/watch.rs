//! What the servers of a test run log, and the secrets that it uses: each in files of this process, below the folder for
//! builds. When the run is over, `tests/run` searches all of the first for all of the second.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    sync::{Mutex, Once, OnceLock},
};

fn file(folder: &str) -> File {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../watched").join(folder);
    fs::create_dir_all(&folder).unwrap();
    let name = format!("{}-{}", env!("CARGO_CRATE_NAME"), std::process::id());
    File::options().append(true).create(true).open(folder.join(name)).unwrap()
}

/// Writes down what the servers in this process log from now on, down to the smallest word of ours.
#[allow(dead_code, reason = "not every kind of test has servers in its process")]
pub(crate) fn logs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let filter = tracing_subscriber::EnvFilter::new("debug,reportwire=trace,s3s=off,s3s_fs=off");
        let writer = Mutex::new(file("logs"));
        let subscriber =
            tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer);
        let _ = subscriber.try_init();
    });
}

/// Takes a log that was written elsewhere.
#[allow(dead_code, reason = "not every kind of test has servers of their own process")]
pub(crate) fn log(text: &[u8]) {
    file("logs").write_all(text).unwrap();
}

/// This must stand in no log.
pub(crate) fn secret(text: &str) {
    static FILE: OnceLock<Mutex<File>> = OnceLock::new();
    let file = FILE.get_or_init(|| Mutex::new(file("secrets")));
    writeln!(file.lock().unwrap(), "{text}").unwrap();
}

/// The secrets in an answer or a frame: the tokens of links, and what is shown once.
#[allow(dead_code, reason = "not every kind of test reads answers")]
pub(crate) fn answer(text: &str) {
    for (before, is_part) in [("token=", false), ("\"secret\":\"", true)] {
        for piece in text.split(before).skip(1) {
            let end = piece.find(|c: char| !(c.is_ascii_alphanumeric() || "-_+/=".contains(c)));
            let found = &piece[..end.unwrap_or(piece.len())];
            if found.len() >= 20 || (is_part && found.len() >= 8) {
                secret(found);
            }
        }
    }
}
