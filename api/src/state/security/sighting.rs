//! What is noticed about security, what is told of it, and what becomes of that.

use std::net::IpAddr;

use commands::keys::Keyring;
use domain::security::Rule;
use domain::{Actor, TenantId, Timestamp, hex};

use crate::state::network::network_of;

/// What was noticed.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub(crate) rule: Rule,
    /// Where; all tenants for tools.
    pub(crate) tenant: TenantId,
    /// Who was refused or read, or what was tried, if there is such an account or client.
    pub(crate) who: Option<Actor>,
    /// Whether it is sure that it was them.
    pub(crate) proven: bool,
    /// Where it came from, unless from this machine.
    pub(crate) address: Option<IpAddr>,
    /// The user of the operating system whose tool it was.
    pub(crate) uid: Option<u32>,
    /// The operation of the interface, or the command of the operator.
    pub(crate) operation: &'static str,
    /// The id of the request.
    pub(crate) request: [u8; 16],
    /// How often; of users, how many.
    pub(crate) count: u64,
}

/// What is told of sightings that are alike.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// The first of them.
    pub(crate) first: Sighting,
    /// The id of their stream.
    pub(crate) id: String,
    /// When the first one was.
    pub(crate) since: Timestamp,
    /// When the last one was.
    pub(crate) last_at: Timestamp,
    /// How many there were until now.
    pub(crate) count: u64,
    /// Whether it is over.
    pub(crate) ended: bool,
}

/// What became of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the log.
    Written,
    /// The tenant had too many within a minute.
    LeftOut,
    /// Too many waited to be written.
    Dropped,
    /// The log did not take it.
    Failed,
}

impl Outcome {
    pub(crate) const ALL: [Self; 4] = [Self::Written, Self::LeftOut, Self::Dropped, Self::Failed];

    /// As the figures name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::LeftOut => "left_out",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
        }
    }
}

/// A keyed hash of the network of an address: the same for all addresses of one customer, and nobody
/// finds the address by trying all of them.
pub(crate) fn address_hash(keys: &Keyring, address: IpAddr) -> [u8; 16] {
    let network = hex(&network_of(address));
    let hash = keys.claim_hash(TenantId::INSTALLATION, "network", &network);
    hash.first_chunk().copied().unwrap_or_default()
}
