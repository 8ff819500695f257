//! What was read is kept: nothing is read twice, and nothing old is shown.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::{Arc, Barrier},
    time::SystemTime,
};

use crate::support::{Ground, cells};

const TEXT: &str = "[data.a]\ncsv = '*.csv'\nindex = ['n']";
const SUM: &str = "SELECT sum(n) AS n FROM a";

fn sum(ground: &Ground) -> String {
    cells(&ground.ask(TEXT, SUM).unwrap())
}

/// Which files there are, and that nobody has written to them.
fn states(ground: &Ground) -> Vec<(PathBuf, u64, SystemTime)> {
    let state = |path: PathBuf| {
        let metadata = fs::metadata(&path).unwrap();
        (path, metadata.ino(), metadata.modified().unwrap())
    };
    ground.kept().into_iter().map(state).collect()
}

#[test]
fn a_file_is_read_once() {
    let ground = Ground::new(&[("a.csv", "n\n1\n2\n")]);
    assert_eq!(sum(&ground), "3");
    let first = states(&ground);
    assert_eq!(first.len(), 1);
    assert!(first[0].0.extension().is_some_and(|ending| ending == "db"), "{first:?}");
    for _ in 0..3 {
        assert_eq!(sum(&ground), "3");
    }
    // another process, or this one after its restart
    let other = reportwire::data::Sources::new(ground.cache_folder());
    let report_type = ground.report_type(TEXT);
    let parameters = serde_json::Map::new();
    let asked = crate::support::asked(&report_type, &parameters, None);
    let rows = other.open(&asked, &reportwire::work::Monitor::detached()).unwrap().query("q", SUM).unwrap();
    assert_eq!(cells(&rows), "3");
    assert_eq!(states(&ground), first);
}

#[test]
fn what_has_changed_is_read_again_and_its_earlier_state_goes() {
    let ground = Ground::new(&[("a.csv", "n\n1\n")]);
    assert_eq!(sum(&ground), "1");
    let first = states(&ground);
    ground.write("a.csv", "n\n5\n");
    assert_eq!(sum(&ground), "5", "a file of the same length was put in its place");
    ground.write("b.csv", "n\n10\n");
    assert_eq!(sum(&ground), "15", "one more fits the pattern");
    fs::remove_file(ground.path("a.csv")).unwrap();
    assert_eq!(sum(&ground), "10", "one less fits the pattern");
    let last = states(&ground);
    assert_eq!(last.len(), 1);
    assert_ne!(last[0].0, first[0].0);
    fs::write(ground.path("b.csv"), "n\n10\n20\n").unwrap();
    assert_eq!(sum(&ground), "30", "it was written to");
}

#[test]
fn a_change_of_how_it_is_read_is_a_change_and_another_name_another_database() {
    let ground = Ground::new(&[("a.csv", "n;m\n1;2\n")]);
    let ask = |text: &str, sql: &str| cells(&ground.ask(text, sql).unwrap());
    assert_eq!(ask("[data.a]\ncsv = 'a.csv'", "SELECT \"n;m\" AS x FROM a"), "'1;2'");
    assert_eq!(ask("[data.a]\ncsv = 'a.csv'\nseparator = ';'", "SELECT n, m FROM a"), "1 2");
    let typed = "[data.a]\ncsv = 'a.csv'\nseparator = ';'\ncolumns = { n = 'text' }";
    assert_eq!(ask(typed, "SELECT n, m FROM a"), "'1' 2");
    assert_eq!(ask("[data.b]\ncsv = 'a.csv'\nseparator = ';'", "SELECT n, m FROM b"), "1 2");
    assert_eq!(ground.kept().len(), 4, "each is kept for its own report type");
}

#[test]
fn of_several_at_once_one_reads_and_the_others_wait_for_it() {
    let mut content = String::from("n\n");
    (0..200_000).for_each(|n| content += &format!("{n}\n"));
    let ground = Arc::new(Ground::new(&[("a.csv", &content)]));
    let barrier = Barrier::new(8);
    let built = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let monitor = reportwire::work::Monitor::detached();
                    barrier.wait();
                    let rows = ground.ask_with(TEXT, SUM, &serde_json::json!({}), None, &monitor).unwrap();
                    assert_eq!(cells(&rows), "19999900000");
                    // whoever reads says how far it is
                    usize::from(monitor.subscribe().borrow().is_some())
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
    });
    assert_eq!(built, 1);
    assert_eq!(ground.kept().len(), 1);
}

#[test]
fn a_waiting_report_is_stopped_although_another_one_reads() {
    let ground = Ground::new(&[]);
    let mut content = String::from("n,t\n");
    (0..4_000_000).for_each(|n| content += &format!("{n},text\n"));
    ground.write("a.csv", content);
    let (reading, waiting) = (Stoppable::new(), Stoppable::new());
    std::thread::scope(|scope| {
        let first =
            scope.spawn(|| ground.ask_with(TEXT, SUM, &serde_json::json!({}), None, &reading.monitor));
        crate::support::patiently("one reads", || reading.monitor.subscribe().borrow().is_some());
        let second =
            scope.spawn(|| ground.ask_with(TEXT, SUM, &serde_json::json!({}), None, &waiting.monitor));
        waiting.stop.cancel();
        assert!(second.join().unwrap().unwrap_err().is_stopped());
        assert!(!first.is_finished(), "it was not waited for");
        assert!(ground.kept().iter().all(|path| path.extension().is_none_or(|ending| ending != "db")));
        reading.stop.cancel();
        assert!(first.join().unwrap().unwrap_err().is_stopped());
    });
}

struct Stoppable {
    stop: tokio_util::sync::CancellationToken,
    monitor: reportwire::work::Monitor,
}

impl Stoppable {
    fn new() -> Self {
        let stop = tokio_util::sync::CancellationToken::new();
        Self { monitor: reportwire::work::Monitor::new(stop.clone()), stop }
    }
}

#[test]
fn a_cache_that_was_thrown_away_is_made_again() {
    let ground = Ground::new(&[("a.csv", "n\n1\n")]);
    assert_eq!(sum(&ground), "1");
    fs::remove_dir_all(ground.cache_folder()).unwrap();
    assert_eq!(sum(&ground), "1");
    assert_eq!(ground.kept().len(), 1);
}

#[test]
fn a_cache_that_cannot_be_written_is_worth_another_attempt() {
    let ground = Ground::new(&[("a.csv", "n\n1\n")]);
    fs::write(ground.cache_folder(), "a file where the folder should be").unwrap();
    let error = ground.refusal(TEXT, SUM);
    assert!(error.is_transient(), "{error}");
    assert_eq!(error.reader(), "the data “a” could not be read at the moment");
}
