//! The address of the caller, if a reverse proxy stands in front.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The most hops of `X-Forwarded-For` that are looked at, from the nearest.
const HOPS_MAX: usize = 16;

/// The proxies that the operator trusts to state the address of their caller.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Addresses and networks (`10.0.0.0/8`).
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The nearest address that is not a trusted proxy: each proxy appends the address of its
    /// caller to `X-Forwarded-For`. Anybody can write the entries before that.
    pub(crate) fn caller<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut caller = peer.to_canonical();
        if !self.trust(caller) {
            return caller;
        }
        let hops = forwarded.rev().flat_map(|it| it.rsplit(','));
        for hop in hops.take(HOPS_MAX) {
            let Some(address) = read_hop(hop.trim()) else { return caller };
            caller = address.to_canonical();
            if !self.trust(caller) {
                return caller;
            }
        }
        caller
    }

    /// Whether an address, in its canonical form, is a trusted proxy.
    pub(crate) fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|it| it.contains(&address))
    }
}

/// An address, as most proxies write it, or with the port of the connection: `10.2.3.4:40001`,
/// `[2001:db8::7]:40001`, `[2001:db8::7]`.
fn read_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>().ok();
    address.or_else(|| hop.parse::<SocketAddr>().ok().map(|it| it.ip()))
}

/// Reads an address or a network.
pub(crate) fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "not an IP address or a network such as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks = trusted.iter().map(|it| parse_network(it).unwrap()).collect();
        let forwarded = forwarded.iter().copied();
        Proxies::new(networks).caller(peer.parse().unwrap(), forwarded).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(caller(&[], "10.0.0.1", &["1.1.1.1"]), "10.0.0.1");
        assert_eq!(caller(&["10.0.0.2"], "10.0.0.1", &["1.1.1.1"]), "10.0.0.1");
        assert_eq!(caller(&["10.0.0.0/8"], "10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(caller(&["10.0.0.1"], "::ffff:10.0.0.1", &["2001:db8::7"]), "2001:db8::7");
    }

    #[test]
    fn the_nearest_untrusted_hop_counts_whatever_stands_before_it() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(caller(&trusted, "10.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.9"]), "1.1.1.1");
        assert_eq!(caller(&trusted, "10.0.0.1", &["6.6.6.6", "1.1.1.1"]), "1.1.1.1");
        assert_eq!(caller(&trusted, "10.0.0.1", &["1.1.1.1, noise"]), "10.0.0.1");
        assert_eq!(caller(&trusted, "10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn a_hop_may_have_a_port() {
        let of = |hop: &str| caller(&["10.0.0.0/8"], "10.0.0.1", &[hop]);
        assert_eq!(of("1.2.3.4:40001"), "1.2.3.4");
        assert_eq!(of("[2001:db8::7]:40001"), "2001:db8::7");
        assert_eq!(of("[2001:db8::7]"), "2001:db8::7");
        assert_eq!(of("1.1.1.1:1, 10.0.0.9:2"), "1.1.1.1");
        for noise in ["1.2.3.4:", "1.2.3.4:99999", "[1.2.3.4:5]", "2001:db8::7]:5", "unknown"] {
            assert_eq!(of(noise), "10.0.0.1", "{noise}");
        }
    }
}
