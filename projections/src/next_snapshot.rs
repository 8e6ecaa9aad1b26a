//! Makes the next snapshot of the read models from the last one and the tail of the log, beside
//! the live tables: neither commits nor queries wait for it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use domain::forgetting::{Forgetting, Forgotten};
use domain::log::{EventLog, LogError, OpenParts};
use domain::log_event::STREAM_SECONDS_AFTER_END;
use domain::user::UserEvent;
use domain::{AnyEvent, Mark, Recorded, StreamId};

use crate::kept::{self, Cut, Group, Kept, Kinds, malformed};
use crate::sealed::Keys;
use crate::snapshot::{Head, Layout, Section};
use crate::{resources, user_row};

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
    let mut old = match &last {
        Some(body) => Layout::read(body).map_err(store)?,
        None => Layout::default(),
    };
    let mut next = std::mem::take(&mut old.head);
    let old_kinds = std::mem::replace(&mut next.kinds, Kinds::known());
    let mut tail = Tail::default();
    let keys = Keys(keys);
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
            tail.push(&recorded, &next.kinds, &keys)?;
        }
    }
    let old = Old { body: last.as_deref().unwrap_or_default(), layout: old, kinds: old_kinds };
    write(&old, &tail, next).map_err(store)
}

/// The last snapshot.
struct Old<'a> {
    body: &'a [u8],
    layout: Layout,
    kinds: Kinds,
}

impl<'a> Old<'a> {
    fn section(&self, section: &Section) -> Cut<'a> {
        Cut(self.body.get(section.range.clone()).unwrap_or_default())
    }
}

/// The events behind the last snapshot, as the next one keeps them, in their order.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    events: Vec<Range<usize>>,
    users: Found,
    resources: Found,
}

/// What rows are found by, by their numbers.
#[derive(Default)]
struct Found {
    /// Of those that begin here.
    new: BTreeMap<u32, Vec<u8>>,
    /// The roles that users have now, where events behind the last snapshot changed them.
    roles: BTreeMap<u32, Vec<u32>>,
}

impl Found {
    /// What a row is found by now: as it was in the last snapshot, or as it began.
    fn now<'a>(&'a self, number: u32, before: Option<&'a [u8]>) -> Option<Cow<'a, [u8]>> {
        let found = before.or_else(|| self.new.get(&number).map(Vec::as_slice))?;
        Some(match self.roles.get(&number) {
            Some(roles) => user_row::found_with_roles(found, roles).into(),
            None => found.into(),
        })
    }
}

impl Tail {
    fn push(&mut self, recorded: &Recorded, kinds: &Kinds, keys: &Keys) -> Result<(), LogError> {
        if AnyEvent::marks(&recorded.kind).contains(&Mark::Unread) {
            return Ok(());
        }
        let number = recorded.stream.number().unwrap_or(0) as u32;
        match recorded.stream.category() {
            "user" | "resource" => match read(recorded, keys)? {
                AnyEvent::User(UserEvent::RightsSet(fact)) => {
                    self.users.roles.insert(number, fact.data.roles);
                }
                AnyEvent::User(event) => {
                    self.users.new.extend(user_row::found(keys, &event).map(|it| (number, it)));
                }
                AnyEvent::Resource(event) => {
                    let found = resources::found(keys, &event);
                    self.resources.new.extend(found.map(|it| (number, it)));
                }
                _ => (),
            },
            _ => (),
        }
        let kind = kinds.number(&recorded.kind).ok_or_else(|| {
            LogError::Store(format!("the snapshot of the views: {} is unknown", recorded.kind))
        })?;
        let start = self.bytes.len();
        kept::encode(recorded, kind, &mut self.bytes);
        self.events.push(start..self.bytes.len());
        Ok(())
    }

    fn event(&self, range: &Range<usize>) -> io::Result<Kept<'_>> {
        Kept::next(&mut Cut(self.bytes.get(range.clone()).unwrap_or_default()))
    }
}

fn read(recorded: &Recorded, keys: &Keys) -> Result<AnyEvent, LogError> {
    let unreadable = |why| LogError::Unreadable { position: recorded.position, why };
    let parts = keys.0.open_parts(recorded).map_err(unreadable)?;
    AnyEvent::decode(&recorded.kind, &parts).map_err(unreadable)
}

/// The events of a tail that still matter, by where the next snapshot has them.
#[derive(Default)]
struct Sorted<'a> {
    others: Vec<Kept<'a>>,
    users: BTreeMap<u32, Vec<Kept<'a>>>,
    resources: BTreeMap<u32, Vec<Kept<'a>>>,
}

