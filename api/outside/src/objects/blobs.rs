//! Files that users uploaded: written and read piece by piece, so that none is ever whole in memory.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use object_store::path::Path as Place;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::place::{BlobPlace, FOLDER};
use super::{ObjectError, Objects, failed};

/// The pieces of an object. The lock is never taken: it makes what only one task reads fit for a body.
pub struct ObjectStream(Mutex<BoxStream<'static, object_store::Result<Bytes>>>);

impl std::fmt::Debug for ObjectStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ObjectStream")
    }
}

impl Stream for ObjectStream {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let pieces = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        pieces.poll_next_unpin(cx).map_err(|err| {
            tracing::error!(error = %err, "an object ended early");
            io::Error::other("the store of objects cannot be read")
        })
    }
}

impl Objects {
    /// Writes a file of so many bytes: durable, when this ends. Where it fails, nothing is left.
    ///
    /// # Errors
    /// When the store cannot be written, when there is such a file already, or when `from` has
    /// another length.
    pub async fn write_blob(
        &self,
        place: &BlobPlace,
        from: &mut (impl AsyncRead + Unpin + Send),
        bytes: u64,
    ) -> Result<(), ObjectError> {
        let path = place.path();
        if bytes <= self.part_bytes as u64 {
            let whole = self.next_part(from).await?;
            check_length(bytes, whole.len() as u64)?;
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let put = self.store.put_opts(&path, PutPayload::from_bytes(whole), options).await;
            return put.map(drop).map_err(|err| failed(&err));
        }
        let upload = self.store.put_multipart(&path).await;
        let mut upload = upload.map_err(|err| failed(&err))?;
        let done = match self.write_parts(&mut *upload, from, bytes).await {
            Ok(()) => upload.complete().await.map(drop).map_err(|err| failed(&err)),
            Err(err) => Err(err),
        };
        if done.is_err() {
            // The cause is logged already; what is left of an upload costs space.
            if let Err(err) = upload.abort().await {
                tracing::warn!(error = %err, "parts of a file may be left in the store of objects");
            }
        }
        done
    }

    async fn write_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        from: &mut (impl AsyncRead + Unpin + Send),
        bytes: u64,
    ) -> Result<(), ObjectError> {
        let mut written = 0;
        while written < bytes {
            let part = self.next_part(from).await?;
            if part.is_empty() {
                break;
            }
            written += part.len() as u64;
            let put = upload.put_part(PutPayload::from_bytes(part)).await;
            put.map_err(|err| failed(&err))?;
        }
        check_length(bytes, written)
    }

    /// A whole part, or what is left.
    async fn next_part(
        &self,
        from: &mut (impl AsyncRead + Unpin + Send),
    ) -> Result<Bytes, ObjectError> {
        let mut part = BytesMut::with_capacity(self.part_bytes);
        let mut from = from.take(self.part_bytes as u64);
        while from.read_buf(&mut part).await.map_err(|err| failed(&err))? > 0 {}
        Ok(part.freeze())
    }

    /// A range of a file that has so many bytes, piece by piece; `None` where there is no such file.
    ///
    /// # Errors
    /// When the store cannot be read, or the file has another length. What a piece says may end with an
    /// error, too.
    pub async fn stream_blob(
        &self,
        place: &BlobPlace,
        range: Range<u64>,
        bytes: u64,
    ) -> Result<Option<ObjectStream>, ObjectError> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = match self.store.get_opts(&place.path(), options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(err) => return Err(failed(&err)),
        };
        check_length(bytes, found.meta.size)?;
        Ok(Some(ObjectStream(Mutex::new(found.into_stream()))))
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove_blob(&self, place: &BlobPlace) -> Result<(), ObjectError> {
        match self.store.delete(&place.path()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(err) => Err(failed(&err)),
        }
    }

    /// Shows every file that was written before a time, in seconds since 1970.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn each_blob_before(
        &self,
        seconds: i64,
        mut see: impl FnMut(BlobPlace) + Send,
    ) -> Result<(), ObjectError> {
        let mut listed = self.store.list(Some(&Place::from(FOLDER)));
        while let Some(found) = listed.next().await {
            let found = found.map_err(|err| failed(&err))?;
            let is_old = found.last_modified.timestamp() < seconds;
            BlobPlace::parse(&found.location).filter(|_| is_old).into_iter().for_each(&mut see);
        }
        Ok(())
    }
}

fn check_length(wanted: u64, found: u64) -> Result<(), ObjectError> {
    match wanted == found {
        true => Ok(()),
        false => Err(failed(&format!("a file has {found} bytes instead of {wanted}"))),
    }
}
