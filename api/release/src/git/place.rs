//! Looking up a remote's host, so that only an allowed address is connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use outside::Outbound;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::remote::{Protocol, Remote};
use crate::{Failure, Reason};

/// How long a look-up may take.
const LOOKUP_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a connection to one address may take. git itself would wait for minutes.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// The most addresses that are handed on.
const ADDRESSES_MAX: usize = 4;

/// The addresses of a remote that may be reached, in the order of the machine; none for files.
///
/// # Errors
/// `private_address`, and `remote_unreachable` when there is no address at all.
pub(super) async fn addresses(
    remote: &Remote,
    outbound: &Outbound,
) -> Result<Vec<IpAddr>, Failure> {
    if remote.protocol == Protocol::File {
        return Ok(Vec::new());
    }
    let found = match remote.host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => {
            let asked = timeout(LOOKUP_TIME_MAX, lookup_host((remote.host.as_str(), remote.port)));
            let found: io::Result<Vec<SocketAddr>> = match asked.await {
                Ok(found) => found.map(Iterator::collect),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            };
            let unknown = |_| unknown();
            found.map_err(unknown)?.into_iter().map(|it| it.ip()).collect()
        }
    };
    judged(&remote.host, found, outbound)
}

/// The first address that takes a connection, which is closed again: so a remote that is away is known at
/// once.
///
/// # Errors
/// `remote_unreachable`.
pub(super) async fn first_reachable(addresses: &[IpAddr], port: u16) -> Result<IpAddr, Failure> {
    for address in addresses {
        let connected = timeout(CONNECT_TIME_MAX, TcpStream::connect((*address, port))).await;
        if matches!(connected, Ok(Ok(_))) {
            return Ok(*address);
        }
    }
    Err(Failure::again(Reason::RemoteUnreachable, "The remote cannot be reached."))
}

fn unknown() -> Failure {
    Failure::again(Reason::RemoteUnreachable, "The remote's name cannot be looked up.")
}

fn judged(host: &str, found: Vec<IpAddr>, outbound: &Outbound) -> Result<Vec<IpAddr>, Failure> {
    if found.is_empty() {
        return Err(unknown());
    }
    let mut allowed = found;
    allowed.retain(|it| outbound.allows_at(host, *it));
    allowed.truncate(ADDRESSES_MAX);
    if allowed.is_empty() {
        let text =
            "The remote's address is not a public one, and not one that the operator allows.";
        return Err(Failure::never(Reason::PrivateAddress, text));
    }
    Ok(allowed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_address_that_answers_is_taken() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let all = ["127.0.0.2", "127.0.0.1", "127.0.0.3"].map(|it| it.parse().unwrap());
        assert_eq!(first_reachable(&all, port).await.unwrap().to_string(), "127.0.0.1");
        drop(listener);
        let failure = first_reachable(&all, port).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), (Reason::RemoteUnreachable, true));
    }

    #[test]
    fn forbidden_addresses_are_dropped_and_none_left_is_refused() {
        let found =
            |all: &[&str]| all.iter().map(|it| it.parse().unwrap()).collect::<Vec<IpAddr>>();
        let public = Outbound::default();
        let mixed = found(&["127.0.0.1", "8.8.8.8", "::ffff:10.0.0.1", "2606:4700::1"]);
        assert_eq!(judged("a", mixed, &public).unwrap(), found(&["8.8.8.8", "2606:4700::1"]));
        let failure = judged("a", found(&["127.0.0.1", "::1"]), &public).unwrap_err();
        assert_eq!((failure.reason, failure.again), (Reason::PrivateAddress, false));
        let listed = Outbound::parse("127.0.0.0/8, git.internal").unwrap();
        assert!(judged("a", found(&["127.0.0.1"]), &listed).is_ok());
        assert!(judged("git.internal", found(&["10.0.0.1"]), &listed).is_ok());
        assert!(judged("git.internal", found(&["169.254.169.254"]), &listed).is_err());
        let failure = judged("a", Vec::new(), &public).unwrap_err();
        assert_eq!((failure.reason, failure.again), (Reason::RemoteUnreachable, true));
        let many = vec![IpAddr::from([8, 8, 8, 8]); ADDRESSES_MAX + 1];
        assert_eq!(judged("a", many, &public).unwrap().len(), ADDRESSES_MAX);
    }
}
