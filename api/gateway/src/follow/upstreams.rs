//! Where requests may be sent: public addresses, and what the operator lists besides.
//!
//! Names are looked up here, and nginx is told the addresses. So an address that was judged is the
//! one that is connected to, and a name that cannot be resolved closes its own API only: nginx would
//! refuse the whole file.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use outside::Outbound;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::nginx::HostPort;

/// How long a look-up may take.
const LOOKUP_TIME_MAX: Duration = Duration::from_secs(5);

/// Look-ups at once.
const LOOKUPS_MAX: usize = 16;

/// The most patterns, and the longest one in bytes.
const PATTERNS_MAX: usize = 1_000;
const PATTERN_BYTES_MAX: usize = 300;

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternRefused(String);

/// Which upstreams may be reached: public addresses; and what matches a pattern: a network
/// (`10.1.0.0/16`), an address, a name, all names below one (`*.svc.example`), each for all ports or,
/// with `:9000`, for one (a network never has a port). Link-local addresses never.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    networks: Vec<IpNet>,
    hosts: Vec<(Host, Option<u16>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Address(IpAddr),
    Name(String),
    /// With its dot: `.svc.example`.
    Below(String),
}

impl Allowed {
    /// Reads patterns.
    ///
    /// # Errors
    /// When one is none of these, or there are more than 1,000.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternRefused> {
        let mut read = Self::default();
        for (before, pattern) in patterns.into_iter().enumerate() {
            if before == PATTERNS_MAX || pattern.len() > PATTERN_BYTES_MAX {
                let why = "there are more than 1,000 upstream patterns, or one is too long";
                return Err(PatternRefused(why.to_owned()));
            }
            read.take(pattern.trim())?;
        }
        Ok(read)
    }

    fn take(&mut self, pattern: &str) -> Result<(), PatternRefused> {
        if let Ok(network) = pattern.parse::<IpNet>() {
            self.networks.push(network.trunc());
            return Ok(());
        }
        let refused = || {
            let why = "is not like 10.1.0.0/16, api.example, *.svc.example or 127.0.0.1:9000";
            PatternRefused(format!("the upstream pattern {pattern:?} {why}"))
        };
        let (host, port) = match pattern.rsplit_once(':') {
            _ if pattern.parse::<IpAddr>().is_ok() => (pattern, None),
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| refused())?)),
            None => (pattern, None),
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let is_name = |it: &str| {
            let may = |it: u8| it.is_ascii_alphanumeric() || b"-._".contains(&it);
            !it.is_empty() && it.len() <= 253 && it.bytes().all(may) && !it.starts_with('.')
        };
        let host = match (host.parse(), host.strip_prefix("*.")) {
            (Ok(address), _) => Host::Address(address),
            (_, Some(below)) if is_name(below) => Host::Below(format!(".{below}")),
            (_, None) if is_name(&host) => Host::Name(host),
            _ => return Err(refused()),
        };
        self.hosts.push((host, port));
        Ok(())
    }

    /// Whether this address, to which the host resolved, may be connected to.
    pub fn allows(&self, at: &HostPort, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if Outbound::default().allows(address) {
            return true;
        }
        // The one list of link-local addresses refuses to list one.
        let alone = Outbound::parse(&address.to_string());
        alone.is_ok_and(|it| it.allows(address)) && self.lists(at, address)
    }

    fn lists(&self, at: &HostPort, address: IpAddr) -> bool {
        let name = at.host.trim_end_matches('.');
        self.networks.iter().any(|it| it.contains(&address))
            || self.hosts.iter().any(|(host, port)| {
                port.is_none_or(|it| it == at.port)
                    && match host {
                        Host::Address(it) => it.to_canonical() == address,
                        Host::Name(it) => name == it,
                        Host::Below(it) => name.ends_with(it),
                    }
            })
    }
}

/// Hosts and what they resolved to.
pub(super) type Known = BTreeMap<HostPort, Vec<IpAddr>>;

