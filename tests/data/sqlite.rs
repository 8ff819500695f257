//! SQLite files of other people: every table and view can be read, and nothing can be changed.

use std::fs;

use reportwire::work::Monitor;
use rusqlite::Connection;
use serde_json::json;

use crate::support::{Ground, cells, columns};

const SHOP: &str = "[data.shop]\nsqlite = 'shop.db'";

fn shop(statements: &str) -> Ground {
    let ground = Ground::new(&[]);
    database(&ground, statements);
    ground
}

fn database(ground: &Ground, statements: &str) {
    let path = ground.path("fresh.db");
    Connection::open(&path).unwrap().execute_batch(statements).unwrap();
    fs::rename(path, ground.path("shop.db")).unwrap();
}

#[test]
fn tables_and_views_are_known_by_their_own_names_and_behind_that_of_the_file() {
    let ground = shop(
        "CREATE TABLE sales (n INTEGER, day DATE, note TEXT); INSERT INTO sales VALUES (1, '2021-01-31', NULL);
         CREATE VIEW doubled AS SELECT 2 * n AS n FROM sales",
    );
    let rows = ground.ask(SHOP, "SELECT * FROM sales").unwrap();
    assert_eq!(
        (columns(&rows).as_str(), cells(&rows).as_str()),
        ("n:integer day:date note:text", "1 '2021-01-31' -")
    );
    assert_eq!(cells(&ground.ask(SHOP, "SELECT n FROM shop.doubled").unwrap()), "2");
}

#[test]
fn no_statement_view_or_trigger_changes_the_file() {
    let ground = shop(
        "CREATE TABLE sales (n INTEGER); INSERT INTO sales VALUES (1); CREATE VIEW v AS SELECT n FROM sales;
         CREATE TABLE log (n); CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN INSERT INTO log VALUES (new.n); END",
    );
    let before = fs::read(ground.path("shop.db")).unwrap();
    for sql in [
        "INSERT INTO sales VALUES (2) RETURNING n",
        "INSERT INTO v VALUES (2) RETURNING n",
        "UPDATE shop.sales SET n = 2 RETURNING n",
        "DELETE FROM sales RETURNING n",
        "WITH x AS (SELECT 1) INSERT INTO sales SELECT * FROM x RETURNING n",
        "REPLACE INTO sales VALUES (2) RETURNING n",
        "DROP TABLE sales",
        "VACUUM shop",
        "PRAGMA shop.user_version = 5",
        "PRAGMA writable_schema = 1",
    ] {
        ground.refusal(SHOP, sql);
    }
    assert!(before == fs::read(ground.path("shop.db")).unwrap());
    assert_eq!(cells(&ground.ask(SHOP, "SELECT count(*) AS n FROM sales").unwrap()), "1");
    let files: Vec<_> = fs::read_dir(ground.folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "no journal was made: {files:?}");
}

#[test]
fn a_hostile_schema_runs_nothing() {
    let ground = shop(
        "CREATE TABLE t (n); INSERT INTO t VALUES (1);
         CREATE VIEW loads AS SELECT load_extension('/tmp/x') AS n FROM t;
         CREATE VIEW reads AS SELECT readfile('/etc/passwd') AS n FROM t;
         CREATE VIEW self AS SELECT * FROM t",
    );
    for view in ["loads", "reads"] {
        ground.refusal(SHOP, &format!("SELECT n FROM {view}"));
    }
    assert_eq!(cells(&ground.ask(SHOP, "SELECT n FROM self").unwrap()), "1");
}

#[test]
fn what_is_written_and_what_replaces_the_file_is_seen_by_the_next_report() {
    let ground = shop("CREATE TABLE t (n); INSERT INTO t VALUES (1)");
    let count = || cells(&ground.ask(SHOP, "SELECT sum(n) AS n FROM t").unwrap());
    assert_eq!(count(), "1");
    Connection::open(ground.path("shop.db")).unwrap().execute_batch("INSERT INTO t VALUES (10)").unwrap();
    assert_eq!(count(), "11", "another program wrote");
    database(&ground, "CREATE TABLE t (n); INSERT INTO t VALUES (100)");
    assert_eq!(count(), "100", "another file took its place");
}

#[test]
fn a_file_that_is_no_database_and_one_that_is_not_there_are_told() {
    let ground = Ground::new(&[(
        "shop.db",
        "this is no database, whatever it is called, and is long enough to be looked at ....................",
    )]);
    let error = ground.refusal(SHOP, "SELECT 1 AS one FROM shop.t");
    assert!(error.author().contains("not a database"), "{error}");
    assert_eq!(error.reader(), "the data “shop” could not be read");
    let missing = Ground::new(&[]);
    let error = missing.refusal(SHOP, "SELECT 1 AS one");
    assert!(error.author().contains("shop.db: No such file"), "{error}");
    assert!(!missing.path("shop.db").exists(), "it is not made");
}

#[test]
fn a_database_that_somebody_else_holds_is_worth_another_attempt() {
    let ground = shop("CREATE TABLE t (n); INSERT INTO t VALUES (1)");
    let other = Connection::open(ground.path("shop.db")).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)")
        .unwrap();
    let text = format!("{SHOP}\n[limits]\nseconds = 2");
    let error = ground.refusal(&text, "SELECT n FROM t");
    assert!(error.is_transient(), "{error}");
}

#[test]
fn a_name_with_every_sign_is_attached_as_it_is() {
    let ground = Ground::new(&[]);
    for name in ["a b?mode=rw&x=#1.db", "100%41.db", "Größe.db", "it's.db"] {
        Connection::open(ground.path(name))
            .unwrap()
            .execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (1)")
            .unwrap();
        let text = format!("[data.shop]\nsqlite = \"{name}\"");
        let rows = ground.ask_with(&text, "SELECT n FROM t", &json!({}), None, &Monitor::detached());
        assert_eq!(cells(&rows.unwrap()), "1", "{name}");
    }
}
