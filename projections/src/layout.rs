//! Where things stand in a snapshot of the read models: its head, and a section for each category.

use std::io;
use std::ops::Range;
use std::sync::LazyLock;

use domain::AGGREGATES;
use domain::forgetting::Forgotten;

use crate::audit::Audit;
use crate::kept::{Cut, Kinds, malformed};

/// Changes with this format.
const FORMAT: u32 = 11;

/// A snapshot of another revision is not read: it was made in another format, or by a program that
/// knew other kinds of events, or kept others of them.
pub fn snapshot_revision() -> u32 {
    static REVISION: LazyLock<u32> = LazyLock::new(|| {
        let kinds = AGGREGATES.iter().flat_map(|it| it.kinds);
        let described = kinds.map(|it| format!("{} {:?}\n", it.name, it.marks));
        let described = format!("{FORMAT}\n{}", described.collect::<String>());
        crc32c::crc32c(described.as_bytes())
    });
    *REVISION
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

/// The section of the events that stand in the order of the log: of categories without rows.
pub(crate) const IN_ORDER: &str = "";

/// Where the parts of a snapshot are: the head, what says where the sections are, and the sections.
#[derive(Default)]
pub(crate) struct Layout {
    pub(crate) head: Head,
    pub(crate) sections: Vec<Section>,
}

/// A part of a snapshot: the rows of a category with their events.
#[derive(Debug, Clone, Default)]
pub(crate) struct Section {
    /// The category, or [`IN_ORDER`].
    pub(crate) name: String,
    pub(crate) range: Range<usize>,
    /// How many rows, or events, stand in it.
    pub(crate) count: usize,
}

impl Layout {
    pub(crate) fn read(body: &[u8]) -> io::Result<Self> {
        let mut from = Cut(body);
        let head = Head::decode(&mut from)?;
        let mut sections = Vec::new();
        for _ in 0..u16::from_le_bytes(from.array()?) {
            let name = from.text()?.to_owned();
            let count = u64::from_le_bytes(from.array()?) as usize;
            let length = u64::from_le_bytes(from.array()?) as usize;
            sections.push(Section { name, range: 0..length, count });
        }
        let mut start = body.len() - from.0.len();
        for section in &mut sections {
            section.range = start..start.saturating_add(section.range.end);
            start = section.range.end;
        }
        match start == body.len() {
            true => Ok(Self { head, sections }),
            false => Err(malformed("the sections are not as long as the snapshot")),
        }
    }
}

impl Section {
    /// Tells where the sections of these lengths are, which come behind it.
    pub(crate) fn write_all(sections: &[Self], out: &mut Vec<u8>) {
        out.extend_from_slice(&(sections.len() as u16).to_le_bytes());
        for Section { name, range, count } in sections {
            out.extend_from_slice(&(name.len() as u16).to_le_bytes());
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(&(*count as u64).to_le_bytes());
            out.extend_from_slice(&(range.len() as u64).to_le_bytes());
        }
    }
}
