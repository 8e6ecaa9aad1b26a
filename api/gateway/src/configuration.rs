//! The neutral configuration, format 1: what gateways serve, said without a word of any gateway's own
//! language. The server writes it, followers read it.
//!
//! It holds no secret: keys, subscriptions, tokens and limits by subscription are asked of the server
//! at each request. Members that a reader does not know are passed over.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;

/// The only format there is.
pub const FORMAT: u32 = 1;

/// The longest configuration that is read, in bytes; 5,000 APIs take about 3 MiB.
pub const CONFIGURATION_BYTES_MAX: usize = 64 << 20;

/// What all gateways serve at a position of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Configuration {
    /// [`FORMAT`].
    pub format: u32,
    /// The position of the last event that changed this text. Not the head of the log: reports of
    /// gateways do not make new configurations.
    pub position: u64,
    /// The tenants that have an API, by number.
    pub tenants: Vec<Tenant>,
}

/// A tenant and what it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its number, from 1.
    pub tenant: u32,
    /// The host names under which it is reached. Without any, it is reached under every name that
    /// no other tenant has; only one tenant may be so.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Its APIs, by path.
    pub apis: Vec<Api>,
}

/// What is served below one path: a resource, in all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    /// Without slashes at its ends: `orders`.
    pub path: String,
    /// How a request says which version it wants; without it there is only the default.
    #[serde(default)]
    pub version_set: Option<VersionSet>,
    /// The `apiId` of the version that a request without a wish gets. 404 if it is not served.
    pub default: String,
    /// The versions that are served.
    pub versions: Vec<Version>,
}

/// How a request says which version it wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionSet {
    /// Where the wish stands.
    pub scheme: Scheme,
    /// The name of the query parameter or header; empty for [`Scheme::Segment`].
    pub parameter: String,
}

/// Where the wish for a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    /// `/orders/1?api-version=v2`
    Query,
    /// `api-version: v2`
    Header,
    /// `/orders/v2/1`
    Segment,
}

/// One version of an API, by its current revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The number of the resource, or 32 hex digits.
    pub api_id: String,
    /// What requests call it, such as `v2`, without regard to case.
    #[serde(default)]
    pub name: Option<String>,
    /// The current revision, from 1.
    pub revision: u32,
    /// The position of the event that made this revision the current one.
    pub position: u64,
    /// Where requests go: http or https, without credentials, query and fragment.
    pub service_url: String,
    /// A token is demanded, if there is any.
    #[serde(default)]
    pub authentication: Option<Authentication>,
    /// Whether a product demands the key of a subscription.
    #[serde(default)]
    pub keys: bool,
    /// What the gateway does besides.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// Since or from when it is deprecated, in seconds since 1970 (RFC 9745).
    #[serde(default)]
    pub deprecated_at: Option<i64>,
    /// When it is expected to end, in seconds since 1970 (RFC 8594).
    #[serde(default)]
    pub sunset_at: Option<i64>,
    /// The revisions that owners reach at `/{path};rev=n/`.
    #[serde(default)]
    pub online: Vec<Online>,
}

/// The token that a version demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authentication {
    /// The authorization server that issues it: `chancery`, or the id of another one.
    pub server: String,
    /// The scope that it must have.
    #[serde(default)]
    pub scope: Option<String>,
    /// The OpenID provider that the face names.
    #[serde(default)]
    pub openid: Option<String>,
}

/// A revision at its private address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Online {
    /// Its number, from 1.
    pub revision: u32,
    /// Where its requests go.
    pub service_url: String,
}

impl Version {
    /// Whether the gateway asks the server before it lets a request pass.
    pub fn needs_check(&self) -> bool {
        self.authentication.is_some() || self.keys
    }
}

impl Configuration {
    /// Its text. The same configuration always has the same text: members stand in the order in
    /// which they are declared here, and no map is involved.
    ///
    /// # Errors
    /// None that this type can cause; the signature is that of the JSON writer.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// The SHA-256 of [`Self::to_json`] in 64 hex digits: the `ETag`.
    ///
    /// # Errors
    /// As [`Self::to_json`].
    pub fn sha256_hex(&self) -> serde_json::Result<String> {
        Ok(sha256_hex(self.to_json()?.as_bytes()))
    }

