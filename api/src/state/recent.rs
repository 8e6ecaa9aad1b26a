//! A table with a limit: beyond it, the entries that were changed longest ago go.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Entries by key, and the order in which they were changed.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    entries_max: usize,
    entries: HashMap<K, (u64, V)>,
    order: BTreeMap<u64, K>,
    next: u64,
}

impl<K: Copy + Eq + Hash, V: Default> Recent<K, V> {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { entries_max, entries: HashMap::new(), order: BTreeMap::new(), next: 0 }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Changes an entry; a new one begins with its default. It is the last to go from now on.
    pub(crate) fn change(&mut self, key: K, change: impl FnOnce(&mut V)) {
        let at = self.next;
        self.next += 1;
        let entry = self.entries.entry(key).or_insert_with(|| (at, V::default()));
        self.order.remove(&std::mem::replace(&mut entry.0, at));
        change(&mut entry.1);
        self.order.insert(at, key);
        if self.entries.len() > self.entries_max
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Some((at, _)) = self.entries.remove(key) {
            self.order.remove(&at);
        }
    }

    /// Removes the entries whose keys fit.
    pub(crate) fn remove_where(&mut self, fits: impl Fn(&K) -> bool) {
        self.entries.retain(|key, _| !fits(key));
        self.order.retain(|_, key| !fits(key));
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        assert_eq!(self.entries.len(), self.order.len());
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_and_the_others_stay() {
        let mut table = Recent::<u32, u32>::new(3);
        for key in [1, 2, 3] {
            table.change(key, |it| *it += key);
        }
        table.change(1, |it| *it += 10);
        table.change(4, |it| *it = 4);
        assert_eq!(table.get(&2), None, "changed longest ago");
        assert_eq!([1, 3, 4].map(|it| table.get(&it).copied()), [Some(11), Some(3), Some(4)]);
        table.remove(&3);
        table.remove_where(|it| *it == 4);
        assert_eq!((table.len(), table.get(&1)), (1, Some(&11)));
    }
}
