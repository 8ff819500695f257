//! Reads what strace wrote: which thread entered and left which system call, in the order of events.

use std::{collections::HashMap, sync::LazyLock};

/// One system call, from line to line of the trace. Lines are written in the order of events: a thread that
/// has entered a call waits for the tracer before it goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The line of its beginning.
    pub(crate) entered: usize,
    /// The line of its end.
    pub(crate) returned: usize,
    pub(crate) name: String,
    /// Arguments and result as strace prints them.
    pub(crate) text: String,
    pub(crate) result: i64,
}

/// The calls of a trace that came to an end, in the order in which they did.
pub(crate) fn read(trace: &str) -> Vec<Call> {
    let mut open: HashMap<&str, (usize, &str, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for (number, line) in trace.lines().enumerate() {
        // "1234  fdatasync(9</x/db-wal>) = 0": thread, then the call
        let Some((thread, event)) = line.split_once(' ') else { continue };
        let event = event.trim_start();
        if let Some(begun) = event.strip_suffix("<unfinished ...>") {
            let Some((name, arguments)) = begun.split_once('(') else { continue };
            open.insert(thread, (number, name, arguments));
        } else if let Some(resumed) = event.strip_prefix("<... ") {
            let Some((name, rest)) = resumed.split_once(" resumed>") else { continue };
            let Some((entered, begun, arguments)) = open.remove(thread) else { continue };
            assert_eq!(begun, name, "line {number}: {line}");
            calls.extend(call(entered, number, name, format!("{arguments}{rest}")));
        } else if let Some((name, rest)) = event.split_once('(') {
            calls.extend(call(number, number, name, rest.to_owned()));
        }
    }
    calls
}

/// A call that returned a number; `?` is the answer to a thread that was killed in it.
fn call(entered: usize, returned: usize, name: &str, text: String) -> Option<Call> {
    let result = text.rsplit_once(" = ")?.1.split_whitespace().next()?.parse().ok()?;
    Some(Call { entered, returned, name: name.to_owned(), text, result })
}

static SAMPLE: LazyLock<String> = LazyLock::new(|| {
    [
        "7  recvfrom(9<TCP:[1.1.1.1:80->2.2.2.2:90]>, \"POST / (x)\"..., 8192, 0, NULL, NULL) = 120",
        "8  fdatasync(5</d/db-wal> <unfinished ...>",
        "7  write(3<pipe:[1]>, \"a = b\", 5) = -1 EAGAIN (Resource temporarily unavailable)",
        "9  --- SIGTERM {si_signo=SIGTERM} ---",
        "8  <... fdatasync resumed>)                = 0",
        "8  recvfrom(9<TCP:[1.1.1.1:80->2.2.2.2:90]>,  <unfinished ...>",
        "8  <... recvfrom resumed>0x7f, 1, 0, NULL, NULL) = ?",
        "7  +++ exited with 0 +++",
    ]
    .join("\n")
});

#[test]
fn a_trace_is_read_with_its_unfinished_and_resumed_lines() {
    let calls = read(&SAMPLE);
    let seen: Vec<_> =
        calls.iter().map(|call| (call.name.as_str(), call.entered, call.returned, call.result)).collect();
    assert_eq!(seen, [("recvfrom", 0, 0, 120), ("write", 2, 2, -1), ("fdatasync", 1, 4, 0)]);
    assert!(calls[2].text.starts_with("5</d/db-wal>"));
}
