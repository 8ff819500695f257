//! The files of finished reports. Those of tombstones are about to be deleted and stay behind.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{Moved, MovingError, Watch};
use crate::{
    artifact::{ArtifactError, Artifacts, Label},
    report::Artifact,
    store::{archive::StoredFile, sqlite::Export},
};

const WHAT: &str = "files";

/// How long one file may take.
const PATIENCE: Duration = Duration::from_secs(300);

type Both<'a> = (&'a Artifacts, &'a Artifacts);

/// Copies those that are not there in their length. One that is missing or damaged in the folder is named, and keeps no
/// other.
pub(super) async fn copy(
    store: &Export,
    (from, to): Both<'_>,
    moved: &mut Moved,
    watch: Watch<'_>,
) -> Result<(), MovingError> {
    let mut copied = 0;
    walk(store, moved, watch, async |StoredFile { report, artifact }| {
        if is_there(to, &artifact).await? {
            return Ok(None);
        }
        let Some(content) = read(from, &artifact).await? else {
            return Ok(Some(format!("{} of report {report}", artifact.key)));
        };
        let until = Instant::now() + PATIENCE;
        let stored = to.put(&artifact.key, content, &Label::pdf(&artifact.file_name), until).await;
        stored.map_err(|error| MovingError::File(artifact.key, error))?;
        copied += 1;
        Ok(None)
    })
    .await?;
    moved.copied(WHAT, copied);
    Ok(())
}

/// Says which are not there.
pub(super) async fn look(
    store: &Export,
    (_, to): Both<'_>,
    moved: &mut Moved,
    watch: Watch<'_>,
) -> Result<(), MovingError> {
    walk(store, moved, watch, async |StoredFile { report, artifact }| {
        let is_there = is_there(to, &artifact).await?;
        Ok((!is_there).then(|| format!("{} of report {report}", artifact.key)))
    })
    .await
}

/// Does `work` for each file; it returns the name of one that differs.
async fn walk(
    store: &Export,
    moved: &mut Moved,
    watch: Watch<'_>,
    mut work: impl AsyncFnMut(StoredFile) -> Result<Option<String>, MovingError>,
) -> Result<(), MovingError> {
    let found = store.count_files().map_err(super::rows(WHAT))?;
    moved.found(WHAT, found);
    let (mut after, mut seen) = (None, 0);
    loop {
        let files = store.files(after).map_err(super::rows(WHAT))?;
        let Some(last) = files.last() else { return Ok(()) };
        after = Some(last.report);
        for file in files {
            if let Some(name) = work(file).await? {
                moved.differs(WHAT, name);
            }
            seen += 1;
            watch(WHAT, found, seen);
        }
    }
}

async fn is_there(files: &Artifacts, artifact: &Artifact) -> Result<bool, MovingError> {
    let size = files.size(&artifact.key).await;
    let size = size.map_err(|error| MovingError::File(artifact.key.clone(), error))?;
    Ok(size == Some(artifact.size))
}

/// The file, if it is the one that its report names.
async fn read(files: &Artifacts, artifact: &Artifact) -> Result<Option<Bytes>, MovingError> {
    let content = async {
        let pieces = files.read(&artifact.key, 0..artifact.size).await?;
        let whole = pieces.try_fold(Vec::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        whole.await.map(Bytes::from)
    };
    match content.await {
        Ok(content) if sha256(&content) == artifact.sha256 => Ok(Some(content)),
        Ok(_) | Err(ArtifactError::NotFound) => Ok(None),
        Err(error) => Err(MovingError::File(artifact.key.clone(), error)),
    }
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
