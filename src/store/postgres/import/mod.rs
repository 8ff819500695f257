//! What another engine had, put in ([`put`]) and looked at again ([`check`]).

mod check;
mod put;

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use uuid::Uuid;

use super::{PostgresStore, connect::Connection, fleet::SILENT, moment::moment, write::execute};
use crate::store::{
    Result,
    archive::{Batch, Difference, Kind, Mark, Numbers, Rows, Sink},
};

#[async_trait]
impl Sink for PostgresStore {
    async fn nodes(&self) -> Result<usize> {
        let moment = self.moments.parameter();
        let nodes: i64 = self
            .database
            .read(async |connection| {
                let sql = concat!("SELECT count(*) FROM node WHERE seen_at > ", moment!("$1"), " - $2");
                let statement = connection.prepare_cached(sql).await?;
                Ok(connection.query_one(&statement, &[&moment, &SILENT]).await?.try_get(0)?)
            })
            .await?;
        Ok(usize::try_from(nodes).unwrap_or(0))
    }

    async fn reserve(&self, numbers: Numbers) -> Result<()> {
        self.database
            .transact(async |transaction| {
                for (sql, highest) in [
                    (
                        "SELECT setval('message_id_seq', greatest($1, last_value)) FROM message_id_seq WHERE $1 > 0",
                        numbers.messages,
                    ),
                    (
                        "SELECT setval('attempt_id_seq', greatest($1, last_value)) FROM attempt_id_seq WHERE $1 > 0",
                        numbers.entries,
                    ),
                ] {
                    execute(transaction, sql, &[&highest]).await?;
                }
                Ok(())
            })
            .await
    }

    async fn mark(&self, kind: Kind) -> Result<Option<Mark>> {
        self.database
            .read(async |connection| {
                let statement = connection.prepare_cached("SELECT upto FROM copied WHERE kind = $1").await?;
                let row = connection.query_opt(&statement, &[&kind.name()]).await?;
                Ok(row.map(|row| row.try_get(0)).transpose()?.map(Mark))
            })
            .await
    }

    async fn put(&self, batch: &Batch) -> Result<Vec<(Kind, u64)>> {
        let (kind, Mark(upto)) = (batch.rows.kind(), &batch.upto);
        self.database
            .transact(async |transaction| {
                let put = put_rows(transaction, &batch.rows).await?;
                let sql = "INSERT INTO copied (kind, upto) VALUES ($1, $2)
                     ON CONFLICT (kind) DO UPDATE SET upto = excluded.upto";
                execute(transaction, sql, &[&kind.name(), upto]).await?;
                Ok(put)
            })
            .await
    }

    async fn differing(&self, rows: &Rows) -> Result<Vec<Difference>> {
        self.database.read(async |connection| check_rows(connection, rows).await).await
    }
}

async fn put_rows(transaction: &Transaction<'_>, rows: &Rows) -> Result<Vec<(Kind, u64)>> {
    let put = match rows {
        Rows::Keys(keys) => put::keys(transaction, keys).await?,
        Rows::Endpoints(endpoints) => put::endpoints(transaction, endpoints).await?,
        Rows::Lanes(lanes) => put::lanes(transaction, lanes).await?,
        Rows::Turns(turns) => put::turns(transaction, turns).await?,
        Rows::Reports(reports) => return put::reports(transaction, reports).await,
        Rows::Entries(entries) => put::entries(transaction, entries).await?,
        Rows::Messages(messages) => put::messages(transaction, messages).await?,
    };
    Ok(vec![(rows.kind(), put)])
}

async fn check_rows(connection: &Connection, rows: &Rows) -> Result<Vec<Difference>> {
    let kind = rows.kind();
    let names = match rows {
        Rows::Keys(keys) => check::keys(connection, keys).await?,
        Rows::Endpoints(endpoints) => check::endpoints(connection, endpoints).await?,
        Rows::Lanes(lanes) => check::lanes(connection, lanes).await?,
        // they are forgotten as soon as others have had as many
        Rows::Turns(_) => Vec::new(),
        Rows::Reports(reports) => return check::reports(connection, reports).await,
        Rows::Entries(entries) => check::entries(connection, entries).await?,
        Rows::Messages(messages) => check::messages(connection, messages).await?,
    };
    Ok(names.into_iter().map(|name| (kind, name)).collect())
}

/// The row of a record that messages tell. It has the number that it had, so that messages of two batches find the same;
/// the ids of later ones begin with the time and are far from it.
fn news_uuid(number: i64) -> Uuid {
    Uuid::from_u128(u128::from(number.unsigned_abs()))
}
