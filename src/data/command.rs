//! Rows that a program writes.
//!
//! The program gets the parameters as one JSON object on its input and writes one JSON object a line. It is
//! started without a shell, in the folder of the report type, with an environment that holds nothing secret. It
//! leads a group of its own, and everything that it starts carries a mark in its environment: whatever way this
//! ends, group and marked are killed, also those that left the group.

use std::{
    io::{Read as _, Write as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Asked, DataError, folder::within, json::LINE, progress::Deadline, table::Objects};
use crate::work::Monitor;

/// What the environment of a program is made of.
const ENVIRONMENT: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/// The mark of what a program started.
const MARK: &str = "REPORTWIRE_RUN";
/// How often the monitor is asked while the program is silent.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// How much of what a program complains about is kept.
const COMPLAINT: usize = 8 * 1024;
/// How long what is killed may take to go: what hangs in a file system may never.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of its complaints is waited for once it is gone. They are in the pipe already; only one that
/// escaped every mark can hold it open.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs the program and puts its rows into the table.
pub(super) fn rows(
    name: &str,
    program: &[String],
    asked: &Asked<'_>,
    objects: Objects<'_>,
    monitor: &Monitor,
    deadline: Deadline,
) -> Result<(), DataError> {
    let mut family = Family::start(name, program, asked)?;
    let mut output = Output { name, objects, monitor, line: Vec::new(), number: 0 };
    let heard = listen(&mut family, &mut output, monitor, deadline);
    // whatever happened, nothing goes on
    let status = family.end();
    heard?;
    match status {
        Some(status) if status.success() => output.finish(),
        status => Err(failed(name, status, &family.complaint())),
    }
}

fn listen(
    family: &mut Family,
    output: &mut Output<'_>,
    monitor: &Monitor,
    deadline: Deadline,
) -> Result<(), DataError> {
    let name = output.name;
    let broken = |error: &dyn std::fmt::Display| DataError::of_source(name, error);
    let mut stdout = family.child.stdout.take().ok_or_else(|| broken(&"its output is gone"))?;
    let mut buffer = vec![0; 64 * 1024];
    let mut is_open = true;
    loop {
        monitor.check()?;
        deadline.check()?;
        let mut is_quiet = true;
        if is_open {
            let mut ready = [PollFd::new(&stdout, PollFlags::IN)];
            let count = match poll(&mut ready, Some(&LOOK)) {
                Err(rustix::io::Errno::INTR) => 0,
                polled => polled.map_err(|error| broken(&error))?,
            };
            if count > 0 {
                is_quiet = false;
                let length = stdout.read(&mut buffer).map_err(|error| broken(&error))?;
                is_open = length > 0;
                output.take(&buffer[..length])?;
            }
        } else {
            poll(&mut [], Some(&LOOK)).map_err(|error| broken(&error))?;
        }
        // one that it started may hold the output open; what came before its own end is all that counts
        if family.has_ended() && (is_quiet || !is_open) {
            return Ok(());
        }
    }
}

/// The lines of a program as they come.
struct Output<'a> {
    name: &'a str,
    objects: Objects<'a>,
    monitor: &'a Monitor,
    line: Vec<u8>,
    number: u64,
}

impl Output<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if self.line.len() as u64 > LINE {
                return Err(self.wrong(self.number + 1, format!("it is longer than {LINE} bytes")));
            }
            if part.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), DataError> {
        self.number += 1;
        let line = std::mem::take(&mut self.line);
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let row: Map<String, Value> = serde_json::from_slice(&line)
            .map_err(|error| self.wrong(self.number, format!("expected an object: {error}")))?;
        match progress(&row) {
            Some(percent) => Ok(self.monitor.progress("reading", (percent * 0.7) as u8)?),
            None => self.objects.add(row),
        }
    }

    fn finish(mut self) -> Result<(), DataError> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        self.objects.finish()
    }

    fn wrong(&self, line: u64, detail: String) -> DataError {
        let place = format!("line {line} of its output: {detail}");
        DataError::permanent(
            format!("the data “{}” is not as it should be: {place}", self.name),
            format!("data {}: {place}", self.name),
        )
    }
}

