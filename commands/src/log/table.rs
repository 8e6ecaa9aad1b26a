//! A map with hashed keys that needs no work at start: the part from the snapshot stays as it is in
//! the file, sorted and of fixed width; only newer entries are in a hash map.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::marker::PhantomData;

use bytes::Bytes;
use domain::hashed::HashedMap;

use super::commit::Key;
use super::wire::{Malformed, Reader, Writer};

const KEY_BYTES: usize = 16;

/// About how many records belong to one entry of the directory.
const RECORDS_PER_ENTRY: usize = 4;

/// A value that a snapshot stores in a fixed number of bytes.
pub(crate) trait Fixed: Clone {
    const BYTES: usize;

    /// Writes [`Fixed::BYTES`] bytes; `false`, and nothing, for a value that does not fit in them.
    fn write(&self, out: &mut Writer) -> bool;

    /// Reads what `write` wrote.
    fn read(bytes: &[u8]) -> Option<Self>;
}

impl Fixed for Key {
    const BYTES: usize = KEY_BYTES;

    fn write(&self, out: &mut Writer) -> bool {
        out.raw(&self.to_le_bytes());
        true
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Key::from_le_bytes)
    }
}

/// Records in the order of their keys, and a directory that leads from the first bits of a key to
/// its records.
#[derive(Debug, Clone)]
struct Sorted<V> {
    records: Bytes,
    directory: Bytes,
    /// How many leading bits of a key choose the entry of the directory.
    bits: u32,
    value: PhantomData<V>,
}

impl<V> Default for Sorted<V> {
    fn default() -> Self {
        Self { records: Bytes::new(), directory: Bytes::new(), bits: 0, value: PhantomData }
    }
}

impl<V: Fixed> Sorted<V> {
    const BYTES: usize = KEY_BYTES + V::BYTES;

    fn len(&self) -> usize {
        self.records.len() / Self::BYTES
    }

    fn record(&self, n: usize) -> Option<(Key, &[u8])> {
        let record = self.records.get(n * Self::BYTES..(n + 1) * Self::BYTES)?;
        let (key, value) = record.split_first_chunk::<KEY_BYTES>()?;
        Some((Key::from_le_bytes(*key), value))
    }

