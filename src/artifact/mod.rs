//! Finished files, over the `object_store` crate: in a folder or in a bucket.
//!
//! A file is complete before [`Artifacts::put`] returns, and durable: synced to disk, its folder too, or taken by the
//! bucket. Only then may a record name it. A key belongs to one attempt, so a late attempt can never replace the file of
//! the one that won. This module does not know what a report is.
//!
//! ```text
//! Location ──┬── folder ── LocalFileSystem
//!            └── bucket ──┬── reading: answers soon, if only that the bucket is away
//!                         ├── writing: waits for it; large files in parts
//!                         └── signer: links that the bucket itself answers
//! ```

mod bucket;
mod fault;
mod label;
mod location;
mod upload;

use std::{fmt, future::ready, ops::Range, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use object_store::{
    Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutPayload, local::LocalFileSystem,
    path::Path as Key, signer::Signer,
};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

pub use bucket::Patience;
pub use fault::ArtifactError;
pub use label::{Label, disposition};
pub use location::{Bucket, Location, NoLocation, Provider};
pub use object_store::signer::Method;

/// How long a bucket may take to prove itself.
const PROOF: Duration = Duration::from_secs(5);

/// The finished files of one installation.
#[derive(Clone)]
pub struct Artifacts {
    location: Arc<Location>,
    /// Whoever reads, lists and deletes.
    objects: Arc<dyn ObjectStore>,
    remote: Option<Remote>,
}

/// What there is for a bucket only.
#[derive(Clone)]
struct Remote {
    writing: Arc<dyn ObjectStore>,
    signer: Arc<dyn Signer>,
    patience: Patience,
}

/// What is under it has credentials, so only the place is shown.
impl fmt::Debug for Artifacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Artifacts").field(&self.location).finish()
    }
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
    /// The files at `location`, with what the environment says of it. A folder is made if need be, and in one that is our own
    /// what an earlier process left half-written is deleted; a bucket is not asked before [`Artifacts::prove`].
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`] when the folder cannot be made or is not a folder, [`ArtifactError::Away`] when the
    /// environment contradicts itself.
    pub fn open(location: &Location) -> Result<Self, ArtifactError> {
        Self::open_with(location, Patience::default(), &[])
    }

    /// The files at `location`, where a bucket is waited for with this patience, and `settings` win over the environment
    /// variables of the same names.
    ///
    /// # Errors
    ///
    /// As [`Artifacts::open`].
    pub fn open_with(
        location: &Location,
        patience: Patience,
        settings: &[(&str, &str)],
    ) -> Result<Self, ArtifactError> {
        let (objects, remote): (Arc<dyn ObjectStore>, _) = match location {
            Location::Own(folder) => (local(folder, true)?, None),
            Location::Folder(folder) => (local(folder, false)?, None),
            Location::Bucket(bucket) => {
                let opened = bucket::Opened::new(bucket, patience, settings);
                let bucket::Opened { reading, writing, signer } =
                    opened.map_err(|error| ArtifactError::away(&error))?;
                (reading, Some(Remote { writing, signer, patience }))
            }
        };
        Ok(Self { location: Arc::new(location.clone()), objects, remote })
    }

    /// Where they are.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Proves that files can be stored, read, listed and deleted in a bucket, by doing it once. A folder has proved it by
    /// being opened.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Away`], a few seconds from now at the latest.
    pub async fn prove(&self) -> Result<(), ArtifactError> {
        if self.remote.is_none() {
            return Ok(());
        }
        // a name of its own, because another process may prove the same at this moment; it is no report's, so that no janitor
        // takes it for one
        let key = Key::from(format!("reportwire-{}.probe", uuid::Uuid::new_v4().simple()));
        let prove = async {
            let failed = |what: &'static str| move |error| said(what, &error);
            // first, because a bucket that is not there is made by some with the first file
            self.objects.list(None).try_next().await.map_err(failed("listing the files"))?;
            self.objects.put(&key, PutPayload::from_static(b"?")).await.map_err(failed("storing a file"))?;
            self.objects.head(&key).await.map_err(failed("looking at a file"))?;
            self.objects.delete(&key).await.map_err(failed("deleting a file"))
        };
        let late = format!("it does not answer within {} seconds", PROOF.as_secs());
        timeout(PROOF, prove).await.map_err(|_| ArtifactError::Away(late))?
    }

    /// Stores a file whole. Durable when it returns. A bucket that is away is waited for, until `until` and not for ever; one
    /// that can say what a file is, is told.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`] and [`ArtifactError::Away`]; then nothing is visible under the key.
    pub async fn put(
        &self,
        key: &str,
        content: Bytes,
        label: &Label,
        until: Instant,
    ) -> Result<(), ArtifactError> {
        let key = Key::from(key);
        let Some(Remote { writing, patience, .. }) = &self.remote else {
            self.objects.put(&key, PutPayload::from_bytes(content)).await?;
            return Ok(());
        };
        let until = until.min(Instant::now() + patience.storing);
        let stored = timeout_at(until, upload::upload(Arc::clone(writing), key, content, label)).await;
        let late = |_| ArtifactError::Away("the bucket did not take the file in time".into());
        stored.map_err(late)?.map_err(|error| ArtifactError::away(&error))
    }

    /// A URL under which the bucket itself answers `method` for this file, for as long as `lifetime`. It is a secret: whoever
    /// has it has the file.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Away`] when the bucket's keeper does not sign, and always for a folder.
    pub async fn link(&self, key: &str, method: Method, lifetime: Duration) -> Result<Url, ArtifactError> {
        let remote =
            self.remote.as_ref().ok_or_else(|| ArtifactError::Away("a folder has no links".into()))?;
        let signed = remote.signer.signed_url(method, &Key::from(key), lifetime).await;
        signed.map_err(|error| said("signing a link", &error))
    }

    /// Scheme and authority of such links.
    ///
    /// # Errors
    ///
    /// As [`Artifacts::link`], in a few seconds at the latest.
    pub async fn origin(&self) -> Result<String, ArtifactError> {
        let link = timeout(PROOF, self.link("origin", Method::GET, Duration::from_secs(1))).await;
        let late = |_| ArtifactError::Away("signing a link takes too long".into());
        Ok(link.map_err(late)??.origin().ascii_serialization())
    }

    /// The bytes of a file from `range.start` up to but not including `range.end`, in pieces as they are
    /// read, so that a large file is never in memory whole.
    ///
    /// # Errors
    ///
    /// [`ArtifactError`], from the call or from the stream.
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
        let fault = self.fault();
        let found = self.objects.get_opts(&Key::from(key), options).await.map_err(fault)?;
        Ok(found.into_stream().map_err(fault).right_stream())
    }

    /// How long a file is, in bytes; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`] and [`ArtifactError::Away`].
    pub async fn size(&self, key: &str) -> Result<Option<u64>, ArtifactError> {
        match self.objects.head(&Key::from(key)).await.map_err(self.fault()) {
            Ok(found) => Ok(Some(found.size)),
            Err(ArtifactError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes a file. One that is not there is deleted already.
    ///
    /// # Errors
    ///
    /// [`ArtifactError::Engine`] and [`ArtifactError::Away`].
    pub async fn delete(&self, key: &str) -> Result<(), ArtifactError> {
        match self.objects.delete(&Key::from(key)).await.map_err(self.fault()) {
            Err(ArtifactError::NotFound) => Ok(()),
            other => other,
        }
    }

    /// Every stored file, in no order.
    pub fn list(&self) -> impl Stream<Item = Result<Stored, ArtifactError>> + Send + '_ {
        let fault = self.fault();
        self.objects.list(None).map(move |entry| stored(entry.map_err(fault)?))
    }

    /// The stored files whose keys begin with `prefix`.
    pub fn beginning_with<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Stream<Item = Result<Stored, ArtifactError>> + Send + 'a {
        let fault = self.fault();
        let behind = self.objects.list_with_offset(None, &Key::from(prefix));
        let behind = behind.map(move |entry| stored(entry.map_err(fault)?));
        // a bucket lists in the order of keys, and need not be listed to its end; a folder has no order
        let is_ordered = self.remote.is_some();
        let begins = move |file: &Stored| file.key.starts_with(prefix);
        match is_ordered {
            true => behind.try_take_while(move |file| ready(Ok(begins(file)))).left_stream(),
            false => behind.try_filter(move |file| ready(begins(file))).right_stream(),
        }
    }

    /// How an error is to be understood here.
    fn fault(&self) -> fn(Error) -> ArtifactError {
        if self.remote.is_some() { ArtifactError::of_bucket } else { ArtifactError::from }
    }
}

