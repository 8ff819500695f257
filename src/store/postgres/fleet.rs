//! Nodes and who is connected to them: rows that need not outlive the database, and are not synced to disk.

use async_trait::async_trait;
use uuid::Uuid;

use super::{PostgresStore, moment::moment, row::uuid, write::execute};
use crate::{
    report::ReportId,
    store::{Fleet, Muster, Result},
};

/// A node that has said nothing for this long is taken for dead, in milliseconds.
pub(super) const SILENT: i64 = 10_000;

#[async_trait]
impl Fleet for PostgresStore {
    async fn report_in(&self, workers: usize, listeners: &[(ReportId, usize)]) -> Result<Muster> {
        let node = self.voice.node;
        let workers = i32::try_from(workers).unwrap_or(i32::MAX);
        let (mut ids, mut counts, mut left): (Vec<Uuid>, Vec<i32>, Vec<Uuid>) = Default::default();
        for (id, count) in listeners {
            match i32::try_from(*count).unwrap_or(i32::MAX) {
                0 => left.push(uuid(*id)),
                count => {
                    ids.push(uuid(*id));
                    counts.push(count);
                }
            }
        }
        self.database
            .transact(async |transaction| {
                // nothing depends on it but a number
                transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
                let statement = transaction
                    .prepare_cached(concat!(
                        "INSERT INTO node (id, workers, seen_at) VALUES ($1, $2, ",
                        moment!("$3"),
                        ") ON CONFLICT (id) DO UPDATE SET workers = excluded.workers, seen_at = excluded.seen_at
                         RETURNING xmax = 0, seen_at"
                    ))
                    .await?;
                let row = transaction.query_one(&statement, &[&node, &workers, &self.moments.parameter()]).await?;
                let (is_new, now): (bool, i64) = (row.try_get(0)?, row.try_get(1)?);
                execute(
                    transaction,
                    "INSERT INTO presence (report, node, listeners) SELECT report, $1, listeners
                     FROM unnest($2::uuid[], $3::int[]) AS here (report, listeners)
                     ON CONFLICT (report, node) DO UPDATE SET listeners = excluded.listeners",
                    &[&node, &ids, &counts],
                )
                .await?;
                let sql = "DELETE FROM presence WHERE node = $1 AND report = ANY($2)";
                execute(transaction, sql, &[&node, &left]).await?;
                // two nodes that bury each other must not wait for each other
                let dead = "DELETE FROM node WHERE id IN (
                        SELECT id FROM node WHERE seen_at <= $1 FOR UPDATE SKIP LOCKED
                    ) RETURNING id";
                let statement = transaction.prepare_cached(dead).await?;
                let dead = transaction.query(&statement, &[&(now - SILENT)]).await?;
                let dead: Vec<Uuid> = dead.iter().map(|row| row.get(0)).collect();
                if !dead.is_empty() {
                    execute(transaction, "DELETE FROM presence WHERE node = ANY($1)", &[&dead]).await?;
                }
                let statement = transaction.prepare_cached("SELECT sum(workers) FROM node").await?;
                let workers: Option<i64> = transaction.query_one(&statement, &[]).await?.try_get(0)?;
                Ok(Muster { is_new, workers: usize::try_from(workers.unwrap_or(0)).unwrap_or(0) })
            })
            .await
    }

    async fn elsewhere(&self, id: ReportId) -> Result<usize> {
        let (node, moment) = (self.voice.node, self.moments.parameter());
        let count: Option<i64> = self
            .database
            .read(async |connection| {
                let statement = connection
                    .prepare_cached(concat!(
                        "SELECT sum(listeners) FROM presence JOIN node ON node.id = presence.node
                         WHERE report = $1 AND node <> $2 AND seen_at > ",
                        moment!("$3"),
                        " - $4"
                    ))
                    .await?;
                Ok(connection
                    .query_one(&statement, &[&uuid(id), &node, &moment, &SILENT])
                    .await?
                    .try_get(0)?)
            })
            .await?;
        Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(0))
    }

    async fn leave(&self) -> Result<()> {
        let node = self.voice.node;
        self.database
            .transact(async |transaction| {
                execute(transaction, "DELETE FROM presence WHERE node = $1", &[&node]).await?;
                execute(transaction, "DELETE FROM node WHERE id = $1", &[&node]).await
            })
            .await
            .map(drop)
    }
}
