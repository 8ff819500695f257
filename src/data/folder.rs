//! Files in the folder of a report type, and no others.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

/// Why a path leads nowhere that may be read.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// It is absolute, or goes up.
    #[error("{} leaves the folder of the report type", .0.display())]
    Outside(PathBuf),
    /// It leads out of the folder through a link.
    #[error("{} leads out of the folder of the report type", .0.display())]
    Escapes(PathBuf),
    /// It cannot be looked at.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// It is a folder, or something else that is not read to an end.
    #[error("{} is no file", .0.display())]
    NoFile(PathBuf),
    /// It is a pattern that cannot be read.
    #[error("{0} is no pattern: {1}")]
    Pattern(String, String),
    /// A pattern that no file fits.
    #[error("no file fits {0}")]
    Nothing(String),
}

/// The file at `path` in `folder`, with all links followed.
///
/// # Errors
///
/// [`PathError`] when it lies elsewhere, is not there or is no file.
pub fn within(folder: &Path, path: &Path) -> Result<PathBuf, PathError> {
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(PathError::Outside(path.into()));
    }
    let real = |path: &Path| {
        fs::canonicalize(path).map_err(|error| PathError::Unreadable { path: path.into(), error })
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let found = fs::canonicalize(folder.join(path))
        .map_err(|error| PathError::Unreadable { path: path.into(), error })?;
    if !found.starts_with(real(folder)?) {
        return Err(PathError::Escapes(path.into()));
    }
    // opening a pipe waits for whoever writes into it, and nobody may
    if found.is_file() { Ok(found) } else { Err(PathError::NoFile(path.into())) }
}

/// The files in `folder` that fit `pattern`, by name. A plain path is a pattern that one file fits.
///
/// # Errors
///
/// [`PathError`] when there is none, or one of them lies elsewhere.
pub(super) fn matching(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, PathError> {
    if !pattern.contains(['*', '?', '[']) {
        return within(folder, Path::new(pattern)).map(|path| vec![path]);
    }
    if !Path::new(pattern).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(PathError::Outside(pattern.into()));
    }
    let broken = |error: String| PathError::Pattern(pattern.to_owned(), error);
    // the folder's own name is no pattern, whatever is in it
    let base = glob::Pattern::escape(&folder.to_string_lossy());
    let base = if base.is_empty() { ".".into() } else { base };
    let mut found = Vec::new();
    for path in glob::glob(&format!("{base}/{pattern}")).map_err(|error| broken(error.to_string()))? {
        let path =
            path.map_err(|error| PathError::Unreadable { path: error.path().into(), error: error.into() })?;
        let inside = path.strip_prefix(folder).unwrap_or(&path).to_owned();
        found.push(within(folder, &inside)?);
    }
    found.sort();
    if found.is_empty() { Err(PathError::Nothing(pattern.to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_folder_whatever_it_says() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("reports");
        fs::create_dir_all(folder.join("in")).unwrap();
        fs::write(outer.path().join("secret"), "").unwrap();
        fs::write(folder.join("a.csv"), "").unwrap();
        fs::write(folder.join("in/b.csv"), "").unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret"), folder.join("link.csv")).unwrap();
        std::os::unix::fs::symlink(outer.path(), folder.join("up")).unwrap();
        std::os::unix::fs::symlink(folder.join("a.csv"), folder.join("fine.csv")).unwrap();
        for good in ["a.csv", "./a.csv", "in/b.csv", "fine.csv"] {
            assert!(within(&folder, Path::new(good)).is_ok(), "{good}");
        }
        for bad in ["../secret", "/etc/passwd", "in/../../secret", "link.csv", "up/secret", "none.csv"] {
            assert!(within(&folder, Path::new(bad)).is_err(), "{bad}");
            assert!(matching(&folder, bad).is_err(), "{bad}");
        }
        for bad in ["../*", "/etc/*", "up/*", "none-*.csv", "l*.csv", "[", "*.csv/../../secret"] {
            assert!(matching(&folder, bad).is_err(), "{bad}");
        }
        let names: Vec<_> = matching(&folder, "in/*.csv").unwrap();
        assert_eq!(names.len(), 1);
    }
}