fn stored(entry: ObjectMeta) -> Result<Stored, ArtifactError> {
    let written_at = Timestamp::from_millisecond(entry.last_modified.timestamp_millis())
        .map_err(|error| ArtifactError::Engine(Box::new(error)))?;
    Ok(Stored { key: entry.location.to_string(), written_at })
}

fn said(what: &str, error: &Error) -> ArtifactError {
    match ArtifactError::away(error) {
        ArtifactError::Away(text) => ArtifactError::Away(format!("{what}: {text}")),
        other => other,
    }
}

/// The folder, which is made if need be. One that is our own is freed of what an earlier process left half-written; in one that
/// is not, somebody may be writing it.
fn local(folder: &Path, is_own: bool) -> Result<Arc<dyn ObjectStore>, ArtifactError> {
    let made = std::fs::create_dir_all(folder).and_then(|()| if is_own { clear(folder) } else { Ok(()) });
    made.map_err(|error| ArtifactError::Engine(Box::new(error)))?;
    Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)))
}

/// Deletes the staged files in the folder, which object_store names `key#number` and never lists.
fn clear(folder: &Path) -> std::io::Result<()> {
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
    async fn what_was_left_half_written_is_deleted_in_a_folder_of_our_own_and_in_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let half = folder.path().join("a-1.pdf#3");
        std::fs::write(&half, b"half").unwrap();
        std::fs::write(folder.path().join("a-1.pdf"), b"whole").unwrap();
        Artifacts::open(&Location::Folder(folder.path().into())).unwrap();
        assert!(half.exists());
        Artifacts::open(&Location::Own(folder.path().into())).unwrap();
        assert!(!half.exists());
        assert!(folder.path().join("a-1.pdf").exists());
    }

    async fn whole(files: &Artifacts, key: &str, range: Range<u64>) -> Vec<u8> {
        let pieces: Vec<Bytes> = files.read(key, range).await.unwrap().try_collect().await.unwrap();
        pieces.concat()
    }

    #[tokio::test]
    async fn a_file_is_stored_read_in_part_listed_and_deleted_twice() {
        let folder = tempfile::tempdir().unwrap();
        let files = Artifacts::open(&Location::Own(folder.path().join("artifacts"))).unwrap();
        let (content, label) = (Bytes::from_static(b"0123456789"), Label::pdf("a.pdf"));
        files.put("a-1.pdf", content, &label, Instant::now()).await.unwrap();
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

    #[test]
    fn what_is_shown_of_a_bucket_is_its_place_and_no_credentials() {
        let location: Location = "s3://reports/a".parse().unwrap();
        let settings = [("aws_access_key_id", "AKIAEXAMPLE"), ("aws_secret_access_key", "hush")];
        let files = Artifacts::open_with(&location, Patience::default(), &settings).unwrap();
        let shown = format!("{files:?}");
        assert!(
            shown.contains("reports") && !shown.contains("AKIAEXAMPLE") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
