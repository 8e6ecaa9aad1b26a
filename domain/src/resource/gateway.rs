//! What a resource has at the gateway: its path, its APIs, their revisions and releases.

use std::collections::{BTreeMap, BTreeSet};

use super::events::ResourceEvent;
use super::facts::VersionSet;
use crate::ids::{TenantId, Timestamp};
use crate::kind::ClaimKind;
use crate::refusal::Refusal;

/// The kind of claim that makes a gateway path unique in its tenant.
pub const GATEWAY_PATH_CLAIM: ClaimKind =
    ClaimKind { name: "gateway_path", english: "gateway path (suffix)" };

pub(super) const API_NOT_FOUND: Refusal = Refusal::NotFound { what: "gateway API" };
pub(super) const REVISION_NOT_FOUND: Refusal = Refusal::NotFound { what: "gateway revision" };

/// What a resource has at the gateway. Faces are not remembered: a revision never changes, so whoever
/// needs its face reads the event that made it.
#[derive(Debug, Clone)]
pub struct Gateway {
    pub(super) resource: u32,
    pub(super) tenant: TenantId,
    /// Shared by all APIs of the resource; `None` while it is not published.
    pub(super) path: Option<String>,
    pub(super) apis: BTreeMap<String, Api>,
    /// How a request says which version it wants, once that was said.
    pub(super) version_set: Option<VersionSet>,
}

#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) version_name: Option<String>,
    pub(super) revisions: u32,
    pub(super) current: u32,
    /// The releases that are listed, oldest first.
    pub(super) releases: Vec<i64>,
    /// The youngest one there ever was.
    pub(super) last_release: i64,
    /// The revisions that are not served at their private address.
    pub(super) offline: BTreeSet<u32>,
    /// When it is not to be used any more, and when it ends.
    pub(super) lifecycle: (Option<Timestamp>, Option<Timestamp>),
}

impl Api {
    fn new(version_name: Option<String>) -> Self {
        Self {
            version_name,
            revisions: 1,
            current: 1,
            releases: Vec::new(),
            last_release: 0,
            offline: BTreeSet::new(),
            lifecycle: (None, None),
        }
    }

    fn release(&mut self, revision: u32, release_id: &str) {
        self.current = revision;
        // A stored id is a number: `next_release_id` made it.
        let release = release_id.parse().unwrap_or(0);
        self.last_release = self.last_release.max(release);
        self.releases.push(release);
    }
}

impl Gateway {
    /// Of a resource that was just created.
    pub(super) fn new(resource: u32, tenant: TenantId) -> Self {
        Self { resource, tenant, path: None, apis: BTreeMap::new(), version_set: None }
    }

    /// The path at the gateway; `None` while it is not published.
    pub(super) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Folds a fact of the gateway.
    pub(super) fn evolve(&mut self, event: &ResourceEvent) {
        match event {
            ResourceEvent::Created(_)
            | ResourceEvent::ClientAllowed(_)
            | ResourceEvent::Updated(_)
            | ResourceEvent::Deleted(_)
            | ResourceEvent::OwnerAdded(_)
            | ResourceEvent::OwnerRemoved(_)
            | ResourceEvent::PackageAdded(_)
            | ResourceEvent::PackageChanged(_)
            | ResourceEvent::PackageRemoved(_)
            | ResourceEvent::NpmOptionsSet(_)
            | ResourceEvent::SdkVersionTaken(_)
            | ResourceEvent::GitOptionsSet(_)
            | ResourceEvent::CommonOptionsSet(_)
            | ResourceEvent::SdkRecorded(_)
            | ResourceEvent::ReleaseNoted(_) => (),
            ResourceEvent::ReleaseDeleted(fact) => {
                if let Some(api) = self.apis.get_mut(&fact.data.api_id) {
                    let deleted = fact.data.release_id.parse();
                    api.releases.retain(|it| deleted != Ok(*it));
                }
            }
            ResourceEvent::Published(fact) => {
                let data = &fact.data;
                self.path = Some(data.face.normal_path());
                if data.created {
                    self.apis.insert(data.api_id.clone(), Api::new(None));
                }
                if let Some(api) = self.apis.get_mut(&data.api_id) {
                    api.revisions = api.revisions.max(data.revision);
                    api.current = data.revision;
                    if let Some(release_id) = &data.release_id {
                        api.release(data.revision, release_id);
                    }
                }
            }
            ResourceEvent::RevisionPublished(fact) => {
                if let Some(api) = self.apis.get_mut(&fact.data.api_id) {
                    api.revisions = fact.data.revision;
                }
            }
            ResourceEvent::VersionPublished(fact) => {
                let api = Api::new(Some(fact.data.version_name.clone()));
                self.apis.insert(fact.data.api_id.clone(), api);
            }
            ResourceEvent::VersionSetOnline(fact) => {
                if let Some(api) = self.apis.get_mut(&fact.data.api_id) {
                    api.release(fact.data.revision, &fact.data.release_id);
                }
            }
            ResourceEvent::RevisionOnlineSet(fact) => {
                if let Some(api) = self.apis.get_mut(&fact.data.api_id) {
                    match fact.data.online {
                        true => drop(api.offline.remove(&fact.data.revision)),
                        false => drop(api.offline.insert(fact.data.revision)),
                    }
                }
            }
            ResourceEvent::VersionSetChanged(fact) => self.version_set = Some(fact.data.clone()),
            ResourceEvent::VersionLifecycleSet(fact) => {
                if let Some(api) = self.apis.get_mut(&fact.data.api_id) {
                    api.lifecycle = (fact.data.deprecated_at, fact.data.sunset_at);
                }
            }
            ResourceEvent::VersionRetired(fact) => drop(self.apis.remove(&fact.data.api_id)),
            ResourceEvent::Unpublished(_) => self.path = None,
        }
    }

    pub(super) fn api(&self, api_id: &str) -> Result<&Api, Refusal> {
        self.apis.get(api_id).ok_or(API_NOT_FOUND)
    }

    /// Reads `A` or `A;rev=n`; without a revision, the current one is meant.
    pub(super) fn find_revision<'a>(
        &self,
        revision_id: &'a str,
    ) -> Result<(&'a str, u32), Refusal> {
        let revision_id = revision_id.trim_start_matches("/apis/");
        let (api_id, revision) = match revision_id.split_once(";rev=") {
            Some((api_id, revision)) => {
                (api_id, Some(revision.parse::<u32>().map_err(|_| REVISION_NOT_FOUND)?))
            }
            None => (revision_id, None),
        };
        let api = self.apis.get(api_id).ok_or(REVISION_NOT_FOUND)?;
        let revision = revision.unwrap_or(api.current);
        if !(1..=api.revisions).contains(&revision) {
            return Err(REVISION_NOT_FOUND);
        }
        Ok((api_id, revision))
    }

    /// The id of the group of all versions of the resource.
    pub(super) fn version_set_id(&self) -> String {
        format!("versions-{}", self.resource)
    }
}
