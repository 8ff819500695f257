//! Finished files, over the `object_store` crate: a folder today, a bucket tomorrow.
//!
//! A file is complete and synced to disk, its folder too, before [`Artifacts::put`] returns; only then may
//! a record name it. A key belongs to one attempt, so a late attempt can never replace the file of the one
//! that won. This module does not know what a report is.

use std::{ops::Range, path::Path, sync::Arc};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use object_store::{
    Error, GetOptions, ObjectStore, ObjectStoreExt as _, PutPayload, local::LocalFileSystem,
    path::Path as Key,
};

/// Why a file could not be stored, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// There is no such file.
    #[error("no such artifact")]
    NotFound,
    /// The folder or the bucket failed.
    #[error("the artifact store failed")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Error> for ArtifactError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { .. } => ArtifactError::NotFound,
            other => ArtifactError::Engine(Box::new(other)),
        }
    }
}

/// The finished files of one installation.
#[derive(Clone, Debug)]
pub struct Artifacts {
    objects: Arc<dyn ObjectStore>,
}

/// A stored file as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies.
    pub key: String,
    /// When it was written.
    pub written_at: Timestamp,
}

impl Artifacts {
    /// The files in `folder`, which is made if need be and belongs to this process alone: what an earlier
    /// one left half-written is deleted.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`] when the folder cannot be made or is not a folder.
    pub fn open(folder: &Path) -> Result<Self, ArtifactError> {
        clear(folder).map_err(|error| ArtifactError::Engine(Box::new(error)))?;
        let files = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { objects: Arc::new(files) })
    }

    /// The files in `folder` beside others who use it, or who are not to notice: nothing in it is deleted. It is made if need
    /// be.
    ///
    /// # Errors
    ///
    /// As [`Artifacts::open`].
    pub fn open_beside(folder: &Path) -> Result<Self, ArtifactError> {
        std::fs::create_dir_all(folder).map_err(|error| ArtifactError::Engine(Box::new(error)))?;
        let files = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { objects: Arc::new(files) })
    }

    /// Stores a file whole. Durable when it returns.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`]; then nothing is visible under the key.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<(), ArtifactError> {
        self.objects.put(&Key::from(key), PutPayload::from_bytes(content)).await?;
        Ok(())
    }

    /// The bytes of a file from `range.start` up to but not including `range.end`, in pieces as they are
    /// read, so that a large file is never in memory whole.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::NotFound`] and [`ArtifactError::Engine`], from the call or from the stream.
    pub async fn read(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, ArtifactError>> + Send + use<>, ArtifactError> {
        // object_store refuses an empty range; an empty file has no other
        if range.is_empty() {
            return Ok(stream::empty().left_stream());
        }
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        let found = self.objects.get_opts(&Key::from(key), options).await?;
        Ok(found.into_stream().map_err(ArtifactError::from).right_stream())
    }

    /// How long a file is, in bytes; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`].
    pub async fn size(&self, key: &str) -> Result<Option<u64>, ArtifactError> {
        match self.objects.head(&Key::from(key)).await.map_err(ArtifactError::from) {
            Ok(found) => Ok(Some(found.size)),
            Err(ArtifactError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a file. One that is not there is deleted already.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`].
    pub async fn delete(&self, key: &str) -> Result<(), ArtifactError> {
        match self.objects.delete(&Key::from(key)).await.map_err(ArtifactError::from) {
            Err(ArtifactError::NotFound) => Ok(()),
            other => other,
        }
    }

    /// Every stored file, in no order.
    pub fn list(&self) -> impl Stream<Item = Result<Stored, ArtifactError>> + Send + '_ {
        self.objects.list(None).map(|entry| {
            let entry = entry?;
            let written_at = Timestamp::from_millisecond(entry.last_modified.timestamp_millis())
                .map_err(|error| ArtifactError::Engine(Box::new(error)))?;
            Ok(Stored { key: entry.location.to_string(), written_at })
        })
    }
}

/// Makes the folder, and deletes the staged files in it, which object_store names `key#number` and never
/// lists.
fn clear(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
        if number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_left_half_written_is_deleted_on_opening() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a-1.pdf#3"), b"half").unwrap();
        std::fs::write(folder.path().join("a-1.pdf"), b"whole").unwrap();
        Artifacts::open_beside(folder.path()).unwrap();
        assert!(folder.path().join("a-1.pdf#3").exists());
        Artifacts::open(folder.path()).unwrap();
        assert!(!folder.path().join("a-1.pdf#3").exists());
        assert!(folder.path().join("a-1.pdf").exists());
    }

    async fn whole(files: &Artifacts, key: &str, range: Range<u64>) -> Vec<u8> {
        let pieces: Vec<Bytes> = files.read(key, range).await.unwrap().try_collect().await.unwrap();
        pieces.concat()
    }

    #[tokio::test]
    async fn a_file_is_stored_read_in_part_listed_and_deleted_twice() {
        let folder = tempfile::tempdir().unwrap();
        let files = Artifacts::open(&folder.path().join("artifacts")).unwrap();
        files.put("a-1.pdf", Bytes::from_static(b"0123456789")).await.unwrap();
        assert_eq!(whole(&files, "a-1.pdf", 2..5).await, b"234");
        assert_eq!(whole(&files, "a-1.pdf", 0..0).await, b"");
        let listed: Vec<Stored> = files.list().try_collect().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].key, "a-1.pdf");
        assert_eq!(files.size("a-1.pdf").await.unwrap(), Some(10));
        assert_eq!(files.size("a-2.pdf").await.unwrap(), None);
        files.delete("a-1.pdf").await.unwrap();
        files.delete("a-1.pdf").await.unwrap();
        assert!(matches!(files.read("a-1.pdf", 0..1).await, Err(ArtifactError::NotFound)));
    }
}
