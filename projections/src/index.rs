//! Which rows have a value: nearly always one.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, RandomState};

use domain::hashed::HashedKeys;

/// The numbers of the rows that have a value. One of them takes no memory of its own.
#[derive(Debug, PartialEq)]
enum Holders {
    One(u32),
    #[allow(clippy::box_collection, reason = "keeps the entry of one at 16 bytes")]
    Many(Box<BTreeSet<u32>>),
}

/// Rows by a value that they have.
#[derive(Debug)]
pub(crate) struct Index<K, S = RandomState> {
    holders: HashMap<K, Holders, S>,
}

/// Rows by the keyed hash of a value.
pub(crate) type HashIndex = Index<u128, HashedKeys>;

impl<K, S: Default> Default for Index<K, S> {
    fn default() -> Self {
        Self { holders: HashMap::default() }
    }
}

impl<K: Eq + Hash, S: BuildHasher> PartialEq for Index<K, S> {
    fn eq(&self, other: &Self) -> bool {
        self.holders == other.holders
    }
}

impl<K: Eq + Hash, S: BuildHasher> Index<K, S> {
    pub(crate) fn reserve(&mut self, values: usize) {
        self.holders.reserve(values);
    }

    pub(crate) fn insert(&mut self, key: K, row: u32) {
        let entry = self.holders.entry(key);
        entry.and_modify(|it| it.add(row)).or_insert(Holders::One(row));
    }

    pub(crate) fn remove(&mut self, key: &K, row: u32) {
        let Some(holders) = self.holders.get_mut(key) else { return };
        let left = match holders {
            Holders::One(one) => *one != row,
            Holders::Many(many) => {
                many.remove(&row);
                let rest = (many.len(), many.first().copied());
                if let (1, Some(last)) = rest {
                    *holders = Holders::One(last);
                }
                rest.0 > 0
            }
        };
        if !left {
            self.holders.remove(key);
        }
    }

    /// The rows with a value, ascending.
    pub(crate) fn get<'a>(&'a self, key: &K) -> impl Iterator<Item = u32> + use<'a, K, S> {
        let (one, many) = match self.holders.get(key) {
            Some(Holders::One(row)) => (Some(*row), None),
            Some(Holders::Many(rows)) => (None, Some(rows)),
            None => (None, None),
        };
        one.into_iter().chain(many.into_iter().flat_map(|it| it.iter().copied()))
    }
}

impl Holders {
    fn add(&mut self, row: u32) {
        match self {
            Self::One(one) if *one == row => (),
            Self::One(one) => *self = Self::Many(Box::new(BTreeSet::from([*one, row]))),
            Self::Many(many) => {
                many.insert(row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_order_and_leave_nothing_behind() {
        let mut index = HashIndex::default();
        for row in [7, 3, 5, 3] {
            index.insert(1, row);
        }
        index.insert(2, 9);
        assert_eq!(index.get(&1).collect::<Vec<_>>(), [3, 5, 7]);
        index.remove(&1, 3);
        index.remove(&1, 4);
        index.remove(&1, 7);
        let mut other = HashIndex::default();
        other.insert(1, 5);
        other.insert(2, 9);
        assert!(index == other, "a set of one is the same as one");
        index.remove(&1, 5);
        assert_eq!(index.get(&1).count() + index.get(&3).count(), 0);
        assert_eq!(index.holders.len(), 1);
    }
}
