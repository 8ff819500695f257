//! How a file gets into a bucket: at once, or in parts when it is large. It is there whole, or not at all.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    Error, MultipartUpload, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, UploadPart,
    path::Path as Key,
};
use tokio_util::sync::CancellationToken;

use super::Label;

/// The size of a part, in bytes; S3 wants 5 MiB at least, and takes 10,000 of them.
const PART: usize = 8 << 20;

/// How many parts of a file are on their way at once.
const PARTS_AT_ONCE: usize = 4;

/// Stores `content`. When it returns, the bucket has it.
pub(super) async fn upload(
    objects: Arc<dyn ObjectStore>,
    key: Key,
    content: Bytes,
    label: &Label,
) -> Result<(), Error> {
    let attributes = label.attributes();
    if content.len() <= PART {
        let options = PutOptions { attributes, ..PutOptions::default() };
        objects.put_opts(&key, PutPayload::from_bytes(content), options).await?;
        return Ok(());
    }
    // in a task of its own, because whoever waits may go: what they began must be aborted all the same, or its parts stay and
    // are paid for
    let stop = CancellationToken::new();
    let _stopped = stop.clone().drop_guard();
    let task = tokio::spawn(async move {
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        // not to be cut off: only who hears the name of an upload can abort it
        let mut begun = objects.put_multipart_opts(&key, options).await?;
        match stop.run_until_cancelled(send(&mut *begun, &content)).await {
            Some(Ok(())) => Ok(()),
            ended => {
                abort(&mut *begun, &key).await;
                ended.unwrap_or(Ok(()))
            }
        }
    });
    task.await.map_err(|error| Error::Generic { store: "upload", source: Box::new(error) })?
}

async fn send(begun: &mut dyn MultipartUpload, content: &Bytes) -> Result<(), Error> {
    let pieces = (0..content.len()).step_by(PART).map(|from| from..content.len().min(from + PART));
    // nothing is sent before it is polled
    let parts: Vec<UploadPart> =
        pieces.map(|piece| begun.put_part(PutPayload::from_bytes(content.slice(piece)))).collect();
    stream::iter(parts).buffer_unordered(PARTS_AT_ONCE).try_collect::<()>().await?;
    begun.complete().await?;
    Ok(())
}

async fn abort(begun: &mut dyn MultipartUpload, key: &Key) {
    if let Err(error) = begun.abort().await {
        let error = super::ArtifactError::away(&error);
        tracing::warn!(file = %key, %error, "an unfinished upload stays in the bucket, for its lifecycle rule");
    }
}
