//! `reportwire links`: the secret that links are signed with.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Failure, folder::Folder};
use crate::{config::duration, token, vault};

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
    folder: Folder,
}

impl Links {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Command::Rotate(Rotate { overlap, folder }) = self.command;
        let folder = folder.path()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::caused("cannot start the runtime", &error))?;
        let vault = vault::Folder::new(&folder);
        runtime.block_on(token::rotate(&vault, Timestamp::now(), overlap)).map_err(|error| {
            Failure::caused(&format!("cannot change the secret in {}", folder.display()), &error)
        })?;
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
