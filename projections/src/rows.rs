//! Rows by number. Those of a snapshot are made from their events when they are first asked for:
//! a start makes none of them, and what nobody asks for takes no more memory than in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::Recorded;
use roaring::RoaringTreemap;

use crate::found::Found;
use crate::kept::{Cut, Group, Kept, Kinds, clear_event, malformed};
use crate::row::{Row, RowData};

/// Rows that began or changed since the snapshot, and rows that lie in it.
#[derive(Debug)]
pub(crate) struct Rows<D> {
    made: BTreeMap<u64, Arc<Row<D>>>,
    kept: Arc<KeptRows<D>>,
    /// Those of the snapshot that were removed or changed since.
    gone: RoaringTreemap,
}

/// The rows that lie in a snapshot; they never change.
#[derive(Debug)]
struct KeptRows<D> {
    /// By number.
    rows: Vec<KeptRow<D>>,
    source: Source,
}

#[derive(Debug)]
struct KeptRow<D> {
    number: u64,
    /// Where its group begins in the snapshot.
    start: usize,
    row: OnceLock<Option<Arc<Row<D>>>>,
}

/// The snapshot that rows lie in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub(crate) bytes: Bytes,
    pub(crate) kinds: Arc<Kinds>,
}

/// A row that may have to be made yet: it can be, without the tables.
pub(crate) struct Handle<D>(Made<D>);

enum Made<D> {
    Yes(Arc<Row<D>>),
    NotYet(Arc<KeptRows<D>>, usize),
}

impl<D> fmt::Debug for Handle<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

impl<D> Default for Rows<D> {
    fn default() -> Self {
        let kept = KeptRows { rows: Vec::new(), source: Source::default() };
        Self { made: BTreeMap::new(), kept: Arc::new(kept), gone: RoaringTreemap::new() }
    }
}

impl<D: RowData> Rows<D> {
    /// Rows that lie in a section of a snapshot; `see` is shown what each is found by.
    pub(crate) fn read(
        source: Source,
        section: Range<usize>,
        count: usize,
        mut see: impl FnMut(u64, &Found),
    ) -> io::Result<Self> {
        let mut groups = Cut(source.bytes.get(section.clone()).unwrap_or_default());
        // Every group takes more than its fixed part: a wrong count reserves no more than the file.
        let mut rows: Vec<KeptRow<D>> =
            Vec::with_capacity(count.min(groups.0.len() / Group::BYTES_MIN));
        while !groups.0.is_empty() {
            let start = section.end.saturating_sub(groups.0.len());
            let group = Group::next(&mut groups)?;
            see(group.number, &Found::decode(group.found)?);
            rows.push(KeptRow { number: group.number, start, row: OnceLock::new() });
        }
        if !rows.is_sorted_by(|a, b| a.number < b.number) {
            return Err(malformed("rows are out of order"));
        }
        let kept = Arc::new(KeptRows { rows, source });
        Ok(Self { kept, ..Self::default() })
    }

    pub(crate) fn len(&self) -> usize {
        self.made.len() + self.kept.rows.len() - self.gone.len() as usize
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Arc<Row<D>>> {
        if let Some(row) = self.made.get(&number) {
            return Some(row);
        }
        self.kept.get(self.kept_at(number)?)
    }

    /// What a row is found by; it is not made for that.
    pub(crate) fn found(&self, number: u64) -> Option<Found> {
        match self.made.get(&number) {
            Some(row) => Some(row.found()),
            None => self.kept.found(self.kept_at(number)?),
        }
    }

    /// A row, made or not.
    pub(crate) fn handle(&self, number: u64) -> Option<Handle<D>> {
        if let Some(row) = self.made.get(&number) {
            return Some(Handle(Made::Yes(row.clone())));
        }
        Some(Handle(Made::NotYet(self.kept.clone(), self.kept_at(number)?)))
    }

    /// A row to be changed.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Row<D>> {
        if let Some(at) = self.kept_at(number) {
            let row = self.kept.take(at);
            self.gone.insert(number);
            self.made.extend(row.map(|it| (number, it)));
        }
        self.made.get_mut(&number).map(Arc::make_mut)
    }

