//! Which rows have a value, stand in a group, or come next in an order.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash};

use domain::hashed::HashedKeys;
use roaring::RoaringTreemap;

use crate::found::{Found, Group, Key};
use crate::page::Paging;

/// The numbers of some rows, at least of one. One takes no memory of its own.
#[derive(Debug, PartialEq)]
pub(crate) enum Members {
    One(u64),
    #[allow(clippy::box_collection, reason = "keeps the entry of one at 16 bytes")]
    Many(Box<RoaringTreemap>),
}

impl Members {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(many) => many.len() as usize,
        }
    }

    pub(crate) fn contains(&self, row: u64) -> bool {
        match self {
            Self::One(one) => *one == row,
            Self::Many(many) => many.contains(row),
        }
    }

    /// Ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        let (one, many) = match self {
            Self::One(one) => (Some(*one), None),
            Self::Many(many) => (None, Some(many.iter())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Cuts a page out of them, without a step for each that is passed over.
    pub(crate) fn page(&self, paging: Paging) -> Vec<u64> {
        let many = match self {
            Self::One(one) => return paging.cut([*one].into_iter()),
            Self::Many(many) => many,
        };
        let Paging { skip, take, ascending } = paging;
        let count = many.len();
        let from = (skip as u64).min(count);
        if from >= count {
            return Vec::new();
        }
        let at = if ascending { from } else { count - 1 - from };
        let Some(first) = many.select(at) else { return Vec::new() };
        let mut rows = many.iter();
        if ascending {
            rows.advance_to(first);
            rows.take(take).collect()
        } else {
            rows.advance_back_to(first);
            rows.rev().take(take).collect()
        }
    }

    fn add(&mut self, row: u64) {
        match self {
            Self::One(one) if *one == row => (),
            Self::One(one) => *self = Self::Many(Box::new(RoaringTreemap::from_iter([*one, row]))),
            Self::Many(many) => {
                many.insert(row);
            }
        }
    }

    /// Whether anything is left. Of two rows that one is left takes no memory of its own again.
    fn remove(&mut self, row: u64) -> bool {
        match self {
            Self::One(one) => *one != row,
            Self::Many(many) => {
                many.remove(row);
                let rest = (many.len(), many.min());
                if let (1, Some(last)) = rest {
                    *self = Self::One(last);
                }
                rest.0 > 0
            }
        }
    }
}

/// What a table finds its rows by. Two that were made in different ways are equal.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Indexes {
    hashes: HashMap<u128, Members, HashedKeys>,
    texts: HashMap<Box<str>, Members>,
    groups: HashMap<Group, Members>,
    /// By group and number of the order.
    orders: HashMap<(Group, u8), BTreeSet<(Key, u64)>>,
}

impl Indexes {
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.hashes.reserve(rows);
    }

    pub(crate) fn add(&mut self, row: u64, found: &Found) {
        let hashes = found.hashes.iter().filter(|it| **it != 0);
        hashes.for_each(|it| add(&mut self.hashes, *it, row));
        found.texts.iter().for_each(|it| add(&mut self.texts, it.clone(), row));
        found.groups.iter().for_each(|it| add(&mut self.groups, *it, row));
        for (order, key) in ordered(found) {
            self.orders.entry(order).or_default().insert((key.clone(), row));
        }
    }

    pub(crate) fn remove(&mut self, row: u64, found: &Found) {
        let hashes = found.hashes.iter().filter(|it| **it != 0);
        hashes.for_each(|it| remove(&mut self.hashes, it, row));
        found.texts.iter().for_each(|it| remove(&mut self.texts, it, row));
        found.groups.iter().for_each(|it| remove(&mut self.groups, it, row));
        for (order, key) in ordered(found) {
            if let Some(rows) = self.orders.get_mut(&order) {
                rows.remove(&(key.clone(), row));
                if rows.is_empty() {
                    self.orders.remove(&order);
                }
            }
        }
    }

    /// The rows with a hash, ascending.
    pub(crate) fn with_hash(&self, hash: u128) -> impl Iterator<Item = u64> {
        self.hashes.get(&hash).into_iter().flat_map(Members::iter)
    }

    /// The rows with a text, ascending.
    pub(crate) fn with_text(&self, text: &str) -> impl Iterator<Item = u64> {
        self.texts.get(text).into_iter().flat_map(Members::iter)
    }

    pub(crate) fn group(&self, group: Group) -> Option<&Members> {
        self.groups.get(&group)
    }

    /// A page of a group in an order.
    pub(crate) fn page(&self, group: Group, order: u8, paging: Paging) -> Vec<u64> {
        let rows = self.orders.get(&(group, order)).into_iter().flatten();
        match paging.ascending {
            true => rows.map(|it| it.1).skip(paging.skip).take(paging.take).collect(),
            false => {
                let rows = self.orders.get(&(group, order)).map(BTreeSet::iter);
                let rows = rows.into_iter().flat_map(Iterator::rev);
                rows.map(|it| it.1).skip(paging.skip).take(paging.take).collect()
            }
        }
    }
}

