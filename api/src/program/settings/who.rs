//! Whom a command is about.

use clap::Args;

/// Somebody who signs in.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// The name to sign in with.
    pub(crate) name: String,

    /// The tenant.
    #[arg(long, default_value_t = 1)]
    pub(crate) tenant: u32,
}
