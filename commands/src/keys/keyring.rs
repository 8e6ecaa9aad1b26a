//! The keyring: the keys of the key file, and the one thread that writes it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, RwLock};

use aws_lc_rs::hmac;
use bytes::Bytes;
use domain::day_subject::DaySubject;
use domain::log::OpenParts;
use domain::{LogId, Parts, Recorded, SubjectId, SubjectRange, TenantId, Unreadable};

use super::fingerprint_keys::FingerprintKeys;
use super::key_file::{CLAIM_KEY, KeyFile, SECRET_KEY};
use super::master::{KeyError, MasterKey};
use super::seal::{NotOpened, SealKey, random};
use super::slots::{Extent, SlotError, SlotFile, SlotKind};
use super::subjects::{Subject, Subjects};
use super::wrapped::{WrappedKey, append, place, write_error};
use crate::hash::sha256;
use crate::lock::{lock, read, write};

/// How many keys are made at once: the next people have the next numbers, and need not wait for a
/// sync.
const MADE_AHEAD: u64 = 128;

/// All keys. In memory they stay wrapped until they are used.
#[derive(Debug)]
pub struct Keyring {
    log: LogId,
    pub(super) wrap: SealKey,
    claims: hmac::Key,
    secrets: SealKey,
    pub(super) subjects: RwLock<Subjects>,
    signing: RwLock<HashMap<[u8; 16], Vec<u8>>>,
    pub(super) fingerprints: RwLock<FingerprintKeys>,
    /// The people who wait for a key.
    wanted: Mutex<Vec<SubjectId>>,
    /// `None` for a keyring in memory.
    pub(super) file: Mutex<Option<SlotFile>>,
}

