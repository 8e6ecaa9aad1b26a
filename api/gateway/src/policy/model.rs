//! What a policy says, as far as it is enforced.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Why a policy is refused as a whole: it is not well-formed, holds what is never read, or has a
/// value that must not reach a gateway. Begins with the line, from 1, where that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyRefused(String);

impl PolicyRefused {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    pub(super) fn at(line: usize, why: &str) -> Self {
        Self(format!("line {line}: {why}"))
    }
}

/// What a gateway does with the requests of one API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    /// How many requests one address may send.
    pub rate_limit: Option<RateLimit>,
    /// Which addresses may send requests at all.
    pub ip_filter: Option<IpFilter>,
    /// Which pages of other origins may.
    pub cors: Option<Cors>,
    /// Headers of answers, in the order of the policy.
    pub set_headers: Vec<SetHeader>,
    /// The path that the upstream sees instead of the caller's, from its slash on; the query stays.
    pub rewrite_uri: Option<String>,
    /// What the policy says besides, by the names of elements and attributes: nobody enforces it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_enforced: Vec<String>,
}

/// So many calls of one address in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// 1 to 100,000.
    pub calls: u32,
    /// Seconds, 1 to 86,400; at least one call a minute must come of both.
    pub renewal_period: u32,
}

/// Which addresses may send requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpFilter {
    /// Whether only these may, or all but these.
    pub action: IpAction,
    /// At most 1,000 networks.
    pub networks: Vec<IpNet>,
}

/// What an address filter does with the addresses that it lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IpAction {
    /// Only they may.
    Allow,
    /// They may not.
    Forbid,
}

/// Which pages of other origins may read answers (the Fetch standard, CORS protocol).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cors {
    /// `https://app.example`, or the single one `*`.
    pub origins: Vec<String>,
    /// In upper case, or the single one `*`. Empty: the simple ones GET and POST.
    pub methods: Vec<String>,
    /// Names that requests may have, or the single one `*`.
    pub headers: Vec<String>,
    /// Names that pages may read.
    pub expose_headers: Vec<String>,
    /// Whether cookies may come along; never with `*`.
    pub credentials: bool,
    /// How long a browser may remember the answer, in seconds, up to a day.
    pub max_age: Option<u32>,
}

/// A header of answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetHeader {
    /// Its name.
    pub name: String,
    /// What happens if the upstream sent it.
    pub action: HeaderAction,
    /// Its values, none for [`HeaderAction::Delete`].
    pub values: Vec<String>,
}

/// What happens to a header that the upstream sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HeaderAction {
    /// It is replaced.
    Override,
    /// It stays, and ours is not sent.
    Skip,
    /// Both are sent.
    Append,
    /// It is not sent.
    Delete,
}

/// Whether a value may reach a gateway's files: it has no control characters and none of
/// `" \ $ ; { }`, each of which could end or begin something there.
pub fn is_plain_value(text: &str) -> bool {
    !text.chars().any(|it| it.is_control() || ['"', '\\', '$', ';', '{', '}'].contains(&it))
}
