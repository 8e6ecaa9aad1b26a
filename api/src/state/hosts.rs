//! The hosts at which this program answers: one spelling for each, whatever a caller writes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use commands::lock::lock;
use domain::tenant::normalise;

/// The shortest time between two lines about hosts that are not known.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// How much of a host a line shows, in characters.
const SHOWN_CHARS_MAX: usize = 100;

/// Hosts at which no tenant answers: most often a proxy does not pass on the one that it was asked for.
#[derive(Debug, Default)]
pub(crate) struct UnknownHosts(Mutex<Option<Instant>>);

impl UnknownHosts {
    /// Somebody asked for one. There is a log line about it now and then.
    pub(crate) fn note(&self, host: &str, known: &[String]) {
        let mut told = lock(&self.0);
        if told.is_some_and(|it| it.elapsed() < LINE_EVERY) {
            return;
        }
        *told = Some(Instant::now());
        let host = host.chars().take(SHOWN_CHARS_MAX).collect::<String>();
        tracing::warn!(
            ?host,
            known = known.join(", "),
            "no tenant answers at this host: a proxy must pass on the Host that it was asked for, and \
             tenants answer at their own hosts and at that of --public-url"
        );
    }
}

/// The port that a URL with this scheme leaves out.
pub(crate) fn default_port(scheme: &str) -> &'static str {
    match scheme {
        "https" => ":443",
        _ => ":80",
    }
}

/// A host in small letters, an IPv6 address in its shortest form.
pub(crate) fn canonical(host: &str) -> String {
    let address = host.strip_prefix('[').and_then(|it| it.split_once(']'));
    match address.and_then(|(inner, port)| Some((inner.parse::<Ipv6Addr>().ok()?, port))) {
        Some((address, port)) => format!("[{address}]{port}"),
        None => normalise(host),
    }
}

/// The same host with the default port, where it has none, or without it: a browser leaves it out, and
/// some clients do not (RFC 9110 section 4.2.3).
pub(crate) fn by_other_port(host: &str, default_port: &str) -> Option<String> {
    if let Some(bare) = host.strip_suffix(default_port) {
        return Some(bare.to_owned());
    }
    // The colons of an IPv6 address stand in brackets.
    let has_port = host.rsplit(']').next().is_some_and(|it| it.contains(':'));
    (!has_port).then(|| format!("{host}{default_port}"))
}

/// Where a process listens: the address as given, by name, and that of its public URL. The first one is
/// the issuer where nothing else says it.
pub(crate) fn listening(listen: &str, address: SocketAddr, public: Option<&str>) -> Vec<String> {
    let port = address.port();
    let at = |ip: IpAddr| SocketAddr::new(ip, port).to_string();
    let mut hosts = Vec::new();
    if let Some((name, _)) = listen.rsplit_once(':').filter(|it| !it.0.is_empty()) {
        let is_address = name.starts_with('[') || name.parse::<IpAddr>().is_ok();
        // Whoever gives a name wants to be called by it.
        hosts.extend((!is_address).then(|| format!("{name}:{port}")));
    }
    if address.ip().is_unspecified() {
        hosts.push(at(IpAddr::from([127, 0, 0, 1])));
        if address.is_ipv6() {
            hosts.push(at(Ipv6Addr::LOCALHOST.into()));
        }
    }
    hosts.push(at(address.ip()));
    hosts.push(format!("localhost:{port}"));
    hosts.extend(public.map(str::to_owned));
    let mut unique: Vec<String> = Vec::new();
    for host in hosts {
        let host = canonical(&host);
        if !unique.contains(&host) {
            unique.push(host);
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(listen: &str, address: &str, public: Option<&str>) -> Vec<String> {
        listening(listen, address.parse().unwrap(), public)
    }

    #[test]
    fn addresses_stand_in_brackets_and_names_come_first() {
        let four = ["127.0.0.1:8080", "localhost:8080"];
        assert_eq!(hosts("127.0.0.1:8080", "127.0.0.1:8080", None), four);
        assert_eq!(hosts("[::1]:8080", "[::1]:8080", None), ["[::1]:8080", "localhost:8080"]);
        let any = ["127.0.0.1:80", "[::1]:80", "[::]:80", "localhost:80", "id.example"];
        assert_eq!(hosts("[::]:80", "[::]:80", Some("id.example")), any);
        let named = ["localhost:8080", "127.0.0.1:8080"];
        assert_eq!(hosts("localhost:0", "127.0.0.1:8080", None), named);
        let any = ["127.0.0.1:8080", "0.0.0.0:8080", "localhost:8080"];
        assert_eq!(hosts("0.0.0.0:8080", "0.0.0.0:8080", None), any);
    }

    #[test]
    fn one_host_has_one_spelling() {
        assert_eq!(canonical("Login.Example.COM:443"), "login.example.com:443");
        assert_eq!(canonical("[0:0:0:0:0:0:0:1]:8080"), "[::1]:8080");
        assert_eq!(canonical("[2001:DB8:0::1]"), "[2001:db8::1]");
        assert_eq!(canonical("[::1"), "[::1");
    }

    #[test]
    fn the_default_port_may_be_left_out_or_not() {
        let https = |host: &str| by_other_port(host, default_port("https"));
        assert_eq!(https("a.example").as_deref(), Some("a.example:443"));
        assert_eq!(https("a.example:443").as_deref(), Some("a.example"));
        assert_eq!(https("a.example:80"), None);
        assert_eq!(https("[::1]").as_deref(), Some("[::1]:443"));
        assert_eq!(https("[::1]:8080"), None);
        assert_eq!(
            by_other_port("a.example:80", default_port("http")).as_deref(),
            Some("a.example")
        );
    }
}
