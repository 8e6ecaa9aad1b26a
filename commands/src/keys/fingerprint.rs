//! The keys of request fingerprints: two, and the older is destroyed after a day.
//!
//! A commit keeps a fingerprint of its request for ever, and the request may hold a password or
//! personal data. Without its key a fingerprint says nothing, not even to somebody who guesses. So
//! a key lives only as long as the log remembers the command ids that it was used for.
//!
//! The lowest bit of a fingerprint says which of the two keys made it: its *generation*.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use domain::Timestamp;

use super::fingerprint_keys::{compute, id_of};
use super::keyring::Keyring;
use super::master::KeyError;
use super::seal::random;
use super::slots::{SlotFile, SlotKind};
use super::wrapped::{append, place, write_error};
use crate::lock::{lock, read, write};

impl Keyring {
    /// The fingerprint of a request, never 0. Each part is preceded by its length, so that
    /// different parts cannot give the same bytes.
    pub fn fingerprint(&self, said: &[&[u8]]) -> u64 {
        let keys = read(&self.fingerprints);
        // There is always a younger one: `load` makes it.
        keys.younger().map_or(1, |(generation, it)| compute(it, generation, said))
    }

    /// Whether a request equals the one with this fingerprint. `false` if the key of that time was
    /// destroyed.
    pub fn is_fingerprint_of(&self, fingerprint: u64, said: &[&[u8]]) -> bool {
        let generation = (fingerprint & 1) as usize;
        let keys = read(&self.fingerprints);
        let Some(key) = keys.0.get(generation).and_then(Option::as_ref) else { return false };
        let computed = compute(key, generation, said);
        verify_slices_are_equal(&computed.to_le_bytes(), &fingerprint.to_le_bytes()).is_ok()
    }

    /// Whether [`Keyring::rotate_fingerprint_key`] has something to do.
    pub fn fingerprint_key_is_due(&self, now: Timestamp) -> bool {
        let (keys, now) = (read(&self.fingerprints), now.seconds());
        keys.has_served(now) || keys.is_from_the_future(now)
    }

