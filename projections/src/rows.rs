//! Rows by number. Those of a snapshot are made from their events when they are first asked for:
//! a start makes none of them, and what nobody asks for takes no more memory than in the file.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::Recorded;

use crate::kept::{Cut, Group, Kept, Kinds};

/// What the events of one stream make.
pub(crate) trait Row: Clone {
    /// Makes it from all the events that still matter, and from what it is found by.
    fn make(found: &[u8], events: &[Recorded]) -> io::Result<Option<Arc<Self>>>;
}

/// Rows that came since the snapshot, and rows that lie in it.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    made: BTreeMap<u32, Arc<R>>,
    /// By number. One that was removed or changed since is `None` for ever.
    kept: Vec<KeptRow<R>>,
    kept_count: usize,
    source: Source,
}

#[derive(Debug)]
struct KeptRow<R> {
    number: u32,
    length: u32,
    /// Where its group lies in the snapshot.
    start: usize,
    row: OnceLock<Option<Arc<R>>>,
}

/// The snapshot that rows lie in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub(crate) bytes: Bytes,
    pub(crate) kinds: Arc<Kinds>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        let source = Source::default();
        Self { made: BTreeMap::new(), kept: Vec::new(), kept_count: 0, source }
    }
}

impl<R: Row> Rows<R> {
    /// Rows that lie in a section of a snapshot; `see` is shown what each is found by.
    pub(crate) fn read(
        source: Source,
        section: Range<usize>,
        count: usize,
        mut see: impl FnMut(u32, &[u8]) -> io::Result<()>,
    ) -> io::Result<Self> {
        let mut groups = Cut(source.bytes.get(section.clone()).unwrap_or_default());
        // Every group takes more than its fixed part: a wrong count reserves no more than the file.
        let mut kept = Vec::with_capacity(count.min(groups.0.len() / Group::BYTES_MIN));
        while !groups.0.is_empty() {
            let start = section.end.saturating_sub(groups.0.len());
            let group = Group::next(&mut groups)?;
            see(group.number, group.found)?;
            let length = group.length;
            kept.push(KeptRow { number: group.number, length, start, row: OnceLock::new() });
        }
        if !kept.is_sorted_by(|a, b| a.number < b.number) {
            return Err(crate::kept::malformed("rows are out of order"));
        }
        Ok(Self { made: BTreeMap::new(), kept_count: kept.len(), kept, source })
    }

    pub(crate) fn len(&self) -> usize {
        self.made.len() + self.kept_count
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Arc<R>> {
        if let Some(row) = self.made.get(&number) {
            return Some(row);
        }
        self.kept.get(self.find(number)?)?.row(&self.source)
    }

    /// A row to be changed.
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut R> {
        if let Some(row) = self.take_kept(number) {
            self.made.insert(number, row);
        }
        self.made.get_mut(&number).map(Arc::make_mut)
    }

    pub(crate) fn insert(&mut self, number: u32, row: Arc<R>) {
        self.take_kept(number);
        self.made.insert(number, row);
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<Arc<R>> {
        self.take_kept(number).or_else(|| self.made.remove(&number))
    }

    /// All rows, by number.
    fn iter(&self) -> impl Iterator<Item = &Arc<R>> {
        let mut made = self.made.iter().peekable();
        let kept = self.kept.iter().filter_map(|it| Some((it.number, it.row(&self.source)?)));
        let mut kept = kept.peekable();
        std::iter::from_fn(move || {
            let newer = match (made.peek(), kept.peek()) {
                (Some((made, _)), Some((kept, _))) => *made < kept,
                (made, _) => made.is_some(),
            };
            if newer { made.next().map(|it| it.1) } else { kept.next().map(|it| it.1) }
        })
    }

    fn find(&self, number: u32) -> Option<usize> {
        self.kept.binary_search_by_key(&number, |it| it.number).ok()
    }

    fn take_kept(&mut self, number: u32) -> Option<Arc<R>> {
        let kept = self.find(number)?;
        let kept = self.kept.get_mut(kept)?;
        let row = kept.row(&self.source).cloned()?;
        kept.row = OnceLock::from(None);
        self.kept_count -= 1;
        Some(row)
    }
}

impl<R: Row> KeptRow<R> {
    fn row(&self, source: &Source) -> Option<&Arc<R>> {
        let made = self.row.get_or_init(|| match self.make(source) {
            Ok(row) => row,
            Err(err) => {
                // The checksum of the file was right: only another program can have written this.
                tracing::error!(number = self.number, error = %err, "remove snapshots/views");
                None
            }
        });
        made.as_ref()
    }

    fn make(&self, source: &Source) -> io::Result<Option<Arc<R>>> {
        let end = self.start.saturating_add(self.length as usize);
        let group = source.bytes.get(self.start..end).unwrap_or_default();
        let mut group = Group::next(&mut Cut(group))?;
        let mut events = Vec::with_capacity(2);
        while !group.events.0.is_empty() {
            events.push(Kept::next(&mut group.events)?.recorded(&source.bytes, &source.kinds)?);
        }
        R::make(group.found, &events)
    }
}

impl<R: Row + PartialEq> PartialEq for Rows<R> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}
