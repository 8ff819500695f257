//! The tables, and how a database is brought to today's form.
//!
//! Two neighbouring releases may run on one database, so that nodes can be replaced one after the other. A step therefore
//! only adds: a table, an index, a column with a default. What takes away waits for the release after the one that no
//! longer needs it. Each step names the oldest schema version whose release still works beside it.

use super::connect::{Database, OpenError};

/// A step from one version to the next. One that was released never changes.
struct Step {
    sql: &'static str,
    /// A release that knows no more than this version still works when the step is done.
    oldest: i32,
}

const STEPS: [Step; 2] =
    [Step { sql: include_str!("schema.sql"), oldest: 1 }, Step { sql: COPIED, oldest: 1 }];

/// Up to where rows of each kind were put in that another store had.
const COPIED: &str = "CREATE TABLE copied (kind text COLLATE \"C\" PRIMARY KEY, upto text NOT NULL)";

/// The newest version that this release knows: how many steps lead to it.
#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "there are a handful of steps"
)]
pub const VERSION: i32 = STEPS.len() as i32;

/// Two nodes that start at once take the steps one after the other. The number means nothing, but must not change.
const LOCK: i64 = 0x7265_706f_7274;

/// The oldest PostgreSQL that is tested.
const SERVER: i32 = 150_000;

/// Takes the steps that are missing, all or none.
pub(super) async fn migrate(database: &Database) -> Result<(), OpenError> {
    let mut connection = database.writer().await.map_err(|error| unreachable(database, error.into()))?;
    let refused = |error: tokio_postgres::Error| OpenError::Database(Box::new(error));
    let row = connection
        .query_one(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version')",
            &[],
        )
        .await
        .map_err(refused)?;
    if row.get::<_, i32>(0) < SERVER {
        return Err(OpenError::TooOld(row.get(1)));
    }
    let transaction = connection.transaction().await.map_err(refused)?;
    // a large table may take its time to be indexed
    transaction
        .batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        .await
        .map_err(refused)?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.map_err(refused)?;
    let found = match transaction
        .query_one("SELECT to_regclass('reportwire.schema_version') IS NULL", &[])
        .await
    {
        Ok(row) if row.get(0) => {
            transaction
                .batch_execute(
                    "CREATE SCHEMA IF NOT EXISTS reportwire;
                     CREATE TABLE reportwire.schema_version (version integer NOT NULL, oldest integer NOT NULL);
                     INSERT INTO reportwire.schema_version VALUES (0, 0)",
                )
                .await
                .map_err(refused)?;
            0
        }
        Ok(_) => {
            let row = transaction
                .query_one("SELECT version, oldest FROM schema_version", &[])
                .await
                .map_err(refused)?;
            let (found, oldest): (i32, i32) = (row.get(0), row.get(1));
            if oldest > VERSION {
                return Err(OpenError::NewerSchema { found, known: VERSION });
            }
            found
        }
        Err(error) => return Err(refused(error)),
    };
    for (version, step) in (1..).zip(&STEPS).skip(usize::try_from(found).unwrap_or(0)) {
        tracing::info!(version, "bringing the database forward");
        transaction.batch_execute(step.sql).await.map_err(refused)?;
        transaction
            .execute("UPDATE schema_version SET version = $1, oldest = $2", &[&version, &step.oldest])
            .await
            .map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)
}

/// That it cannot be reached, or lets us not in, is the operator's first concern and has a line of its own.
fn unreachable(database: &Database, error: OpenError) -> OpenError {
    match error {
        OpenError::Database(cause) => OpenError::Connect(database.place(), cause),
        other => other,
    }
}
