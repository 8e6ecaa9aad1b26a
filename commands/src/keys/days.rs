//! The end of the keys of people without an account: with their day, for good.

use domain::Timestamp;

use super::keyring::{Keyring, subject_id};
use super::master::KeyError;
use super::slots::SlotKind;
use super::wrapped::write_error;
use crate::lock::{lock, read, write};

impl Keyring {
    /// Whether [`Keyring::destroy_days`] has something to do.
    pub fn days_are_due(&self, until: Timestamp) -> bool {
        !read(&self.subjects).due_days(until).is_empty()
    }

    /// Destroys the keys of the days that have ended by a time
    /// ([`domain::day_subject::DaySubject::ends_at`]), durably. Their slots are used again. May
    /// block on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn destroy_days(&self, until: Timestamp) -> Result<(), KeyError> {
        let mut file = lock(&self.file);
        let due = read(&self.subjects).due_days(until);
        if due.is_empty() {
            return Ok(());
        }
        if let Some(file) = file.as_mut() {
            // Each says so of itself first: whatever a power cut keeps of this, no day is unknown.
            for (day, slot) in &due {
                file.overwrite(*slot, SlotKind::Erased, subject_id((*day).into()), &[])
                    .map_err(|err| write_error(file, &err))?;
            }
            file.sync();
        }
        let mut subjects = write(&self.subjects);
        due.into_iter().for_each(|(day, slot)| subjects.erase(day.into(), slot));
        let needless = subjects.take_needless();
        drop(subjects);
        let Some(file) = file.as_mut() else { return Ok(()) };
        for slot in needless {
            file.give_back(slot).map_err(|err| write_error(file, &err))?;
        }
        file.sync();
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use std::path::PathBuf;

    use bytes::Bytes;
    use domain::day_subject::{DaySubject, Purpose};
    use domain::{Parts, SubjectId, UserId};

    use super::super::slots::SLOT_BYTES;
    use super::super::{MasterKey, Place};
    use super::*;

    const DAY: i64 = 86_400;

    struct File {
        path: PathBuf,
        master: MasterKey,
    }

