//! `reportwire key`: who may come in.

use std::io::Write as _;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    Failure,
    place::{Master, Place, Where, open, runtime},
};
use crate::{
    access::KeyText,
    report::{KeyId, Owner, Scopes},
    store::{ApiKey, Keys as _, NewKey, Result as StoreResult, postgres::PostgresStore, sqlite::KeyBook},
};

#[derive(Debug, Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key, and print it: it is shown this once
    Create(Create),
    /// Show all keys, but not what they are
    List(List),
    /// Revoke a key: from now on it opens nothing, and whoever is connected with it leaves
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Create {
    /// Whose the key is; everything that is asked for with it belongs to them
    #[arg(long, value_name = "NAME")]
    owner: Owner,
    /// What it allows: any of create, read, cancel, admin [default: create,read,cancel]
    #[arg(long, value_name = "SCOPES")]
    scope: Option<Scopes>,
    /// When it ends: a length of time such as 90d or 12h, or a moment such as 2027-01-01T00:00:00Z [default: never]
    #[arg(long, value_name = "TIME", value_parser = end)]
    expires: Option<Timestamp>,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
struct List {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, Args)]
struct Revoke {
    /// The id of the key, as `key list` shows it
    #[arg(value_name = "ID")]
    id: KeyId,
    #[command(flatten)]
    place: Where,
}

impl Keys {
    pub(super) fn run(self) -> Result<(), Failure> {
        runtime()?.block_on(async {
            match self.command {
                Command::Create(create) => create.run().await,
                Command::List(list) => list.run().await,
                Command::Revoke(revoke) => revoke.run().await,
            }
        })
    }
}

impl Create {
    async fn run(self) -> Result<(), Failure> {
        let book = Book::open(self.place).await?;
        let text = KeyText::generate();
        let scopes = self.scope.unwrap_or_else(Scopes::usual);
        let new = NewKey { hash: text.hash(), owner: self.owner, scopes, expires_at: self.expires };
        let key = book.create(new).await.map_err(|error| Failure::caused("", &error))?;
        let end = key.expires_at.map_or_else(|| "without end".into(), |end| format!("until {end}"));
        eprintln!("key {} of {}: {}, {end}", key.id, key.owner, key.scopes);
        eprintln!("it is shown this once; send it as  Authorization: Bearer …");
        // alone on standard output, so that a script can take it
        writeln!(std::io::stdout(), "{}", text.expose())
            .map_err(|error| Failure::caused("the key was made, and cannot be shown", &error))
    }
}

impl List {
    async fn run(self) -> Result<(), Failure> {
        let keys = Book::open(self.place).await?.all().await.map_err(|error| Failure::caused("", &error))?;
        let now = Timestamp::now();
        let text = if self.json { in_json(&keys, now) } else { table(&keys, now) };
        let _ = write!(std::io::stdout(), "{text}");
        Ok(())
    }
}

impl Revoke {
    async fn run(self) -> Result<(), Failure> {
        let key = Book::open(self.place).await?.revoke(self.id).await.map_err(|error| match error {
            crate::store::StoreError::NotFound => Failure::new(format!("there is no key {}", self.id)),
            other => Failure::caused("", &other),
        })?;
        eprintln!(
            "key {} of {} is revoked; whoever is connected with it leaves within a second, and links that were handed out \
             end by `reportwire links rotate --overlap 0s`",
            key.id, key.owner
        );
        Ok(())
    }
}

/// The keys of an installation, wherever it is.
enum Book {
    Folder(KeyBook),
    Database(Box<PostgresStore>),
}

impl Book {
    async fn open(place: Where) -> Result<Self, Failure> {
        // keys are no secrets that would have to be sealed: of each there is its hash
        match place.place(Master::default())? {
            Place::Folder(folder) => KeyBook::open(&folder).map(Self::Folder).map_err(|error| {
                Failure::caused(&format!("cannot open the keys in {}", folder.display()), &error)
            }),
            Place::Database(url, _) => Ok(Self::Database(Box::new(open(&url).await?))),
        }
    }

    async fn create(&self, key: NewKey) -> StoreResult<ApiKey> {
        match self {
            Self::Folder(book) => book.create(&key, Timestamp::now()),
            Self::Database(store) => store.create_key(key).await,
        }
    }

    async fn all(&self) -> StoreResult<Vec<ApiKey>> {
        match self {
            Self::Folder(book) => book.all(),
            Self::Database(store) => store.keys().await,
        }
    }

    async fn revoke(&self, id: KeyId) -> StoreResult<ApiKey> {
        match self {
            Self::Folder(book) => book.revoke(id, Timestamp::now()),
            Self::Database(store) => store.revoke_key(id).await,
        }
    }
}

/// Whether it opens anything.
fn state(key: &ApiKey, now: Timestamp) -> &'static str {
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= now => "expired",
        _ => "valid",
    }
}

fn table(keys: &[ApiKey], now: Timestamp) -> String {
    let head = ["ID", "OWNER", "SCOPES", "CREATED", "EXPIRES", "STATE"].map(str::to_owned);
    let row = |key: &ApiKey| {
        let end = key.expires_at.map_or_else(|| "never".into(), |end| end.to_string());
        [
            key.id.to_string(),
            key.owner.to_string(),
            key.scopes.to_string(),
            key.created_at.to_string(),
            end,
            state(key, now).into(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(keys.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..5).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}  "));
        format!("{}{}\n", cells.collect::<String>(), row[5])
    };
    rows.iter().map(line).collect()
}

fn in_json(keys: &[ApiKey], now: Timestamp) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "id": key.id, "owner": key.owner, "scopes": key.scopes.to_string(), "createdAt": key.created_at,
                "expiresAt": key.expires_at, "revokedAt": key.revoked_at, "state": state(key, now),
            })
        })
        .collect();
    format!("{}\n", json!({ "keys": keys }))
}

/// A moment, or a length of time from now.
fn end(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return if moment > Timestamp::now() { Ok(moment) } else { Err(format!("{text} is over already")) };
    }
    let days = text.strip_suffix('d').and_then(|days| days.trim().parse().ok());
    let length = days.map_or_else(
        || text.parse().ok(),
        |days: i64| Some(SignedDuration::from_secs(days.checked_mul(24 * 60 * 60)?)),
    );
    let end = length
        .filter(|length| length.is_positive())
        .and_then(|length| Timestamp::now().checked_add(length).ok());
    end.ok_or_else(|| {
        format!("{text:?} is neither a length of time such as 90d nor a moment such as 2027-01-01T00:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_moment_or_a_length_of_time() {
        assert_eq!(end("2999-01-01T00:00:00Z").unwrap().to_string(), "2999-01-01T00:00:00Z");
        let hours = |text: &str| end(text).unwrap().duration_since(Timestamp::now()).as_hours();
        assert_eq!((hours("90d"), hours("12h")), (90 * 24 - 1, 11));
        for text in ["", "soon", "2001-01-01T00:00:00Z", "-1d", "0d", "99999999999999999d", "1x"] {
            assert!(end(text).is_err(), "{text}");
        }
    }
}