fn write(old: &Old<'_>, tail: &Tail, head: Head) -> io::Result<Vec<u8>> {
    let kinds = &head.kinds;
    let mut past = Past::of(head.forgotten.clone());
    let mut matter = Vec::new();
    for range in tail.events.iter().rev() {
        let event = tail.event(range)?;
        let kind = kinds.name(event.kind).ok_or_else(|| malformed("an unknown kind"))?;
        if past.still_matters(kind, &event)? {
            matter.push(event);
        }
    }
    let mut sorted = Sorted::default();
    for event in matter.into_iter().rev() {
        match event.stream.split_once('-') {
            Some(("user", id)) => sorted.users.entry(number(id)?).or_default().push(event),
            Some(("resource", id)) => sorted.resources.entry(number(id)?).or_default().push(event),
            _ => sorted.others.push(event),
        }
    }
    let mut out = Vec::with_capacity(old.body.len() + tail.bytes.len() + 1024 * 1024);
    head.encode(&mut out)?;
    let sections_at = out.len();
    out.resize(sections_at + Layout::SECTIONS_BYTES, 0);
    let mut to = To { out, past: &past, old_kinds: &old.kinds, kinds };
    let layout = &old.layout;
    let others = to.others(old.section(&layout.others), &sorted.others)?;
    let users = to.groups(old.section(&layout.users), sorted.users, &tail.users)?;
    let resources = to.groups(old.section(&layout.resources), sorted.resources, &tail.resources)?;
    let mut out = to.out;
    Layout { others, users, resources, ..Layout::default() }.write_sections(sections_at, &mut out);
    Ok(out)
}

fn number(id: &str) -> io::Result<u32> {
    id.parse().map_err(io::Error::other)
}

/// The snapshot that is being written.
struct To<'a> {
    out: Vec<u8>,
    past: &'a Past<'a>,
    old_kinds: &'a Kinds,
    kinds: &'a Kinds,
}

impl To<'_> {
    /// Copies an event of the last snapshot, if it still matters.
    fn copy(&mut self, event: &Kept<'_>) -> io::Result<bool> {
        let kind = self.old_kinds.name(event.kind).ok_or_else(|| malformed("no such kind"))?;
        let matters = self.past.matters(kind, event)?;
        if matters {
            let kind = self.kinds.number(kind).ok_or_else(|| malformed("a kind was lost"))?;
            event.copy(kind, &mut self.out);
        }
        Ok(matters)
    }

    fn others(&mut self, mut old: Cut<'_>, new: &[Kept<'_>]) -> io::Result<Section> {
        let (start, mut count) = (self.out.len(), 0);
        while !old.0.is_empty() {
            count += usize::from(self.copy(&Kept::next(&mut old)?)?);
        }
        new.iter().for_each(|it| it.copy(it.kind, &mut self.out));
        Ok(Section { range: start..self.out.len(), count: count + new.len() })
    }

    /// Writes groups in the order of their numbers: old ones with what came behind them, and new.
    fn groups(
        &mut self,
        mut old: Cut<'_>,
        mut new: BTreeMap<u32, Vec<Kept<'_>>>,
        found: &Found,
    ) -> io::Result<Section> {
        let (start, mut count) = (self.out.len(), 0);
        while !old.0.is_empty() {
            let mut group = Group::next(&mut old)?;
            while let Some(first) = new.first_entry().filter(|it| *it.key() < group.number) {
                count += self.new_group(first.remove_entry(), found);
            }
            let later = new.remove(&group.number).unwrap_or_default();
            let group_at = self.out.len();
            let found_now = found.now(group.number, Some(group.found));
            Group::begin(group.number, &found_now.unwrap_or_default(), &mut self.out);
            let mut events = later.len();
            while !group.events.0.is_empty() {
                events += usize::from(self.copy(&Kept::next(&mut group.events)?)?);
            }
            later.iter().for_each(|it| it.copy(it.kind, &mut self.out));
            Group::end(group_at, &mut self.out);
            match events {
                0 => self.out.truncate(group_at),
                _ => count += 1,
            }
        }
        for group in new {
            count += self.new_group(group, found);
        }
        Ok(Section { range: start..self.out.len(), count })
    }

    /// Says how many groups were written: none of a row that did not begin here.
    fn new_group(&mut self, (number, events): (u32, Vec<Kept<'_>>), found: &Found) -> usize {
        let Some(found) = found.now(number, None) else { return 0 };
        let group_at = self.out.len();
        Group::begin(number, &found, &mut self.out);
        events.iter().for_each(|it| it.copy(it.kind, &mut self.out));
        Group::end(group_at, &mut self.out);
        1
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
