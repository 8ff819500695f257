//! Secrets as files of a folder, each readable by its owner alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use tempfile::NamedTempFile;

use super::{Vault, VaultError};

/// The files of one folder, which exists. Processes that share it share the secrets.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The secrets in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Files are waited for on a thread that may wait.
    async fn apart<T: Send + 'static>(
        &self,
        name: &'static str,
        act: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, VaultError> {
        let folder = self.0.clone();
        let done = tokio::task::spawn_blocking(move || act(&folder)).await;
        let done = done.unwrap_or_else(|error| Err(error.into()));
        done.map_err(|error| {
            let cause = format!("{}: {error}", self.0.join(name).display()).into();
            VaultError::Place { name, cause }
        })
    }
}

#[async_trait]
impl Vault for Folder {
    async fn read(&self, name: &'static str) -> Result<Option<Vec<u8>>, VaultError> {
        self.apart(name, move |folder| read(&folder.join(name))).await
    }

    async fn keep(&self, name: &'static str, content: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.apart(name, move |folder| keep(folder, name, content)).await
    }

    async fn replace(&self, name: &'static str, content: Vec<u8>) -> Result<(), VaultError> {
        self.apart(name, move |folder| {
            written(folder, name, &content)?.persist(folder.join(name))?;
            sync(folder)
        })
        .await
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

fn keep(folder: &Path, name: &str, content: Vec<u8>) -> io::Result<Vec<u8>> {
    let path = folder.join(name);
    if let Some(kept) = read(&path)? {
        return Ok(kept);
    }
    // whoever comes second must not replace what the first has begun to sign with
    let kept = match written(folder, name, &content)?.persist_noclobber(&path) {
        Ok(_) => content,
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => fs::read(&path)?,
        Err(other) => return Err(other.error),
    };
    sync(folder)?;
    Ok(kept)
}

/// A file beside `name` that is ready to take its place, so that a crash cannot leave half a secret. It is for its owner
/// alone.
fn written(folder: &Path, name: &str, content: &[u8]) -> io::Result<NamedTempFile> {
    use io::Write as _;
    let mut file = tempfile::Builder::new().prefix(name).suffix(".new").tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{sync::Barrier, task::JoinSet};

    use super::*;

    const NAME: &str = "some.secret";

    /// The names of all files in the folder.
    fn files(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[tokio::test]
    async fn what_is_kept_first_stays_until_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Folder::new(folder.path());
        assert_eq!(vault.read(NAME).await.unwrap(), None);
        assert_eq!(vault.keep(NAME, b"first".to_vec()).await.unwrap(), b"first");
        assert_eq!(vault.keep(NAME, b"second".to_vec()).await.unwrap(), b"first");
        vault.replace(NAME, b"third".to_vec()).await.unwrap();
        let again = Folder::new(folder.path());
        assert_eq!(again.read(NAME).await.unwrap().as_deref(), Some(b"third".as_slice()));
        assert_eq!(files(folder.path()), [NAME], "and nothing lies beside it");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_for_its_owner_alone_however_it_came_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let vault = Folder::new(folder.path());
        let mode = || fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode() & 0o777;
        vault.keep(NAME, b"first".to_vec()).await.unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(folder.path().join(NAME), fs::Permissions::from_mode(0o644)).unwrap();
        vault.replace(NAME, b"second".to_vec()).await.unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_that_keep_at_once_one_wins_and_all_are_told_the_same() {
        const MANY: usize = 32;
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let barrier = Arc::new(Barrier::new(MANY));
            let mut keeping = JoinSet::new();
            for number in 0..MANY {
                let (vault, barrier) = (Folder::new(folder.path()), Arc::clone(&barrier));
                keeping.spawn(async move {
                    barrier.wait().await;
                    vault.keep(NAME, format!("secret {number}").into_bytes()).await.unwrap()
                });
            }
            let told = keeping.join_all().await;
            let there = fs::read(folder.path().join(NAME)).unwrap();
            assert!(told.iter().all(|told| *told == there), "{told:?} and not all {there:?}");
            assert_eq!(files(folder.path()), [NAME]);
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_used_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(NAME)).unwrap();
        let vault = Folder::new(folder.path());
        let error = vault.read(NAME).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot read or write some.secret");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.starts_with(folder.path().join(NAME).to_str().unwrap()), "{cause}");
        let nowhere = Folder::new(folder.path().join("nowhere"));
        assert_eq!(nowhere.read(NAME).await.unwrap(), None);
        assert!(nowhere.keep(NAME, b"x".to_vec()).await.is_err());
        assert!(nowhere.replace(NAME, b"x".to_vec()).await.is_err());
    }
}
