//! Folders of type files, and the catalog that they make at any moment.
//!
//! A file that changes is taken up without a restart. One that cannot be read any more keeps serving what it
//! was before: the mistake is its author's to see, not its readers'. The watch over the folders is a hint; a
//! slow look behind it finds what no hint told of.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::{Catalog, Mistake, Place, ReportType, file};

/// How often the folders are looked at without a hint.
const LOOK: Duration = Duration::from_secs(2);
/// An editor writes a file in several steps; what is half-written is not worth a look.
const SETTLE: Duration = Duration::from_millis(50);

/// A type file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which file.
    pub path: PathBuf,
    /// Everything that is wrong with it.
    pub mistakes: Vec<Mistake>,
}

/// The report types in some folders.
#[derive(Debug)]
pub struct Library {
    folders: Vec<PathBuf>,
    current: watch::Sender<Arc<Catalog>>,
    files: Mutex<BTreeMap<PathBuf, File>>,
}

/// What is known of a file.
#[derive(Clone, Debug, Default)]
struct File {
    /// When it was written and how long it is: the same means unchanged.
    seen: Option<(SystemTime, u64)>,
    /// The last good version.
    good: Option<Arc<ReportType>>,
    mistakes: Vec<Mistake>,
    /// The other file of the folder that has its name.
    taken: Option<String>,
}

impl File {
    fn collision(&self) -> Option<Mistake> {
        let (other, report_type) = (self.taken.as_ref()?, self.good.as_ref()?);
        let detail = format!("{other} is {} already; give one of them a name of its own", report_type.name);
        Some(Mistake { at: Place { line: 1, column: 1 }, detail })
    }
}

impl Library {
    /// The report types in `folders`. Of two with one name, that in the later folder counts.
    ///
    /// # Errors
    ///
    /// The folder that cannot be read, and why.
    pub fn open(folders: Vec<PathBuf>) -> Result<(Self, Vec<Broken>), (PathBuf, io::Error)> {
        for folder in &folders {
            fs::read_dir(folder).map_err(|error| (folder.clone(), error))?;
        }
        let library = Self { folders, current: watch::Sender::new(Arc::default()), files: Mutex::default() };
        let broken = library.look();
        Ok((library, broken))
    }

    /// The catalog as it is now.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.current.borrow())
    }

    /// Follows the catalog.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Catalog>> {
        self.current.subscribe()
    }

    /// Looks at every file again and takes up what has changed. Returns the changed files that are broken.
    pub fn look(&self) -> Vec<Broken> {
        let mut known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = Catalog::default();
        let mut files = BTreeMap::new();
        let mut broken = Vec::new();
        let mut changed = false;
        for folder in &self.folders {
            let Ok(paths) = read_folder(folder) else {
                // it may be back at the next look; until then everything in it serves as it was
                let inside: Vec<_> =
                    known.keys().filter(|path| path.parent() == Some(folder)).cloned().collect();
                for path in inside {
                    let Some(file) = known.remove(&path) else { continue };
                    if let (Some(report_type), None) = (&file.good, &file.taken) {
                        catalog.put(Arc::clone(report_type), !file.mistakes.is_empty());
                    }
                    files.insert(path, file);
                }
                continue;
            };
            // one folder at a time: within it a name must be unique, across folders the later one wins
            let mut names: BTreeMap<String, String> = BTreeMap::new();
            for path in paths {
                let before = known.remove(&path);
                let seen = stamp(&path);
                let is_new = before.as_ref().is_none_or(|before| before.seen != seen);
                let before = before.unwrap_or_default();
                let taken_before = before.taken.clone();
                let mut now = if is_new { read(&path, seen, &before) } else { before };
                now.taken = None;
                if let Some(report_type) = &now.good {
                    if let Some(other) = names.get(&report_type.name) {
                        now.taken = Some(other.clone());
                    } else {
                        names.insert(report_type.name.clone(), report_type.file.clone());
                        catalog.put(Arc::clone(report_type), !now.mistakes.is_empty());
                    }
                }
                if is_new || now.taken != taken_before {
                    changed = true;
                    let mistakes: Vec<Mistake> =
                        now.mistakes.iter().cloned().chain(now.collision()).collect();
                    if !mistakes.is_empty() {
                        broken.push(Broken { path: path.clone(), mistakes });
                    }
                }
                files.insert(path, now);
            }
        }
        // what is left was removed
        changed |= !known.is_empty();
        *known = files;
        if changed {
            self.current.send_replace(Arc::new(catalog));
        }
        broken
    }

    /// Takes up changes until `stop`, and says in the log what is broken.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let hint = Arc::new(Notify::new());
        // without it (too many watches, a file system that has none) the slow look remains
        let _watcher = self.watch(Arc::clone(&hint)).inspect_err(|error| {
            tracing::warn!(%error, "changed report types are noticed every two seconds only");
        });
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = hint.notified() => sleep(SETTLE).await,
                () = sleep(LOOK) => {}
            }
            let library = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || library.look()).await {
                Ok(broken) => broken.iter().for_each(Broken::log),
                Err(error) => tracing::error!(%error, "a look at the report types failed"),
            }
        }
    }

    fn watch(&self, hint: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
        // a look reads the folder, which is an event, too: taken for a hint it would lead to the next look
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if !event.is_ok_and(|event| event.kind.is_access()) {
                hint.notify_one();
            }
        })?;
        for folder in &self.folders {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    }
}

