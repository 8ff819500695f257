//! Programs that write rows: what they get, what is taken from them, and that nothing of them stays.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reportwire::work::Monitor;
use serde_json::json;

use crate::support::{Ground, assert_discreet, cells, columns, patiently};

/// A report type over a program in the shell.
fn shell(script: &str) -> String {
    let script = script.replace('\\', "\\\\").replace('"', "\\\"");
    format!("[data.a]\ncommand = [\"sh\", \"-c\", \"{script}\"]")
}

/// The processes whose command line has this word.
fn processes(word: &str) -> Vec<Pid> {
    let is_it = |id: &i32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(word)
    };
    let names = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.file_name());
    let ids = names.filter_map(|name| name.to_str()?.parse().ok());
    ids.filter(is_it).map(Pid::from_raw).collect()
}

#[test]
fn rows_come_one_a_line_with_found_and_declared_types() {
    let ground = Ground::new(&[]);
    let text = shell(r#"echo '{"n": 1, "t": "é"}'; echo; printf '{"n": 2, "day": "2021-01-31"}'"#);
    let rows = ground.ask(&text, "SELECT * FROM a").unwrap();
    assert_eq!(columns(&rows), "n:integer t:text day:date");
    assert_eq!(cells(&rows), "1 'é' - | 2 - '2021-01-31'");
    let text = format!("{}\ncolumns = {{ n = 'decimal', more = 'text' }}", shell("echo '{\"n\": 1}'"));
    assert_eq!(columns(&ground.ask(&text, "SELECT * FROM a").unwrap()), "n:decimal more:text");
    assert_eq!(
        cells(
            &ground
                .ask(&format!("{}\ncolumns = {{ n = 'text' }}", shell("true")), "SELECT n FROM a")
                .unwrap()
        ),
        ""
    );
}

#[test]
fn it_gets_the_parameters_and_runs_in_the_folder_of_the_report_type() {
    let ground = Ground::new(&[(
        "in/rows.sh",
        "#!/bin/sh\nread -r line\nprintf '{\"got\": %s, \"here\": \"%s\"}\\n' \"$line\" \"$(pwd)\"\n",
    )]);
    let mut mode = fs::metadata(ground.path("in/rows.sh")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(ground.path("in/rows.sh"), mode).unwrap();
    let text = "[data.a]\ncommand = ['in/rows.sh']\n[parameters.shop]\n[parameters.days]\ntype = 'list'\nitems = 'date'";
    let parameters = json!({"shop": "a'b\"c\n$(touch hacked)", "days": ["2021-01-31"]});
    let rows =
        ground.ask_with(text, "SELECT got, here FROM a", &parameters, None, &Monitor::detached()).unwrap();
    let here = fs::canonicalize(ground.folder.path()).unwrap();
    assert_eq!(cells(&rows), format!("'{parameters}' '{}'", here.display()));
    assert!(!ground.path("hacked").exists());
}

#[test]
fn arguments_reach_it_as_they_are_without_a_shell() {
    let ground = Ground::new(&[]);
    let text = r#"[data.a]
command = ["printf", '{"t": "%s"}\n', "$HOME; touch hacked", "`id`", "*"]"#;
    assert_eq!(cells(&ground.ask(text, "SELECT t FROM a").unwrap()), "'$HOME; touch hacked' | '`id`' | '*'");
    assert!(!ground.path("hacked").exists());
}

#[test]
fn its_environment_has_nothing_of_ours_but_a_few_names() {
    // the test runs itself in a process that has secrets
    if std::env::var_os("THE_SECRET").is_none() {
        let name = "command::its_environment_has_nothing_of_ours_but_a_few_names";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .envs([("THE_SECRET", "hunter2"), ("REPORTWIRE_TOKEN", "hunter3"), ("PGPASSWORD", "hunter4")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let ground = Ground::new(&[]);
    let text = shell(
        r#"env | sed 's/\(.*\)=.*/{"name": "\1"}/; /^{/!d'; echo "{\"all\": \"$(env | tr -d '\n\\"')\"}""#,
    );
    let rows = ground.ask(&text, "SELECT name FROM a WHERE name IS NOT NULL ORDER BY name").unwrap();
    for name in cells(&rows).split(" | ") {
        let name = name.trim_matches('\'');
        let known = [
            "PATH",
            "HOME",
            "LANG",
            "LC_ALL",
            "TZ",
            "TMPDIR",
            "REPORTWIRE_RUN",
            "PWD",
            "SHLVL",
            "_",
            "OLDPWD",
        ];
        assert!(known.contains(&name), "{name} is none of its business");
    }
    let all = cells(&ground.ask(&text, "SELECT \"all\" FROM a WHERE \"all\" IS NOT NULL").unwrap());
    assert!(all.contains("PATH") && !all.contains("hunter"), "{all}");
}

#[test]
fn lines_of_progress_move_the_bar_and_are_no_rows() {
    let ground = Ground::new(&[]);
    let monitor = Monitor::detached();
    let seen = monitor.subscribe();
    let text = shell(
        r#"echo '{"progress": 50}'; echo '{"progress": 1, "n": 1}'; while [ ! -e go ]; do sleep 0.02; done"#,
    );
    std::thread::scope(|scope| {
        let work = scope.spawn(|| ground.ask_with(&text, "SELECT * FROM a", &json!({}), None, &monitor));
        patiently("half of reading, which is 70 of 100", || {
            seen.borrow()
                .as_ref()
                .is_some_and(|progress| progress.phase == "reading" && progress.percent == 35)
        });
        ground.write("go", "");
        assert_eq!(cells(&work.join().unwrap().unwrap()), "1 1");
    });
    for wild in ["-5", "1e300", "250"] {
        let text = shell(&format!(r#"echo '{{"progress": {wild}}}'; echo '{{"n": 1}}'"#));
        assert_eq!(cells(&ground.ask(&text, "SELECT n FROM a").unwrap()), "1", "{wild}");
    }
}

#[test]
fn a_program_that_fails_says_why_to_the_author_only() {
    let ground = Ground::new(&[]);
    let long = "awk 'BEGIN { for (i = 0; i < 100000; i++) print \"noise\" > \"/dev/stderr\" }'";
    for (script, author, reader) in [
        (
            "echo '{}'; echo 'no file /etc/secret' >&2; exit 3",
            "ended with code 3 and said: no file /etc/secret",
            "its program ended with code 3",
        ),
        ("exit 1", "ended with code 1", "its program ended with code 1"),
        ("kill -9 $$", "its program was killed", "its program was killed"),
        (&format!("{long}; echo the last >&2; exit 1"), "noise\nthe last", "its program ended with code 1"),
        ("printf '\\377bytes' >&2; exit 1", "and said: \u{fffd}bytes", "its program ended with code 1"),
    ] {
        let error = ground.refusal(&shell(script), "SELECT 1 AS n");
        assert!(
            error.author().starts_with("data a: ") && error.author().contains(author),
            "{script}: {error}"
        );
        assert!(error.author().len() < 9_000, "only the last of it is kept");
        assert_eq!(error.reader(), format!("the data “a” could not be made: {reader}"));
        assert_discreet(error.reader(), &["secret", "noise"], ground.folder.path());
        assert!(!error.is_transient());
    }
}

#[test]
fn a_line_that_is_no_object_is_named_by_its_number() {
    let ground = Ground::new(&[]);
    for (script, words) in [
        (r#"echo '{"a": 1}'; echo; echo '{"a": '; echo '{}'"#, "line 3 of its output: expected an object"),
        ("echo hello", "line 1 of its output: expected an object"),
        ("echo '{}'; echo '[1]'", "line 2 of its output"),
        ("echo '{}'; printf '{'", "line 2 of its output"),
        ("printf '\\377'", "line 1 of its output"),
        ("head -c 3000000 /dev/zero", "line 1 of its output: it is longer than 1048576 bytes"),
    ] {
        let error = ground.refusal(&shell(script), "SELECT 1 AS n");
        assert!(error.author().contains(words), "{script}: {error}");
        assert!(
            error.reader().starts_with("the data “a” is not as it should be: line "),
            "{script}: {error}"
        );
    }
}

#[test]
fn a_program_that_cannot_be_started_is_named_to_the_author() {
    let ground = Ground::new(&[("no.sh", "#!/bin/sh\n"), ("bad.sh", "#!/nowhere/sh\n")]);
    let mut mode = fs::metadata(ground.path("bad.sh")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(ground.path("bad.sh"), mode).unwrap();
    for (program, words) in [
        ("no-such-program", "cannot start no-such-program: No such file"),
        ("./no-such-program", "no-such-program: No such file"),
        ("./no.sh", "cannot start ./no.sh: Permission denied"),
        ("./bad.sh", "cannot start ./bad.sh: No such file"),
    ] {
        let error = ground.refusal(&format!("[data.a]\ncommand = ['{program}']"), "SELECT 1 AS n");
        assert!(error.author().contains(words), "{program}: {error}");
        assert_eq!(error.reader(), "the data “a” could not be read");
    }
}

#[test]
fn what_it_does_not_read_does_not_hold_us_up() {
    let ground = Ground::new(&[]);
    let long = "x".repeat(99_000);
    let text = format!("{}\n[parameters.t]\nmax-length = 100000", shell("exec <&-; echo '{\"n\": 1}'"));
    let rows = ground.ask_with(&text, "SELECT n FROM a", &json!({ "t": long }), None, &Monitor::detached());
    assert_eq!(cells(&rows.unwrap()), "1");
}

#[test]
fn whatever_way_it_ends_nothing_that_it_started_goes_on() {
    let ground = Ground::new(&[("rows.py", FAMILY)]);
    for (end, is_good) in
        [("exit 0", true), ("exit 7", false), ("echo nonsense; sleep 100", false), ("sleep 100", false)]
    {
        // a number of seconds that no other test sleeps marks them
        let mark = format!("98{}", fastrand::u32(1_000_000..9_999_999));
        let script = format!("python3 rows.py {mark}; {end}");
        let text = format!("{}\n[limits]\nseconds = 8", shell(&script));
        let result = ground.ask(&text, "SELECT started FROM a");
        assert_eq!(result.is_ok(), is_good, "{end}: {result:?}");
        if let Ok(rows) = result {
            assert_eq!(cells(&rows), "4");
        }
        patiently("all of them are gone", || processes(&mark).is_empty());
    }
}

/// Starts a child that ignores every signal that it can, one that leads a session of its own, one that both left and
/// lost its parent, and one that holds the output open; says so once all of them run.
const FAMILY: &str = r#"
import os, signal, subprocess, sys, time
mark = sys.argv[1]
stubborn = "import signal, sys, time\nfor s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(s, signal.SIG_IGN)\nopen(sys.argv[2], 'w').close()\ntime.sleep(float(sys.argv[1]))"
names = [f"started-{mark}-{n}" for n in range(2)]
subprocess.Popen([sys.executable, "-c", stubborn, mark, names[0]])
subprocess.Popen(["setsid", sys.executable, "-c", stubborn, mark, names[1]])
subprocess.Popen(["sh", "-c", f"setsid sleep {mark} </dev/null >/dev/null 2>&1 &"])
subprocess.Popen(["sleep", mark])
while not all(os.path.exists(name) for name in names):
    time.sleep(0.01)
print('{"started": 4}', flush=True)
"#;

#[test]
fn one_that_escapes_and_holds_every_pipe_open_does_not_hold_us_up() {
    let ground = Ground::new(&[]);
    let mark = format!("97{}", fastrand::u32(1_000_000..9_999_999));
    let begun = Instant::now();
    // without our mark in its environment and in a session of its own it is not found; the report goes on all the same
    let escape = |then: &str| {
        shell(&format!(
            "env -i PATH=\"$PATH\" setsid sh -c 'touch free; exec sleep {mark}' & \
             while [ ! -e free ]; do sleep 0.02; done; rm free; {then}"
        ))
    };
    let rows = ground.ask(&escape("echo '{\"n\": 1}'"), "SELECT n FROM a").unwrap();
    assert_eq!(cells(&rows), "1");
    let error = ground.refusal(&escape("echo no >&2; exit 1"), "SELECT 1");
    assert!(error.author().contains("and said: no"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let escaped = processes(&mark);
    assert_eq!(escaped.len(), 2);
    escaped.into_iter().for_each(|id| kill(id, Signal::SIGKILL).unwrap());
}
