//! Where the data of a server are, for commands that work on them beside it.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::config::Layer;

#[derive(Debug, Args)]
pub(super) struct Folder {
    /// Folder of the server's data [default: reportwire-data]
    #[arg(long, env = "REPORTWIRE_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// TOML file with the settings of the server
    #[arg(long, env = "REPORTWIRE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Folder {
    /// The folder that the server would use.
    pub(super) fn path(self) -> Result<PathBuf, Failure> {
        let file = match &self.config {
            Some(path) => Layer::read(path).map_err(|error| Failure::caused("", &error))?,
            None => Layer::default(),
        };
        Ok(self.data_dir.or(file.data_dir).unwrap_or_else(|| "reportwire-data".into()))
    }
}
