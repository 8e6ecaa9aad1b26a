//! A page of rows: what every list answers with.

use std::sync::Arc;

use roaring::RoaringBitmap;

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// How many rows to pass over.
    pub skip: usize,
    /// How many rows to return at most.
    pub take: usize,
    /// Ascending instead of descending.
    pub ascending: bool,
}

impl Paging {
    /// Cuts a page out of items that are in ascending order.
    pub(crate) fn cut<T>(self, items: impl DoubleEndedIterator<Item = T>) -> Vec<T> {
        let Self { skip, take, ascending } = self;
        if ascending {
            items.skip(skip).take(take).collect()
        } else {
            items.rev().skip(skip).take(take).collect()
        }
    }

    /// Cuts a page out of a set of numbers, without a step for each that is passed over.
    pub(crate) fn cut_set(self, set: &RoaringBitmap) -> Vec<u32> {
        let Self { skip, take, ascending } = self;
        let count = set.len() as usize;
        let (from, to) = (skip.min(count), skip.saturating_add(take).min(count));
        let (from, to) = if ascending { (from, to) } else { (count - to, count - from) };
        let at = |rank: usize| set.select(u32::try_from(rank).ok()?);
        let (Some(first), Some(last)) = (at(from), to.checked_sub(1).and_then(at)) else {
            return Vec::new();
        };
        if from >= to {
            return Vec::new();
        }
        let mut page = set.range(first..=last).collect::<Vec<_>>();
        if !ascending {
            page.reverse();
        }
        page
    }
}

/// Some rows, and how many match in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<R> {
    /// The rows that match, before paging.
    pub total: usize,
    /// The rows of this page.
    pub rows: Vec<Arc<R>>,
}

impl<R> Page<R> {
    /// Cuts a page out of rows that are in ascending order.
    pub(crate) fn cut<'a>(
        total: usize,
        rows: impl DoubleEndedIterator<Item = &'a Arc<R>>,
        paging: Paging,
    ) -> Self
    where
        R: 'a,
    {
        Self { total, rows: paging.cut(rows).into_iter().cloned().collect() }
    }

    /// Sorts rows by a key and cuts a page out of them. Equal keys keep the order of the rows.
    pub(crate) fn sort<K: Ord>(
        mut rows: Vec<Arc<R>>,
        key: impl Fn(&R) -> K,
        paging: Paging,
    ) -> Self {
        rows.sort_by_cached_key(|row| key(row));
        Self::cut(rows.len(), rows.iter(), paging)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_cut_like_a_list() {
        let list = (0..500_u32).map(|it| it * 7).collect::<Vec<_>>();
        let set = list.iter().copied().collect::<RoaringBitmap>();
        for ascending in [true, false] {
            for (skip, take) in [(0, 0), (0, 10), (3, 5), (495, 10), (500, 1), (usize::MAX, 3)] {
                let paging = Paging { skip, take, ascending };
                let cut = paging.cut(list.iter().copied());
                assert_eq!(paging.cut_set(&set), cut, "{paging:?}");
            }
        }
    }
}
