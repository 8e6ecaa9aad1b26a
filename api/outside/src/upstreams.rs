//! Where the gateway may send requests: to public addresses and names, and to what a tenant lists.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{FetchUrl, HostVerdict, Outbound};

/// The endings of names that no public server has: RFC 6761, RFC 6762, RFC 8375, and `internal`.
const NOT_PUBLIC_NAMES: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "test"];

/// Whether requests may be sent to this URL.
///
/// Its host must be a public address or name, or one that the operator allows, or match a pattern of
/// the tenant: a host name, `*.` with a name for all names below it, an address, or a network; each
/// name and address with `:port` for that port only. Link-local addresses are never allowed. A name
/// is not looked up: whoever connects has to judge the address, too.
pub fn allows_upstream(url: &FetchUrl, outbound: &Outbound, patterns: &[String]) -> bool {
    let host = url.host().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => {
            let listed = patterns.iter().any(|it| is_address_of(it, address, url.port()));
            outbound.allows(address) || (listed && !outbound.is_link_local(address))
        }
        Err(_) => {
            let listed = patterns.iter().any(|it| is_name_of(it, host, url.port()));
            let by_operator = outbound.allows_host(host) == HostVerdict::Allowed;
            listed || by_operator || is_public(host)
        }
    }
}

fn is_public(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let ends = |end: &&str| name == *end || name.ends_with(&format!(".{end}"));
    name.contains('.') && !NOT_PUBLIC_NAMES.iter().any(ends)
}

/// A pattern without its port, if that is the port.
fn at_port(pattern: &str, port: u16) -> Option<&str> {
    match pattern.rsplit_once(':') {
        // An IPv6 address has colons of its own, unless it stands in brackets.
        Some((host, said)) if !host.contains(':') || host.ends_with(']') => {
            (said.parse() == Ok(port)).then_some(host)
        }
        _ => Some(pattern),
    }
}

fn is_address_of(pattern: &str, address: IpAddr, port: u16) -> bool {
    let Some(host) = at_port(pattern, port) else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let network = host.parse::<IpNet>().or_else(|_| host.parse().map(IpAddr::into));
    let address = address.to_canonical();
    network.is_ok_and(|it| it.contains(&address))
}

fn is_name_of(pattern: &str, name: &str, port: u16) -> bool {
    let Some(host) = at_port(pattern, port) else { return false };
    let name = name.strip_suffix('.').unwrap_or(name);
    match host.strip_prefix("*.") {
        Some(end) => {
            let below = name.len().checked_sub(end.len() + 1);
            below.is_some_and(|at| {
                at > 0
                    && name.as_bytes().get(at) == Some(&b'.')
                    && name.get(at + 1..).is_some_and(|it| it.eq_ignore_ascii_case(end))
            })
        }
        None => name.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::check_url;

    fn allows(url: &str, patterns: &[&str]) -> bool {
        let patterns = patterns.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        allows_upstream(&check_url(url).unwrap(), &Outbound::default(), &patterns)
    }

    #[test]
    fn public_hosts_need_no_pattern_and_others_one_that_fits() {
        for public in ["https://api.example.org/v1", "http://8.8.8.8", "http://[2606:4700::1]:81"] {
            assert!(allows(public, &[]), "{public}");
        }
        for (url, fitting, others) in [
            (
                "http://10.1.2.3:9000",
                ["10.1.0.0/16", "10.1.2.3:9000"],
                ["10.2.0.0/16", "10.1.2.3:80"],
            ),
            ("http://localhost:9000", ["localhost", "localhost:9000"], ["localhost:80", "host"]),
            (
                "http://orders.svc.local",
                ["*.svc.local", "*.LOCAL"],
                ["svc.local", "*.orders.svc.local"],
            ),
            ("http://[fd00::1]:81", ["fd00::/8", "[fd00::1]:81"], ["fd01::/16", "[fd00::1]:82"]),
            ("http://2130706433:81", ["127.0.0.0/8", "127.0.0.1:81"], ["127.0.0.2", "2130706433"]),
            ("http://orders", ["orders", "orders:80"], ["orders:443", "*.orders"]),
        ] {
            assert!(!allows(url, &[]), "{url}");
            assert!(!allows(url, &others), "{url} {others:?}");
            for pattern in fitting {
                assert!(allows(url, &[pattern]), "{url} {pattern}");
            }
        }
    }

    #[test]
    fn link_local_addresses_are_never_allowed() {
        for url in
            ["http://169.254.169.254/latest", "http://[fe80::1]", "http://[::ffff:169.254.1.1]"]
        {
            for pattern in ["169.254.0.0/16", "0.0.0.0/0", "::/0", "fe80::/10", "169.254.169.254"] {
                assert!(!allows(url, &[pattern]), "{url} {pattern}");
            }
        }
    }
}
