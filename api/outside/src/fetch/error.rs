//! Why a document was not fetched, in words for the caller.

use std::fmt;

/// Why a document was not fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchReason {
    /// `document_unreachable`: no connection within 5 s, no answer 200, a compressed or broken one.
    Unreachable,
    /// `document_private_address`: the host is, or resolves only to, what may not be reached.
    PrivateAddress,
    /// `document_redirects`: too many, or to where none may lead.
    Redirects,
    /// `document_too_large`: more than [`DOCUMENT_BYTES_MAX`](crate::DOCUMENT_BYTES_MAX).
    TooLarge,
    /// `document_too_slow`: not read within 20 s.
    TooSlow,
    /// `busy`: no place within 10 s.
    Busy,
    /// `bad_url`: the URL breaks a rule of form.
    BadUrl,
}

impl FetchReason {
    /// The word that answers and events have. It never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "document_unreachable",
            Self::PrivateAddress => "document_private_address",
            Self::Redirects => "document_redirects",
            Self::TooLarge => "document_too_large",
            Self::TooSlow => "document_too_slow",
            Self::Busy => "busy",
            Self::BadUrl => "bad_url",
        }
    }
}

impl fmt::Display for FetchReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A document was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FetchError {
    /// Why, as one of a few words.
    pub reason: FetchReason,
    /// The same for a reader: a sentence of ours, at most with the status of the answer. Never what
    /// the other side said, and never an address that a name resolved to.
    pub text: String,
}

impl FetchError {
    fn new(reason: FetchReason, text: impl Into<String>) -> Self {
        Self { reason, text: text.into() }
    }

    pub(super) fn bad_url(text: &str) -> Self {
        Self::new(FetchReason::BadUrl, text)
    }

    pub(super) fn unreachable(text: &str) -> Self {
        Self::new(FetchReason::Unreachable, text)
    }

    pub(super) fn status(status: u16) -> Self {
        Self::new(FetchReason::Unreachable, format!("The server answered {status} instead of 200."))
    }

    pub(super) fn redirects(text: &str) -> Self {
        Self::new(FetchReason::Redirects, text)
    }

    pub(super) fn private_address() -> Self {
        let text = "The address is not a public one, and not one that the operator allows.";
        Self::new(FetchReason::PrivateAddress, text)
    }

    pub(super) fn too_large() -> Self {
        Self::new(FetchReason::TooLarge, "The document has more than 16 MiB.")
    }

    pub(super) fn too_slow() -> Self {
        Self::new(FetchReason::TooSlow, "The document did not arrive in time.")
    }

    pub(super) fn busy() -> Self {
        Self::new(FetchReason::Busy, "Too many documents are being fetched. Try again later.")
    }
}
