//! Damage on the disk: it is found, or it does no harm. Never another history.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use commands::keys::{Keyring, MasterKey, Place};
use commands::log::Derived;
use domain::log::{EventLog as _, OpenParts as _};
use domain::{Parts, Recorded, SubjectId};
use tests::log::{
    Chance, LOG, Said, all_said, commit, head, open, open_with, options, read_all, stream,
};

/// How many spoilt copies of each file are opened.
const COPIES: usize = 60;

/// A closed store of some hundred commits.
struct Original {
    home: tempfile::TempDir,
    events: Vec<Said>,
}

impl Original {
    fn new() -> Self {
        let home = memory_folder();
        let log = open(home.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut chance = Chance(1);
        for n in 0..300 {
            let size = if chance.one_in(40) { 30_000 } else { 100 + chance.below(300) };
            let data = (0..size).map(|_| chance.bits() as u8).collect::<Vec<_>>();
            let next = commit(n).event(&format!("a-{}", n % 7), n as u32 / 7, data);
            runtime.block_on(log.append(next.claim(&format!("v{n}"), "a-1").build())).unwrap();
            if n == 200 {
                log.snapshot_index().unwrap();
            }
        }
        let events = all_said(&read_all(&log).unwrap());
        drop(log);
        Self { home, events }
    }

    /// Opens a copy in which one file was changed, and says whether the damage was found.
    fn open_spoilt(&self, file: &str, spoil: impl FnOnce(&mut Vec<u8>)) -> Result<(), String> {
        let copy_of = memory_folder();
        copy(self.home.path(), copy_of.path());
        let path = copy_of.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        spoil(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let log = open(copy_of.path()).map_err(|err| err.to_string())?;
            log.inspect(Derived::Ignored, |_| Ok(())).map_err(|err| err.to_string())?;
            let events = read_all(&log).map_err(|err| err.to_string())?;
            Ok(all_said(&events))
        }));
        match opened.expect("a panic came out of the log") {
            Ok(events) => {
                assert!(events == self.events, "another history was opened");
                Ok(())
            }
            Err(why) => Err(why),
        }
    }
}

