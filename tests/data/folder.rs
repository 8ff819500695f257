//! Nothing outside the folder of a report type can be read.

use std::{fs, os::unix::fs::symlink};

use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Ground, assert_discreet};

#[test]
fn no_path_and_no_link_leads_out_of_the_folder() {
    let outer = tempfile::tempdir().unwrap();
    let ground = Ground::new(&[("in/a.csv", "n\n1\n"), ("a.csv", "n\n1\n")]);
    for name in ["secret.csv", "secret.json", "secret.ndjson"] {
        fs::write(outer.path().join(name), "[{\"secret\": 1}]\n").unwrap();
    }
    let database = outer.path().join("secret.db");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE t (secret)").unwrap();
    symlink(outer.path(), ground.path("up")).unwrap();
    symlink(outer.path().join("secret.csv"), ground.path("link.csv")).unwrap();
    symlink(&database, ground.path("link.db")).unwrap();
    let up = format!("../{}", outer.path().file_name().unwrap().to_string_lossy());
    let away = outer.path().to_string_lossy();
    for entry in [
        format!("csv = '{away}/secret.csv'"),
        format!("csv = '{up}/secret.csv'"),
        format!("csv = 'in/../{up}/secret.csv'"),
        "csv = 'up/secret.csv'".into(),
        "csv = 'up/*.csv'".into(),
        "csv = 'u?/*.csv'".into(),
        "csv = 'link.csv'".into(),
        "csv = '[kl]ink.csv'".into(),
        "csv = '../*/*.csv'".into(),
        "csv = '**/../../*/secret.csv'".into(),
        "tsv = 'link.csv'".into(),
        "json = 'up/secret.json'".into(),
        "ndjson = 'up/secret.ndjson'".into(),
        "sqlite = 'link.db'".into(),
        "sqlite = 'up/secret.db'".into(),
        format!("sqlite = 'file:{away}/secret.db'"),
        format!("sqlite = '{up}/secret.db'"),
        "sqlite = ':memory:'".into(),
        "command = ['up/program']".into(),
        "command = ['../program']".into(),
        format!("command = ['{away}/program']"),
    ] {
        let error = ground.refusal(&format!("[data.a]\n{entry}"), "SELECT 1 AS one");
        assert_discreet(error.reader(), &[&away, "secret", "up/", "link"], ground.folder.path());
        assert_eq!(error.reader(), "the data “a” could not be read", "{entry}");
    }
    assert_eq!(ground.kept(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_link_within_the_folder_is_followed() {
    let ground = Ground::new(&[("in/a.csv", "n\n1\n")]);
    symlink("in/a.csv", ground.path("link.csv")).unwrap();
    assert!(ground.ask("[data.a]\ncsv = 'link.csv'", "SELECT n FROM a").is_ok());
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let ground = Ground::new(&[("folder.csv/x", "")]);
    // opened as a file, it would wait for somebody who writes
    mknodat(CWD, ground.path("pipe.csv"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    for entry in ["csv = 'folder.csv'", "csv = 'pipe.csv'", "json = 'pipe.csv'", "sqlite = 'pipe.csv'"] {
        let error = ground.refusal(&format!("[data.a]\n{entry}"), "SELECT 1 AS one");
        assert_eq!(error.reader(), "the data “a” could not be read", "{entry}");
    }
}