impl Broken {
    /// Says in the log what is wrong, a line for each mistake.
    pub fn log(&self) {
        for mistake in &self.mistakes {
            tracing::error!("{}:{mistake}", self.path.display());
        }
    }
}

/// The type files in a folder, by name. One whose name begins with a dot is somebody's half-written copy.
pub fn type_files(folder: &Path) -> Vec<PathBuf> {
    read_folder(folder).unwrap_or_default()
}

fn read_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .filter(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')))
        .collect();
    files.sort();
    Ok(files)
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(path: &Path, seen: Option<(SystemTime, u64)>, before: &File) -> File {
    let text = fs::read_to_string(path).map_err(|error| {
        let detail = format!("the file cannot be read: {error}");
        vec![Mistake { at: Place { line: 1, column: 1 }, detail }]
    });
    match text.and_then(|text| file::read(&text, path)) {
        Ok(report_type) => {
            File { seen, good: Some(Arc::new(report_type)), mistakes: Vec::new(), taken: None }
        }
        Err(mistakes) => File { seen, good: before.good.clone(), mistakes, taken: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "title = \"One\"\n[[section]]\ntext = \"x\"";

    fn write(path: &Path, text: &str) {
        // renamed, so that the file is another one even within the grain of its time
        let fresh = path.with_extension("new");
        fs::write(&fresh, text).unwrap();
        fs::rename(&fresh, path).unwrap();
    }

    #[test]
    fn files_are_taken_up_and_a_broken_one_keeps_its_last_good_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.toml");
        let (library, broken) = Library::open(vec![folder.path().into()]).unwrap();
        assert_eq!((broken, library.catalog().iter().count()), (vec![], 0));

        write(&path, GOOD);
        assert_eq!(library.look(), []);
        assert_eq!(library.catalog().get("ONE").unwrap().title, "One");

        write(&path, "title = \"Two\"\ntitel = 1\n[[section]]\ntext = \"x\"");
        let broken = library.look();
        assert_eq!(broken[0].mistakes[0].to_string(), "2:1: “titel” is not known here; did you mean title?");
        assert_eq!(library.look(), [], "a mistake is said once");
        let catalog = library.catalog();
        assert_eq!(catalog.get("ONE").unwrap().title, "One");
        let summary =
            serde_json::to_value(catalog.summaries(crate::catalog::today()).next().unwrap()).unwrap();
        assert!(summary["problem"].as_str().unwrap().contains("has mistakes"), "{summary}");

        write(&path, &GOOD.replace("One", "Three"));
        assert_eq!(library.look(), []);
        assert_eq!(library.catalog().get("ONE").unwrap().title, "Three");

        let away = folder.path().with_extension("away");
        fs::rename(folder.path(), &away).unwrap();
        assert_eq!(library.look(), []);
        assert!(
            library.catalog().get("ONE").is_some(),
            "a folder that is away for a moment takes nothing with it"
        );
        fs::rename(&away, folder.path()).unwrap();

        fs::remove_file(&path).unwrap();
        assert_eq!(library.look(), []);
        assert!(library.catalog().get("ONE").is_none());
    }

    #[test]
    fn of_two_with_one_name_the_later_folder_counts_and_within_a_folder_it_is_a_mistake() {
        let (samples, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(&samples.path().join("one.toml"), GOOD);
        write(&own.path().join("one.toml"), &GOOD.replace("One", "Own"));
        write(&own.path().join("two.toml"), &format!("name = \"ONE\"\n{GOOD}"));
        let (library, broken) = Library::open(vec![samples.path().into(), own.path().into()]).unwrap();
        assert_eq!(library.catalog().get("ONE").unwrap().title, "Own");
        assert_eq!(broken.len(), 1);
        assert!(broken[0].mistakes[0].detail.contains("one.toml is ONE already"), "{broken:?}");
        // when the name is free again, nothing is wrong any more
        fs::remove_file(own.path().join("one.toml")).unwrap();
        assert_eq!(library.look(), []);
        let catalog = library.catalog();
        assert_eq!(catalog.get("ONE").unwrap().file, "two.toml");
        let summary =
            serde_json::to_value(catalog.summaries(crate::catalog::today()).next().unwrap()).unwrap();
        assert!(summary.get("problem").is_none(), "{summary}");
    }
}