impl Keyring {
    /// Opens the key file, or makes it, with a new log id.
    ///
    /// # Errors
    /// When the file is damaged, or the master key is not its own.
    pub fn open(path: &Path, master: &MasterKey) -> Result<Self, KeyError> {
        let bytes = match std::fs::read(path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|err| file_error(path, &err.into()))?,
        };
        let (found, extent) = KeyFile::read(&bytes).map_err(|err| file_error(path, &err))?;
        let file = SlotFile::open(path, &extent).map_err(|err| file_error(path, &err))?;
        Self::load(Some(file), found, path, master)
    }

    /// Opens the key file of a log that exists. It makes no keys in place of lost ones: they could
    /// decrypt nothing, and would hide the loss.
    ///
    /// # Errors
    /// As [`Keyring::open`], and when the file or one of its first keys is missing.
    pub fn open_existing(path: &Path, master: &MasterKey) -> Result<Self, KeyError> {
        let (found, extent) = Self::read_whole(path)?;
        found.check_master(path, master)?;
        let file = SlotFile::open(path, &extent).map_err(|err| file_error(path, &err))?;
        Self::load(Some(file), found, path, master)
    }

    /// Opens the key file of a log that exists without changing it: for `verify` and `replay`.
    ///
    /// # Errors
    /// As [`Keyring::open_existing`].
    pub fn open_read_only(path: &Path, master: &MasterKey) -> Result<Self, KeyError> {
        let (found, _) = Self::read_whole(path)?;
        Self::load(None, found, path, master)
    }

    fn read_whole(path: &Path) -> Result<(KeyFile, Extent), KeyError> {
        let bytes = std::fs::read(path).map_err(|err| file_error(path, &err.into()))?;
        let (found, extent) = KeyFile::read(&bytes).map_err(|err| file_error(path, &err))?;
        if !found.is_whole() {
            let why = "its first keys are missing; restore it from a backup".to_owned();
            return Err(KeyError::File { path: path.to_owned(), why });
        }
        Ok((found, extent))
    }

    /// Keys in memory, for a log in memory.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn ephemeral() -> Result<Self, KeyError> {
        Self::load(None, KeyFile::default(), Path::new("memory"), &MasterKey::generate()?)
    }

    fn load(
        mut file: Option<SlotFile>,
        found: KeyFile,
        path: &Path,
        master: &MasterKey,
    ) -> Result<Self, KeyError> {
        let wrap = found.check_master(path, master)?;
        let KeyFile { header, system, subjects, signing, fingerprints } = found;
        let log = match header {
            Some((log, _)) => LogId(log),
            None => LogId(append(&mut file, &wrap, SlotKind::Header, random()?, b"chancery")?.0),
        };
        let mut system_key = |id: [u8; 16]| -> Result<[u8; 32], KeyError> {
            match system.get(&id) {
                Some(wrapped) => {
                    let key = wrap.open(&place(SlotKind::System, id), wrapped)?;
                    Ok(key.try_into().map_err(|_| NotOpened)?)
                }
                None => {
                    let key = random()?;
                    append(&mut file, &wrap, SlotKind::System, id, &key)?;
                    Ok(key)
                }
            }
        };
        let claims = hmac::Key::new(hmac::HMAC_SHA256, &system_key(CLAIM_KEY)?);
        let secrets = SealKey::new(&system_key(SECRET_KEY)?)?;
        let fingerprints = FingerprintKeys::load(fingerprints, &mut file, &wrap)?;
        Ok(Self {
            log,
            wrap,
            claims,
            secrets,
            subjects: RwLock::new(subjects),
            signing: RwLock::new(signing),
            fingerprints: RwLock::new(fingerprints),
            wanted: Mutex::default(),
            file: Mutex::new(file),
        })
    }

    /// The log that these keys belong to.
    pub fn log_id(&self) -> LogId {
        self.log
    }

    /// The hash that the log stores of a unique value.
    pub fn claim_hash(&self, scope: TenantId, kind: &str, value: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.claims);
        context.update(&scope.0.to_le_bytes());
        context.update(&[kind.len() as u8]);
        context.update(kind.as_bytes());
        context.update(value.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }

    /// The highest number of a person of the same kind who has, or had, a key; 0 if there is none.
    pub fn highest_number_like(&self, one: SubjectId) -> u64 {
        let Some(range) = SubjectRange::of(one).map(SubjectRange::numbers) else { return 0 };
        let subjects = read(&self.subjects);
        let numbers = subjects.iter().filter(|(it, _)| range.contains(&it.0));
        numbers.map(|(it, _)| it.0 - range.start()).max().unwrap_or(0)
    }

    /// Whether a person has a key. If not, [`Keyring::make_wanted`] makes one.
    ///
    /// # Errors
    /// When the person was erased.
    pub fn want_subject(&self, subject: SubjectId) -> Result<bool, KeyError> {
        match read(&self.subjects).get(subject) {
            Some(Subject::Live { .. }) => return Ok(true),
            Some(Subject::Erased) => {
                return Err(KeyError::Missing(format!("key of person {subject}: it is erased")));
            }
            None => (),
        }
        lock(&self.wanted).push(subject);
        Ok(false)
    }

    /// Makes keys for all who wait, and some ahead, durably, with one sync. May block on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn make_wanted(&self) -> Result<(), KeyError> {
        let mut file = lock(&self.file);
        let mut wanted = std::mem::take(&mut *lock(&self.wanted));
        for range in SubjectRange::ALL.into_iter().filter(|it| it.is_counted()) {
            let numbers = range.numbers();
            let last = wanted.iter().map(|it| it.0).filter(|it| numbers.contains(it)).max();
            let ahead = last.into_iter().flat_map(|it| it + 1..it + MADE_AHEAD);
            wanted.extend(ahead.filter(|it| numbers.contains(it)).map(SubjectId));
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut made = Vec::with_capacity(wanted.len());
        for subject in wanted {
            if read(&self.subjects).get(subject).is_some() {
                continue;
            }
            let key: [u8; 32] = random()?;
            let id = subject_id(subject);
            let wrapped = self.wrap.seal(&place(SlotKind::Subject, id), &key)?;
            let wrapped = WrappedKey::try_from(wrapped).map_err(|_| NotOpened)?;
            let slot = match file.as_mut() {
                // Keys of days come and go: they take the slots of those before.
                Some(it) if DaySubject::of(subject).is_some() => it
                    .put_anywhere(SlotKind::Subject, id, &wrapped)
                    .map_err(|err| write_error(it, &err))?,
                Some(it) => it
                    .append(SlotKind::Subject, id, &wrapped)
                    .map_err(|err| write_error(it, &err))?,
                None => 0,
            };
            made.push((subject, slot, wrapped));
        }
        if let Some(it) = file.as_mut() {
            it.sync();
        }
        let mut subjects = write(&self.subjects);
        made.into_iter().for_each(|(subject, slot, key)| subjects.insert(subject, slot, key));
        Ok(())
    }

    /// Destroys a person's key: overwritten in place, durably. Does nothing if it is gone already.
    ///
    /// # Errors
    /// When the file cannot be written, or the key is that of all who are named on a day.
    pub fn erase_subject(&self, subject: SubjectId) -> Result<(), KeyError> {
        if let Some(day) = DaySubject::of(subject) {
            return Err(KeyError::Shared(day));
        }
        let mut file = lock(&self.file);
        let slot = match read(&self.subjects).get(subject) {
            Some(Subject::Live { slot, .. }) => *slot,
            Some(Subject::Erased) | None => return Ok(()),
        };
        if let Some(file) = file.as_mut() {
            file.overwrite(slot, SlotKind::Erased, subject_id(subject), &[])
                .map_err(|err| write_error(file, &err))?;
            file.sync();
        }
        write(&self.subjects).erase(subject, slot);
        Ok(())
    }

    /// Stores the private half of a signing key, durably.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_signing_key(&self, kid: &str, private: &[u8]) -> Result<(), KeyError> {
        let id = signing_id(kid);
        let mut file = lock(&self.file);
        let (_, _, wrapped) = append(&mut file, &self.wrap, SlotKind::Signing, id, private)?;
        write(&self.signing).insert(id, wrapped);
        Ok(())
    }

    /// The private half of a signing key.
    ///
    /// # Errors
    /// When the file does not have it.
    pub fn signing_key(&self, kid: &str) -> Result<Vec<u8>, KeyError> {
        let id = signing_id(kid);
        let signing = read(&self.signing);
        let wrapped =
            signing.get(&id).ok_or_else(|| KeyError::Missing(format!("signing key {kid}")))?;
        Ok(self.wrap.open(&place(SlotKind::Signing, id), wrapped)?)
    }

    /// Seals the clear parts of an event for its place in the log.
    ///
    /// # Errors
    /// When the person has no key.
    pub fn seal(&self, place: &Place<'_>, clear: &Parts) -> Result<Parts, KeyError> {
        let at = place.bytes();
        let personal = match &clear.personal {
            Some(part) => {
                let key = self
                    .subject_key(place.subject)?
                    .ok_or_else(|| KeyError::Missing(format!("key of person {}", place.subject)))?;
                Some(Bytes::from(key.seal(&at, part)?))
            }
            None => None,
        };
        let secret = match &clear.secret {
            Some(part) => Some(Bytes::from(self.secrets.seal(&at, part)?)),
            None => None,
        };
        Ok(Parts { data: clear.data.clone(), personal, secret })
    }

    /// `None` for a person who was erased.
    fn subject_key(&self, subject: SubjectId) -> Result<Option<SealKey>, KeyError> {
        let subjects = read(&self.subjects);
        match subjects.get(subject) {
            Some(Subject::Live { wrapped, .. }) => {
                let id = subject_id(subject);
                let key = self.wrap.open(&place(SlotKind::Subject, id), wrapped)?;
                let key: [u8; 32] = key.try_into().map_err(|_| NotOpened)?;
                Ok(Some(SealKey::new(&key)?))
            }
            Some(Subject::Erased) => Ok(None),
            None => Err(KeyError::Missing(format!("key of person {subject}"))),
        }
    }

    /// Opens every wrapped key once: for `verify`.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn verify(&self) -> Result<(), KeyError> {
        for (subject, key) in read(&self.subjects).iter() {
            if let Subject::Live { wrapped, .. } = key {
                let id = subject_id(subject);
                self.wrap.open(&place(SlotKind::Subject, id), wrapped)?;
            }
        }
        for (id, wrapped) in read(&self.signing).iter() {
            self.wrap.open(&place(SlotKind::Signing, *id), wrapped)?;
        }
        Ok(())
    }
}

