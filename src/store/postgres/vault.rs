//! The secrets that all nodes share. They come sealed: the database is not told what is in them.

use async_trait::async_trait;

use super::{PostgresStore, write::execute};
use crate::{
    store::StoreError,
    vault::{Vault, VaultError},
};

fn place(name: &'static str) -> impl Fn(StoreError) -> VaultError {
    move |error| VaultError::Place { name, cause: Box::new(error) }
}

#[async_trait]
impl Vault for PostgresStore {
    async fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, VaultError> {
        self.database
            .read(async |connection| {
                let statement =
                    connection.prepare_cached("SELECT content FROM secret WHERE name = $1").await?;
                let row = connection.query_opt(&statement, &[&name]).await?;
                Ok(row.map(|row| row.try_get(0)).transpose()?)
            })
            .await
            .map_err(place(name))
    }

    async fn keep(&self, name: &'static str, content: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let sql = "INSERT INTO secret (name, content) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        self.database
            .transact(async |transaction| {
                execute(transaction, sql, &[&name, &content]).await?;
                // a statement of its own: one that another node has put there meanwhile is seen by the next only
                let row =
                    transaction.query_one("SELECT content FROM secret WHERE name = $1", &[&name]).await?;
                Ok(row.try_get(0)?)
            })
            .await
            .map_err(place(name))
    }

    async fn replace(&self, name: &'static str, content: Vec<u8>) -> Result<(), VaultError> {
        let sql = "INSERT INTO secret (name, content) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET content = excluded.content";
        self.database
            .transact(async |transaction| execute(transaction, sql, &[&name, &content]).await)
            .await
            .map(drop)
            .map_err(place(name))
    }
}
