//! Adapters to the world outside: how letters and short messages leave the program, how documents come
//! in, and where they lie.
//!
//! Letters and messages have a form for development, which writes files instead.

mod addresses;
mod client;
mod fetch;
mod file_type;
mod folder;
mod mail;
mod objects;
mod sms;
mod upstreams;

pub use crate::addresses::{HostVerdict, Outbound};
pub use crate::client::strict_client;
pub use crate::fetch::{
    DOCUMENT_BYTES_MAX, FetchError, FetchReason, FetchUrl, Fetched, Fetcher, REDIRECTS_MAX,
    URL_CHARS_MAX, check_url,
};
pub use crate::file_type::{Family, FileType, OtherType};
pub use crate::mail::{Letter, Mailer, is_mail_address};
pub use crate::objects::{
    BlobPlace, ObjectError, ObjectKind, ObjectName, ObjectStream, Objects, S3Settings, name_of,
};
pub use crate::sms::{Message, Messenger};
pub use crate::upstreams::allows_upstream;

use std::time::Duration;

/// How long one attempt may take, from the first connection to the last answer.
pub const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(20);

/// Why something could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct SendError {
    /// One of a few words, with the number of the other side's answer, if it gave one. Never what the
    /// other side said: that may name people.
    pub why: String,
    /// Whether it may succeed later.
    pub again: bool,
}

impl SendError {
    fn again(why: impl Into<String>) -> Self {
        Self { why: why.into(), again: true }
    }

    fn never(why: impl Into<String>) -> Self {
        Self { why: why.into(), again: false }
    }
}

/// Why an adapter cannot be made of what the operator set.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);