    /// Reads the text of a configuration.
    ///
    /// # Errors
    /// When it is too long, not JSON, or of another format.
    pub fn read(text: &[u8]) -> Result<Self, Unreadable> {
        if text.len() > CONFIGURATION_BYTES_MAX {
            return Err(Unreadable("is longer than 64 MiB".to_owned()));
        }
        /// Read first: another format may have other members.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let unreadable = |err: serde_json::Error| Unreadable(format!("is not readable: {err}"));
        let head: Head = serde_json::from_slice(text).map_err(unreadable)?;
        if head.format != FORMAT {
            return Err(Unreadable(format!("has format {}, not {FORMAT}", head.format)));
        }
        serde_json::from_slice(text).map_err(unreadable)
    }
}

/// Why a configuration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration {0}")]
pub struct Unreadable(String);

/// The SHA-256 of some bytes in 64 hex digits, lower case.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Configuration {
        let version = Version {
            api_id: "7".to_owned(),
            name: None,
            revision: 12,
            position: 4711,
            service_url: "https://a.example/v1".to_owned(),
            authentication: None,
            keys: false,
            policy: None,
            deprecated_at: None,
            sunset_at: Some(1_793_491_200),
            online: vec![Online { revision: 13, service_url: "https://b.example".to_owned() }],
        };
        let set = VersionSet { scheme: Scheme::Query, parameter: "api-version".to_owned() };
        let api = Api {
            path: "orders".to_owned(),
            version_set: Some(set),
            default: "7".to_owned(),
            versions: vec![version],
        };
        let tenant = Tenant { tenant: 1, hosts: vec!["a.example".to_owned()], apis: vec![api] };
        Configuration { format: FORMAT, position: 4711, tenants: vec![tenant] }
    }

    #[test]
    fn its_text_is_always_the_same_and_read_back() {
        let text = sample().to_json().unwrap();
        let expected = r#"{"format":1,"position":4711,"tenants":[{"tenant":1,"hosts":["a.example"],"apis":[{"path":"orders","versionSet":{"scheme":"Query","parameter":"api-version"},"default":"7","versions":[{"apiId":"7","name":null,"revision":12,"position":4711,"serviceUrl":"https://a.example/v1","authentication":null,"keys":false,"policy":null,"deprecatedAt":null,"sunsetAt":1793491200,"online":[{"revision":13,"serviceUrl":"https://b.example"}]}]}]}]}"#;
        assert_eq!(text, expected);
        assert_eq!(Configuration::read(text.as_bytes()).unwrap(), sample());
        assert_eq!(sample().sha256_hex().unwrap(), sha256_hex(text.as_bytes()));
    }

    #[test]
    fn members_of_later_versions_are_passed_over_and_other_formats_refused() {
        let text = sample().to_json().unwrap();
        let more = text.replace(r#""position":4711"#, r#""position":4711,"later":{"a":[1]}"#);
        assert_eq!(Configuration::read(more.as_bytes()).unwrap(), sample());
        let other = text.replace(r#""format":1"#, r#""format":2"#);
        let err = Configuration::read(other.as_bytes()).unwrap_err();
        assert_eq!(err.to_string(), "the configuration has format 2, not 1");
        assert!(Configuration::read(b"{").is_err());
    }

    #[test]
    fn the_digest_of_nothing_is_the_known_one() {
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256_hex(b""), known);
    }

    #[test]
    fn tokens_and_keys_need_a_check_and_nothing_else_does() {
        let mut version = sample().tenants[0].apis[0].versions[0].clone();
        assert!(!version.needs_check());
        version.keys = true;
        assert!(version.needs_check());
        version.keys = false;
        version.authentication =
            Some(Authentication { server: "chancery".to_owned(), scope: None, openid: None });
        assert!(version.needs_check());
    }
}
