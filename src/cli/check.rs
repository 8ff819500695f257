//! `reportwire check`: everything that is wrong, before a server or a reader finds out.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, shelf::Shelf};
use crate::{
    artifact::{Artifacts, Location},
    catalog::{Mistake, Place, ReportType, file},
    config::{Config, Layer},
    generate,
};

#[derive(Debug, Args)]
pub(super) struct Check {
    /// TOML file with the settings of the server
    #[arg(long, env = "REPORTWIRE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    shelf: Shelf,
    /// Type files to check, instead of all in the folder
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut lines = Vec::new();
        let mut shelf = self.shelf;
        if let Some(path) = &self.config {
            match Layer::read(path).and_then(Config::of) {
                Ok(config) => {
                    lines.extend(unusable(&config.artifacts));
                    shelf.reports = shelf.reports.or(config.reports);
                }
                Err(error) => lines.push(Failure::caused("", &error).to_string()),
            }
        }
        let place = shelf.place()?;
        let files = match &shelf.reports {
            _ if !self.files.is_empty() => self.files,
            Some(folder) => type_files(folder)?,
            // nothing of anyone's: then the samples are what there is
            None => Vec::new(),
        };
        let mut checked = 0;
        if files.is_empty() && lines.is_empty() {
            for report_type in place.catalog().iter() {
                let found = generate::check(report_type, &place.sources);
                lines.extend(found.iter().map(|mistake| format!("{}:{mistake}", report_type.file)));
                checked += 1;
            }
        }
        let mut names: Vec<(String, PathBuf)> = Vec::new();
        for path in files {
            checked += 1;
            let found = match read(&path) {
                Ok(report_type) => {
                    let mut found = generate::check(&report_type, &place.sources);
                    if let Some((_, other)) = names.iter().find(|(name, _)| *name == report_type.name) {
                        let detail = format!("{} is {} already", other.display(), report_type.name);
                        found.insert(0, Mistake { at: Place { line: 1, column: 1 }, detail });
                    }
                    names.push((report_type.name, path.clone()));
                    found
                }
                Err(found) => found,
            };
            lines.extend(found.iter().map(|mistake| format!("{}:{mistake}", path.display())));
        }
        let mut output = std::io::stdout().lock();
        for line in &lines {
            let _ = writeln!(output, "{line}");
        }
        match lines.len() {
            0 => {
                let _ = writeln!(output, "{checked} report {} checked, nothing is wrong", types(checked));
                Ok(())
            }
            1 => Err(Failure::new("one mistake")),
            count => Err(Failure::new(format!("{count} mistakes"))),
        }
    }
}

/// Why files cannot be kept in a bucket. A folder is made when a server starts, and not by a check.
fn unusable(location: &Location) -> Option<String> {
    if !matches!(location, Location::Bucket(_)) {
        return None;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Some(Failure::caused("cannot start the runtime", &error).to_string()),
    };
    let proved = Artifacts::open(location).and_then(|files| runtime.block_on(files.prove()));
    proved.err().map(|error| Failure::caused(&format!("cannot use {location}"), &error).to_string())
}

fn types(count: usize) -> &'static str {
    if count == 1 { "type" } else { "types" }
}

fn type_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let files = crate::catalog::type_files(folder);
    if files.is_empty() {
        return Err(Failure::new(format!(
            "there is no type file in {}; expected files that end in .toml",
            folder.display()
        )));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<ReportType, Vec<Mistake>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let detail = format!("the file cannot be read: {error}");
        vec![Mistake { at: Place { line: 1, column: 1 }, detail }]
    })?;
    file::read(&text, path)
}
