//! Makes the next snapshot of the read models from the last one and the tail of the log, beside
//! the live tables: neither commits nor queries wait for it.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use domain::forgetting::{Forgetting, Forgotten};
use domain::log::{EventLog, LogError, OpenParts};
use domain::log_event::STREAM_SECONDS_AFTER_END;
use domain::{AGGREGATES, AnyEvent, Mark, Recorded, StreamId};

use crate::found::Found;
use crate::kept::{self, Cut, Group, Kept, Kinds, malformed};
use crate::layout::{Head, IN_ORDER, Layout, Section};
use crate::row_section::FoundNow;
use crate::rows::Source;
use crate::sealed::Keys;
use crate::tables::row_section;

/// How many events of the tail are read at a time.
const BATCH_EVENTS: usize = 4_096;

/// Makes the body of the next snapshot, up to `head`, from the last one and the tail.
///
/// # Errors
/// When the log or the last snapshot cannot be read.
pub fn next_snapshot(
    last: Option<Bytes>,
    log: &dyn EventLog,
    keys: Arc<dyn OpenParts>,
    head: u64,
) -> Result<Vec<u8>, LogError> {
    let store = |err: io::Error| LogError::Store(format!("the snapshot of the views: {err}"));
    let body = last.unwrap_or_default();
    let mut old = match body.is_empty() {
        true => Layout::default(),
        false => Layout::read(&body).map_err(store)?,
    };
    let mut next = std::mem::take(&mut old.head);
    let old_kinds = Arc::new(std::mem::replace(&mut next.kinds, Kinds::known()));
    let mut tail = Tail::default();
    while next.position < head {
        let count = BATCH_EVENTS.min((head - next.position) as usize);
        for recorded in log.read_after(next.position, count)? {
            next.audit.apply(&recorded);
            next.position = recorded.position;
            let forgetting = Forgetting::of(&recorded.stream, &recorded.kind, &recorded.parts);
            if let Some(forgetting) = forgetting {
                next.forgotten.note(recorded.position, forgetting);
                continue;
            }
            tail.push(&recorded, &next.kinds)?;
        }
    }
    let old = Old { source: Source { bytes: body, kinds: old_kinds }, sections: old.sections };
    write(&old, tail, next, &Keys(keys)).map_err(store)
}

/// The last snapshot.
struct Old {
    source: Source,
    sections: Vec<Section>,
}

impl Old {
    fn section(&self, name: &str) -> Cut<'_> {
        let range = self.sections.iter().find(|it| it.name == name).map(|it| it.range.clone());
        Cut(range.and_then(|it| self.source.bytes.get(it)).unwrap_or_default())
    }
}

/// The events behind the last snapshot, as the next one keeps them, in their order.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    events: Vec<Range<usize>>,
}

impl Tail {
    fn push(&mut self, recorded: &Recorded, kinds: &Kinds) -> Result<(), LogError> {
        if AnyEvent::marks(&recorded.kind).contains(&Mark::Unread) {
            return Ok(());
        }
        let kind = kinds.number(&recorded.kind).ok_or_else(|| {
            LogError::Store(format!("the snapshot of the views: {} is unknown", recorded.kind))
        })?;
        let start = self.bytes.len();
        kept::encode(recorded, kind, &mut self.bytes);
        self.events.push(start..self.bytes.len());
        Ok(())
    }
}

fn event(bytes: &[u8], range: Range<usize>) -> io::Result<Kept<'_>> {
    Kept::next(&mut Cut(bytes.get(range).unwrap_or_default()))
}

/// The events of a tail that still matter, by where the next snapshot has them: by category and
/// number of their row, or in the order of the log.
#[derive(Default)]
struct Sorted<'a> {
    in_order: Vec<Kept<'a>>,
    rows: BTreeMap<&'a str, BTreeMap<u64, Vec<Kept<'a>>>>,
}

fn write(old: &Old, tail: Tail, head: Head, keys: &Keys) -> io::Result<Vec<u8>> {
    let bytes = Bytes::from(tail.bytes);
    let mut past = Past::of(head.forgotten.clone());
    let mut matter = Vec::new();
    for range in tail.events.into_iter().rev() {
        let event = event(&bytes, range)?;
        let kind = head.kinds.name(event.kind).ok_or_else(|| malformed("an unknown kind"))?;
        if past.still_matters(kind, &event)? {
            matter.push(event);
        }
    }
    let mut sorted = Sorted::default();
    for event in matter.into_iter().rev() {
        match event.stream.split_once('-') {
            Some((category, id)) if row_section(category).is_some() => {
                let number = id.parse().map_err(io::Error::other)?;
                let rows = sorted.rows.entry(category).or_default();
                rows.entry(number).or_insert_with(Vec::new).push(event);
            }
            _ => sorted.in_order.push(event),
        }
    }
    let mut out = Vec::with_capacity(old.source.bytes.len() + bytes.len() + 1024 * 1024);
    head.encode(&mut out)?;
    let tail = Source { bytes: bytes.clone(), kinds: Arc::new(head.kinds) };
    let mut to = To { out: Vec::new(), past: &past, old, tail: &tail, keys };
    let mut sections = vec![to.in_order(&sorted.in_order)?];
    let known = AGGREGATES.iter().map(|it| it.category);
    for (category, found_now) in known.filter_map(|it| Some((it, row_section(it)?))) {
        let rows = sorted.rows.remove(category).unwrap_or_default();
        sections.push(to.rows(category, rows, found_now)?);
    }
    Section::write_all(&sections, &mut out);
    out.extend_from_slice(&to.out);
    Ok(out)
}