fn memory_folder() -> tempfile::TempDir {
    let shared_memory = PathBuf::from("/dev/shm");
    let parent = if shared_memory.is_dir() { shared_memory } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("chancery-damage-").tempdir_in(parent).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn flip(bytes: &mut [u8], chance: &mut Chance) {
    let at = chance.below(bytes.len());
    bytes[at] ^= 1 << chance.below(8);
}

#[test]
fn a_flipped_bit_of_the_store_is_found_or_does_no_harm() {
    let original = Original::new();
    let mut found = 0;
    for copy in 0..COPIES {
        let mut chance = Chance(copy as u64);
        let opened = original.open_spoilt("log/db", |bytes| flip(bytes, &mut chance));
        found += usize::from(opened.is_err());
    }
    assert!(found > COPIES / 4, "only {found} of {COPIES} flips were found");
}

#[test]
fn a_cut_or_zeroed_end_of_the_store_is_found_or_does_no_harm() {
    let original = Original::new();
    let mut found = 0;
    for copy in 0..COPIES {
        let mut chance = Chance(copy as u64);
        let opened = original.open_spoilt("log/db", |bytes| {
            let whole = bytes.len();
            let lost = 1 + chance.below(whole / if copy % 3 == 0 { 1 } else { 20 });
            bytes.truncate(whole - lost);
            if copy % 2 == 0 {
                bytes.resize(whole, 0);
            }
        });
        found += usize::from(opened.is_err());
    }
    assert!(found > COPIES / 4, "only {found} of {COPIES} losses were found");
}

#[test]
fn a_spoilt_file_that_sled_keeps_beside_its_store_is_found_or_does_no_harm() {
    let original = Original::new();
    // sled writes its own snapshot when it opens a store.
    drop(open(original.home.path()).unwrap());
    let names = fs::read_dir(original.home.path().join("log")).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    let snapshot = names.into_iter().find(|it| it.starts_with("snap.")).unwrap();
    for copy in 0..COPIES {
        let mut chance = Chance(copy as u64);
        let name = if copy % 2 == 0 { "conf" } else { &snapshot };
        // Found or not: another history is never opened.
        let _ = original.open_spoilt(&format!("log/{name}"), |bytes| match copy % 3 {
            0 => bytes.truncate(chance.below(bytes.len())),
            _ => flip(bytes, &mut chance),
        });
    }
}

#[test]
fn a_changed_byte_of_the_second_head_is_found_or_does_no_harm() {
    let original = Original::new();
    let size = fs::read(original.home.path().join("head")).unwrap().len();
    for at in (0..size).step_by(5) {
        // One good slot is left, and it is not ahead of the log.
        let opened = original.open_spoilt("head", |bytes| bytes[at] ^= 0x40);
        opened.unwrap_or_else(|why| panic!("byte {at}: {why}"));
    }
    for kept in [0, 1, 100] {
        let opened = original.open_spoilt("head", |bytes| bytes.truncate(kept));
        opened.expect_err("a head without a good slot");
    }
    original.open_spoilt("head", |bytes| bytes.fill(0)).expect_err("a head of zeros");
    original.open_spoilt("head", |bytes| bytes.fill(0xff)).expect_err("a head of noise");
}

#[test]
fn a_spoilt_snapshot_of_the_index_is_made_again() {
    let original = Original::new();
    for copy in 0..COPIES {
        let mut chance = Chance(copy as u64);
        let opened = original.open_spoilt("snapshots/index", |bytes| match copy % 3 {
            0 => bytes.truncate(chance.below(bytes.len())),
            1 => bytes.extend_from_slice(&[0; 9]),
            _ => flip(bytes, &mut chance),
        });
        opened.unwrap_or_else(|why| panic!("copy {copy}: {why}"));
    }
}

/// A recorded event that names a person.
fn personal_event(person: u64, sealed: Parts) -> Recorded {
    Recorded {
        position: person,
        version: 1,
        stream: stream(&format!("user-{person}")),
        kind: "user.registered.v1".into(),
        event_id: domain::EventId([9; 16]),
        subject: SubjectId(person),
        commit: std::sync::Arc::new(head(person)),
        parts: sealed,
    }
}

#[test]
fn a_spoilt_key_file_is_refused_or_says_whose_key_is_missing() {
    let master = MasterKey::parse(&"5a".repeat(32)).unwrap();
    let folder = memory_folder();
    let path = folder.path().join("keys");
    let keys = Keyring::open(&path, &master).unwrap();
    let log = keys.log_id();
    let clear = Parts { data: "d".into(), personal: Some("p".into()), secret: Some("s".into()) };
    let events = (1..=40).map(|person| {
        if !keys.want_subject(SubjectId(person)).unwrap() {
            keys.make_wanted().unwrap();
        }
        let (name, event_id) = (format!("user-{person}"), [9; 16]);
        let kind = "user.registered.v1";
        let place = Place { stream: &name, event_id, kind, subject: SubjectId(person) };
        personal_event(person, keys.seal(&place, &clear).unwrap())
    });
    let events = events.collect::<Vec<_>>();
    keys.add_signing_key("key-1", &[5; 300]).unwrap();
    keys.erase_subject(SubjectId(3)).unwrap();
    drop(keys);
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for copy in 0..600 {
        let mut chance = Chance(copy);
        let mut bytes = whole.clone();
        match copy % 3 {
            // Less than the first slot is what a first start may leave when the power goes.
            0 => bytes.truncate(129 + chance.below(whole.len() - 129)),
            1 => {
                let from = chance.below(whole.len());
                bytes[from..].fill(0);
            }
            _ => flip(&mut bytes, &mut chance),
        }
        fs::write(&path, &bytes).unwrap();
        let Ok(keys) = Keyring::open(&path, &master) else {
            refused += 1;
            continue;
        };
        assert_eq!(keys.log_id(), log, "copy {copy}: a new key file in place of the old one");
        for event in &events {
            // A person whose key is lost must not look like one who was erased.
            let Ok(parts) = keys.open_parts(event) else { continue };
            let expected = if event.subject.0 == 3 { None } else { clear.personal.clone() };
            assert_eq!(parts.personal, expected, "copy {copy}");
            assert_eq!(parts.secret, clear.secret, "copy {copy}");
        }
    }
    assert!(refused > 300, "only {refused} of 600 spoilt files were refused");
}

#[test]
fn the_wrong_master_key_changes_nothing() {
    let folder = memory_folder();
    let path = folder.path().join("keys");
    drop(Keyring::open(&path, &MasterKey::generate().unwrap()).unwrap());
    let before = fs::read(&path).unwrap();
    let refused = Keyring::open(&path, &MasterKey::generate().unwrap()).unwrap_err();
    assert!(refused.to_string().contains("master key"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_empty_key_file_beside_a_log_is_not_taken_for_its_own() {
    let original = Original::new();
    let empty = Keyring::ephemeral().unwrap();
    assert_ne!(empty.log_id(), LOG);
    let opened = open_with(&options(original.home.path(), empty.log_id()));
    assert!(opened.is_err());
}
