//! The data keys of people, as they are known in memory.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use domain::day_subject::{DaySubject, Purpose};
use domain::{SubjectId, SubjectRange, Timestamp};

use super::wrapped::WrappedKey;

/// The data key of a person. There may be millions: each lies in the table itself.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    Live { slot: u64, wrapped: WrappedKey },
    Erased,
}

/// The data keys by person.
#[derive(Debug, Default)]
pub(crate) struct Subjects {
    keys: HashMap<u64, Subject, BuildHasherDefault<NumberHasher>>,
    /// The days whose keys were destroyed, with the slots that say so. The last of a purpose stands
    /// for all before it, so that a day leaves nothing in the file.
    ended: BTreeMap<Purpose, BTreeMap<DaySubject, u64>>,
}

/// Day keys to destroy: the subject and the slot of each.
pub(crate) type DueDays = Vec<(DaySubject, u64)>;

impl Subjects {
    /// Makes room for so many keys.
    pub(crate) fn reserve(&mut self, keys: usize) {
        self.keys.reserve(keys);
    }

    /// What is known of the key of a person: nothing, if it never had one.
    pub(crate) fn get(&self, subject: SubjectId) -> Option<&Subject> {
        self.keys.get(&subject.0).or_else(|| {
            let day = DaySubject::of(subject)?;
            let (last, _) = self.ended.get(&day.purpose())?.last_key_value()?;
            (day <= *last).then_some(&Subject::Erased)
        })
    }

    /// Takes in a key.
    pub(crate) fn insert(&mut self, subject: SubjectId, slot: u64, wrapped: WrappedKey) {
        self.keys.insert(subject.0, Subject::Live { slot, wrapped });
    }

    /// Notes that a key was destroyed, and which slot says so.
    pub(crate) fn erase(&mut self, subject: SubjectId, slot: u64) {
        match DaySubject::of(subject) {
            None => {
                self.keys.insert(subject.0, Subject::Erased);
            }
            Some(day) => {
                self.keys.remove(&subject.0);
                self.ended.entry(day.purpose()).or_default().insert(day, slot);
            }
        }
    }

    /// The keys of days that have ended by a time.
    pub(crate) fn due_days(&self, until: Timestamp) -> DueDays {
        let numbers = SubjectRange::Days.numbers();
        let live = self.keys.iter().filter(|(subject, _)| numbers.contains(subject));
        let days = live.filter_map(|(subject, key)| match key {
            Subject::Live { slot, .. } => Some((DaySubject::of(SubjectId(*subject))?, *slot)),
            Subject::Erased => None,
        });
        days.filter(|(day, _)| day.ends_at() <= until).collect()
    }

    /// Takes out the slots that say of a day what a later day says, too.
    pub(crate) fn take_needless(&mut self) -> Vec<u64> {
        let mut needless = Vec::new();
        for ended in self.ended.values_mut() {
            while ended.len() > 1 {
                needless.extend(ended.pop_first().map(|(_, slot)| slot));
            }
        }
        needless
    }

    /// The persons, and their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SubjectId, &Subject)> {
        self.keys.iter().map(|(subject, key)| (SubjectId(*subject), key))
    }
}

/// People are numbered one after the other: any odd factor spreads them, and nobody else chooses.
#[derive(Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|it| self.write_u64(self.0.rotate_left(8) ^ u64::from(*it)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
