//! Networks: one customer has one IPv4 address, or an IPv6 network.

use std::net::IpAddr;

use super::hash::hash_16;

/// The part of an address that all addresses of one customer share: the whole of an IPv4 address,
/// the first 64 bits of an IPv6 one. An IPv4 address may be written as an IPv6 one.
pub(crate) fn network_of(address: IpAddr) -> [u8; 16] {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => (u128::from(address) >> 64 << 64).to_be_bytes(),
    }
}

/// By what a network is known where it is only compared.
pub(crate) fn network_name(address: IpAddr) -> [u8; 16] {
    hash_16(&[b"network", &network_of(address)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_count_as_one() {
        let network = |it: &str| network_of(it.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
