//! The tables, and how a connection is set up.
//!
//! What a call asks for or a transition changes is a column; the rest is JSON, read and written whole.
//! Models have a table of their own, so that a load or a list never touches their pages. A task's
//! `due_at` is the moment from which it may be claimed: while it is leased that is the end of the lease,
//! and for a report that is held back it is NULL. So one index finds all work of an owner, and finding it
//! skips over nothing.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::OpenError;

/// The steps from an empty database to today's. How many of them were taken is the version of the schema,
/// kept in the database's `user_version`. A step that was released never changes.
const STEPS: [&str; 5] = [TABLES, SENT, TOLD, OWNED, LISTED];

const VERSION: i64 = STEPS.len() as i64;

// Each index is partial where it can be: a create pays for its id, those by which it is listed, `report_expires` and
// `task_due`.
const TABLES: &str = "
CREATE TABLE report (
    id              BLOB    NOT NULL PRIMARY KEY,
    version         INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    report_type     TEXT    NOT NULL,
    parameters      TEXT    NOT NULL,
    deliver         TEXT    NOT NULL,
    start_when      TEXT    NOT NULL,
    held            INTEGER NOT NULL,
    origin          TEXT    NOT NULL,
    progress        TEXT,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    completed_at    INTEGER,
    expires_at      INTEGER NOT NULL,
    delivery_state  TEXT    NOT NULL,
    delivery_until  INTEGER,
    delivery_at     INTEGER,
    delivery_proof  TEXT,
    settled_version INTEGER,
    artifact        TEXT,
    error           TEXT,
    keep_ms         INTEGER NOT NULL,
    idempotency_key TEXT,
    fingerprint     BLOB
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX report_idempotency ON report (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX report_expires ON report (expires_at) WHERE status <> 'expired';
CREATE INDEX report_unclaimed ON report (delivery_until)
    WHERE delivery_state = 'waiting' AND delivery_until IS NOT NULL AND status <> 'expired';
CREATE INDEX report_forget ON report (expires_at) WHERE status = 'expired' AND artifact IS NULL;
CREATE INDEX report_leftover ON report (id) WHERE status = 'expired' AND artifact IS NOT NULL;

CREATE TABLE task (
    report  BLOB    NOT NULL,
    kind    TEXT    NOT NULL,
    due_at  INTEGER,
    token   BLOB,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (report, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX task_due ON task (kind, due_at, report) WHERE due_at IS NOT NULL;

CREATE TABLE model (
    report BLOB NOT NULL PRIMARY KEY,
    json   BLOB NOT NULL
) STRICT;
";

/// Rows that came with a request: kept for a second try, and read by nobody but the worker.
const SENT: &str = "
CREATE TABLE sent (
    report BLOB NOT NULL PRIMARY KEY,
    json   BLOB NOT NULL
) STRICT;
";

/// Who is to be told, and what became of it. A message is one event for one target; its `due_at` is the moment
/// from which it may be claimed, the end of its lease while it is claimed, and NULL once it has ended. Its
/// lane is what it shares a limit with: the endpoint, or the host of a callback URL. Its news is the record in the
/// state that it tells, as JSON: retries go on for days, and the report may be gone before them. All messages of
/// one event share it, and it goes with the last of them.
const TOLD: &str = "
ALTER TABLE report ADD COLUMN callback_url TEXT;
ALTER TABLE report ADD COLUMN deliveries TEXT NOT NULL DEFAULT '[]';

CREATE TABLE endpoint (
    id            BLOB    NOT NULL PRIMARY KEY,
    url           TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    events        TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    reason        TEXT,
    consented     INTEGER,
    secrets       TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    failing_since INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    id         INTEGER PRIMARY KEY,
    event      TEXT    NOT NULL,
    event_id   TEXT    NOT NULL,
    report     BLOB,
    news       INTEGER,
    channel    TEXT    NOT NULL,
    endpoint   BLOB,
    address    TEXT,
    lane       TEXT    NOT NULL,
    fallback   INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    due_at     INTEGER,
    token      BLOB,
    attempt    INTEGER NOT NULL
) STRICT;

CREATE TABLE news (
    id     INTEGER PRIMARY KEY,
    record TEXT    NOT NULL
) STRICT;

CREATE INDEX message_news ON message (news) WHERE news IS NOT NULL;

CREATE TRIGGER news_told AFTER DELETE ON message WHEN OLD.news IS NOT NULL BEGIN
    DELETE FROM news WHERE id = OLD.news AND NOT EXISTS (SELECT 1 FROM message WHERE news = OLD.news);
END;

CREATE INDEX message_due ON message (lane, due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE lane (
    name   TEXT    NOT NULL PRIMARY KEY,
    due_at INTEGER,
    paused INTEGER NOT NULL,
    silent INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX lane_due ON lane (due_at) WHERE paused = 0 AND due_at IS NOT NULL;

CREATE INDEX message_report ON message (report) WHERE report IS NOT NULL;
CREATE INDEX message_endpoint ON message (endpoint, state, id) WHERE endpoint IS NOT NULL;
CREATE INDEX message_age ON message (created_at);

CREATE TABLE attempt (
    id       INTEGER PRIMARY KEY,
    endpoint BLOB    NOT NULL,
    event    TEXT    NOT NULL,
    event_id TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    took_ms  INTEGER NOT NULL,
    status   INTEGER,
    answer   TEXT    NOT NULL,
    error    TEXT
) STRICT;

CREATE INDEX attempt_endpoint ON attempt (endpoint, id);
CREATE INDEX attempt_age ON attempt (at);
";

/// Whose everything is. A tenant is an owner with work; its turn counts the tasks that were claimed of it, and the one
/// with the lowest is next. Who comes anew begins at the lowest turn of those who wait: they are next, but have saved
/// nothing up. The counts are kept by triggers, so that no path around them can be forgotten.
const OWNED: &str = "
ALTER TABLE report ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE endpoint ADD COLUMN owner TEXT NOT NULL DEFAULT '';

DROP INDEX report_idempotency;
CREATE UNIQUE INDEX report_idempotency ON report (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX report_owner ON report (owner, id);
CREATE INDEX endpoint_owner ON endpoint (owner);

DROP INDEX task_due;
CREATE INDEX task_due ON task (kind, owner, due_at, report) WHERE due_at IS NOT NULL;
CREATE INDEX task_leased ON task (owner, due_at) WHERE token IS NOT NULL;

CREATE TABLE tenant (
    name       TEXT    NOT NULL PRIMARY KEY,
    unfinished INTEGER NOT NULL,
    turn       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tenant_turn ON tenant (turn) WHERE unfinished > 0;

INSERT INTO tenant (name, unfinished, turn) SELECT owner, count(*), 0 FROM task GROUP BY owner;

CREATE TRIGGER task_begun AFTER INSERT ON task BEGIN
    INSERT INTO tenant (name, unfinished, turn)
    VALUES (NEW.owner, 1, (SELECT coalesce(min(turn), 0) FROM tenant WHERE unfinished > 0))
    ON CONFLICT (name) DO UPDATE SET unfinished = unfinished + 1,
        turn = CASE unfinished WHEN 0 THEN max(turn, excluded.turn) ELSE turn END;
END;

CREATE TRIGGER task_ended AFTER DELETE ON task BEGIN
    UPDATE tenant SET unfinished = unfinished - 1 WHERE name = OLD.owner;
END;

CREATE TABLE api_key (
    id         BLOB    NOT NULL PRIMARY KEY,
    hash       BLOB    NOT NULL UNIQUE,
    owner      TEXT    NOT NULL,
    scopes     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
";

/// A list is put together from the newest of each status: it passes over nothing, however much an owner has. And the
/// table has row numbers: one that is clustered by id has whole rows in the pages that only lead to others, so that
/// with a million reports a look passes nine of them.
const LISTED: &str = "
CREATE TABLE listed (
    id              BLOB    NOT NULL PRIMARY KEY,
    version         INTEGER NOT NULL,
    status          TEXT    NOT NULL,
    report_type     TEXT    NOT NULL,
    parameters      TEXT    NOT NULL,
    deliver         TEXT    NOT NULL,
    start_when      TEXT    NOT NULL,
    held            INTEGER NOT NULL,
    origin          TEXT    NOT NULL,
    progress        TEXT,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    completed_at    INTEGER,
    expires_at      INTEGER NOT NULL,
    delivery_state  TEXT    NOT NULL,
    delivery_until  INTEGER,
    delivery_at     INTEGER,
    delivery_proof  TEXT,
    settled_version INTEGER,
    artifact        TEXT,
    error           TEXT,
    keep_ms         INTEGER NOT NULL,
    idempotency_key TEXT,
    fingerprint     BLOB,
    callback_url    TEXT,
    deliveries      TEXT    NOT NULL DEFAULT '[]',
    owner           TEXT    NOT NULL DEFAULT ''
) STRICT;

INSERT INTO listed SELECT * FROM report ORDER BY id;
DROP TABLE report;
ALTER TABLE listed RENAME TO report;

CREATE UNIQUE INDEX report_idempotency ON report (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX report_expires ON report (expires_at) WHERE status <> 'expired';
CREATE INDEX report_unclaimed ON report (delivery_until)
    WHERE delivery_state = 'waiting' AND delivery_until IS NOT NULL AND status <> 'expired';
CREATE INDEX report_forget ON report (expires_at) WHERE status = 'expired' AND artifact IS NULL;
CREATE INDEX report_leftover ON report (id) WHERE status = 'expired' AND artifact IS NOT NULL;
CREATE INDEX report_status ON report (owner, status, id);
CREATE INDEX report_typed ON report (owner, report_type, status, id);
";

/// How long a connection waits for a lock that some other program holds, as a backup tool may.
const BUSY: Duration = Duration::from_secs(5);

/// The one connection that writes, with the schema in place.
pub(super) fn open_writer(file: &Path) -> Result<Connection, OpenError> {
    let mut connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    refuse_newer(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // FULL and not NORMAL: in WAL mode NORMAL does not sync a commit, and a 201 would outlive its report.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "cache_size", -2048)?;
    // After a burst the log shrinks again instead of keeping its largest size for ever.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found < VERSION {
        if found > 0 {
            tracing::info!(found, VERSION, "bringing the database forward; a large one takes its time");
        }
        let transaction = connection.transaction()?;
        for step in STEPS.iter().skip(usize::try_from(found).unwrap_or(0)) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// A second connection that writes, beside the server's. It takes the database as it is.
pub(super) fn open_beside(file: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY)?;
    refuse_newer(&connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == VERSION { Ok(connection) } else { Err(OpenError::OlderServer) }
}

/// The only connection, for whoever leaves everything as it is: a database of an earlier release is not brought forward.
/// It could write, because of a process that was killed a log may be left, and only a writer can put that back.
pub(super) fn open_still(file: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "query_only", true)?;
    refuse_newer(&connection)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == VERSION { Ok(connection) } else { Err(OpenError::OlderSchema) }
}

/// A connection that only reads. Its cache is small: hot pages are in the cache of the system anyway, and
/// an idle server should be a small one.
pub(super) fn open_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -256)?;
    Ok(connection)
}

/// Before anything is written, so that a newer server's file is left exactly as it was.
fn refuse_newer(connection: &Connection) -> Result<(), OpenError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > VERSION { Err(OpenError::NewerSchema { found, known: VERSION }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_synced_before_it_returns() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open_writer(&folder.path().join("test.db")).unwrap();
        let mode: String = writer.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let synchronous: i64 = writer.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        const FULL: i64 = 2;
        assert_eq!((mode.as_str(), synchronous), ("wal", FULL));
    }

    #[test]
    fn a_database_of_an_earlier_version_is_brought_forward() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let old = Connection::open(&file).unwrap();
        old.execute_batch(STEPS[0]).unwrap();
        old.execute(
            "INSERT INTO report (id, version, status, report_type, parameters, deliver, start_when, held, origin,
                 created_at, expires_at, delivery_state, keep_ms)
             VALUES (?1, 1, 'queued', 'T', '{}', '{\"waitForClientSeconds\":60}', '\"now\"', 0, 'http://h', 0, 1,
                 'waiting', 1)",
            [[7_u8; 16].as_slice()],
        )
        .unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        for _ in 0..2 {
            let writer = open_writer(&file).unwrap();
            let count: i64 = writer.query_row("SELECT count(*) FROM sent", [], |row| row.get(0)).unwrap();
            let found: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
            assert_eq!((count, found), (0, VERSION));
            let kept =
                super::super::queries::fetch(&writer, crate::report::ReportId::from_bytes([7; 16])).unwrap();
            assert_eq!((kept.record.callback_url, kept.record.deliveries.len()), (None, 0));
        }
    }

    #[test]
    fn each_batch_of_a_sweep_is_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let writer = open_writer(&folder.path().join("test.db")).unwrap();
        for (condition, index) in [
            ("status <> 'expired' AND expires_at <= ?1", "report_expires"),
            ("status = 'expired' AND artifact IS NULL AND expires_at <= ?1", "report_forget"),
            ("status = 'expired' AND artifact IS NOT NULL", "report_leftover"),
            (
                "delivery_state = 'waiting' AND delivery_until IS NOT NULL AND status <> 'expired'
                     AND delivery_until <= ?1",
                "report_unclaimed",
            ),
        ] {
            let query = format!("EXPLAIN QUERY PLAN SELECT id FROM report WHERE {condition}");
            let mut plan = writer.prepare(&query).unwrap();
            let parameters = vec![0; plan.parameter_count()];
            let step: String =
                plan.query_row(rusqlite::params_from_iter(parameters), |row| row.get("detail")).unwrap();
            assert!(step.contains(index), "{condition}: {step}");
        }
    }
}
