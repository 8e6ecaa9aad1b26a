//! Files on their way in: how many at a time, how much of a tenant, and where they lie until they are
//! whole.

use std::collections::HashMap;
use std::fs::File;
use std::hash::Hash;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{Context, SHA256};
use commands::lock::lock;
use domain::{Sha256, TenantId, UserId};
use projections::BlobUse;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many files may be on their way in at a time.
const UPLOADS_MAX: usize = 8;

/// How many of these may be of one caller.
const UPLOADS_OF_CALLER_MAX: usize = 2;

/// How many bytes the files of a tenant may have, where the operator says nothing.
pub(crate) const TENANT_BYTES_MAX: u64 = 10 * 1024 * 1024 * 1024;

/// How many files a tenant may have, where the operator says nothing.
pub(crate) const TENANT_COUNT_MAX: u64 = 100_000;

/// What an operator says of uploads.
#[derive(Debug, Clone)]
pub struct UploadSettings {
    /// Where files lie while they arrive; `None` for the system's folder of temporary files.
    pub folder: Option<PathBuf>,
    /// How many bytes of that disk must be left.
    pub reserve_bytes: u64,
    /// How many bytes the files of a tenant may have.
    pub tenant_bytes_max: u64,
    /// How many files a tenant may have.
    pub tenant_count_max: u64,
}

impl Default for UploadSettings {
    fn default() -> Self {
        let (tenant_bytes_max, tenant_count_max) = (TENANT_BYTES_MAX, TENANT_COUNT_MAX);
        Self { folder: None, reserve_bytes: 0, tenant_bytes_max, tenant_count_max }
    }
}

/// How many of something each has that is on its way.
type Counts<K> = Arc<Mutex<HashMap<K, BlobUse>>>;

/// The files on their way in.
pub(crate) struct Uploads {
    settings: UploadSettings,
    places: Arc<Semaphore>,
    callers: Counts<(TenantId, UserId)>,
    /// What is being stored, and does not show in the read models yet.
    reserved: Counts<TenantId>,
}

/// What counts as long as it is held.
#[derive(Debug)]
pub(crate) struct Counted<K: Hash + Eq> {
    counts: Counts<K>,
    key: K,
    one: BlobUse,
}

/// A place for one file on its way in.
#[derive(Debug)]
pub(crate) struct UploadPlace {
    _of_caller: Counted<(TenantId, UserId)>,
    _of_all: OwnedSemaphorePermit,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The caller has as many as one may have.
    OfCaller,
    /// All are taken.
    OfAll,
}

impl<K: Hash + Eq + Copy> Counted<K> {
    /// Counts, if `fits` says so of what is there already.
    fn new(
        counts: &Counts<K>,
        key: K,
        one: BlobUse,
        fits: impl FnOnce(BlobUse) -> bool,
    ) -> Option<Self> {
        let mut held = lock(counts);
        let before = held.get(&key).copied().unwrap_or_default();
        if !fits(before) {
            return None;
        }
        let (bytes, count) = (before.bytes + one.bytes, before.count + one.count);
        held.insert(key, BlobUse { bytes, count });
        Some(Self { counts: counts.clone(), key, one })
    }
}

impl<K: Hash + Eq> Drop for Counted<K> {
    fn drop(&mut self) {
        let mut held = lock(&self.counts);
        if let Some(all) = held.get_mut(&self.key) {
            all.bytes = all.bytes.saturating_sub(self.one.bytes);
            all.count = all.count.saturating_sub(self.one.count);
            if all.count == 0 {
                held.remove(&self.key);
            }
        }
    }
}

impl Uploads {
    pub(crate) fn new(settings: UploadSettings) -> Self {
        let places = Arc::new(Semaphore::new(UPLOADS_MAX));
        Self { settings, places, callers: Counts::default(), reserved: Counts::default() }
    }

    /// A place for a file of a caller.
    pub(crate) fn place(&self, tenant: TenantId, user: UserId) -> Result<UploadPlace, NoPlace> {
        let one = BlobUse { bytes: 0, count: 1 };
        let fits = |held: BlobUse| held.count < UPLOADS_OF_CALLER_MAX as u64;
        let of_caller = Counted::new(&self.callers, (tenant, user), one, fits);
        let of_caller = of_caller.ok_or(NoPlace::OfCaller)?;
        let of_all = self.places.clone().try_acquire_owned().map_err(|_| NoPlace::OfAll)?;
        Ok(UploadPlace { _of_caller: of_caller, _of_all: of_all })
    }

    /// Whether a tenant that has so much may have a file more, of so many bytes. Two files that come
    /// at once are judged one after the other: `taken` is asked while no other one is.
    pub(crate) fn reserve(
        &self,
        tenant: TenantId,
        bytes: u64,
        taken: impl FnOnce() -> BlobUse,
    ) -> Option<Counted<TenantId>> {
        let UploadSettings { tenant_bytes_max, tenant_count_max, .. } = self.settings;
        Counted::new(&self.reserved, tenant, BlobUse { bytes, count: 1 }, |reserved| {
            let taken = taken();
            let all = taken.bytes.saturating_add(reserved.bytes).saturating_add(bytes);
            let count = taken.count.saturating_add(reserved.count).saturating_add(1);
            all <= tenant_bytes_max && count <= tenant_count_max
        })
    }