    fn entry(&self, n: usize) -> Option<usize> {
        let bytes = self.directory.get(n * 4..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    }

    /// The place of a key, and its value.
    fn find(&self, key: Key) -> Option<(usize, &[u8])> {
        let bucket = bucket(key, self.bits);
        let (mut low, mut high) = (self.entry(bucket)?, self.entry(bucket + 1)?);
        while low < high {
            let middle = low + (high - low) / 2;
            let (found, value) = self.record(middle)?;
            match found.cmp(&key) {
                std::cmp::Ordering::Equal => return Some((middle, value)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

fn bucket(key: Key, bits: u32) -> usize {
    key.checked_shr(Key::BITS - bits).unwrap_or(0) as usize
}

/// The part from the snapshot (the base) and what came since.
#[derive(Debug, Clone)]
pub(crate) struct Table<V> {
    base: Sorted<V>,
    /// One bit for each record of the base: it was removed, or changed since.
    gone: Vec<u64>,
    gone_count: usize,
    since: HashedMap<V>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            base: Sorted::default(),
            gone: Vec::new(),
            gone_count: 0,
            since: HashedMap::default(),
        }
    }
}

impl<V: Fixed> Table<V> {
    pub(crate) fn len(&self) -> usize {
        self.base.len() - self.gone_count + self.since.len()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Cow<'_, V>> {
        if let Some(value) = self.since.get(key) {
            return Some(Cow::Borrowed(value));
        }
        let (place, value) = self.base.find(*key)?;
        if self.is_gone(place) {
            return None;
        }
        V::read(value).map(Cow::Owned)
    }

    pub(crate) fn contains_key(&self, key: &Key) -> bool {
        self.since.contains_key(key)
            || self.base.find(*key).is_some_and(|(place, _)| !self.is_gone(place))
    }

    pub(crate) fn insert(&mut self, key: Key, value: V) {
        self.take_from_base(key);
        self.since.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &Key) {
        if self.since.remove(key).is_none() {
            self.take_from_base(*key);
        }
    }

    /// As that of a hash map.
    pub(crate) fn entry(&mut self, key: Key) -> Entry<'_, Key, V> {
        if let Some(value) = self.take_from_base(key) {
            self.since.insert(key, value);
        }
        self.since.entry(key)
    }

    fn is_gone(&self, place: usize) -> bool {
        self.gone.get(place / 64).is_some_and(|it| it >> (place % 64) & 1 == 1)
    }

    fn take_from_base(&mut self, key: Key) -> Option<V> {
        let (place, value) = self.base.find(key)?;
        let value = V::read(value)?;
        let word = self.gone.get_mut(place / 64)?;
        let bit = 1 << (place % 64);
        if *word & bit != 0 {
            return None;
        }
        *word |= bit;
        self.gone_count += 1;
        Some(value)
    }

    /// All of it, in the order of the keys.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Key, Cow<'_, V>)> {
        let mut since = self.since.iter().collect::<Vec<_>>();
        since.sort_unstable_by_key(|(key, _)| **key);
        let mut since = since.into_iter().peekable();
        let held = (0..self.base.len()).filter(|it| !self.is_gone(*it)).filter_map(|it| {
            let (key, value) = self.base.record(it)?;
            Some((key, V::read(value)?))
        });
        let mut held = held.peekable();
        std::iter::from_fn(move || {
            let newer = match (held.peek(), since.peek()) {
                (Some((held, _)), Some((new, _))) => *new < held,
                (held, _) => held.is_none(),
            };
            if newer {
                since.next().map(|(key, value)| (*key, Cow::Borrowed(value)))
            } else {
                held.next().map(|(key, value)| (key, Cow::Owned(value)))
            }
        })
    }

    /// Writes all values of fixed width, and returns the others.
    pub(crate) fn encode(&self, out: &mut Writer) -> Vec<(Key, Cow<'_, V>)> {
        let bits = (self.len() / RECORDS_PER_ENTRY).checked_ilog2().unwrap_or(0);
        let (count_at, mut count, mut others) = (out.0.len(), 0_u32, Vec::new());
        let mut directory = Vec::with_capacity((1 << bits) + 1);
        out.0.reserve(8 + self.len() * (KEY_BYTES + V::BYTES) + (directory.capacity()) * 4);
        out.u32(0);
        out.u32(bits);
        for (key, value) in self.entries() {
            let record_at = out.0.len();
            out.raw(&key.to_le_bytes());
            if value.write(out) {
                directory.resize(directory.len().max(bucket(key, bits) + 1), count);
                count += 1;
            } else {
                out.0.truncate(record_at);
                others.push((key, value));
            }
        }
        directory.resize((1 << bits) + 1, count);
        directory.into_iter().for_each(|it| out.u32(it));
        let count_at = out.0.get_mut(count_at..).and_then(|it| it.first_chunk_mut());
        if let Some(at) = count_at {
            *at = count.to_le_bytes();
        }
        others
    }

    /// Reads what `encode` wrote, without a look at the records.
    pub(crate) fn decode(from: &mut Reader) -> Result<Self, Malformed> {
        let (count, bits) = (from.u32()? as usize, from.u32()?);
        let records = from.take(count.saturating_mul(Sorted::<V>::BYTES))?;
        let entries = 1_usize.checked_shl(bits).ok_or(Malformed("a directory is too large"))?;
        let directory = from.take(entries.saturating_add(1).saturating_mul(4))?;
        let base = Sorted { records, directory, bits, value: PhantomData };
        Ok(Self {
            base,
            gone: vec![0; count.div_ceil(64)],
            gone_count: 0,
            since: HashedMap::default(),
        })
    }
}

impl<V: Fixed + PartialEq> PartialEq for Table<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.entries().eq(other.entries())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys over the whole range, and some that share their leading bits.
    fn key(n: u64) -> Key {
        let spread = u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(n);
        if n.is_multiple_of(5) { u128::from(n) } else { spread }
    }

    fn reread(table: &Table<Key>) -> Table<Key> {
        let mut out = Writer::default();
        assert!(table.encode(&mut out).is_empty());
        let mut from = Reader::new(out.0.into());
        let read = Table::decode(&mut from).unwrap();
        assert!(from.is_empty());
        read
    }

    #[test]
    fn a_table_from_a_snapshot_answers_like_a_map_whatever_came_since() {
        for count in [0, 1, 3, 4, 9, 1_000] {
            let (mut table, mut map) = (Table::default(), std::collections::BTreeMap::new());
            for round in 0..4 {
                for n in 0..count {
                    match (n + round) % 4 {
                        0 => {
                            table.remove(&key(n));
                            map.remove(&key(n));
                        }
                        1 => {
                            table.insert(key(n), u128::from(n + round));
                            map.insert(key(n), u128::from(n + round));
                        }
                        2 => {
                            table.entry(key(n)).and_modify(|it| *it += 1).or_insert(7);
                            map.entry(key(n)).and_modify(|it| *it += 1).or_insert(7);
                        }
                        _ => (),
                    }
                }
                let before = table.clone();
                table = reread(&table);
                assert!(table == before && table.len() == map.len(), "{count} in round {round}");
                for n in 0..count + 3 {
                    assert_eq!(table.get(&key(n)).as_deref(), map.get(&key(n)), "{n} of {count}");
                    assert_eq!(table.contains_key(&key(n)), map.contains_key(&key(n)));
                }
                assert!(table.entries().map(|it| it.0).eq(map.keys().copied()));
            }
        }
    }

    #[test]
    fn tables_that_differ_in_one_value_are_not_equal() {
        let mut table = Table::default();
        (1..100).for_each(|n| table.insert(key(n), 1));
        let mut other = reread(&table);
        assert!(other == table);
        other.insert(key(50), 2);
        assert!(other != table);
        other.insert(key(50), 1);
        assert!(other == table);
        other.remove(&key(50));
        assert!(other != table);
    }
}
