//! The queue: tasks that are due, and the claims on them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::{
    connect::Database,
    fault::persistently,
    hints::Voice,
    moment::{Moments, moment},
    row::{Kept, count, id, kind_name, time},
    unit::{Task, Unit},
};
use crate::store::{
    Claim, Claimed, Result, Shares, StoreError, TaskKind,
    hint::Wake,
    transitions::{self, later},
};

/// Tasks in the order in which they are next, and locked, those that another node has locked left out.
///
/// Owners with tasks are walked from name to name over the index. Each stands where their turns have brought them, or
/// where the last turn was, if they come anew. Of those who have work that is due, and may have more under way, the first
/// are looked at; of each as many tasks as could be wanted. The first of an owner counts as their next turn, the second as
/// the one after it, and so on. What is left is bounded before anything is read of it. Rows are locked as they are
/// taken, one by one, so that those behind the limit stay free.
///
/// What was locked is asked again whether it is due: a row that another node took since this statement began looks
/// as it was before, until it is locked. The kind is hidden from the planner there: by an index that begins with it
/// all tasks there are would be walked.
const NEXT: &str = concat!(
    "WITH RECURSIVE moment AS MATERIALIZED (SELECT ",
    moment!("$2"),
    " AS now), owners AS (
        (SELECT owner FROM task WHERE kind = $1 ORDER BY owner LIMIT 1)
        UNION ALL
        SELECT (SELECT owner FROM task WHERE kind = $1 AND owner > owners.owner ORDER BY owner LIMIT 1)
        FROM owners WHERE owners.owner IS NOT NULL
    ), waiting AS (
        SELECT owners.owner, oldest.due_at,
            greatest((SELECT turn FROM tenant WHERE name = owners.owner), (SELECT served FROM turn)) AS turn,
            CASE WHEN $4::bigint IS NULL OR owners.owner = '' THEN $5::bigint
            ELSE least($5, $4 - (SELECT count(*) FROM task WHERE task.owner = owners.owner AND token IS NOT NULL
                                 AND due_at > (SELECT now FROM moment))) END AS most
        FROM owners CROSS JOIN LATERAL (
            SELECT due_at FROM task
            WHERE kind = $1 AND owner = owners.owner AND due_at <= (SELECT now FROM moment)
            ORDER BY due_at LIMIT 1
        ) AS oldest
        WHERE owners.owner IS NOT NULL
    ), able AS MATERIALIZED (
        SELECT * FROM waiting WHERE most > 0 ORDER BY turn, due_at, owner LIMIT $5
    ), candidate AS MATERIALIZED (
        SELECT next.report, next.due_at,
            able.turn + row_number() OVER (PARTITION BY able.owner ORDER BY next.due_at, next.report) AS turn
        FROM able CROSS JOIN LATERAL (
            SELECT report, due_at FROM task
            WHERE kind = $1 AND owner = able.owner AND due_at <= (SELECT now FROM moment) AND report <> ALL ($6::uuid[])
            ORDER BY due_at, report LIMIT able.most
        ) AS next
        ORDER BY turn, next.due_at, next.report LIMIT $5
    )
    SELECT report.record, report.keep_ms, task.due_at, task.token, task.attempt, sent.json,
        (SELECT now FROM moment), candidate.turn, (SELECT count(*) FROM able), report.id
    FROM candidate
        JOIN report ON report.id = candidate.report
        JOIN task ON task.report = candidate.report AND task.kind || '' = $1
        LEFT JOIN sent ON sent.report = candidate.report
    WHERE task.due_at <= (SELECT now FROM moment)
    ORDER BY candidate.turn, task.due_at, task.report
    LIMIT $3
    FOR UPDATE OF report, task SKIP LOCKED"
);

/// Takes tasks for a worker.
pub(super) struct Claiming<'a> {
    pub(super) database: &'a Database,
    pub(super) moments: &'a Moments,
    pub(super) voice: &'a Voice,
    /// How many reports of one owner may be under way.
    pub(super) running: usize,
    /// Reports that this node cannot read.
    pub(super) unreadable: &'a Unreadable,
}

/// Reports that were found and could not be read: written by a later release, or damaged. They are left to nodes that
/// can, and do not stand before all others here. A node that was started anew looks at them again.
#[derive(Debug, Default)]
pub(super) struct Unreadable(Mutex<BTreeSet<Uuid>>);

