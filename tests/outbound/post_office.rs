//! A mail server that is not ours: aiosmtpd, which prints each letter as a line of JSON.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::mpsc;

/// Longer than a letter takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct PostOffice {
    child: Child,
    letters: mpsc::UnboundedReceiver<Value>,
    // it runs until this is closed
    _stdin: ChildStdin,
    port: u64,
}

impl PostOffice {
    pub(crate) fn open() -> Self {
        let mut child = Command::new("target/venv/bin/python")
            .args(["-u", "tests/outbound/post_office.py"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = read(&mut lines).and_then(|line| line.as_u64()).expect("a port");
        let (send, letters) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            while let Some(letter) = read(&mut lines).filter(|_| !send.is_closed()) {
                let _ = send.send(letter);
            }
        });
        Self { _stdin: child.stdin.take().unwrap(), child, letters, port }
    }

    /// Where letters are handed in, with `credentials` as `user:password@` or none.
    pub(crate) fn url(&self, credentials: &str) -> String {
        format!("smtp://{credentials}127.0.0.1:{}", self.port)
    }

    /// The next letter: `{"from", "to", "headers", "plain", "html"}`.
    pub(crate) async fn next(&mut self) -> Value {
        let letter = tokio::time::timeout(PATIENCE, self.letters.recv()).await;
        letter.expect("a letter arrives").expect("the mail server lives")
    }
}

fn read(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<Value> {
    serde_json::from_str(&lines.next()?.ok()?).ok()
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