/// Looks up all hosts and leaves what may be reached, in order. A host that cannot be looked up now
/// keeps the addresses that it had. So does, unless `anew`, one that still has one of them: some
/// servers of names answer with other addresses each time, and each would be a reload.
pub(super) async fn look_up(
    allowed: &Allowed,
    hosts: BTreeSet<HostPort>,
    known: &Known,
    anew: bool,
) -> Known {
    let places = Arc::new(Semaphore::new(LOOKUPS_MAX));
    let mut tasks = JoinSet::new();
    for at in hosts {
        let places = Arc::clone(&places);
        tasks.spawn(async move {
            let _place = places.acquire().await;
            let found = addresses(&at).await;
            (at, found)
        });
    }
    let mut all = Known::new();
    while let Some(done) = tasks.join_next().await {
        let Ok((at, found)) = done else { continue };
        let before = known.get(&at);
        let mut found = match (found, before) {
            (Some(found), Some(before)) if !anew && before.iter().any(|it| found.contains(it)) => {
                before.clone()
            }
            (Some(found), _) => found,
            (None, before) => before.cloned().unwrap_or_default(),
        };
        found.retain(|it| allowed.allows(&at, *it));
        all.insert(at, found);
    }
    all
}

/// The addresses of a host; `None` if it cannot be looked up.
pub(super) async fn addresses(at: &HostPort) -> Option<Vec<IpAddr>> {
    let bare = at.host.trim_matches(['[', ']']);
    if let Ok(address) = bare.parse() {
        return Some(vec![address]);
    }
    let found = tokio::net::lookup_host((bare, at.port));
    let found = tokio::time::timeout(LOOKUP_TIME_MAX, found).await.ok()?.ok()?;
    let found = found.map(|it| it.ip().to_canonical()).collect::<BTreeSet<_>>();
    Some(found.into_iter().collect()).filter(|it: &Vec<_>| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> HostPort {
        HostPort { host: host.to_owned(), port }
    }

    #[test]
    fn public_addresses_and_listed_ones_are_allowed_and_link_local_ones_never() {
        let patterns = [
            "10.1.0.0/16",
            "*.svc.example",
            "127.0.0.1:9000",
            "db.example",
            "0.0.0.0/0",
            "[::1]:80",
        ];
        let allowed = Allowed::parse(patterns[..4].iter().copied().chain([patterns[5]])).unwrap();
        for (host, port, address, may) in [
            ("a.example", 443, "93.184.216.34", true),
            ("a.example", 443, "10.2.0.1", false),
            ("a.example", 443, "10.1.255.1", true),
            ("a.example", 443, "::ffff:10.1.0.1", true),
            ("x.svc.example", 80, "192.168.0.1", true),
            ("svc.example", 80, "192.168.0.1", false),
            ("xsvc.example", 80, "192.168.0.1", false),
            ("db.example", 80, "127.0.0.1", true),
            ("127.0.0.1", 9000, "127.0.0.1", true),
            ("127.0.0.1", 9001, "127.0.0.1", false),
            ("[::1]", 80, "::1", true),
            ("x.svc.example", 80, "169.254.169.254", false),
            ("x.svc.example", 80, "::ffff:169.254.169.254", false),
            ("x.svc.example", 80, "fe80::1", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(allowed.allows(&at(host, port), address), may, "{host}:{port} {address}");
        }
        let all = Allowed::parse([patterns[4]]).unwrap();
        assert!(!all.allows(&at("a", 80), "169.254.169.254".parse().unwrap()));
        assert!(all.allows(&at("a", 80), "192.168.1.1".parse().unwrap()));
    }

    #[test]
    fn other_patterns_are_refused() {
        for pattern in
            ["", "*", "*.", "a*b", "a b", "10.0.0.0/33", "a:b", "a:70000", "a;b", "*.a.*"]
        {
            assert!(Allowed::parse([pattern]).is_err(), "{pattern:?}");
        }
    }
}