/// The sections that are being written.
struct To<'a> {
    out: Vec<u8>,
    past: &'a Past<'a>,
    old: &'a Old,
    tail: &'a Source,
    keys: &'a Keys,
}

impl To<'_> {
    /// Copies an event of the last snapshot, if it still matters.
    fn copy(&mut self, event: &Kept<'_>) -> io::Result<bool> {
        let kind = self.old.source.kinds.name(event.kind);
        let kind = kind.ok_or_else(|| malformed("no such kind"))?;
        let matters = self.past.matters(kind, event)?;
        if matters {
            let kind = self.tail.kinds.number(kind).ok_or_else(|| malformed("a kind was lost"))?;
            event.copy(kind, &mut self.out);
        }
        Ok(matters)
    }

    fn in_order(&mut self, new: &[Kept<'_>]) -> io::Result<Section> {
        let mut old = self.old.section(IN_ORDER);
        let (start, mut count) = (self.out.len(), 0);
        while !old.0.is_empty() {
            count += usize::from(self.copy(&Kept::next(&mut old)?)?);
        }
        new.iter().for_each(|it| it.copy(it.kind, &mut self.out));
        let (range, count) = (start..self.out.len(), count + new.len());
        Ok(Section { name: IN_ORDER.to_owned(), range, count })
    }

    /// Writes rows in the order of their numbers: old ones with what came behind them, and new.
    fn rows(
        &mut self,
        category: &str,
        mut new: BTreeMap<u64, Vec<Kept<'_>>>,
        found_now: FoundNow,
    ) -> io::Result<Section> {
        let mut old = self.old.section(category);
        let (start, mut count) = (self.out.len(), 0);
        while !old.0.is_empty() {
            let group = Group::next(&mut old)?;
            while let Some(first) = new.first_entry().filter(|it| *it.key() < group.number) {
                count += self.new_row(first.remove_entry(), found_now)?;
            }
            let since = new.remove(&group.number).unwrap_or_default();
            count += self.old_row(&group, &since, found_now)?;
        }
        for row in new {
            count += self.new_row(row, found_now)?;
        }
        Ok(Section { name: category.to_owned(), range: start..self.out.len(), count })
    }

    /// Says how many rows were written: none of one that has ended.
    fn old_row(
        &mut self,
        group: &Group<'_>,
        since: &[Kept<'_>],
        found_now: FoundNow,
    ) -> io::Result<usize> {
        let group_at = self.out.len();
        if since.is_empty() {
            Group::begin(group.number, group.found, &mut self.out);
        } else {
            let before = Some((group, &self.old.source));
            let found = found_now(self.keys, before, since, self.tail)?.unwrap_or_default();
            Group::begin(group.number, &found.encode(), &mut self.out);
        }
        let (mut kept, mut count) = (group.events, since.len());
        while !kept.0.is_empty() {
            count += usize::from(self.copy(&Kept::next(&mut kept)?)?);
        }
        since.iter().for_each(|it| it.copy(it.kind, &mut self.out));
        Group::end(group_at, &mut self.out);
        if count == 0 {
            self.out.truncate(group_at);
        }
        Ok(usize::from(count > 0))
    }

    /// Says how many rows were written: none of one that did not begin here.
    fn new_row(
        &mut self,
        (number, events): (u64, Vec<Kept<'_>>),
        found_now: FoundNow,
    ) -> io::Result<usize> {
        let found: Option<Found> = found_now(self.keys, None, &events, self.tail)?;
        let Some(found) = found else { return Ok(0) };
        let group_at = self.out.len();
        Group::begin(number, &found.encode(), &mut self.out);
        events.iter().for_each(|it| it.copy(it.kind, &mut self.out));
        Group::end(group_at, &mut self.out);
        Ok(1)
    }
}

/// What later events made meaningless.
struct Past<'a> {
    forgotten: Forgotten,
    ended: HashSet<&'a str>,
    infos: HashSet<&'a str>,
}

impl<'a> Past<'a> {
    fn of(forgotten: Forgotten) -> Self {
        Self { forgotten, ended: HashSet::new(), infos: HashSet::new() }
    }

    /// Whether an event matters. Events are shown from the last to the first.
    fn still_matters(&mut self, kind: &str, event: &Kept<'a>) -> io::Result<bool> {
        if !self.matters(kind, event)? {
            return Ok(false);
        }
        if AnyEvent::marks(kind).contains(&Mark::Replaces) {
            return Ok(self.infos.insert(event.stream));
        }
        let ends = AnyEvent::marks(kind).contains(&Mark::Ends);
        if ends {
            self.ended.insert(event.stream);
        }
        Ok(!ends)
    }

    fn matters(&self, kind: &str, event: &Kept<'_>) -> io::Result<bool> {
        let replaced =
            AnyEvent::marks(kind).contains(&Mark::Replaces) && self.infos.contains(event.stream);
        Ok(!replaced && !self.ended.contains(event.stream) && !self.is_forgotten(kind, event)?)
    }

    fn is_forgotten(&self, kind: &str, event: &Kept<'_>) -> io::Result<bool> {
        let Some(end) = StreamId::parse(event.stream).and_then(|it| it.closes_at()) else {
            return Ok(false);
        };
        let seconds = Mark::seconds_after_end(AnyEvent::marks(kind), STREAM_SECONDS_AFTER_END);
        Ok(self.forgotten.covers(event.position()?, end, seconds))
    }
}
