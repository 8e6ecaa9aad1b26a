//! Bytes that stand beside the log: documents and reports named by their SHA-256, and the files that
//! users uploaded, by their places. An event says the name.

mod blobs;
mod place;
mod s3;

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::StreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Place;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};

pub use self::blobs::ObjectStream;
pub use self::place::BlobPlace;
pub use self::s3::S3Settings;
use crate::Unusable;

/// How many bytes of a file are written to a folder at a time.
const FOLDER_PART_BYTES: usize = 1024 * 1024;

/// How many bytes of a file are sent to S3 at a time: no part but the last may be smaller than 5 MiB.
const S3_PART_BYTES: usize = 5 * 1024 * 1024;

/// What kinds of objects there are: each has a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// OpenAPI documents, as they were received.
    Document,
    /// What differs between two of them, as JSON.
    Report,
    /// Generated code, as a ZIP file.
    Artifact,
    /// What tools said while they made it.
    JobLog,
}

impl ObjectKind {
    /// Those that are removed when no event names them any more.
    pub const SWEPT: [Self; 2] = [Self::Artifact, Self::JobLog];

    fn is_swept(self) -> bool {
        Self::SWEPT.contains(&self)
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Document => "documents",
            Self::Report => "reports",
            Self::Artifact => "artifacts",
            Self::JobLog => "joblogs",
        }
    }
}

/// The name of an object: the SHA-256 of its bytes.
pub type ObjectName = [u8; 32];

/// Why an object cannot be kept or read. The cause stands in the log of the program.
#[derive(Debug, thiserror::Error)]
#[error("the store of objects cannot be used")]
pub struct ObjectError;

/// A store of objects.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// How much of a file is written at a time, in bytes; smaller files in one piece.
    part_bytes: usize,
    /// Where it is, for people.
    shown: String,
}

/// Without what opens the store.
impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "objects {}", self.shown)
    }
}

impl Default for Objects {
    /// In memory: gone with the program.
    fn default() -> Self {
        let store = Arc::new(InMemory::new());
        Self { store, part_bytes: FOLDER_PART_BYTES, shown: "in memory".to_owned() }
    }
}

impl Objects {
    /// In a folder of this machine, which is made if it is not there. Objects are on the disk before
    /// they count as kept: file and folder are synced.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn folder(folder: &Path) -> Result<Self, Unusable> {
        use std::os::unix::fs::DirBuilderExt as _;
        let unusable =
            |err: &dyn std::fmt::Display| Unusable(format!("{}: {err}", folder.display()));
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).map_err(|err| unusable(&err))?;
        remove_unfinished(&folder.join(place::FOLDER)).map_err(|err| unusable(&err))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|err| unusable(&err))?;
        let store = Arc::new(store.with_fsync(true));
        Ok(Self { store, part_bytes: FOLDER_PART_BYTES, shown: format!("in {}", folder.display()) })
    }

    /// In a bucket, or below a prefix in one: `s3://bucket/prefix`. Keys and region come from the usual
    /// `AWS_` variables.
    ///
    /// # Errors
    /// When the address or a variable does not make sense. Nothing is asked of the store yet.
    pub fn s3(url: &str, settings: &S3Settings) -> Result<Self, Unusable> {
        let store = s3::open(url, settings)?;
        Ok(Self { store, part_bytes: S3_PART_BYTES, shown: format!("at {url}") })
    }

    /// Keeps bytes, and answers with their name. What is there already stays; what is removed some day
    /// becomes young again.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn keep(&self, kind: ObjectKind, bytes: Vec<u8>) -> Result<ObjectName, ObjectError> {
        let name = name_of(&bytes);
        let mode = if kind.is_swept() { PutMode::Overwrite } else { PutMode::Create };
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.store.put_opts(&place(kind, &name), bytes.into(), options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(name),
            Err(err) => Err(failed(&err)),
        }
    }

    /// Shows every object of a kind that was written before a time, in seconds since 1970.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn each_before(
        &self,
        kind: ObjectKind,
        seconds: i64,
        mut see: impl FnMut(ObjectName) + Send,
    ) -> Result<(), ObjectError> {
        let mut listed = self.store.list(Some(&Place::from(kind.folder())));
        while let Some(found) = listed.next().await {
            let found = found.map_err(|err| failed(&err))?;
            let is_old = found.last_modified.timestamp() < seconds;
            let name = found.location.filename().and_then(read_name);
            name.filter(|_| is_old).into_iter().for_each(&mut see);
        }
        Ok(())
    }

    /// Removes an object. One that is not there is removed already.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn remove(&self, kind: ObjectKind, name: &ObjectName) -> Result<(), ObjectError> {
        match self.store.delete(&place(kind, name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(err) => Err(failed(&err)),
        }
    }

    /// The bytes with this name; `None` where there are none.
    ///
    /// # Errors
    /// When the store cannot be read, or holds other bytes under the name.
    pub async fn read(
        &self,
        kind: ObjectKind,
        name: &ObjectName,
    ) -> Result<Option<Vec<u8>>, ObjectError> {
        let found = match self.store.get(&place(kind, name)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(err) => return Err(failed(&err)),
        };
        let bytes = found.bytes().await.map_err(|err| failed(&err))?;
        match name_of(&bytes) == *name {
            true => Ok(Some(bytes.into())),
            false => Err(failed(&"an object was changed behind our back")),
        }
    }
}

