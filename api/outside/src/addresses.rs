//! Which addresses the program may reach: public ones, and what the operator lists besides.
//!
//! One list serves everything that callers make the program, or its gateways, connect to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::Url;

use crate::Unusable;

/// The longest host name, in bytes (RFC 1035 section 2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// The most entries of the list.
const ENTRIES_MAX: usize = 1_000;

/// IPv4 that is not public: all that IANA registers as something else than global unicast, and
/// 192.88.99.0/24, which once led to relays.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    LINK_LOCAL_V4,
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// All that is public of IPv6, but for `NOT_PUBLIC_V6`. The networks that lead to IPv4
/// (64:ff9b::/96, 64:ff9b:1::/48) are outside of it.
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0], 23),
    v6([0x2001, 0xdb8, 0], 32),
    v6([0x2002, 0, 0], 16),
    v6([0x3fff, 0, 0], 20),
];

/// Clouds tell the secrets of a machine there, to whoever asks from it.
const LINK_LOCAL_V4: Ipv4Net = v4([169, 254, 0, 0], 16);
const LINK_LOCAL_V6: Ipv6Net = v6([0xfe80, 0, 0], 10);

/// Their last 32 bits are an IPv4 address, which a translator connects to (RFC 6052, RFC 8215).
const TRANSLATED: [Ipv6Net; 2] = [v6([0x64, 0xff9b, 0], 96), v6([0x64, 0xff9b, 1], 48)];

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6([a, b, c]: [u16; 3], bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// Which addresses may be reached: the public ones, and those that the operator allows by
/// `--allow-private-outbound`. Link-local ones never. The default allows public ones only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbound {
    networks: Vec<IpNet>,
    names: BTreeSet<String>,
}

/// What can be said of a host before its name is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostVerdict {
    /// An address that may be reached, or a name that the operator lists. What such a name resolves
    /// to is still asked of [`Outbound::allows_at`], which forbids link-local addresses.
    Allowed,
    /// An address that may not be reached, or not a host.
    Refused,
    /// A name that is not listed: each address that it resolves to is to be judged by
    /// [`Outbound::allows_at`], and only a judged one may be connected to.
    Resolve,
}

impl Outbound {
    /// Reads the option: networks (`10.1.0.0/16`, `fd00::/8`), single addresses, and host names,
    /// with commas between, at most 1,000. A name allows whatever it resolves to, link-local
    /// addresses excepted, and nothing of the names below it. An empty text allows nothing more.
    ///
    /// # Errors
    /// When an entry is none of these, or when a network has link-local addresses in it.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let mut read = Self::default();
        let entries = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        for (before, entry) in entries.enumerate() {
            if before == ENTRIES_MAX {
                return Err(unusable(&format!("has more than {ENTRIES_MAX} entries")));
            }
            let network = entry.parse::<IpNet>().or_else(|_| entry.parse().map(IpAddr::into));
            match (network, Host::parse(entry)) {
                (Ok(network), _) => {
                    let network = by_its_v4(network.trunc());
                    if has_link_local(network) {
                        let why = "has link-local addresses in it (169.254.0.0/16, fe80::/10), \
                                   which are never reached";
                        return Err(unusable(&format!("{entry} {why}")));
                    }
                    read.networks.push(network);
                }
                (Err(_), Some(Host::Name(name))) => drop(read.names.insert(name)),
                (Err(_), _) => {
                    let why = "is neither a network like 10.1.0.0/16 nor a host name";
                    return Err(unusable(&format!("{entry:?} {why}")));
                }
            }
        }
        Ok(read)
    }

    /// Whether an address may be reached: it is public, or in a listed network, and not link-local.
    /// A v4-mapped IPv6 address is judged by its IPv4 address.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_listed = || self.networks.iter().any(|it| it.contains(&address));
        !is_link_local(address) && (is_public(address) || is_listed())
    }

    /// Whether an address is link-local: never reached, whatever anybody allows.
    pub fn is_link_local(&self, address: IpAddr) -> bool {
        is_link_local(address.to_canonical())
    }

    /// Whether an address may be reached that this host name resolved to: as [`Self::allows`], and
    /// any but a link-local one if the name is listed.
    pub fn allows_at(&self, name: &str, address: IpAddr) -> bool {
        let is_listed = || match Host::parse(name) {
            Some(Host::Name(name)) => self.names.contains(&name),
            _ => false,
        };
        self.allows(address) || (!is_link_local(address.to_canonical()) && is_listed())
    }

    /// What can be said of a host without looking it up: a name, or an address in any spelling that
    /// a URL can have (`127.0.0.1`, `2130706433`, `0x7f.1`, `::1`, `[::1]`). No port.
    pub fn allows_host(&self, host: &str) -> HostVerdict {
        match Host::parse(host) {
            Some(Host::Address(address)) if self.allows(address) => HostVerdict::Allowed,
            Some(Host::Name(name)) if self.names.contains(&name) => HostVerdict::Allowed,
            Some(Host::Name(_)) => HostVerdict::Resolve,
            _ => HostVerdict::Refused,
        }
    }
}

/// A host as the parser of URLs reads it.
enum Host {
    Address(IpAddr),
    /// In lower case, without the dot of the root.
    Name(String),
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let is_bracketed = text.starts_with('[') && text.ends_with(']');
        let may = |it: char| it.is_alphanumeric() || "-._".contains(it);
        if text.len() > NAME_BYTES_MAX + 1 || !(is_bracketed || text.chars().all(may)) {
            return None;
        }
        let url = Url::parse(&format!("http://{text}/")).ok()?;
        let host = url.host_str()?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Some(Self::Address(address));
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        let is_name = !is_bracketed && !name.is_empty() && name.len() <= NAME_BYTES_MAX;
        is_name.then(|| Self::Name(name.to_owned()))
    }
}

fn unusable(why: &str) -> Unusable {
    Unusable(format!("--allow-private-outbound: {why}"))
}

/// A network of v4-mapped addresses as the network of their IPv4 addresses.
fn by_its_v4(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(it) => it.addr().to_ipv4_mapped().zip(it.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    match mapped.map(|(address, bits)| Ipv4Net::new(address, bits)) {
        Some(Ok(it)) => IpNet::V4(it),
        _ => network,
    }
}

fn has_link_local(network: IpNet) -> bool {
    let link_local = match network {
        IpNet::V4(_) => IpNet::V4(LINK_LOCAL_V4),
        IpNet::V6(_) => IpNet::V6(LINK_LOCAL_V6),
    };
    network.contains(&link_local) || link_local.contains(&network)
}

/// Whether it is link-local, or leads to such an IPv4 address through a translator.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => LINK_LOCAL_V4.contains(&it),
        IpAddr::V6(it) => {
            let [.., a, b, c, d] = it.octets();
            let is_translated = TRANSLATED.iter().any(|net| net.contains(&it));
            let leads_there = is_translated && LINK_LOCAL_V4.contains(&Ipv4Addr::new(a, b, c, d));
            LINK_LOCAL_V6.contains(&it) || leads_there
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&it)),
        IpAddr::V6(it) => {
            PUBLIC_V6.contains(&it) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&it))
        }
    }
}

#[cfg(test)]
mod tests;