impl OpenParts for Keyring {
    fn open_parts(&self, event: &Recorded) -> Result<Parts, Unreadable> {
        if event.parts.personal.is_none() && event.parts.secret.is_none() {
            return Ok(event.parts.clone());
        }
        let unreadable = |why: String| Unreadable { kind: event.kind.to_string(), why };
        let at = Place::of(event).bytes();
        let personal = match &event.parts.personal {
            Some(sealed) => {
                let key = self.subject_key(event.subject);
                match key.map_err(|err| unreadable(err.to_string()))? {
                    Some(key) => {
                        let clear = key.open(&at, sealed);
                        Some(Bytes::from(clear.map_err(|err| unreadable(err.to_string()))?))
                    }
                    None => None,
                }
            }
            None => None,
        };
        let secret = match &event.parts.secret {
            Some(sealed) => {
                let clear = self.secrets.open(&at, sealed);
                Some(Bytes::from(clear.map_err(|err| unreadable(err.to_string()))?))
            }
            None => None,
        };
        Ok(Parts { data: event.parts.data.clone(), personal, secret })
    }

    fn has_keys(&self, people: &[SubjectId]) -> bool {
        let subjects = read(&self.subjects);
        people.iter().all(|it| subjects.get(*it).is_some())
    }

    fn lookup_hash(&self, tenant: TenantId, what: &str, value: &str) -> u64 {
        // A kind of its own: no claim in the log has this hash.
        let hash = self.claim_hash(tenant, &["lookup.", what].concat(), value);
        hash.first_chunk().copied().map_or(0, u64::from_le_bytes)
    }
}

/// The place that a sealed part is bound to: if it is moved elsewhere, it cannot be opened.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The event.
    pub event_id: [u8; 16],
    /// The stored name.
    pub kind: &'a str,
    /// Whose key seals the personal part.
    pub subject: SubjectId,
}

impl<'a> Place<'a> {
    fn of(event: &'a Recorded) -> Self {
        Self {
            stream: event.stream.as_str(),
            event_id: event.event_id.0,
            kind: &event.kind,
            subject: event.subject,
        }
    }

    /// Stream ‖ event id ‖ kind. The id has a fixed length, so no two places give the same bytes.
    fn bytes(&self) -> Vec<u8> {
        [self.stream.as_bytes(), &self.event_id, self.kind.as_bytes()].concat()
    }
}

pub(super) fn subject_id(subject: SubjectId) -> [u8; 16] {
    let mut id = [0; 16];
    id.iter_mut().zip(subject.0.to_le_bytes()).for_each(|(to, from)| *to = from);
    id
}

fn signing_id(kid: &str) -> [u8; 16] {
    sha256(kid.as_bytes()).first_chunk().copied().unwrap_or_default()
}

fn file_error(path: &Path, err: &SlotError) -> KeyError {
    KeyError::File { path: path.to_owned(), why: err.to_string() }
}
