//! What a tenant demands of the APIs that are published in it.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::refusal::Refusal;

/// The most patterns of upstreams of one tenant.
pub const UPSTREAM_PATTERNS_MAX: usize = 100;

/// Which changes of a document are refused, unless they are acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refuse {
    /// None.
    #[default]
    Off,
    /// Breaking ones.
    Breaking,
    /// Breaking and risky ones.
    Risky,
}

impl Refuse {
    /// Whether a document with so many breaking and risky changes is refused.
    pub fn concerns(self, breaking: u32, risky: u32) -> bool {
        match self {
            Self::Off => false,
            Self::Breaking => breaking > 0,
            Self::Risky => breaking > 0 || risky > 0,
        }
    }
}

/// What a tenant demands of the APIs that are published in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiPolicy {
    /// Which changes of a document are refused.
    pub refuse: Refuse,
    /// Whether documents are held to the whole grammar of OpenAPI.
    pub strict_documents: bool,
    /// Where requests may go besides public addresses: host names, `*.` with a name, networks,
    /// addresses, each of them with or without a port.
    pub upstreams: Vec<String>,
}

/// Of a tenant that has never said anything.
impl Default for ApiPolicy {
    fn default() -> Self {
        Self { refuse: Refuse::Off, strict_documents: true, upstreams: Vec::new() }
    }
}

impl ApiPolicy {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        check::list("upstreams", &self.upstreams, UPSTREAM_PATTERNS_MAX)?;
        for pattern in &self.upstreams {
            check::required("upstreams", pattern, 255)?;
            let fits = |it: u8| it.is_ascii_alphanumeric() || b".*:/[]-_".contains(&it);
            if !pattern.bytes().all(fits) {
                let why = "must be host names, addresses or networks";
                return Err(Refusal::invalid("upstreams", why));
            }
        }
        Ok(())
    }
}
