//! What the operator sets for pushes.

use std::path::PathBuf;
use std::time::Duration;

use outside::Outbound;

use super::remote::Protocols;

/// The most bytes that are fetched of a remote, or packed for it: 200 MiB.
pub const FETCH_BYTES_MAX: u64 = 200 << 20;

/// How long a push may take, from the look-up of the name to the last answer.
pub const PUSH_TIME_MAX: Duration = Duration::from_secs(120);

/// What the operator sets for pushes.
#[derive(Debug, Clone)]
pub struct GitSettings {
    /// The program `git`, 2.37 or later, by a path or by a name that is looked up in `PATH`.
    pub program: PathBuf,
    /// Where each push has its private folder while it runs, with the key of ssh in it. It is made if it
    /// is not there.
    pub folder: PathBuf,
    /// Which addresses may be reached.
    pub outbound: Outbound,
    /// Which protocols may be used besides https and ssh. For tests, mostly.
    pub protocols: Protocols,
    /// The e-mail address of commits, whose author is `Chancery`, such as `noreply@shop.example`.
    pub author_email: String,
    /// How long a push may take.
    pub time_max: Duration,
    /// The most bytes that are fetched.
    pub fetch_bytes_max: u64,
}

impl GitSettings {
    /// The usual: `git` of `PATH`, https and ssh, [`PUSH_TIME_MAX`], [`FETCH_BYTES_MAX`].
    pub fn new(folder: PathBuf, outbound: Outbound, author_email: &str) -> Self {
        Self {
            program: PathBuf::from("git"),
            folder,
            outbound,
            protocols: Protocols::default(),
            author_email: author_email.to_owned(),
            time_max: PUSH_TIME_MAX,
            fetch_bytes_max: FETCH_BYTES_MAX,
        }
    }
}
