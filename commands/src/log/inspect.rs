//! What a reading of a whole log is asked for, and what it found.

use std::path::Path;

use domain::log::LogError;

use super::second_head::{self, HeadState, Intact, second_head_path};

/// Whether a reading looks at what is derived from the log, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// The index snapshot must be what the log makes of it.
    Checked,
    /// It would be made again anyway.
    Ignored,
}

/// What a full reading of the log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// The last position that was read.
    pub position: u64,
    /// The hash of the block that ends there.
    pub hash: [u8; 32],
    /// The root of the Merkle tree over all events (RFC 6962 section 2.1).
    pub merkle_root: [u8; 32],
}

/// Says whether the second head is as it was written, without changing it.
///
/// # Errors
/// When a slot is damaged or the file cannot be read.
pub fn inspect_second_head(folder: &Path) -> Result<(), LogError> {
    match second_head::inspect(&second_head_path(folder))? {
        HeadState::Nothing | HeadState::Head(_, Intact::Yes) => Ok(()),
        HeadState::Head(_, Intact::OneSlotSpoilt) => Err(LogError::Store(
            "one slot of the file head is damaged; the next start writes it anew".to_owned(),
        )),
        HeadState::Damaged => Err(LogError::Store("the file head is damaged".to_owned())),
    }
}
