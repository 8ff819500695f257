//! `reportwire links`: the secret that links are signed with.

use std::{sync::Arc, time::Duration};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{
    Failure,
    place::{Master, Place, Where, open, runtime, vault},
};
use crate::{
    config::duration,
    token,
    vault::{Folder, Vault},
};

#[derive(Debug, Args)]
pub(super) struct Links {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign links with a new secret from now on
    Rotate(Rotate),
}

#[derive(Debug, Args)]
struct Rotate {
    /// How long links of the secrets before it stay valid; 0s ends them all at once
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    overlap: Duration,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    master: Master,
}

impl Links {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Command::Rotate(Rotate { overlap, place, master }) = self.command;
        runtime()?.block_on(rotate(place.place(master)?, overlap))?;
        let old = match overlap.is_zero() {
            true => "links from before are valid no more".into(),
            false => format!("links from before are valid for {} s at most", overlap.as_secs()),
        };
        eprintln!(
            "links are signed with a new secret; {old}. A running server takes it up within a second or so"
        );
        Ok(())
    }
}

async fn rotate(place: Place, overlap: Duration) -> Result<(), Failure> {
    let (vault, now, at): (Box<dyn Vault>, _, _) = match place {
        Place::Folder(folder) => {
            (Box::new(Folder::new(&folder)), Timestamp::now(), folder.display().to_string())
        }
        Place::Database(url, layer) => {
            let store = Arc::new(open(&url).await?);
            // nodes judge links by the database's clock
            let now = store.clock()();
            (Box::new(vault(store, &layer)?), now, "the database".into())
        }
    };
    let rotated = token::rotate(&*vault, now, overlap).await;
    rotated.map_err(|error| Failure::caused(&format!("cannot change the secret in {at}"), &error))
}
