//! Answers: where in the log are the events of this kind, actor and tenant?
//!
//! Compressed sets of positions, so that a filtered page of the history never scans the history.

use std::collections::BTreeMap;
use std::io;

use domain::{Recorded, TenantId};
use roaring::RoaringTreemap;

/// Which events are wanted. Absent parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Of this kind, or of all kinds that begin with this and a dot.
    pub kind: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
}

/// Positions by kind, actor and tenant.
#[derive(Debug, Default, PartialEq)]
pub struct Audit {
    by_kind: BTreeMap<String, RoaringTreemap>,
    by_actor: BTreeMap<String, RoaringTreemap>,
    by_tenant: BTreeMap<TenantId, RoaringTreemap>,
    last: u64,
}

impl Audit {
    /// The first positions after `after` that match, at most `limit`, and how many match in all.
    pub fn find(&self, filter: &AuditFilter, after: u64, limit: usize) -> (u64, Vec<u64>) {
        let mut sets = Vec::new();
        if let Some(tenant) = filter.tenant {
            sets.push(self.by_tenant.get(&tenant).cloned().unwrap_or_default());
        }
        if let Some(kind) = &filter.kind {
            sets.push(self.of_kind(kind));
        }
        if let Some(actor) = &filter.actor {
            sets.push(self.by_actor.get(actor).cloned().unwrap_or_default());
        }
        let Some(found) = sets.into_iter().reduce(|a, b| a & b) else {
            let end = after.saturating_add(limit as u64).min(self.last);
            return (self.last, (after.saturating_add(1)..=end).collect());
        };
        let mut positions = found.iter();
        positions.advance_to(after.saturating_add(1));
        (found.len(), positions.take(limit).collect())
    }

    /// `user` means all kinds of the category `user`, `user.registered` all its revisions.
    fn of_kind(&self, wanted: &str) -> RoaringTreemap {
        let fits = |kind: &str| {
            kind.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let sets = self.by_kind.iter().filter(|(kind, _)| fits(kind)).map(|(_, set)| set.clone());
        sets.reduce(|a, b| a | b).unwrap_or_default()
    }

    pub(crate) fn apply(&mut self, recorded: &Recorded) {
        let position = recorded.position;
        let head = &recorded.commit;
        insert(&mut self.by_kind, &recorded.kind, position);
        insert(&mut self.by_actor, head.actor.as_str(), position);
        self.by_tenant.entry(head.tenant).or_default().insert(position);
        self.last = position;
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(&self.last.to_le_bytes());
        for sets in [&self.by_kind, &self.by_actor] {
            out.extend_from_slice(&(sets.len() as u64).to_le_bytes());
            for (name, set) in sets {
                out.extend_from_slice(&(name.len() as u64).to_le_bytes());
                out.extend_from_slice(name.as_bytes());
                set.serialize_into(&mut *out)?;
            }
        }
        out.extend_from_slice(&(self.by_tenant.len() as u64).to_le_bytes());
        for (tenant, set) in &self.by_tenant {
            out.extend_from_slice(&tenant.0.to_le_bytes());
            set.serialize_into(&mut *out)?;
        }
        Ok(())
    }

    pub(crate) fn decode(from: &mut impl io::Read) -> io::Result<Self> {
        let last = read_u64(from)?;
        let by_kind = read_sets(from)?;
        let by_actor = read_sets(from)?;
        let mut by_tenant = BTreeMap::new();
        for _ in 0..read_u64(from)? {
            let mut tenant = [0; 4];
            from.read_exact(&mut tenant)?;
            let set = RoaringTreemap::deserialize_from(&mut *from)?;
            by_tenant.insert(TenantId(u32::from_le_bytes(tenant)), set);
        }
        Ok(Self { by_kind, by_actor, by_tenant, last })
    }
}

fn insert(sets: &mut BTreeMap<String, RoaringTreemap>, name: &str, position: u64) {
    // Names are few: only the first event of each copies its name.
    match sets.get_mut(name) {
        Some(set) => {
            set.insert(position);
        }
        None => {
            sets.insert(name.to_owned(), RoaringTreemap::from_iter([position]));
        }
    }
}

fn read_u64(from: &mut impl io::Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn read_sets(from: &mut impl io::Read) -> io::Result<BTreeMap<String, RoaringTreemap>> {
    let mut sets = BTreeMap::new();
    for _ in 0..read_u64(from)? {
        let mut name = vec![0; usize::try_from(read_u64(from)?).unwrap_or(0).min(1024)];
        from.read_exact(&mut name)?;
        let name = String::from_utf8(name).map_err(io::Error::other)?;
        sets.insert(name, RoaringTreemap::deserialize_from(&mut *from)?);
    }
    Ok(sets)
}
