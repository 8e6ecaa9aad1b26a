//! What a commit says of itself: who, when, and in what context.

use crate::actor::Actor;
use crate::context::Context;
use crate::ids::{CommandId, TenantId, Timestamp};

/// What all events of a commit share: who, when, and because of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitHead {
    /// The same id gets the same answer.
    pub command_id: CommandId,
    /// What the wish said, hashed: the same id with another fingerprint is refused. Zero if the
    /// caller cannot repeat it.
    pub fingerprint: u64,
    /// The tenant that the change belongs to.
    pub tenant: TenantId,
    /// Who did it.
    pub actor: Actor,
    /// When the command ran, by the clock of whoever ran it. It orders nothing.
    pub time: Timestamp,
    /// The request that led here.
    pub correlation: [u8; 16],
    /// The trace of the caller (W3C Trace Context); zero if there is none.
    pub trace: [u8; 16],
    /// How it came about.
    pub context: Context,
}
