//! The one way the domain says no.

use std::borrow::Cow;

/// Why a command was refused, in words that know nothing of HTTP.
///
/// Reuse a variant before adding one: a new variant is due only when a caller acts on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The thing named does not exist, or no longer does.
    #[error("{what} not found")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The thing named exists already.
    #[error("{what} already exists")]
    AlreadyExists {
        /// What is taken.
        what: &'static str,
    },
    /// A field cannot hold this value, whatever the state.
    #[error("{field}: {why}")]
    Invalid {
        /// The field, by its name on the wire.
        field: Cow<'static, str>,
        /// The rule that it breaks.
        why: Cow<'static, str>,
    },
    /// The command is well formed, but not in this state.
    #[error("{why}")]
    NotAllowed {
        /// The rule that stands in the way.
        why: &'static str,
    },
    /// The thing has another version than the one that the caller saw.
    #[error("it was changed since you read it: read it again and send the new version")]
    Changed,
    /// What is to be stored exceeds the size of one commit.
    #[error("{field}: larger than {bytes_max} bytes")]
    TooLarge {
        /// The field that should shrink.
        field: &'static str,
        /// The limit, in bytes.
        bytes_max: usize,
    },
}

impl Refusal {
    /// A field that breaks a rule.
    pub fn invalid(field: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { field: field.into(), why: why.into() }
    }
}
