//! The word to stop ends whatever runs, at once.

use std::time::{Duration, Instant};

use reportwire::work::Monitor;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{Ground, patiently};

/// Far less than any of the work below takes by itself, and far more than stopping takes on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// Does some work on a thread, stops it once it is under way, and returns how long it went on.
pub(crate) fn stopped(
    ground: &Ground,
    text: &str,
    sql: &str,
    is_under_way: impl Fn(&Monitor) -> bool,
) -> Duration {
    let stop = CancellationToken::new();
    let monitor = Monitor::new(stop.clone());
    std::thread::scope(|scope| {
        let work = scope.spawn(|| ground.ask_with(text, sql, &json!({}), None, &monitor));
        patiently("it is under way", || is_under_way(&monitor) || work.is_finished());
        assert!(!work.is_finished(), "it ended by itself: {:?}", work.join());
        let begun = Instant::now();
        stop.cancel();
        let error = work.join().unwrap().unwrap_err();
        assert!(error.is_stopped(), "{error}");
        begun.elapsed()
    })
}

#[test]
fn a_query_stops() {
    let ground = Ground::new(&[("mark", "")]);
    let begun = Instant::now();
    let endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) AS n FROM c";
    // a query says nothing of itself; a moment after its beginning it is under way
    let took = stopped(&ground, "", endless, |_| begun.elapsed() > Duration::from_millis(100));
    assert!(took < SOON, "{took:?}");
}

#[test]
fn reading_stops_and_leaves_nothing_half_made() {
    let mut content = String::from("n,t\n");
    (0..3_000_000).for_each(|n| content += &format!("{n},text\n"));
    let ground = Ground::new(&[("a.csv", &content)]);
    let percent =
        |monitor: &Monitor| monitor.subscribe().borrow().as_ref().map_or(0, |progress| progress.percent);
    let took =
        stopped(&ground, "[data.a]\ncsv = 'a.csv'", "SELECT 1 AS n FROM a", |monitor| percent(monitor) > 5);
    assert!(took < SOON, "{took:?}");
    assert_eq!(ground.kept(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_program_stops() {
    let ground = Ground::new(&[]);
    let mark = ground.path("runs");
    let text = "[data.a]\ncommand = ['sh', '-c', 'trap \"\" TERM INT HUP; touch runs; while :; do sleep 1000; done']";
    let took = stopped(&ground, text, "SELECT 1 AS n", |_| mark.exists());
    assert!(took < SOON, "{took:?}");
}

#[test]
fn work_that_was_stopped_before_it_began_does_nothing() {
    let ground = Ground::new(&[("a.csv", "n\n1\n")]);
    let stop = CancellationToken::new();
    stop.cancel();
    let monitor = Monitor::new(stop);
    for text in ["[data.a]\ncsv = 'a.csv'", "[data.a]\ncommand = ['sh', '-c', 'sleep 0.2; touch ran']"] {
        let error = ground.ask_with(text, "SELECT 1 AS n", &json!({}), None, &monitor).unwrap_err();
        assert!(error.is_stopped(), "{error}");
    }
    assert!(!ground.path("ran").exists());
}
