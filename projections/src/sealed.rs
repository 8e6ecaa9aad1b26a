//! Sealed parts as rows keep them: opened at each reading, never kept in clear.
//!
//! Opening takes about two microseconds. So a page costs next to nothing, a start opens nothing,
//! and a person whose key was destroyed is gone at once.

use std::fmt;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use domain::context::Context;
use domain::log::{CommitHead, OpenParts};
use domain::{
    Actor, CommandId, EventId, Parts, Recorded, StoredEvent, StreamId, SubjectId, TenantId,
    Timestamp, Unreadable, codec,
};
use serde::de::DeserializeOwned;

/// What opens sealed parts.
#[derive(Clone)]
pub struct Keys(pub(crate) Arc<dyn OpenParts>);

/// Those of the log: tables that were folded from one log are equal.
impl PartialEq for Keys {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// A sealed part of an event, with what is bound to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    event: EventId,
    kind: Arc<str>,
    bytes: Box<[u8]>,
    /// The data part too, where the stored kind is an older one: that is lifted as a whole.
    data: Option<Box<[u8]>>,
}

/// Which part of an event is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Personal,
    Secret,
}

impl Sealed {
    /// Copies a part out of an event that was read as one of kind `lifted`.
    pub(crate) fn of(recorded: &Recorded, part: Part, lifted: &str) -> Option<Self> {
        let bytes = match part {
            Part::Personal => recorded.parts.personal.as_ref()?,
            Part::Secret => recorded.parts.secret.as_ref()?,
        };
        let is_old = &*recorded.kind != lifted;
        Some(Self {
            event: recorded.event_id,
            kind: recorded.kind.clone(),
            // A copy: a slice would keep the whole block that it lies in.
            bytes: bytes.as_ref().into(),
            data: is_old.then(|| recorded.parts.data.as_ref().into()),
        })
    }

    /// Opens and reads it. `None` once the key was destroyed, or if it cannot be read, which is an
    /// error in the log of the program: it could be read when it was taken in.
    ///
    /// `lifted` finds the part in an event that was stored as an older revision.
    pub(crate) fn read<E: StoredEvent, T: DeserializeOwned>(
        &self,
        keys: &Keys,
        stream: &StreamId,
        subject: SubjectId,
        part: Part,
        lifted: fn(E) -> Option<T>,
    ) -> Option<T> {
        let read = self.open(keys, stream.clone(), subject, part).and_then(|(kind, parts)| {
            if self.data.is_some() {
                return E::decode(kind, &parts).map(lifted);
            }
            let bytes = match part {
                Part::Personal => parts.personal,
                Part::Secret => parts.secret,
            };
            let read = bytes.map(|it| codec::decode(&it)).transpose();
            read.map_err(|err| Unreadable { kind: kind.to_owned(), why: err.to_string() })
        });
        let told =
            |err: &Unreadable| tracing::error!(%stream, error = %err, "run `chancery verify`");
        read.inspect_err(told).ok().flatten()
    }

    /// The stored kind, and the parts in clear. The data part is there only where the kind is an
    /// older one.
    fn open(
        &self,
        keys: &Keys,
        stream: StreamId,
        subject: SubjectId,
        part: Part,
    ) -> Result<(&str, Parts), Unreadable> {
        let bytes = Some(Bytes::copy_from_slice(&self.bytes));
        let data = self.data.as_deref().map(Bytes::copy_from_slice).unwrap_or_default();
        let parts = match part {
            Part::Personal => Parts { data, personal: bytes, secret: None },
            Part::Secret => Parts { data, personal: None, secret: bytes },
        };
        let recorded = Recorded {
            position: 0,
            version: 0,
            stream,
            kind: self.kind.clone(),
            event_id: self.event,
            subject,
            commit: NOBODYS.clone(),
            parts,
        };
        Ok((&self.kind, keys.0.open_parts(&recorded)?))
    }
}

/// Opening an event asks nothing of its commit.
static NOBODYS: LazyLock<Arc<CommitHead>> = LazyLock::new(|| Arc::new(head_at(Timestamp(0))));

/// The head of a commit of which nothing is known but its time.
pub(crate) fn head_at(time: Timestamp) -> CommitHead {
    CommitHead {
        command_id: CommandId([0; 16]),
        fingerprint: 0,
        tenant: TenantId(0),
        actor: Actor::System,
        time,
        correlation: [0; 16],
        trace: [0; 16],
        context: Context::default(),
    }
}
