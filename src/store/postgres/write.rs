//! What became of a unit, on its way into the database: one statement for each table, however many rows.

use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    announce,
    row::{Columns, kind_name, millis, uuid},
    unit::{Row, Task, Unit},
};
use crate::store::{Result, TaskKind, hint::Wake};

impl Unit {
    /// Writes what has changed. Returns what is to be said of it.
    pub(super) async fn write(&self, transaction: &Transaction<'_>) -> Result<Wake> {
        let rows = || self.rows.iter().map(|(id, row)| (uuid(*id), row));
        let ids_of = |wanted: fn(&Row) -> bool| -> Vec<Uuid> {
            rows().filter(|(_, row)| wanted(row)).map(|(id, _)| id).collect()
        };
        let (new, mut fresh) = (self.new_reports()?, Columns::default());
        for row in self.rows.values().filter(|row| row.new.is_none() && row.is_dirty) {
            fresh.push(&row.kept.record)?;
        }
        let begun = Tasks::of(rows().filter(|(_, row)| row.task_was.is_none()));
        let moved = Tasks::of(rows().filter(|(_, row)| row.task_was.is_some() && row.task != row.task_was));
        let ended = ids_of(|row| row.task_was.is_some() && row.task.is_none());
        let unsent = ids_of(|row| row.drops_sent);
        let unmodelled = ids_of(|row| row.drops_model && row.model.is_none());
        let (with_model, models): (Vec<_>, Vec<_>) =
            rows().filter_map(|(id, row)| Some((id, row.model.as_deref()?))).unzip();
        let (with_rows, sent): (Vec<_>, Vec<_>) =
            rows().filter_map(|(id, row)| Some((id, row.new.as_ref()?.sent.as_deref()?))).unzip();
        let kind = kind_name(TaskKind::Generate);
        let each = Each { transaction };
        tokio::try_join!(
            biased;
            new.write(&each),
            async {
                each.of(
                fresh.ids.len(),
                "UPDATE report SET status = new.status, version = new.version, expires_at = new.expires_at,
                     waits_until = new.waits_until, artifact = new.artifact, record = new.record
                 FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
                     AS new (id, status, version, expires_at, waits_until, artifact, record)
                 WHERE report.id = new.id",
                &[&fresh.ids, &fresh.statuses, &fresh.versions, &fresh.expires, &fresh.waits, &fresh.artifacts, &fresh.records],
                ).await
            },
            async {
                each.of(
                begun.reports.len(),
                "INSERT INTO task (report, kind, owner, due_at, token, attempt)
                 SELECT new.report, $1, new.owner, new.due_at, new.token, new.attempt
                 FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::int[])
                     AS new (report, owner, due_at, token, attempt)",
                &[&kind, &begun.reports, &begun.owners, &begun.due, &begun.tokens, &begun.attempts],
                ).await
            },
            async {
                each.of(
                moved.reports.len(),
                "UPDATE task SET due_at = new.due_at, token = new.token, attempt = new.attempt
                 FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::int[]) AS new (report, due_at, token, attempt)
                 WHERE task.report = new.report AND task.kind || '' = $1",
                &[&kind, &moved.reports, &moved.due, &moved.tokens, &moved.attempts],
                ).await
            },
            async { each.of(ended.len(), "DELETE FROM task WHERE report = ANY($1)", &[&ended]).await },
            async { each.of(unmodelled.len(), "DELETE FROM model WHERE report = ANY($1)", &[&unmodelled]).await },
            async {
                each.of(
                models.len(),
                "INSERT INTO model (report, json) SELECT * FROM unnest($1::uuid[], $2::bytea[])",
                &[&with_model, &models],
                ).await
            },
            async {
                each.of(
                sent.len(),
                "INSERT INTO sent (report, json) SELECT * FROM unnest($1::uuid[], $2::bytea[])",
                &[&with_rows, &sent],
                ).await
            },
            async { each.of(unsent.len(), "DELETE FROM sent WHERE report = ANY($1)", &[&unsent]).await },
        )?;
        let silenced = ids_of(|row| row.drops_messages);
        each.of(silenced.len(), "DELETE FROM message WHERE report = ANY($1)", &[&silenced]).await?;
        let message = announce::announce(transaction, self.now, &self.news).await?;
        Ok(Wake { message, ..self.wake.clone() })
    }

    fn new_reports(&self) -> Result<NewReports<'_>> {
        let mut new = NewReports::default();
        for row in self.rows.values() {
            let Some(own) = &row.new else { continue };
            new.columns.push(&row.kept.record)?;
            new.owners.push(row.kept.record.owner.name());
            new.types.push(&row.kept.record.report_type);
            new.keeps.push(millis(own.keep));
            new.keys.push(own.idempotency.as_ref().map(|known| known.key.as_str()));
            new.fingerprints.push(own.idempotency.as_ref().map(|known| known.fingerprint.as_slice()));
        }
        Ok(new)
    }

    /// Whether there is nothing to write.
    pub(super) fn is_unchanged(&self) -> bool {
        self.wake.changed.is_empty()
            && self.rows.values().all(|row| !row.is_dirty && row.task == row.task_was)
    }
}

/// Executes a statement that is prepared once for each connection.
pub(super) async fn execute(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<u64> {
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.execute(&statement, parameters).await?)
}

/// Statements that are sent without waiting for each other's answers. None may build on what another of them writes: the
/// first use of one is behind the others, because it is prepared before.
struct Each<'a> {
    transaction: &'a Transaction<'a>,
}

impl Each<'_> {
    /// Sends the statement, if it has any rows.
    async fn of(&self, rows: usize, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<()> {
        if rows > 0 {
            execute(self.transaction, sql, parameters).await?;
        }
        Ok(())
    }
}

/// Reports that were not there before.
#[derive(Default)]
struct NewReports<'a> {
    columns: Columns,
    owners: Vec<&'a str>,
    types: Vec<&'a str>,
    keeps: Vec<i64>,
    keys: Vec<Option<&'a str>>,
    fingerprints: Vec<Option<&'a [u8]>>,
}

impl NewReports<'_> {
    async fn write(&self, each: &Each<'_>) -> Result<()> {
        let Columns { ids, statuses, versions, expires, waits, artifacts, records } = &self.columns;
        each.of(
            ids.len(),
            "INSERT INTO report (id, owner, report_type, keep_ms, idempotency_key, fingerprint, status, version,
                 expires_at, waits_until, artifact, record)
             SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::text[],
                 $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[])",
            &[
                ids,
                &self.owners,
                &self.types,
                &self.keeps,
                &self.keys,
                &self.fingerprints,
                statuses,
                versions,
                expires,
                waits,
                artifacts,
                records,
            ],
        )
        .await
    }
}

/// Tasks, column by column.
#[derive(Default)]
struct Tasks<'r> {
    owners: Vec<&'r str>,
    reports: Vec<Uuid>,
    due: Vec<Option<i64>>,
    tokens: Vec<Option<Uuid>>,
    attempts: Vec<i32>,
}

impl<'r> Tasks<'r> {
    /// Those of these rows that have one.
    fn of(rows: impl Iterator<Item = (Uuid, &'r Row)>) -> Self {
        let mut tasks = Self::default();
        for (id, row) in rows {
            let Some(Task { due_at, token, attempt }) = &row.task else { continue };
            tasks.owners.push(row.kept.record.owner.name());
            tasks.reports.push(id);
            tasks.due.push(due_at.map(jiff::Timestamp::as_millisecond));
            tasks.tokens.push(*token);
            tasks.attempts.push(i32::try_from(*attempt).unwrap_or(i32::MAX));
        }
        tasks
    }
}
