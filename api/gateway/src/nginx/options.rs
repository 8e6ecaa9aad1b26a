//! What the files of nginx depend on besides the configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

/// The secret by which a gateway shows who it is. It is shown nowhere but in requests to the server
/// and in files that only this user reads.
#[derive(Clone, PartialEq, Eq)]
pub struct GatewayKey(String);

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 200;

impl GatewayKey {
    /// A key from the text of its file, without white space at its ends. `None` if it is empty,
    /// longer than 200 bytes, or has other characters than letters, digits and `- _ . ~ + / =`.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let may = |it: u8| it.is_ascii_alphanumeric() || b"-_.~+/=".contains(&it);
        let is_key = !text.is_empty() && text.len() <= KEY_BYTES_MAX && text.bytes().all(may);
        is_key.then(|| Self(text.to_owned()))
    }

    /// The secret itself, for a request or a file.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GatewayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayKey(…)")
    }
}

/// A version of nginx, as `nginx -v` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NginxVersion(pub u32, pub u32, pub u32);

impl NginxVersion {
    /// The first one with `keepalive_min_timeout`.
    pub(super) const KEEPALIVE_MIN: Self = Self(1, 27, 4);

    /// Reads `nginx version: nginx/1.22.1 (…)`.
    pub fn parse(said: &str) -> Option<Self> {
        let (_, version) = said.split_once("nginx/")?;
        let version = version.split(|it: char| it != '.' && !it.is_ascii_digit()).next()?;
        let mut numbers = version.split('.').map(|it| it.parse().ok());
        Some(Self(numbers.next()??, numbers.next()??, numbers.next()??))
    }
}

/// A host, as a URL spells it, and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// A name in lower case, or an address (`[::1]`).
    pub host: String,
    /// From 1.
    pub port: u16,
}

/// The server that is asked whether a request may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its URL, http or https, without credentials, query and fragment.
    pub url: url::Url,
    /// What its host resolved to, not empty.
    pub addresses: Vec<IpAddr>,
}

/// What the files of nginx depend on besides the configuration.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// The SHA-256 of the configuration's text, in hex.
    pub sha256: String,
    /// The gateway's name at the server.
    pub name: String,
    /// Its key there.
    pub key: GatewayKey,
    /// The server.
    pub authority: Authority,
    /// Where callers come in.
    pub listen: SocketAddr,
    /// Where `GET /position` is answered.
    pub status: SocketAddr,
    /// For how many seconds an answer of the server is remembered; 0: not at all.
    pub check_cache_seconds: u32,
    /// Whether a key may also stand in the query, as `subscription-key`.
    pub key_in_query: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What the hosts of upstreams resolved to, as far as they may be reached. A host without
    /// addresses here answers 503.
    pub upstreams: BTreeMap<HostPort, Vec<IpAddr>>,
    /// The certificates that https upstreams are verified by.
    pub certificates: PathBuf,
    /// The gateway's folder.
    pub dir: PathBuf,
    /// For which nginx it is written.
    pub version: NginxVersion,
}

/// A written `gateway.conf`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its text.
    pub text: String,
    /// 12 hex digits by which this text is told from every other one, also at the same position: the
    /// begin of the SHA-256 of all but the line that shows it.
    pub id: String,
    /// What is served otherwise than configured, for the operator, such as a host that may not be
    /// reached; at most 100 lines.
    pub warnings: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let key = GatewayKey::new(" chk_secret\n").unwrap();
        assert_eq!(key.reveal(), "chk_secret");
        assert!(!format!("{key:?}").contains("secret"));
        for text in ["", " ", "a b", "a\"b", "a;b", "a$b", &"a".repeat(201)] {
            assert!(GatewayKey::new(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn versions_are_read_and_ordered() {
        let read = NginxVersion::parse("nginx version: nginx/1.22.1 (Debian)");
        assert_eq!(read, Some(NginxVersion(1, 22, 1)));
        assert!(NginxVersion(1, 28, 0) > NginxVersion::KEEPALIVE_MIN);
        assert_eq!(NginxVersion::parse("nginx version: nginx/1"), None);
        assert_eq!(NginxVersion::parse("tengine"), None);
    }
}
