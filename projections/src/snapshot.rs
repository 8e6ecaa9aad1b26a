//! What a snapshot of the read models holds: the audit index, and the events that still matter,
//! as they stand in the log. Personal and secret parts stay sealed.
//!
//! So there is one way to make a row, from its events, and no second format of rows. The events of
//! users and resources stand row by row: a start makes none of these rows.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use domain::forgetting::Forgotten;
use domain::log::OpenParts;

use crate::audit::Audit;
use crate::kept::{Cut, Kept, Kinds, malformed};
use crate::resources::Resources;
use crate::rows::Source;
use crate::sealed::Keys;
use crate::tables::{Tables, decode};
use crate::users::Users;
use crate::views::Views;

/// Changes with this format, and with what the read models make of events.
pub const SNAPSHOT_REVISION: u32 = 7;

impl Views {
    /// Read models from the body of a snapshot.
    ///
    /// # Errors
    /// When the body cannot be read, or an event in it cannot be opened.
    pub fn from_snapshot(body: Bytes, keys: Arc<dyn OpenParts>) -> io::Result<Self> {
        let Layout { head, others, users, resources } = Layout::read(&body)?;
        let keys = Keys(keys);
        let source = Source { bytes: body, kinds: Arc::new(head.kinds) };
        let mut tables = Tables::new(keys.clone());
        tables.audit = head.audit;
        tables.begin_with(head.forgotten);
        let failed = |_| io::Error::other("a thread that reads a snapshot panicked");
        thread::scope(|scope| {
            let (of_users, of_resources) = (source.clone(), source.clone());
            let (for_users, for_resources) = (keys.clone(), keys.clone());
            let users = scope.spawn(|| {
                let users = Users::read(for_users, of_users, users.range, users.count)?;
                let (range, count) = (resources.range, resources.count);
                Ok((users, Resources::read(for_resources, of_resources, range, count)?))
            });
            read_others(&mut tables, &source, others.range, &keys)?;
            let read: io::Result<_> = users.join().map_err(failed)?;
            (tables.users, tables.resources) = read?;
            io::Result::Ok(())
        })?;
        tables.position = head.position;
        Ok(Self::with(tables))
    }
}

/// Takes in the events that stand in the order of the log.
fn read_others(
    tables: &mut Tables,
    source: &Source,
    section: Range<usize>,
    keys: &Keys,
) -> io::Result<()> {
    let mut events = Cut(source.bytes.get(section).unwrap_or_default());
    while !events.0.is_empty() {
        let recorded = Kept::next(&mut events)?.recorded(&source.bytes, &source.kinds)?;
        let change = decode(&recorded, keys).map_err(io::Error::other)?;
        tables.change(&recorded, change);
    }
    Ok(())
}

/// All of a snapshot but its events.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) position: u64,
    /// What was forgotten up to there.
    pub(crate) forgotten: Forgotten,
    pub(crate) audit: Audit,
    pub(crate) kinds: Kinds,
}

impl Head {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(&self.position.to_le_bytes());
        out.extend_from_slice(&(self.forgotten.steps().len() as u32).to_le_bytes());
        for (position, step) in self.forgotten.steps() {
            out.extend_from_slice(&position.to_le_bytes());
            out.extend_from_slice(&step.to_le_bytes());
        }
        self.audit.encode(out)?;
        self.kinds.encode(out);
        Ok(())
    }

    fn decode(from: &mut Cut<'_>) -> io::Result<Self> {
        let position = u64::from_le_bytes(from.array()?);
        let mut steps = Vec::new();
        for _ in 0..u32::from_le_bytes(from.array()?) {
            steps.push((u64::from_le_bytes(from.array()?), i64::from_le_bytes(from.array()?)));
        }
        let forgotten = Forgotten::from_steps(steps);
        let audit = Audit::decode(&mut from.0)?;
        Ok(Self { position, forgotten, audit, kinds: Kinds::decode(from)? })
    }
}

/// Where the parts of a snapshot are: the head, the counts and lengths of the three sections, and
/// the sections.
#[derive(Default)]
pub(crate) struct Layout {
    pub(crate) head: Head,
    /// Events in the order of the log.
    pub(crate) others: Section,
    /// Events by user, and by resource.
    pub(crate) users: Section,
    pub(crate) resources: Section,
}

/// A part of a snapshot, and how many things stand in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Section {
    pub(crate) range: Range<usize>,
    pub(crate) count: usize,
}

impl Layout {
    /// How many bytes tell where the sections are.
    pub(crate) const SECTIONS_BYTES: usize = 3 * (8 + 8);

    pub(crate) fn read(body: &[u8]) -> io::Result<Self> {
        let mut from = Cut(body);
        let head = Head::decode(&mut from)?;
        let mut start = (body.len() - from.0.len()).saturating_add(Self::SECTIONS_BYTES);
        let mut section = || {
            let count = u64::from_le_bytes(from.array()?) as usize;
            let length = u64::from_le_bytes(from.array()?) as usize;
            let range = start..start.saturating_add(length);
            start = range.end;
            io::Result::Ok(Section { range, count })
        };
        let layout = Self { head, others: section()?, users: section()?, resources: section()? };
        match start == body.len() {
            true => Ok(layout),
            false => Err(malformed("the sections are not as long as the snapshot")),
        }
    }

    /// Tells, at `at`, where the sections are.
    pub(crate) fn write_sections(&self, at: usize, out: &mut [u8]) {
        let sections = [&self.others, &self.users, &self.resources];
        let numbers = sections.into_iter().flat_map(|it| [it.count, it.range.len()]);
        let bytes = numbers.flat_map(|it| (it as u64).to_le_bytes());
        out.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = from);
    }
}