    /// Whether the disk has room for so many bytes more, beside what must be left. Unknown counts as
    /// enough.
    pub(crate) fn has_room(&self, bytes: u64) -> bool {
        let free = rustix::fs::statvfs(self.folder())
            .map_or(u64::MAX, |it| it.f_bavail.saturating_mul(it.f_frsize));
        free >= self.settings.reserve_bytes.saturating_add(bytes)
    }

    fn folder(&self) -> PathBuf {
        self.settings.folder.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// A file without a name: however the program ends, the system removes it.
    pub(crate) fn file(&self) -> io::Result<File> {
        tempfile::tempfile_in(self.folder())
    }
}

/// Why a piece of a file was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The file is larger than it may be.
    TooLarge,
    /// The disk.
    Disk(io::Error),
}

/// A file that is on its way in: counted and hashed as it arrives.
pub(crate) struct Arriving {
    file: tokio::fs::File,
    hash: Context,
    bytes: u64,
    bytes_max: u64,
}

/// A file that has arrived, whole.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// Where it lies for now; read from its beginning.
    pub(crate) file: File,
    pub(crate) bytes: u64,
    pub(crate) sha256: Sha256,
}

impl Arriving {
    pub(crate) fn new(file: File, bytes_max: u64) -> Self {
        let (file, hash) = (tokio::fs::File::from_std(file), Context::new(&SHA256));
        Self { file, hash, bytes: 0, bytes_max }
    }

    /// Takes the next piece.
    pub(crate) async fn take(&mut self, piece: &[u8]) -> Result<(), NotTaken> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.bytes_max {
            return Err(NotTaken::TooLarge);
        }
        self.hash.update(piece);
        self.file.write_all(piece).await.map_err(NotTaken::Disk)
    }

    /// All of it is there.
    pub(crate) async fn finish(mut self) -> Result<Arrived, NotTaken> {
        self.file.flush().await.map_err(NotTaken::Disk)?;
        let mut sha256 = Sha256([0; 32]);
        sha256.0.copy_from_slice(self.hash.finish().as_ref());
        Ok(Arrived { file: self.file.into_std().await, bytes: self.bytes, sha256 })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _};

    use super::*;

    const TENANT: TenantId = TenantId(1);

    #[test]
    fn a_caller_has_two_places_and_all_have_eight() {
        let uploads = Uploads::new(UploadSettings::default());
        let place = |user| uploads.place(TENANT, UserId(user));
        let mut held = vec![place(1).unwrap(), place(1).unwrap()];
        assert_eq!(place(1).unwrap_err(), NoPlace::OfCaller);
        held.extend((2..8).map(|user| place(user).unwrap()));
        assert_eq!(place(9).unwrap_err(), NoPlace::OfAll);
        held.pop();
        held.push(place(9).unwrap());
        drop(held);
        assert!(lock(&uploads.callers).is_empty());
        assert!(place(1).is_ok());
    }

    #[test]
    fn what_is_on_its_way_counts_as_stored() {
        let settings = UploadSettings {
            tenant_bytes_max: 100,
            tenant_count_max: 4,
            ..UploadSettings::default()
        };
        let uploads = Uploads::new(settings);
        let taken = || BlobUse { bytes: 40, count: 1 };
        let first = uploads.reserve(TENANT, 50, taken).unwrap();
        assert!(uploads.reserve(TENANT, 11, taken).is_none(), "more than all");
        let second = uploads.reserve(TENANT, 10, taken).unwrap();
        assert!(uploads.reserve(TenantId(2), 100, BlobUse::default).is_some(), "another tenant");
        drop(first);
        let third = uploads.reserve(TENANT, 10, taken).unwrap();
        assert!(
            uploads.reserve(TENANT, 10, || BlobUse { bytes: 40, count: 2 }).is_none(),
            "too many"
        );
        drop((second, third));
        assert!(lock(&uploads.reserved).is_empty());
    }

    #[tokio::test]
    async fn a_file_is_counted_and_hashed_as_it_arrives() {
        let uploads = Uploads::new(UploadSettings::default());
        let mut arriving = Arriving::new(uploads.file().unwrap(), 6);
        arriving.take(b"abc").await.unwrap();
        arriving.take(b"def").await.unwrap();
        let mut arrived = arriving.finish().await.unwrap();
        assert_eq!((arrived.bytes, arrived.sha256.0), (6, outside::name_of(b"abcdef")));
        let mut text = String::new();
        arrived.file.rewind().unwrap();
        arrived.file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcdef");
        let mut arriving = Arriving::new(uploads.file().unwrap(), 6);
        assert!(matches!(arriving.take(b"abcdefg").await, Err(NotTaken::TooLarge)));
    }

    #[test]
    fn a_full_disk_takes_nothing() {
        let full = UploadSettings { reserve_bytes: u64::MAX, ..UploadSettings::default() };
        assert!(!Uploads::new(full).has_room(1));
        assert!(Uploads::new(UploadSettings::default()).has_room(1));
    }
}
