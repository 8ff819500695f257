//! `reportwire copy`: from one machine to several.

use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::{
    Failure,
    place::{Master, open, runtime, vault},
};
use crate::{
    artifact::{Artifacts, Location},
    config::{Hidden, Layer, Nodes},
    moving::{Line, Moved, Moving},
    store::sqlite::{Export, OpenError},
    vault::Folder,
};

/// The folder of files in a folder of data.
const FILES: &str = "artifacts";

#[derive(Debug, Args)]
pub(super) struct Copy {
    /// The folder of data to copy, as in sqlite:reportwire-data; no server may run in it
    #[arg(long, value_name = "sqlite:FOLDER")]
    from: Source,
    /// The database to copy to: postgres://user:password@host/database. Better in the environment: others can see a command
    /// line
    #[arg(long, env = "REPORTWIRE_STORE", value_name = "URL", hide_env_values = true)]
    to: Hidden,
    /// Where the nodes will look for finished files, as their setting artifacts says it: file:///folder, s3://bucket/prefix,
    /// gs://… or az://…; without it these stay where they are
    #[arg(long, env = "REPORTWIRE_ARTIFACTS", value_name = "URL", hide_env_values = true)]
    artifacts: Option<Location>,
    #[command(flatten)]
    master: Master,
    /// Copy nothing; say what is not the same on both sides
    #[arg(long)]
    check: bool,
}

/// A folder, written as a store.
#[derive(Clone, Debug)]
struct Source(PathBuf);

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("sqlite:") {
            Some("") => Ok(Self("reportwire-data".into())),
            Some(folder) => Ok(Self(folder.into())),
            None => Err("expected sqlite: and a folder, as in sqlite:reportwire-data"),
        }
    }
}

impl Copy {
    pub(super) fn run(self) -> Result<(), Failure> {
        runtime()?.block_on(self.copy())
    }

    async fn copy(self) -> Result<(), Failure> {
        let Source(folder) = &self.from;
        let layer = Layer { store: Some(self.to), ..self.master.layer() };
        let url = Nodes::database(&layer).ok().flatten();
        let url = url.ok_or_else(|| Failure::usage("--to must be postgres://user:password@host/database"))?;
        let from = Export::open(folder, Timestamp::now()).map_err(|error| cannot_open(folder, &error))?;
        let files = match &self.artifacts {
            Some(to) => files(folder, to).await?,
            None => None,
        };
        let to = std::sync::Arc::new(open(&url).await?);
        let (ours, theirs) = (Folder::new(folder), vault(std::sync::Arc::clone(&to), &layer)?);
        let moving = Moving {
            from: &from,
            to: &*to,
            secrets: (&ours, &theirs),
            files: files.as_ref().map(|(from, to)| (from, to)),
        };
        let bar = bar();
        let mut watch = |what: &'static str, found, seen| {
            bar.set_length(found);
            bar.set_position(seen);
            bar.set_message(what);
        };
        let moved = if self.check { moving.check(&mut watch).await } else { moving.copy(&mut watch).await };
        bar.finish_and_clear();
        let moved = moved.map_err(|error| {
            let what = if self.check { "cannot compare" } else { "not everything was copied; try again" };
            Failure::caused(what, &error)
        })?;
        let _ = write!(std::io::stdout(), "{}", table(&moved));
        if self.artifacts.is_none() {
            let stay = folder.join(FILES);
            eprintln!("finished files stay in {}: that is where nodes have to find them", stay.display());
        }
        to.close().await;
        verdict(&moved)
    }
}

fn cannot_open(folder: &Path, error: &OpenError) -> Failure {
    let what = format!("cannot copy from {}", folder.display());
    match error {
        OpenError::Locked => Failure::new(format!("{what}: {error}; stop it first")),
        error => Failure::caused(&what, error),
    }
}

/// The files on both sides, unless they are the same.
async fn files(folder: &Path, to: &Location) -> Result<Option<(Artifacts, Artifacts)>, Failure> {
    let own = folder.join(FILES);
    let cannot = |place: &Location| format!("cannot use {place}");
    let open =
        |place: &Location| Artifacts::open(place).map_err(|error| Failure::caused(&cannot(place), &error));
    // beside others, who are not to notice: nothing in it is deleted
    let both = (open(&Location::Folder(own.clone()))?, open(to)?);
    both.1.prove().await.map_err(|error| Failure::caused(&cannot(to), &error))?;
    // both are there now, whatever they are called
    let is_same = match to {
        Location::Folder(to) => {
            matches!((own.canonicalize(), to.canonicalize()), (Ok(own), Ok(to)) if own == to)
        }
        _ => false,
    };
    Ok((!is_same).then_some(both))
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    bar
}

/// What became of each kind of thing.
fn table(moved: &Moved) -> String {
    let head = ["", "FOUND", "COPIED", "THERE ALREADY", "DIFFERENT"].map(str::to_owned);
    let row = |line: &Line| {
        let counts = [line.found, line.copied, line.there(), line.differing].map(|count| count.to_string());
        let [found, copied, there, differing] = counts;
        [line.what.to_owned(), found, copied, there, differing]
    };
    let rows: Vec<_> = std::iter::once(head).chain(moved.lines.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let first = width(0);
    let line = |row: &[String; 5]| {
        let counts = (1..5).map(|column| format!("  {:>1$}", row[column], width(column)));
        format!("{:<first$}{}\n", row[0], counts.collect::<String>())
    };
    rows.iter().map(line).collect()
}

/// Whether both sides are the same.
fn verdict(moved: &Moved) -> Result<(), Failure> {
    let lines: Vec<String> = moved
        .differing()
        .map(|line| {
            let more = if line.differing > line.named.len() as u64 { ", …" } else { "" };
            format!("{}: {} of {} ({}{more})", line.what, line.differing, line.found, line.named.join(", "))
        })
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let why = "not there, or not as they are in the folder. Unless the database has been used since, or files are lost in the \
         folder too: DROP SCHEMA reportwire CASCADE, and copy again";
    Err(Failure::new(format!("these are {why}\n{}", lines.join("\n"))))
}
