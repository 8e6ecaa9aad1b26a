//! In what context a commit was made: which operation, through which client, because of what.

use std::sync::Arc;

use bytes::Bytes;

/// The longest name of an operation, in bytes.
pub const OPERATION_BYTES_MAX: usize = 48;

/// What a commit says of how it came about, beside who made it. Each is left out where it is not
/// known, or where the events of the commit say it already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The operation of the interface, or the command of the operator: visible ASCII and spaces.
    pub operation: Option<Arc<str>>,
    /// The OAuth client through which the actor acted.
    pub client: Option<Arc<str>>,
    /// The position of the event that led to this commit.
    pub caused_by: Option<u64>,
    /// What commits share that belong together.
    pub batch: Option<[u8; 16]>,
    /// The session of the actor: the first bytes of a keyed hash.
    pub session: Option<[u8; 8]>,
    /// The number of the user of the operating system who ran the operator's command.
    pub uid: Option<u32>,
    /// What a newer program wrote and this one does not know, by tag.
    pub unknown: Vec<(u8, Bytes)>,
}

impl Context {
    /// Of an operation of the interface, or a command of the operator.
    pub fn of_operation(operation: &str) -> Self {
        Self { operation: Some(operation.into()), ..Self::default() }
    }

    /// Of a command that this user of the operating system ran, if it is known.
    #[must_use]
    pub fn run_by(self, uid: Option<u32>) -> Self {
        Self { uid, ..self }
    }

    /// Through an OAuth client.
    #[must_use]
    pub fn through(self, client: &str) -> Self {
        Self { client: Some(client.into()), ..self }
    }
}
