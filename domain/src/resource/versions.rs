//! Versions at the gateway: how requests choose one, when it ends, and which revisions are served.

use super::events::ResourceEvent;
use super::facts::{
    RevisionOnlineSet, VersionLifecycle, VersionRetired, VersionScheme, VersionSet,
};
use super::gateway::Gateway;
use crate::aggregate::Decision;
use crate::check;
use crate::ids::Timestamp;
use crate::refusal::Refusal;

/// How many revisions of an API are served at their private addresses: the newest ones.
pub const ONLINE_REVISIONS_MAX: u32 = 20;

/// The query parameter that says which version a request wants, unless the version set says otherwise.
pub const VERSION_PARAMETER: &str = "api-version";

type Decided = Result<Decision<ResourceEvent>, Refusal>;

/// What a version set is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WishedVersionSet {
    /// What people call it.
    pub name: String,
    /// A text about it.
    pub description: Option<String>,
    /// Where the version stands in a request.
    pub scheme: VersionScheme,
    /// The name of the query parameter or header.
    pub parameter: String,
}

impl Gateway {
    pub(super) fn set_revision_online(&self, revision_id: &str, online: bool) -> Decided {
        let (api_id, revision) = self.find_revision(revision_id)?;
        let api = self.api(api_id)?;
        if api.offline.contains(&revision) != online {
            return Ok(Decision::none());
        }
        if online && api.revisions - revision >= ONLINE_REVISIONS_MAX {
            let why = "only the newest 20 revisions of an API are served: release an older one";
            return Err(Refusal::NotAllowed { why });
        }
        let set = RevisionOnlineSet { api_id: api_id.to_owned(), revision, online };
        Ok(Decision::event(ResourceEvent::RevisionOnlineSet(set.into())))
    }

    pub(super) fn change_version_set(&self, wished: &WishedVersionSet) -> Decided {
        let WishedVersionSet { name, description, scheme, parameter } = wished.clone();
        check::required("name", &name, 300)?;
        check::optional_text("description", description.as_deref(), 1000)?;
        let is_token = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        if !(1..=64).contains(&parameter.len()) || !parameter.bytes().all(is_token) {
            return Err(Refusal::invalid("parameter", "must be 1 to 64 of [a-zA-Z0-9_-]"));
        }
        let version_set_id = self.version_set_id();
        let set = VersionSet { version_set_id, name, description, scheme, parameter };
        if self.version_set.as_ref() == Some(&set) {
            return Ok(Decision::none());
        }
        Ok(Decision::event(ResourceEvent::VersionSetChanged(set.into())))
    }

    pub(super) fn set_lifecycle(
        &self,
        api_id: &str,
        deprecated_at: Option<Timestamp>,
        sunset_at: Option<Timestamp>,
    ) -> Decided {
        let api = self.api(api_id)?;
        if let (Some(deprecated), Some(sunset)) = (deprecated_at, sunset_at)
            && sunset < deprecated
        {
            return Err(Refusal::invalid("sunsetAt", "must not be before deprecatedAt"));
        }
        if api.lifecycle == (deprecated_at, sunset_at) {
            return Ok(Decision::none());
        }
        let set = VersionLifecycle { api_id: api_id.to_owned(), deprecated_at, sunset_at };
        Ok(Decision::event(ResourceEvent::VersionLifecycleSet(set.into())))
    }

    pub(super) fn retire_version(&self, api_id: &str) -> Decided {
        let api = self.api(api_id)?;
        if api.version_name.is_none() {
            let why = "the first version stays: unpublish the API resource instead";
            return Err(Refusal::NotAllowed { why });
        }
        let retired = VersionRetired { api_id: api_id.to_owned() };
        Ok(Decision::event(ResourceEvent::VersionRetired(retired.into())))
    }
}
