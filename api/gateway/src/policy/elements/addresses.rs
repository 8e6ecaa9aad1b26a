//! Addresses and ranges of a filter, as networks.

use std::net::IpAddr;

use ipnet::{IpNet, IpSubnets, Ipv4Subnets, Ipv6Subnets};

use super::values::{attribute, wrong};
use crate::policy::model::PolicyRefused;
use crate::policy::xml::Node;

/// The most networks that a range may become. One range of IPv6 needs at most 254.
const RANGE_NETWORKS_MAX: usize = 256;

/// `<address>10.0.0.1</address>`, or a network such as `10.0.0.0/8`.
pub(super) fn one(node: &Node) -> Result<IpNet, PolicyRefused> {
    let text = node.text.as_str();
    let read = text.parse::<IpNet>().or_else(|_| text.parse().map(IpAddr::into));
    read.map(|it| it.trunc()).map_err(|_| wrong(node, "this is no address"))
}

/// `<address-range from="10.0.0.1" to="10.0.0.9"/>`, both of them included.
pub(super) fn range(node: &Node) -> Result<Vec<IpNet>, PolicyRefused> {
    let end = |name| attribute(node, name).and_then(|it| it.trim().parse::<IpAddr>().ok());
    let subnets = match (end("from"), end("to")) {
        (Some(IpAddr::V4(from)), Some(IpAddr::V4(to))) if from <= to => {
            IpSubnets::V4(Ipv4Subnets::new(from, to, 0))
        }
        (Some(IpAddr::V6(from)), Some(IpAddr::V6(to))) if from <= to => {
            IpSubnets::V6(Ipv6Subnets::new(from, to, 0))
        }
        _ => return Err(wrong(node, "from and to must be addresses of one family, in order")),
    };
    let networks = subnets.take(RANGE_NETWORKS_MAX + 1).collect::<Vec<_>>();
    match networks.len() > RANGE_NETWORKS_MAX {
        true => Err(wrong(node, "the range is too ragged")),
        false => Ok(networks),
    }
}