/// How far the program says it is, if that is what a line says.
fn progress(row: &Map<String, Value>) -> Option<f64> {
    if row.len() != 1 {
        return None;
    }
    Some(row.get("progress")?.as_f64()?.clamp(0.0, 100.0))
}

/// A program and everything that it started.
struct Family {
    child: Child,
    mark: String,
    stderr: Option<Complaint>,
    ended: bool,
}

impl Family {
    fn start(name: &str, program: &[String], asked: &Asked<'_>) -> Result<Self, DataError> {
        let failed = |error: String| DataError::of_source(name, error);
        let (first, arguments) = program.split_first().ok_or_else(|| failed("no program is named".into()))?;
        let path = match first.contains('/') {
            true => within(asked.folder, Path::new(first)).map_err(|error| failed(error.to_string()))?,
            false => PathBuf::from(first),
        };
        let folder = if asked.folder.as_os_str().is_empty() { Path::new(".") } else { asked.folder };
        let mark = Uuid::new_v4().simple().to_string();
        let environment = ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut child = Command::new(path)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(environment)
            .env(MARK, &mark)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| failed(format!("cannot start {first}: {error}")))?;
        let parameters = Value::Object(asked.parameters.clone()).to_string() + "\n";
        if let Some(mut stdin) = child.stdin.take() {
            // a program that reads nothing must not hold us up, nor be one that fails
            std::thread::spawn(move || drop(stdin.write_all(parameters.as_bytes())));
        }
        let stderr = child.stderr.take().map(Complaint::follow);
        Ok(Self { child, mark, stderr, ended: false })
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }

    /// Whether the program itself has ended. It is not waited for yet: until then its number, and that of its
    /// group, belong to nobody else.
    fn has_ended(&mut self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let Some(pid) = self.pid() else { return true };
        !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
    }

    /// Ends it and everything that it started. Returns how it ended.
    fn end(&mut self) -> Option<ExitStatus> {
        if let (false, Some(group)) = (self.ended, self.pid()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.ended = true;
        let status = self.child.wait().ok();
        // one that is just being started is found the second time
        let until = Instant::now() + PATIENCE;
        while kill_marked(&self.mark) > 0 {
            if Instant::now() > until {
                tracing::warn!(mark = self.mark, "something that a program started does not end");
                break;
            }
            // one that is in the kernel goes when it comes out of it
            let _ = poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 1_000_000 }));
        }
        status
    }

    /// The last that it wrote to its standard error.
    fn complaint(&self) -> String {
        self.stderr.as_ref().map(Complaint::last).unwrap_or_default()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if !self.ended {
            self.end();
        }
    }
}

/// Kills every process with this mark in its environment. Returns how many there were.
fn kill_marked(mark: &str) -> usize {
    let wanted = format!("{MARK}={mark}");
    let mut killed = 0;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
        else {
            continue;
        };
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
            && kill_process(pid, Signal::KILL).is_ok()
        {
            killed += 1;
        }
    }
    killed
}

/// What a program says on its standard error, heard on a thread of its own so that it never waits for us.
struct Complaint {
    said: Arc<Mutex<Vec<u8>>>,
    end: Receiver<()>,
}

impl Complaint {
    fn follow(mut stderr: ChildStderr) -> Self {
        let (said, (speaking, end)) = (Arc::new(Mutex::new(Vec::new())), channel());
        let kept = Arc::clone(&said);
        std::thread::spawn(move || {
            let _speaking = speaking;
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stderr.read(&mut buffer) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&buffer[..length]);
                let extra = kept.len().saturating_sub(COMPLAINT);
                kept.drain(..extra);
            }
        });
        Self { said, end }
    }

    /// The last of it, when the program has ended.
    fn last(&self) -> String {
        let _ = self.end.recv_timeout(LAST_WORDS);
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).trim().to_owned()
    }
}

fn failed(name: &str, status: Option<ExitStatus>, complaint: &str) -> DataError {
    let how = match status.and_then(|status| status.code()) {
        Some(code) => format!("its program ended with code {code}"),
        None => "its program was killed".to_owned(),
    };
    let said = if complaint.is_empty() { String::new() } else { format!(" and said: {complaint}") };
    DataError::permanent(
        format!("the data “{name}” could not be made: {how}"),
        format!("data {name}: {how}{said}"),
    )
}