/// The places of a row in the orders of its listed groups.
fn ordered(found: &Found) -> impl Iterator<Item = ((Group, u8), &Key)> {
    let listed = found.groups.iter().filter(|it| it.is_listed());
    listed.flat_map(|group| (0..).zip(&found.orders).map(|(order, key)| ((*group, order), key)))
}

fn add<K: Eq + Hash, S: BuildHasher>(index: &mut HashMap<K, Members, S>, key: K, row: u64) {
    index.entry(key).and_modify(|it| it.add(row)).or_insert(Members::One(row));
}

/// A key without rows is none.
fn remove<Q, K, S>(index: &mut HashMap<K, Members, S>, key: &Q, row: u64)
where
    Q: Eq + Hash + ?Sized,
    K: Eq + Hash + std::borrow::Borrow<Q>,
    S: BuildHasher,
{
    if index.get_mut(key).is_some_and(|it| !it.remove(row)) {
        index.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::TenantId;

    #[test]
    fn rows_come_in_order_and_leave_nothing_behind() {
        let group = Group::tenant(TenantId(1));
        let found = |name: &str| Found {
            hashes: vec![1, 0],
            texts: vec!["t".into()],
            groups: vec![group],
            orders: vec![Key::from(name)],
        };
        let mut indexes = Indexes::default();
        for (row, name) in [(7, "a"), (3, "c"), (5, "b"), (3, "c")] {
            indexes.add(row, &found(name));
        }
        assert_eq!(indexes.with_hash(1).collect::<Vec<_>>(), [3, 5, 7]);
        assert_eq!(indexes.with_hash(0).count(), 0);
        let paging = Paging { skip: 0, take: 2, ascending: true };
        assert_eq!(indexes.page(group, 0, paging), [7, 5]);
        assert_eq!(indexes.page(group, 0, Paging { ascending: false, skip: 1, ..paging }), [5, 7]);
        indexes.remove(3, &found("c"));
        indexes.remove(7, &found("a"));
        let mut other = Indexes::default();
        other.add(5, &found("b"));
        assert_eq!(indexes, other, "a set of one is the same as one");
        indexes.remove(5, &found("b"));
        assert_eq!(indexes, Indexes::default());
    }

    #[test]
    fn a_set_is_cut_like_a_list() {
        let list = (0..500_u64).map(|it| (it * 7) << (it % 40)).collect::<BTreeSet<_>>();
        let many = Members::Many(Box::new(list.iter().copied().collect()));
        for ascending in [true, false] {
            for (skip, take) in [(0, 0), (0, 10), (3, 5), (495, 10), (500, 1), (usize::MAX, 3)] {
                let paging = Paging { skip, take, ascending };
                let cut = paging.cut(list.iter().copied());
                assert_eq!(many.page(paging), cut, "{paging:?}");
            }
        }
    }
}
