//! What time alone moves on. Any node may sweep; one at a time does, and the others take its word that it was done.

use std::time::Duration;

use uuid::Uuid;

use super::{
    change::{Call, Change},
    connect::Database,
    fault::is_lost,
    group::Writer,
    moment::{Moments, moment},
    outbox, queries,
    row::{count, id, millis},
};
use crate::{
    report::ReportId,
    store::{Duty, Result, StoreError, Swept, transitions::REMEMBERED},
};

/// How many rows are moved on at a time, so that a create never waits long behind a sweep.
pub(super) const BATCH: usize = 200;

/// Takes the duty for a while, or keeps it; somebody who died with it has it no longer when that is over.
const DUTY: &str = concat!(
    "INSERT INTO duty (name, node, until) VALUES ($4, $2, ",
    moment!("$1"),
    " + $3) ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until
      WHERE duty.node = excluded.node OR duty.until <= excluded.until - $3"
);

/// For how long a node sweeps.
const TERM: Duration = Duration::from_secs(5);

const UNCLAIMED: &str = concat!(
    "SELECT id FROM report WHERE waits_until IS NOT NULL AND waits_until <= ",
    moment!("$1"),
    " ORDER BY waits_until LIMIT $2"
);

const EXPIRED: &str = concat!(
    "SELECT id FROM report WHERE status <> 'expired' AND expires_at <= ",
    moment!("$1"),
    " ORDER BY expires_at LIMIT $2"
);

const FORGOTTEN: &str = concat!(
    "DELETE FROM report WHERE id IN (SELECT id FROM report
         WHERE status = 'expired' AND artifact IS NULL AND expires_at <= ",
    moment!("$1"),
    " - $3 LIMIT $2)"
);

/// Of the tables whose rows come and go by the thousand, those with much that is dead.
const CLUTTERED: &str = "
    SELECT name FROM unnest(ARRAY['task', 'message', 'news', 'presence']) AS name
    WHERE pg_stat_get_dead_tuples(name::regclass) > 1000";

/// As [`Store::take_duty`](crate::store::Store::take_duty).
pub(super) async fn take_duty(
    database: &Database,
    moments: &Moments,
    node: Uuid,
    duty: Duty,
    term: Duration,
) -> Result<bool> {
    let taken = database
        .transact(async |transaction| {
            let statement = transaction.prepare_cached(DUTY).await?;
            let (moment, term) = (moments.parameter(), millis(term));
            Ok(transaction.execute(&statement, &[&moment, &node, &term, &duty.name()]).await?)
        })
        .await?;
    Ok(taken > 0)
}

/// As [`Store::sweep`](crate::store::Store::sweep). It names nothing while the duty is another node's. Two that believe
/// they have it do no harm: what one moved on, the other leaves alone.
pub(super) async fn sweep(
    database: &Database,
    moments: &Moments,
    writer: &Writer,
    node: Uuid,
) -> Result<Swept> {
    if !take_duty(database, moments, node, Duty::Sweep, TERM).await? {
        return Ok(Swept::default());
    }
    move_on(database, moments, writer, UNCLAIMED, &Change::Unclaim).await?;
    move_on(database, moments, writer, EXPIRED, &Change::Expire).await?;
    forget(database, moments).await?;
    outbox::forget(database, moments).await?;
    if let Err(error) = clear(database).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "dead rows were not cleared away");
    }
    Ok(Swept { artifacts: queries::leftover_artifacts(database).await? })
}

/// Moves on what a query finds, until it finds nothing more that moves. The change looks at the time again, under the
/// lock of its report.
async fn move_on(
    database: &Database,
    moments: &Moments,
    writer: &Writer,
    query: &str,
    change: &Change,
) -> Result<()> {
    let mut before = Vec::new();
    loop {
        let batch = count(BATCH as u64);
        let found: Vec<Uuid> = database
            .read(async |connection| {
                let statement = connection.prepare_cached(query).await?;
                let rows = connection.query(&statement, &[&moments.parameter(), &batch]).await?;
                Ok(rows.iter().map(|row| row.get(0)).collect())
            })
            .await?;
        // what the rules leave alone would be found for ever
        if found.is_empty() || found == before {
            return Ok(());
        }
        let calls = found.iter().map(|one| writer.call(Call::Change(id(*one), change.clone())));
        for (one, done) in found.iter().zip(futures_util::future::join_all(calls).await) {
            match done {
                Ok(_) | Err(StoreError::NotFound | StoreError::Gone) => {}
                Err(error) if is_lost(&error) => return Err(error),
                // one that cannot be read must not keep all others from their end
                Err(error) => {
                    tracing::error!(
                        report = %id(*one),
                        error = &error as &dyn std::error::Error,
                        "time cannot move a report on"
                    );
                }
            }
        }
        before = found;
    }
}

/// Tombstones that need no longer be remembered, and owners whose turns are past.
async fn forget(database: &Database, moments: &Moments) -> Result<()> {
    let (batch, remembered) = (count(BATCH as u64), millis(REMEMBERED));
    loop {
        let deleted = database
            .transact(async |transaction| {
                let statement = transaction.prepare_cached(FORGOTTEN).await?;
                Ok(transaction.execute(&statement, &[&moments.parameter(), &batch, &remembered]).await?)
            })
            .await?;
        if deleted < BATCH as u64 {
            break;
        }
    }
    database
        .transact(async |transaction| {
            let statement = transaction
                .prepare_cached(
                    // whoever is served now is locked, and their turn is not past
                    "DELETE FROM tenant WHERE name IN (
                         SELECT name FROM tenant WHERE turn <= (SELECT served FROM turn) FOR UPDATE SKIP LOCKED
                     )",
                )
                .await?;
            Ok(transaction.execute(&statement, &[]).await?)
        })
        .await?;
    Ok(())
}

/// Clears away what is dead where the oldest rows are looked for: whoever claims work would walk over all that was done
/// since the database's own housekeeping was there, which comes once a minute.
async fn clear(database: &Database) -> Result<()> {
    let cluttered: Vec<String> = database
        .read(async |connection| {
            let statement = connection.prepare_cached(CLUTTERED).await?;
            let rows = connection.query(&statement, &[]).await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
        .await?;
    for table in cluttered {
        // nobody waits for it: it takes no lock that a reader or a writer wants, and none that another has
        let sql = format!("VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON, TRUNCATE OFF) {table}");
        database.read(async |connection| Ok(connection.batch_execute(&sql).await?)).await?;
    }
    Ok(())
}

/// The files of these tombstones are deleted.
pub(super) async fn forget_artifacts(writer: &Writer, ids: &[ReportId]) -> Result<()> {
    let calls = ids.iter().map(|one| writer.call(Call::Change(*one, Change::ForgetArtifact)));
    for done in futures_util::future::join_all(calls).await {
        match done {
            Ok(_) | Err(StoreError::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