/// Removes what a program that was killed left of files that it wrote: their names have a `#`, which no
/// name of ours has.
fn remove_unfinished(folder: &Path) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => remove_unfinished(&entry.path())?,
            false if entry.file_name().to_string_lossy().contains('#') => {
                std::fs::remove_file(entry.path())?;
            }
            false => (),
        }
    }
    Ok(())
}

/// The name under which bytes are kept, if they are.
pub fn name_of(bytes: &[u8]) -> ObjectName {
    let mut name = ObjectName::default();
    name.copy_from_slice(digest(&SHA256, bytes).as_ref());
    name
}

/// Made of checked parts only, never of what callers say.
fn place(kind: ObjectKind, name: &ObjectName) -> Place {
    let name = name.iter().map(|it| format!("{it:02x}")).collect::<String>();
    Place::from_iter([kind.folder(), &name])
}

/// A name as [`place()`] writes it.
fn read_name(text: &str) -> Option<ObjectName> {
    let mut name = ObjectName::default();
    if text.len() != 2 * name.len() || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in name.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(name)
}

fn failed(err: &dyn std::fmt::Display) -> ObjectError {
    tracing::error!(error = %err, "the store of objects");
    ObjectError
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    async fn contract(objects: &Objects) {
        let document = ObjectKind::Document;
        let name = objects.keep(document, b"a document".to_vec()).await.unwrap();
        assert_eq!(objects.keep(document, b"a document".to_vec()).await.unwrap(), name);
        assert_eq!(objects.read(document, &name).await.unwrap().unwrap(), b"a document");
        let empty = objects.keep(document, Vec::new()).await.unwrap();
        assert_eq!(objects.read(document, &empty).await.unwrap().unwrap(), b"");
        assert!(objects.read(document, &[0; 32]).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn in_memory_and_in_a_folder_objects_are_kept_by_their_hash() {
        contract(&Objects::default()).await;
        let folder = tempfile::tempdir().unwrap();
        contract(&Objects::folder(&folder.path().join("objects")).unwrap()).await;
    }

    #[tokio::test]
    async fn what_jobs_made_is_found_by_its_age_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        for objects in [Objects::default(), Objects::folder(folder.path()).unwrap()] {
            let artifact = ObjectKind::Artifact;
            let name = objects.keep(artifact, b"code".to_vec()).await.unwrap();
            objects.keep(ObjectKind::Document, b"a document".to_vec()).await.unwrap();
            for (seconds, count) in [(0, 0), (i64::MAX, 1)] {
                let mut seen = Vec::new();
                objects.each_before(artifact, seconds, |it| seen.push(it)).await.unwrap();
                assert_eq!(seen, vec![name; count]);
            }
            for _ in 0..2 {
                objects.remove(artifact, &name).await.unwrap();
            }
            assert!(objects.read(artifact, &name).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn what_was_changed_behind_our_back_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::folder(folder.path()).unwrap();
        let name = objects.keep(ObjectKind::Document, b"true".to_vec()).await.unwrap();
        let file = folder.path().join(place(ObjectKind::Document, &name).as_ref());
        std::fs::write(file, b"false").unwrap();
        assert!(objects.read(ObjectKind::Document, &name).await.is_err());
    }

    #[tokio::test]
    async fn what_was_not_finished_is_removed_when_a_folder_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("blobs/7/holiday/20261129");
        std::fs::create_dir_all(&below).unwrap();
        for name in ["0a.png", "0b.png#1", "0b.png#2"] {
            std::fs::write(below.join(name), b"x").unwrap();
        }
        Objects::folder(folder.path()).unwrap();
        let left = std::fs::read_dir(&below).unwrap().map(|it| it.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["0a.png"]);
    }

    #[tokio::test]
    async fn a_folder_is_nobody_elses() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let objects = folder.path().join("objects");
        Objects::folder(&objects).unwrap();
        let mode = std::fs::metadata(&objects).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        std::fs::write(folder.path().join("file"), b"").unwrap();
        assert!(Objects::folder(&folder.path().join("file")).is_err());
    }
}