    /// Destroys the older key, durably, and makes a new one, if the younger one has been used for
    /// its day. May block on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn rotate_fingerprint_key(&self, now: Timestamp) -> Result<(), KeyError> {
        let now = now.seconds();
        let mut file = lock(&self.file);
        let mut keys = write(&self.fingerprints);
        let Some((generation, younger)) = keys.younger() else { return Ok(()) };
        if keys.is_from_the_future(now) {
            // Else it would make fingerprints until that time has come. Its day begins now; it
            // stays the younger one, also if it is this clock that is wrong.
            let made = keys.older().map_or(now, |it| now.max(it.made.saturating_add(1)));
            let (slot, bytes) = (younger.slot, younger.bytes);
            self.put_in_place(file.as_mut(), slot, id_of(made, generation), &bytes)?;
            keys.put(generation, made, slot, bytes);
            return Ok(());
        }
        if !keys.has_served(now) {
            return Ok(());
        }
        let next = 1 - generation;
        let bytes: [u8; 32] = random()?;
        let slot = match keys.0.get_mut(next).and_then(Option::take) {
            Some(older) => {
                if let Some(file) = file.as_mut() {
                    let voided = file.overwrite(older.slot, SlotKind::Void, [0; 16], &[]);
                    voided.map_err(|err| write_error(file, &err))?;
                    file.sync();
                }
                self.put_in_place(file.as_mut(), older.slot, id_of(now, next), &bytes)?;
                older.slot
            }
            None => {
                let id = id_of(now, next);
                append(&mut file, &self.wrap, SlotKind::Fingerprint, id, &bytes)?.1
            }
        };
        keys.put(next, now, slot, bytes);
        Ok(())
    }

    fn put_in_place(
        &self,
        file: Option<&mut SlotFile>,
        slot: u64,
        id: [u8; 16],
        bytes: &[u8; 32],
    ) -> Result<(), KeyError> {
        let Some(file) = file else { return Ok(()) };
        let wrapped = self.wrap.seal(&place(SlotKind::Fingerprint, id), bytes)?;
        let put = file.overwrite(slot, SlotKind::Fingerprint, id, &wrapped);
        put.map_err(|err| write_error(file, &err))?;
        file.sync();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::super::fingerprint_keys::FINGERPRINT_KEY_SECONDS;
    use super::super::master::MasterKey;
    use super::*;

    const DAY: i64 = FINGERPRINT_KEY_SECONDS;
    const START: i64 = 1_800_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn said(text: &str) -> [&[u8]; 2] {
        [b"7", text.as_bytes()]
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("chancery-fingerprint-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn keys(&self) -> PathBuf {
            self.0.join("keys")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// Every key in the file, unwrapped.
    fn in_file(path: &Path, master: &MasterKey) -> Vec<[u8; 32]> {
        let keyring = Keyring::open_read_only(path, master).unwrap();
        let keys = read(&keyring.fingerprints);
        keys.0.iter().flatten().map(|it| it.bytes).collect()
    }

    #[test]
    fn a_request_is_known_across_a_rotation_and_forgotten_with_its_key() {
        let folder = Folder::new("rotation");
        let master = MasterKey::generate().unwrap();
        let keyring = Keyring::open(&folder.keys(), &master).unwrap();
        keyring.rotate_fingerprint_key(at(START)).unwrap();
        let first = keyring.fingerprint(&said("first"));
        assert!(first != 0 && keyring.is_fingerprint_of(first, &said("first")));
        assert!(!keyring.is_fingerprint_of(first, &said("other")));

        keyring.rotate_fingerprint_key(at(START + DAY - 1)).unwrap();
        assert_eq!(keyring.fingerprint(&said("first")), first, "its day is not over");
        keyring.rotate_fingerprint_key(at(START + DAY)).unwrap();
        let second = keyring.fingerprint(&said("first"));
        assert_eq!((first & 1, second & 1), (1, 0), "another generation");
        // Both count, also for a program that was started anew.
        let again = Keyring::open_existing(&folder.keys(), &master).unwrap();
        for keyring in [&keyring, &again] {
            for fingerprint in [first, second] {
                assert!(keyring.is_fingerprint_of(fingerprint, &said("first")));
                assert!(!keyring.is_fingerprint_of(fingerprint, &said("other")));
            }
        }

        let before = in_file(&folder.keys(), &master);
        keyring.rotate_fingerprint_key(at(START + 2 * DAY)).unwrap();
        assert!(!keyring.is_fingerprint_of(first, &said("first")), "its key was destroyed");
        assert!(keyring.is_fingerprint_of(second, &said("first")));
        let after = in_file(&folder.keys(), &master);
        assert_eq!(before.iter().filter(|it| after.contains(it)).count(), 1);
    }

    #[test]
    fn the_file_does_not_grow_with_the_days() {
        let folder = Folder::new("growth");
        let master = MasterKey::generate().unwrap();
        let keyring = Keyring::open(&folder.keys(), &master).unwrap();
        let bytes = || std::fs::metadata(folder.keys()).unwrap().len();
        keyring.rotate_fingerprint_key(at(START)).unwrap();
        let at_first = bytes();
        for day in 1..10 {
            keyring.rotate_fingerprint_key(at(START + day * DAY)).unwrap();
        }
        assert_eq!(bytes(), at_first);
        keyring.verify().unwrap();
    }

    #[test]
    fn a_destroyed_key_leaves_nothing_in_the_file() {
        let folder = Folder::new("void");
        let master = MasterKey::generate().unwrap();
        let keyring = Keyring::open(&folder.keys(), &master).unwrap();
        keyring.rotate_fingerprint_key(at(START)).unwrap();
        let slots = |bytes: &[u8]| bytes.chunks(128).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let before = slots(&std::fs::read(folder.keys()).unwrap());
        for day in 1..=2 {
            keyring.rotate_fingerprint_key(at(START + day * DAY)).unwrap();
        }
        let after = slots(&std::fs::read(folder.keys()).unwrap());
        let kept = before.iter().filter(|it| after.contains(it)).count();
        assert_eq!(kept, before.len() - 2, "both keys of the first day are overwritten");
    }

    /// A clock that is wrong for a moment, in either direction, neither destroys a key that is
    /// needed nor keeps one too long.
    #[test]
    fn a_wrong_clock_destroys_no_key_too_early_and_keeps_none_for_ever() {
        let keyring = Keyring::ephemeral().unwrap();
        keyring.rotate_fingerprint_key(at(START)).unwrap();
        let first = keyring.fingerprint(&said("first"));
        let year = 365 * DAY;
        keyring.rotate_fingerprint_key(at(START + year)).unwrap();
        assert!(keyring.is_fingerprint_of(first, &said("first")), "it has one successor only");
        let ahead = keyring.fingerprint(&said("first"));
        // The clock is right again: the key of next year begins its day now.
        keyring.rotate_fingerprint_key(at(START + 60)).unwrap();
        assert_eq!(keyring.fingerprint(&said("first")), ahead);
        // Behind for a moment: the younger key stays the younger one.
        keyring.rotate_fingerprint_key(at(0)).unwrap();
        assert_eq!(keyring.fingerprint(&said("first")), ahead);
        keyring.rotate_fingerprint_key(at(START + 2 * DAY - 1)).unwrap();
        assert!(keyring.is_fingerprint_of(first, &said("first")), "made less than two days ago");
        assert!(keyring.fingerprint_key_is_due(at(START + 2 * DAY)));
        keyring.rotate_fingerprint_key(at(START + 2 * DAY)).unwrap();
        assert!(!keyring.is_fingerprint_of(first, &said("first")));
        assert!(keyring.is_fingerprint_of(ahead, &said("first")));
        assert_ne!(keyring.fingerprint(&said("first")), ahead);
    }

    #[test]
    fn parts_are_counted() {
        let keyring = Keyring::ephemeral().unwrap();
        let one = keyring.fingerprint(&[b"ab", b"c"]);
        assert!(!keyring.is_fingerprint_of(one, &[b"a", b"bc"]));
        assert!(!keyring.is_fingerprint_of(one, &[b"abc"]));
        assert!(!keyring.is_fingerprint_of(0, &[b"ab", b"c"]));
    }

    #[test]
    fn two_installations_make_different_fingerprints() {
        let of = || Keyring::ephemeral().unwrap().fingerprint(&said("first"));
        assert_ne!(of(), of());
    }
}
