//! Why a command had no effect.

use domain::log::{AppendError, LogError};
use domain::{AGGREGATES, Refusal};

use crate::keys::{KeyError, NotOpened};

/// Why a command had no effect.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule stands in the way.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others kept writing to the same stream.
    #[error("the {0} is being changed by others; try again")]
    Contended(&'static str),
    /// The command id was used for another request.
    #[error("the command id was used for another request")]
    CommandReused,
    /// A new short stream would have ended already: the clock jumped, or the commit came too late.
    #[error("the {0} would have ended before it began; is the clock right?")]
    Late(&'static str),
    /// Too many command ids are remembered to take one more.
    #[error("too many requests with an Idempotency-Key are remembered; try again later")]
    Crowded,
    /// The commit is larger than the log takes.
    #[error("{0}")]
    TooLarge(String),
    /// The program put together a commit that contradicts itself: nothing that a caller sent is
    /// wrong, and nothing was written.
    #[error("a commit contradicts itself: {0}")]
    Contradiction(String),
    /// Too little space is left on the disk.
    #[error("the disk is nearly full")]
    DiskFull,
    /// The log failed, or an event in it cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A key is missing or cannot be written.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl From<NotOpened> for Error {
    fn from(err: NotOpened) -> Self {
        Self::Key(err.into())
    }
}

impl Error {
    /// Why the log did not append a commit about a category.
    pub(crate) fn of(err: AppendError, category: &'static str) -> Self {
        match err {
            AppendError::Conflict { .. } => Error::Contended(category),
            AppendError::Claimed { kind } => {
                Refusal::AlreadyExists { what: name_of_claim(&kind) }.into()
            }
            AppendError::CommandReused => Error::CommandReused,
            AppendError::Closed { .. } => Error::Late(category),
            AppendError::Crowded => Error::Crowded,
            AppendError::TooLarge(why) => Error::TooLarge(why),
            AppendError::Malformed(why) => {
                tracing::error!(category, why, "a commit contradicts itself: this is a bug");
                Error::Contradiction(why)
            }
            AppendError::Full { .. } => Error::DiskFull,
            AppendError::Log(err) => err.into(),
        }
    }
}

/// What callers are told that is taken.
fn name_of_claim(kind: &str) -> &'static str {
    let known = AGGREGATES.iter().flat_map(|it| it.claims).find(|it| it.name == kind);
    known.map_or("value", |it| it.english)
}
