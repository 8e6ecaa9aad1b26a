//! Commands for OAuth clients.

use clap::Subcommand;

use super::format::Format;

/// What to do with OAuth clients.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientWhat {
    /// List clients: their owners, and whether they get tokens.
    List {
        /// Only those of this tenant.
        #[arg(long, value_name = "N")]
        tenant: Option<u32>,
        /// How to print.
        #[arg(long, default_value = "table")]
        format: Format,
    },
    /// Disable a client: it gets no tokens, and its tokens do not count.
    Disable {
        /// Its client_id.
        id: String,
    },
    /// Enable a client again.
    Enable {
        /// Its client_id.
        id: String,
    },
    /// Forget the wrong secrets of a client: nobody has to wait before the next try.
    Unlock {
        /// Its client_id.
        id: String,
    },
    /// Make a client belong to the installation, so that it works without its owner. It is granted
    /// the scopes that it lists; they are printed.
    TakeOver {
        /// Its client_id.
        id: String,
    },
}