    /// A row that began: nothing was there.
    pub(crate) fn insert(&mut self, number: u64, row: Row<D>) {
        self.made.insert(number, Arc::new(row));
    }

    pub(crate) fn remove(&mut self, number: u64) {
        if self.kept_at(number).is_some() {
            self.gone.insert(number);
        }
        self.made.remove(&number);
    }

    /// All rows, by number.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Row<D>>> {
        self.numbered().map(|it| it.1)
    }

    /// All rows with their numbers, ascending.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, &Arc<Row<D>>)> {
        let mut made = self.made.iter().map(|(number, row)| (*number, row)).peekable();
        let kept = self.kept.rows.iter().enumerate();
        let kept = kept.filter(|(_, row)| !self.gone.contains(row.number));
        let kept = kept.filter_map(|(at, row)| Some((row.number, self.kept.get(at)?)));
        let mut kept = kept.peekable();
        std::iter::from_fn(move || match (made.peek(), kept.peek()) {
            (Some(newer), Some(older)) if older.0 < newer.0 => kept.next(),
            (Some(_), _) => made.next(),
            (None, _) => kept.next(),
        })
    }

    fn kept_at(&self, number: u64) -> Option<usize> {
        let at = self.kept.rows.binary_search_by_key(&number, |it| it.number).ok()?;
        (!self.gone.contains(number)).then_some(at)
    }
}

impl<D: RowData> Handle<D> {
    /// The row. It is made the first time that anybody asks for it.
    pub(crate) fn row(&self) -> Option<&Arc<Row<D>>> {
        match &self.0 {
            Made::Yes(row) => Some(row),
            Made::NotYet(kept, at) => kept.get(*at),
        }
    }
}

impl<D: RowData> KeptRows<D> {
    fn get(&self, at: usize) -> Option<&Arc<Row<D>>> {
        let kept = self.rows.get(at)?;
        kept.row.get_or_init(|| self.make(kept)).as_ref()
    }

    /// A row that will be changed: not worth keeping here, if nobody has asked for it.
    fn take(&self, at: usize) -> Option<Arc<Row<D>>> {
        let kept = self.rows.get(at)?;
        kept.row.get().cloned().unwrap_or_else(|| self.make(kept))
    }

    fn found(&self, at: usize) -> Option<Found> {
        Found::decode(self.group(self.rows.get(at)?).ok()?.found).ok()
    }

    fn make(&self, kept: &KeptRow<D>) -> Option<Arc<Row<D>>> {
        let made = self.group(kept).and_then(|group| make_row(&group, &self.source));
        // The checksum of the file was right: only another program can have written this.
        let told = |err: &io::Error| {
            tracing::error!(number = kept.number, error = %err, "remove snapshots/views");
        };
        made.inspect_err(told).ok().flatten().map(Arc::new)
    }

    fn group(&self, kept: &KeptRow<D>) -> io::Result<Group<'_>> {
        Group::next(&mut Cut(self.source.bytes.get(kept.start..).unwrap_or_default()))
    }
}

/// Makes a row from its events in a snapshot. Nothing is opened.
pub(crate) fn make_row<D: RowData>(
    group: &Group<'_>,
    source: &Source,
) -> io::Result<Option<Row<D>>> {
    let mut row: Option<Row<D>> = None;
    let mut events = group.events;
    while !events.0.is_empty() {
        let recorded = Kept::next(&mut events)?.recorded(&source.bytes, &source.kinds)?;
        take_in(&mut row, clear_event(&recorded)?, &recorded, D::Hashes::default());
    }
    if let Some(row) = &mut row {
        row.take_hashes(&Found::decode(group.found)?);
    }
    Ok(row)
}

/// Begins a row, or changes it.
pub(crate) fn take_in<D: RowData>(
    row: &mut Option<Row<D>>,
    event: crate::row::EventOf<D>,
    recorded: &Recorded,
    hashes: D::Hashes,
) {
    match row {
        Some(row) => row.change(event, recorded, hashes),
        None => *row = D::begin(event, recorded, hashes).map(|it| Row::new(it, recorded)),
    }
}

impl<D: RowData> PartialEq for Rows<D> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}
