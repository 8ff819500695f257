//! API keys.

use async_trait::async_trait;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{PostgresStore, moment::moment, row::time};
use crate::{
    report::{KeyId, Owner},
    store::{ApiKey, Keys, NewKey, Result, StoreError},
};

const COLUMNS: &str = "id, owner, scopes, created_at, expires_at, revoked_at";

fn read(row: &Row) -> Result<ApiKey> {
    let scopes: String = row.try_get(2)?;
    Ok(ApiKey {
        id: KeyId::from_bytes(row.try_get::<_, Uuid>(0)?.into_bytes()),
        owner: Owner::stored(row.try_get(1)?),
        // a key without a scope allows nothing, and its column is empty
        scopes: scopes.parse().unwrap_or_default(),
        created_at: time(row.try_get(3)?)?,
        expires_at: row.try_get::<_, Option<i64>>(4)?.map(time).transpose()?,
        revoked_at: row.try_get::<_, Option<i64>>(5)?.map(time).transpose()?,
    })
}

#[async_trait]
impl Keys for PostgresStore {
    async fn create_key(&self, key: NewKey) -> Result<ApiKey> {
        let id = Uuid::from_bytes(*KeyId::generate().as_bytes());
        self.database
            .transact(async |transaction| {
                let row = transaction
                    .query_one(
                        &format!(
                            "INSERT INTO api_key (id, hash, owner, scopes, created_at, expires_at)
                             VALUES ($1, $2, $3, $4, {}, $6) RETURNING {COLUMNS}",
                            moment!("$5")
                        ),
                        &[
                            &id,
                            &key.hash.as_slice(),
                            &key.owner.name(),
                            &key.scopes.to_string(),
                            &self.moments.parameter(),
                            &key.expires_at.map(jiff::Timestamp::as_millisecond),
                        ],
                    )
                    .await?;
                read(&row)
            })
            .await
    }

    async fn key_of(&self, hash: [u8; 32]) -> Result<Option<ApiKey>> {
        self.database
            .read(async |connection| {
                let statement = connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM api_key WHERE hash = $1"))
                    .await?;
                let row = connection.query_opt(&statement, &[&hash.as_slice()]).await?;
                row.as_ref().map(read).transpose()
            })
            .await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>> {
        self.database
            .read(async |connection| {
                let statement =
                    connection.prepare_cached(&format!("SELECT {COLUMNS} FROM api_key ORDER BY id")).await?;
                connection.query(&statement, &[]).await?.iter().map(read).collect()
            })
            .await
    }

    async fn revoke_key(&self, id: KeyId) -> Result<ApiKey> {
        let id = Uuid::from_bytes(*id.as_bytes());
        self.database
            .transact(async |transaction| {
                let row = transaction
                    .query_opt(
                        &format!(
                            "UPDATE api_key SET revoked_at = coalesce(revoked_at, {}) WHERE id = $1 RETURNING {COLUMNS}",
                            moment!("$2")
                        ),
                        &[&id, &self.moments.parameter()],
                    )
                    .await?;
                read(row.as_ref().ok_or(StoreError::NotFound)?)
            })
            .await
    }
}
