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

/// Somebody by name or by number.
#[derive(Debug, Args)]
pub(crate) struct Whoever {
    /// The name to sign in with, the number, or both words as in the log: user-7.
    pub(crate) user: String,

    /// The tenant in which the name is looked up.
    #[arg(long, default_value_t = 1)]
    pub(crate) tenant: u32,
}
