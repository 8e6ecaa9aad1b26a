//! Every network at both of its ends, and the list of the operator.

use std::net::IpAddr;

use super::{HostVerdict, Outbound};

fn at(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Networks: the address before it, its first, its last, the one after it; with whether those
/// around it are public.
const V4: [(bool, &str, &str, &str, &str, bool); 14] = [
    (true, "", "0.0.0.0", "0.255.255.255", "1.0.0.0", true),
    (true, "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", true),
    (true, "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", true),
    (true, "126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", true),
    (true, "169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", true),
    (true, "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", true),
    (true, "191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", true),
    (true, "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", true),
    (true, "192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", true),
    (true, "192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", true),
    (true, "198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", true),
    (true, "198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", true),
    (true, "203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", true),
    // 224/4 and 240/4 are one.
    (true, "223.255.255.255", "224.0.0.0", "255.255.255.255", "", true),
];

const V6: [(bool, &str, &str, &str, &str, bool); 10] = [
    (false, "", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::", true),
    (false, "", "64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9b::1:0:0", false),
    (false, "", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:2::", false),
    (
        true,
        "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:200::",
        true,
    ),
    (
        true,
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
        true,
    ),
    (
        true,
        "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2002::",
        "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2003::",
        true,
    ),
    (
        true,
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
        true,
    ),
    (true, "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "fbff::", "fc00::", false),
    (false, "fbff::", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::", false),
    (false, "fe7f::", "fe80::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", false),
];

#[test]
fn networks_are_judged_at_both_of_their_ends() {
    let public = Outbound::default();
    let mapped = |it: &str| format!("::ffff:{it}");
    for (below, before, first, last, after, above) in V4.into_iter().chain(V6) {
        for (text, expected) in [(before, below), (first, false), (last, false), (after, above)] {
            if text.is_empty() {
                continue;
            }
            assert_eq!(public.allows(at(text)), expected, "{text}");
            if !text.contains(':') {
                assert_eq!(public.allows(at(&mapped(text))), expected, "mapped {text}");
            }
        }
    }
}

#[test]
fn what_is_listed_is_allowed_to_its_ends() {
    let list = "10.1.0.0/16, 192.168.7.9,fd00:1::/32,64:ff9b::/96,::ffff:172.16.5.0/120";
    let outbound = Outbound::parse(list).unwrap();
    let yes = [
        "10.1.0.0",
        "10.1.255.255",
        "::ffff:10.1.2.3",
        "192.168.7.9",
        "fd00:1::",
        "fd00:1:ffff::1",
        "64:ff9b::7f00:1",
        "172.16.5.0",
        "::ffff:172.16.5.255",
        "1.1.1.1",
    ];
    let no = [
        "10.0.255.255",
        "10.2.0.0",
        "192.168.7.8",
        "192.168.7.10",
        "fd00:2::",
        "64:ff9b:1::7f00:1",
        "172.16.4.255",
        "172.16.6.0",
        "127.0.0.1",
        "::1",
        // A translator would lead there.
        "64:ff9b::a9fe:a9fe",
    ];
    for text in yes {
        assert!(outbound.allows(at(text)), "{text}");
    }
    for text in no {
        assert!(!outbound.allows(at(text)), "{text}");
    }
    // Bits of the host are passed over.
    assert!(Outbound::parse("10.1.2.3/16").unwrap().allows(at("10.1.9.9")));
}

#[test]
fn link_local_addresses_are_never_allowed() {
    let refused = [
        "169.254.0.0/16",
        "169.254.169.254",
        "169.254.169.254/32",
        "169.254.255.255/32",
        "169.0.0.0/8",
        "0.0.0.0/0",
        "::ffff:169.254.0.0/112",
        "::ffff:169.254.169.254",
        "fe80::/10",
        "fe80::1",
        "febf:ffff::/32",
        "fe00::/8",
        "::/0",
    ];
    for text in refused {
        let why = Outbound::parse(&format!("10.0.0.0/8,{text}")).unwrap_err().to_string();
        assert!(why.starts_with("--allow-private-outbound: "), "{why}");
        assert!(why.contains(text) && why.contains("link-local"), "{why}");
    }
    // Neither by a name, nor through what translates.
    let outbound =
        Outbound::parse("metadata.example,64:ff9b::/96,64:ff9b:1::/48,fe00::/9,fec0::/10").unwrap();
    for text in [
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "fe80::1",
        "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ] {
        assert!(!outbound.allows(at(text)), "{text}");
        assert!(!outbound.allows_at("metadata.example", at(text)), "{text}");
        assert_eq!(outbound.allows_host(text), HostVerdict::Refused, "{text}");
    }
}

#[test]
fn names_allow_what_they_resolve_to() {
    let outbound = Outbound::parse("Docs.Internal.Example.,münchen.example").unwrap();
    for name in ["docs.internal.example", "DOCS.internal.example."] {
        assert!(outbound.allows_at(name, at("10.0.0.1")), "{name}");
        assert!(outbound.allows_at(name, at("::1")), "{name}");
        assert_eq!(outbound.allows_host(name), HostVerdict::Allowed, "{name}");
    }
    assert!(outbound.allows_at("xn--mnchen-3ya.example", at("10.0.0.1")));
    for name in
        ["internal.example", "a.docs.internal.example", "docs.internal.example.evil.example"]
    {
        assert!(!outbound.allows_at(name, at("10.0.0.1")), "{name}");
        assert!(outbound.allows_at(name, at("1.1.1.1")), "{name}");
        assert_eq!(outbound.allows_host(name), HostVerdict::Resolve, "{name}");
    }
    // The addresses themselves are not allowed by it.
    assert!(!outbound.allows(at("10.0.0.1")));
}

#[test]
fn hosts_are_judged_in_every_spelling() {
    let public = Outbound::default();
    let loopback = Outbound::parse("127.0.0.0/8,::1").unwrap();
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "::1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "::ffff:127.0.0.1",
        "[::ffff:7f00:1]",
        "１２７.0.0.1",
    ] {
        assert_eq!(public.allows_host(host), HostVerdict::Refused, "{host}");
        assert_eq!(loopback.allows_host(host), HostVerdict::Allowed, "{host}");
    }
    for host in ["1.1.1.1", "16843009", "[2606:4700::1]", "[::ffff:1.1.1.1]"] {
        assert_eq!(public.allows_host(host), HostVerdict::Allowed, "{host}");
    }
    for host in ["localhost", "example.com", "a_b.example"] {
        assert_eq!(public.allows_host(host), HostVerdict::Resolve, "{host}");
    }
    let long = "a".repeat(255);
    for host in ["", ".", "a b", "a/b", "a:80", "1.1.1.1:80", "u@1.1.1.1", "a\nb", "[::1", &long] {
        assert_eq!(loopback.allows_host(host), HostVerdict::Refused, "{host:?}");
    }
}

#[test]
fn a_list_that_cannot_be_read_is_refused() {
    for text in ["10.0.0.0/33", "10.1", "0x7f.1", "*.svc.example", "http://a", "a:80", "a b", "/8"]
    {
        let why = Outbound::parse(text).unwrap_err().to_string();
        assert!(why.contains("neither a network") && why.contains(text), "{why}");
    }
    assert_eq!(Outbound::parse(" , ").unwrap(), Outbound::default());
    let entries = |count| vec!["10.0.0.0/8"; count].join(",");
    assert!(Outbound::parse(&entries(1_000)).is_ok());
    assert!(Outbound::parse(&entries(1_001)).is_err());
}