    impl File {
        fn new(name: &str) -> Self {
            let name = format!("chancery-days-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = std::fs::remove_file(&path);
            Self { path, master: MasterKey::generate().unwrap() }
        }

        fn open(&self) -> Keyring {
            Keyring::open(&self.path, &self.master).unwrap()
        }

        fn slots(&self) -> u64 {
            std::fs::metadata(&self.path).unwrap().len() / SLOT_BYTES as u64
        }

        fn bytes(&self) -> Vec<u8> {
            std::fs::read(&self.path).unwrap()
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn day(purpose: Purpose, day: i64) -> DaySubject {
        DaySubject::at(purpose, Timestamp::from_seconds(20_000 * DAY + day * DAY))
    }

    fn make(keyring: &Keyring, subject: impl Into<SubjectId>) {
        assert!(!keyring.want_subject(subject.into()).unwrap());
        keyring.make_wanted().unwrap();
    }

    /// Seals something for a subject; it is read again by `opens`.
    fn seal(keyring: &Keyring, subject: SubjectId) -> Parts {
        let personal = Some(Bytes::from_static(b"ann@example.com"));
        let clear = Parts { personal, ..Parts::default() };
        keyring.seal(&place(subject), &clear).unwrap()
    }

    fn place(subject: SubjectId) -> Place<'static> {
        Place { stream: "mail-1", event_id: [7; 16], kind: "mail.wanted.v1", subject }
    }

    /// The personal part: there, or erased. An error would be a lost key.
    fn opens(keyring: &Keyring, subject: SubjectId, sealed: &Parts) -> bool {
        use domain::log::OpenParts as _;
        let head = domain::log::CommitHead {
            command_id: domain::CommandId([0; 16]),
            fingerprint: 0,
            tenant: domain::TenantId(1),
            actor: domain::Actor::System,
            time: Timestamp(0),
            correlation: [0; 16],
            trace: [0; 16],
            context: domain::context::Context::default(),
        };
        let recorded = domain::Recorded {
            position: 1,
            version: 1,
            stream: domain::StreamId::parse("mail-1").unwrap(),
            kind: "mail.wanted.v1".into(),
            event_id: domain::EventId([7; 16]),
            subject,
            commit: std::sync::Arc::new(head),
            parts: sealed.clone(),
        };
        keyring.open_parts(&recorded).unwrap().personal.is_some()
    }

    #[test]
    fn a_key_is_gone_for_good_when_its_day_has_ended_and_no_sooner() {
        let file = File::new("end");
        let keyring = file.open();
        let (mail, sms) = (day(Purpose::Mail, 0), day(Purpose::Sms, 0));
        make(&keyring, mail);
        make(&keyring, sms);
        let sealed = seal(&keyring, mail.into());
        let before = mail.ends_at().plus_seconds(-1);
        assert!(!keyring.days_are_due(before));
        keyring.destroy_days(before).unwrap();
        assert!(opens(&keyring, mail.into(), &sealed));
        assert!(keyring.days_are_due(mail.ends_at()));
        let with_key = file.bytes();
        keyring.destroy_days(mail.ends_at()).unwrap();
        assert!(!keyring.days_are_due(mail.ends_at()));
        for keyring in [keyring, file.open()] {
            assert!(!opens(&keyring, mail.into(), &sealed));
            let again = keyring.want_subject(mail.into());
            assert!(matches!(again, Err(KeyError::Missing(_))), "{again:?}");
            keyring.verify().unwrap();
        }
        // No sector of the file still has the wrapped key.
        let slots = with_key.chunks(SLOT_BYTES).filter(|it| it.get(4).is_some_and(|it| *it == 3));
        let wrapped = slots.map(|it| it.get(24..84).unwrap()).collect::<Vec<_>>();
        assert_eq!(wrapped.len(), 2);
        let now = file.bytes();
        assert!(wrapped.iter().all(|key| !now.windows(key.len()).any(|it| it == *key)));
    }

    #[test]
    fn a_hundred_days_take_no_more_places_than_ten() {
        let file = File::new("places");
        let mut keyring = file.open();
        let mut slots = Vec::new();
        for n in 0..100 {
            for purpose in Purpose::ALL {
                make(&keyring, day(purpose, n));
            }
            keyring.destroy_days(Timestamp::from_seconds((20_000 + n) * DAY + DAY / 2)).unwrap();
            if n % 30 == 7 {
                keyring = file.open();
            }
            slots.push(file.slots());
        }
        assert_eq!(slots.iter().max(), slots.get(10), "the file grew: {:?}", slots.last());
        let sealed = Parts { personal: Some(Bytes::from_static(b"x")), ..Parts::default() };
        // Of all days before, one place for each purpose says that they are gone.
        for keyring in [keyring, file.open()] {
            for n in [0, 1, 33, 80, 90] {
                assert!(!opens(&keyring, day(Purpose::Sms, n).into(), &sealed), "{n}");
            }
        }
    }

    #[test]
    fn no_other_key_takes_part() {
        let file = File::new("others");
        let keyring = file.open();
        make(&keyring, UserId(7));
        make(&keyring, day(Purpose::Mail, 0));
        let sealed = seal(&keyring, UserId(7).into());
        keyring.destroy_days(Timestamp(i64::MAX)).unwrap();
        make(&keyring, day(Purpose::Mail, 100));
        for keyring in [&keyring, &file.open()] {
            assert!(opens(keyring, UserId(7).into(), &sealed));
            assert_eq!(keyring.highest_number_like(UserId(1).into()), 7 + 127);
        }
        let alone = keyring.erase_subject(day(Purpose::Mail, 100).into());
        assert!(matches!(alone, Err(KeyError::Shared(_))), "{alone:?}");
    }

    /// What a power cut may leave: any of the writes of a destruction, each whole.
    #[test]
    fn whatever_a_power_cut_keeps_no_day_is_unknown() {
        let file = File::new("cut");
        let keyring = file.open();
        let days = [0, 1, 2].map(|n| day(Purpose::Mail, n));
        days.iter().for_each(|it| make(&keyring, *it));
        let sealed = seal(&keyring, days[0].into());
        keyring.destroy_days(days[0].ends_at()).unwrap();
        let before = file.bytes();
        keyring.destroy_days(days[2].ends_at()).unwrap();
        drop(keyring);
        let after = file.bytes();
        let changed = changed_slots(&before, &after);
        // The first sync: both days say that they are gone. The mark of the first day and that of
        // the second are emptied behind a second sync, which finds the first one whole.
        assert_eq!(changed.len(), 3);
        for kept in 0..1_u32 << changed.len() {
            let mut bytes = before.clone();
            for (n, slot) in changed.iter().enumerate() {
                let emptied = after.get(slot * SLOT_BYTES + 4) == Some(&(SlotKind::Void as u8));
                let all_of_first = last_is_marked(&changed, kept, &after);
                if kept & 1 << n != 0 && (!emptied || all_of_first) {
                    let at = slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES;
                    bytes[at.clone()].copy_from_slice(&after[at]);
                }
            }
            std::fs::write(&file.path, &bytes).unwrap();
            let keyring = file.open();
            assert!(!opens(&keyring, days[0].into(), &sealed), "{kept:b}");
            keyring.destroy_days(days[2].ends_at()).unwrap();
            for day in days {
                assert!(!opens(&keyring, day.into(), &sealed), "{kept:b}");
            }
        }
    }

    fn changed_slots(before: &[u8], after: &[u8]) -> Vec<usize> {
        let slots = before.chunks(SLOT_BYTES).zip(after.chunks(SLOT_BYTES)).enumerate();
        slots.filter(|(_, (before, after))| before != after).map(|(slot, _)| slot).collect()
    }

    /// Whether the one mark that stays is among those kept.
    fn last_is_marked(changed: &[usize], kept: u32, after: &[u8]) -> bool {
        let is_mark =
            |slot: &usize| after.get(slot * SLOT_BYTES + 4) == Some(&(SlotKind::Erased as u8));
        let marks = changed.iter().enumerate().filter(|(_, slot)| is_mark(slot));
        marks.map(|(n, _)| n).all(|n| kept & 1 << n != 0)
    }

    #[test]
    fn a_place_that_was_emptied_is_known_after_a_start() {
        let file = File::new("emptied");
        let keyring = file.open();
        make(&keyring, day(Purpose::Mail, 0));
        make(&keyring, day(Purpose::Mail, 1));
        keyring.destroy_days(day(Purpose::Mail, 1).ends_at()).unwrap();
        let slots = file.slots();
        drop(keyring);
        make(&file.open(), day(Purpose::Mail, 50));
        assert_eq!(file.slots(), slots);
    }
}
