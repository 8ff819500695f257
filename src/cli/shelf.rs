//! The report types that a command without a server works with.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use tempfile::TempDir;

use super::Failure;
use crate::{
    catalog::{self, Broken, Catalog, Library, Mistake, ReportType, file},
    data::Sources,
};

/// Where report types are looked for.
#[derive(Debug, Args)]
pub(super) struct Shelf {
    /// Folder of report types, one TOML file each; the samples are there without it
    #[arg(long, env = "REPORTWIRE_REPORTS", value_name = "FOLDER")]
    pub(super) reports: Option<PathBuf>,
}

/// Report types and their data, as long as it lives.
pub(super) struct Place {
    library: Library,
    broken: Vec<Broken>,
    /// What was read from data files.
    pub(super) sources: Sources,
    /// The samples, unpacked for this command.
    _samples: TempDir,
}

impl Place {
    /// Every report type, by name.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        self.library.catalog()
    }
}

impl Shelf {
    /// Opens the samples and the folder. What is broken is said when it is asked for.
    pub(super) fn place(&self) -> Result<Place, Failure> {
        let scratch = tempfile::Builder::new()
            .prefix("reportwire-")
            .tempdir()
            .map_err(|error| Failure::caused("cannot make a temporary folder", &error))?;
        let samples = scratch.path().join("samples");
        catalog::unpack(&samples).map_err(|error| Failure::caused("cannot unpack the samples", &error))?;
        let folders = std::iter::once(samples).chain(self.reports.clone()).collect();
        let (library, broken) = Library::open(folders).map_err(|(folder, error)| {
            Failure::caused(&format!("cannot read {}", folder.display()), &error)
        })?;
        let cache = cache().unwrap_or_else(|| scratch.path().join("cache"));
        Ok(Place { library, broken, sources: Sources::new(cache), _samples: scratch })
    }
}

/// Where data that was read is kept between runs, so that a large file is read once: the user's own cache
/// folder (XDG Base Directory Specification).
fn cache() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(base.join("reportwire"))
}

impl Place {
    /// The report type with this name or in this file.
    pub(super) fn find(&self, name: &str) -> Result<Arc<ReportType>, Failure> {
        let path = Path::new(name);
        if path.extension().is_some_and(|ending| ending == "toml") {
            return read(path).map(Arc::new);
        }
        let catalog = self.library.catalog();
        if let Some(found) = catalog.get(name) {
            return Ok(Arc::clone(found));
        }
        // a file of this name that has mistakes: they are what matters
        let is_meant = |broken: &&Broken| {
            let stem = broken.path.file_stem().unwrap_or_default().to_string_lossy();
            stem.to_uppercase().replace(['-', ' ', '.'], "_") == name
        };
        if let Some(broken) = self.broken.iter().find(is_meant) {
            return Err(mistakes(&broken.path, &broken.mistakes));
        }
        let hint = match catalog.nearest(name) {
            Some(meant) => format!("did you mean {meant}?"),
            None => {
                let names: Vec<&str> = catalog.iter().map(|known| known.name.as_str()).collect();
                format!("there is {}", names.join(", "))
            }
        };
        Err(Failure::usage(format!("there is no report type {name}; {hint}")))
    }
}

/// The report type in a file, or everything that is wrong with it.
pub(super) fn read(path: &Path) -> Result<ReportType, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::caused(&format!("cannot read {}", path.display()), &error))?;
    file::read(&text, path).map_err(|found| mistakes(path, &found))
}

fn mistakes(path: &Path, found: &[Mistake]) -> Failure {
    let lines: Vec<String> = found.iter().map(|mistake| format!("{}:{mistake}", path.display())).collect();
    Failure::new(lines.join("\n"))
}