impl Unreadable {
    fn all(&self) -> Vec<Uuid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn add(&self, report: Uuid, error: &StoreError) {
        tracing::error!(
            report = %id(report),
            error = error as &dyn std::error::Error,
            "this node cannot read a report and leaves it to others"
        );
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(report);
    }
}

impl Claiming<'_> {
    /// As [`Store::claim`](crate::store::Store::claim).
    pub(super) async fn claim(&self, kind: TaskKind, lease: Duration, limit: usize) -> Result<Vec<Claimed>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        loop {
            let known = self.unreadable.all().len();
            let taken = persistently!(
                self.database
                    .transact(async |transaction| self.take(transaction, kind, lease, limit).await)
                    .await
            );
            // it may have been committed, and this node does not hear itself
            let (claimed, wake) = taken.inspect_err(|_| self.voice.missed())?;
            self.voice.speak(&wake);
            // what could not be read stood in the place of others
            if !claimed.is_empty() || self.unreadable.all().len() == known {
                return Ok(claimed);
            }
        }
    }

    async fn take(
        &self,
        transaction: &Transaction<'_>,
        kind: TaskKind,
        lease: Duration,
        limit: usize,
    ) -> Result<(Vec<Claimed>, Wake)> {
        let running = (self.running != usize::MAX).then(|| count(self.running as u64));
        // more than are wanted, because others may be about to take the first of them
        let looked_at = count(4 * limit as u64 + 32);
        let statement = transaction.prepare_cached(NEXT).await?;
        let (kind, limit, left_out) = (kind_name(kind), count(limit as u64), self.unreadable.all());
        let moment = self.moments.parameter();
        let rows =
            transaction.query(&statement, &[&kind, &moment, &limit, &running, &looked_at, &left_out]).await?;
        let Some(first) = rows.first() else { return Ok((Vec::new(), Wake::default())) };
        let now = time(first.try_get(6)?)?;
        let several = first.try_get::<_, i64>(8)? > 1;
        let (mut unit, mut claimed) = (Unit::at(now, Shares::default()), Vec::with_capacity(rows.len()));
        let mut turns = BTreeMap::new();
        for row in &rows {
            let kept = match Kept::read(row) {
                Ok(kept) => kept,
                Err(error) => {
                    self.unreadable.add(row.try_get(9)?, &error);
                    continue;
                }
            };
            let attempt: i32 = row.try_get(4)?;
            let was = Task {
                due_at: Some(time(row.try_get(2)?)?),
                token: row.try_get(3)?,
                attempt: u32::try_from(attempt).unwrap_or(0),
            };
            let (report, owner) = (kept.record.id, kept.record.owner.name().to_owned());
            let claim = Claim { report, token: Uuid::new_v4(), attempt: was.attempt + 1 };
            let record = transitions::claimed(kept.record.clone(), now)?;
            unit.found(kept, Some(was));
            unit.row(report).task = Some(Task {
                due_at: Some(later(now, lease)),
                token: Some(claim.token),
                attempt: claim.attempt,
            });
            let record = unit.save(record);
            turns.insert(owner, row.try_get::<_, i64>(7)?);
            let data = row.try_get::<_, Option<Vec<u8>>>(5)?.map(Bytes::from);
            claimed.push(Claimed { claim, record, data });
        }
        if claimed.is_empty() {
            return Ok((claimed, Wake::default()));
        }
        let wake = unit.write(transaction).await?;
        // where only one waits there are no turns to count, and no row that all nodes would have to wait for
        if several {
            count_turns(transaction, &turns).await?;
        }
        self.voice.announce(transaction, &wake).await?;
        Ok((claimed, wake))
    }
}

/// The owners had their turns.
async fn count_turns(transaction: &Transaction<'_>, turns: &BTreeMap<String, i64>) -> Result<()> {
    let (names, counts): (Vec<&str>, Vec<i64>) =
        turns.iter().map(|(name, turn)| (name.as_str(), *turn)).unzip();
    let statement = transaction
        .prepare_cached(
            "INSERT INTO tenant (name, turn) SELECT * FROM unnest($1::text[], $2::bigint[]) ORDER BY 1
             ON CONFLICT (name) DO UPDATE SET turn = greatest(tenant.turn, excluded.turn)",
        )
        .await?;
    transaction.execute(&statement, &[&names, &counts]).await?;
    let served = counts.iter().max().copied().unwrap_or(0) - 1;
    let statement = transaction.prepare_cached("UPDATE turn SET served = greatest(served, $1)").await?;
    transaction.execute(&statement, &[&served]).await?;
    Ok(())
}
