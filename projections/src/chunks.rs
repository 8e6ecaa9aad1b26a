//! A list that only grows, whose copies share what they have in common.
//!
//! A row is copied when it changes while somebody reads it. A list of a hundred thousand items would
//! be copied with it; this one copies some hundred of them, and one pointer for each hundred others.

use std::sync::Arc;

/// How many items stand together.
const CHUNK: usize = 128;

/// A list that only grows.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunks<T>(Vec<Arc<Vec<T>>>);

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> Chunks<T> {
    /// How many items there are.
    pub fn len(&self) -> usize {
        // All but the last one are full.
        let last = self.0.last().map_or(0, |it| it.len());
        self.0.len().saturating_sub(1) * CHUNK + last
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The item at a place, from 0.
    pub fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// All items, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter().flat_map(|it| it.iter())
    }

    /// How many items at the beginning are as asked, where none behind them is: by halving.
    pub fn partition_point(&self, is: impl Fn(&T) -> bool) -> usize {
        let full = self.0.partition_point(|it| it.last().is_some_and(&is));
        let rest = self.0.get(full).map_or(0, |it| it.partition_point(&is));
        // The last chunk may have room.
        (full * CHUNK + rest).min(self.len())
    }

    pub(crate) fn push(&mut self, item: T) {
        match self.0.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(item),
            _ => self.0.push(Arc::new(vec![item])),
        }
    }

    pub(crate) fn change(&mut self, at: usize, change: impl FnOnce(&mut T)) {
        let chunk = self.0.get_mut(at / CHUNK);
        if let Some(item) = chunk.and_then(|it| Arc::make_mut(it).get_mut(at % CHUNK)) {
            change(item);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_list_that_was_pushed_and_copies_keep_what_they_had() {
        let mut list = Chunks::default();
        assert!(list.is_empty() && list.get(0).is_none() && list.partition_point(|_| true) == 0);
        for n in 0..300_usize {
            let before = list.clone();
            list.push(n);
            assert_eq!((before.len(), list.len()), (n, n + 1));
            assert_eq!(before.iter().copied().collect::<Vec<_>>(), (0..n).collect::<Vec<_>>());
        }
        let before = list.clone();
        list.change(129, |it| *it = 7);
        list.change(300, |it| *it = 7);
        assert_eq!((before.get(129), list.get(129), list.get(300)), (Some(&129), Some(&7), None));
        for n in [0, 1, 127, 128, 129, 256, 299, 300, 301] {
            assert_eq!(before.partition_point(|it| *it < n), n.min(300), "{n}");
        }
        assert_eq!(before.iter().next_back(), Some(&299));
    }
}
