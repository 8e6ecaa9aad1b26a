//! Options of the commands that look at a log: `replay` and `verify`.

use clap::Args;

use crate::program::known_root::KnownRoot;
use crate::program::shape::Shape;

use super::format::Format;

/// Options of `replay`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Replay {
    /// The first position.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) from: u64,

    /// The last position.
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<u64>,

    /// Only this stream, such as user-7.
    #[arg(long, value_name = "STREAM")]
    pub(crate) stream: Option<String>,

    /// Only this kind, such as user.registered.v1, or all that begin so: user.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,

    /// How to print.
    #[arg(long, default_value = "json")]
    pub(crate) format: Shape,
}

/// Options of `verify`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Verify {
    /// How to print the result.
    #[arg(long, default_value = "table")]
    pub(crate) format: Format,

    /// What an earlier verify, or the audit list, said of the log: its events up to POSITION must still
    /// have this Merkle root, so nothing of them was changed or removed since.
    #[arg(long, value_name = "POSITION:ROOT", value_parser = KnownRoot::parse)]
    pub(crate) expect: Option<KnownRoot>,

    /// Check what needs no key: checksums, hash chain, positions, versions, claims and the Merkle root.
    /// No event is opened, and the read models are not rebuilt.
    #[arg(long)]
    pub(crate) without_keys: bool,
}
