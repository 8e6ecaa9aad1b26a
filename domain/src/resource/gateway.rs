//! The face of an API resource at the gateway: its path, its APIs, their revisions and versions.

use std::collections::BTreeMap;

use super::events::{
    PublishRequest, ResourceEvent, ResourcePublished, RevisionPublished, VersionPublished,
    VersionSetOnline,
};
use crate::aggregate::Decision;
use crate::check;
use crate::codec::COMMIT_BYTES_MAX;
use crate::ids::{TenantId, Timestamp};
use crate::kind::ClaimKind;
use crate::refusal::Refusal;

/// The kind of claim that makes a gateway path unique in its tenant.
pub const GATEWAY_PATH_CLAIM: ClaimKind =
    ClaimKind { name: "gateway_path", english: "gateway path (suffix)" };

/// The most API versions of one resource.
pub const API_VERSIONS_MAX: usize = 100;

/// The most revisions of one API version.
pub const REVISIONS_MAX: u32 = 1_000;

/// The largest policy, in bytes: with its envelope it must fit into one commit.
pub const POLICY_BYTES_MAX: usize = COMMIT_BYTES_MAX - 8 * 1024;

/// The face of a resource at the gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    resource: u32,
    tenant: TenantId,
    /// Shared by all APIs of the resource; `None` before the first publication.
    path: Option<String>,
    apis: BTreeMap<String, Api>,
}

#[derive(Debug, Clone)]
struct Api {
    version_name: Option<String>,
    revisions: u32,
    current: u32,
    last_release_id: Option<String>,
}

impl Gateway {
    /// Of a resource that was just created.
    pub(super) fn new(resource: u32, tenant: TenantId) -> Self {
        Self { resource, tenant, path: None, apis: BTreeMap::new() }
    }

    /// Folds a fact of the gateway.
    pub(super) fn evolve(&mut self, event: &ResourceEvent) {
        match event {
            ResourceEvent::Created(_) | ResourceEvent::ClientAllowed(_) => (),
            ResourceEvent::Published(fact) => {
                self.path = Some(normalise_path(&fact.data.request.suffix));
                if fact.data.created {
                    self.apis.insert(fact.data.request.api_id.clone(), Api::new(None));
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
                    api.current = fact.data.revision;
                    api.last_release_id = Some(fact.data.release_id.clone());
                }
            }
        }
    }

    pub(super) fn publish(
        &self,
        request: &PublishRequest,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        check_publish(request)?;
        let known = self.apis.get(&request.api_id);
        // Spec section 7.2, B22: the gateway id of a resource is its number, so that the rows
        // which take the one and those which take the other agree.
        if known.is_none() && request.api_id != self.resource.to_string() {
            return Err(Refusal::NotAllowed {
                why: "apiId must be the id of the API resource, or of one of its API versions",
            });
        }
        let path = normalise_path(&request.suffix);
        let mut decision = Decision::event(ResourceEvent::Published(
            ResourcePublished {
                request: request.clone(),
                created: known.is_none(),
                revision: known.map_or(1, |api| api.current),
            }
            .into(),
        ));
        if self.path.as_ref() != Some(&path) {
            if let Some(old) = &self.path {
                decision = decision.release(self.tenant, GATEWAY_PATH_CLAIM, old.clone());
            }
            decision = decision.claim(self.tenant, GATEWAY_PATH_CLAIM, path);
        }
        Ok(decision)
    }

    pub(super) fn publish_revision(
        &self,
        api_id: &str,
        swagger_url: &str,
        note: Option<&str>,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        check::required("apiId", api_id, 256)?;
        check::required("swaggerUrl", swagger_url, 2000)?;
        check::url("swaggerUrl", swagger_url)?;
        check::optional("releaseNote", note, 4000)?;
        let api = self.apis.get(api_id).ok_or(Refusal::NotFound { what: "gateway API" })?;
        if api.revisions >= REVISIONS_MAX {
            return Err(Refusal::NotAllowed {
                why: "the API has as many revisions as it may have",
            });
        }
        let published = RevisionPublished {
            api_id: api_id.to_owned(),
            revision: api.revisions + 1,
            source_revision: api.current,
            swagger_url: swagger_url.to_owned(),
            note: note.map(str::to_owned),
        };
        Ok(Decision::event(ResourceEvent::RevisionPublished(published.into())))
    }

    pub(super) fn publish_version(
        &self,
        revision_id: &str,
        version_name: &str,
        new_api_id: &str,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        check::required("apiVersionName", version_name, 100)?;
        let (source_api_id, source_revision) = self.find_revision(revision_id)?;
        let version_name = version_name.trim().to_lowercase();
        let taken = |api: &Api| api.version_name.as_ref() == Some(&version_name);
        if self.apis.values().any(taken) || self.apis.contains_key(new_api_id) {
            return Err(Refusal::AlreadyExists { what: "API version" });
        }
        if self.apis.len() >= API_VERSIONS_MAX {
            return Err(Refusal::NotAllowed {
                why: "the API resource has as many versions as it may have",
            });
        }
        let published = VersionPublished {
            api_id: new_api_id.to_owned(),
            version_name,
            source_api_id: source_api_id.to_owned(),
            source_revision,
            version_set_id: format!("versions-{}", self.resource),
        };
        Ok(Decision::event(ResourceEvent::VersionPublished(published.into())))
    }

    pub(super) fn set_online(
        &self,
        revision_id: &str,
        now: Timestamp,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        let (api_id, revision) = self.find_revision(revision_id)?;
        let last = self.apis.get(api_id).and_then(|it| it.last_release_id.as_deref());
        let set = VersionSetOnline {
            api_id: api_id.to_owned(),
            revision,
            release_id: next_release_id(now, last),
        };
        Ok(Decision::event(ResourceEvent::VersionSetOnline(set.into())))
    }

    /// Reads `A` or `A;rev=n`; without a revision, the current one is meant.
    fn find_revision<'a>(&self, revision_id: &'a str) -> Result<(&'a str, u32), Refusal> {
        let not_found = Refusal::NotFound { what: "gateway revision" };
        let revision_id = revision_id.trim_start_matches("/apis/");
        let (api_id, revision) = match revision_id.split_once(";rev=") {
            Some((api_id, revision)) => {
                (api_id, Some(revision.parse::<u32>().map_err(|_| not_found.clone())?))
            }
            None => (revision_id, None),
        };
        let api = self.apis.get(api_id).ok_or(not_found.clone())?;
        let revision = revision.unwrap_or(api.current);
        if !(1..=api.revisions).contains(&revision) {
            return Err(not_found);
        }
        Ok((api_id, revision))
    }
}

impl Api {
    fn new(version_name: Option<String>) -> Self {
        Self { version_name, revisions: 1, current: 1, last_release_id: None }
    }
}

/// The id of a release: 100-ns ticks since year 1 (spec section 5.2, row 13), later than `last`.
fn next_release_id(now: Timestamp, last: Option<&str>) -> String {
    /// Ticks between year 1 and the Unix epoch.
    const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;
    let ticks = UNIX_EPOCH_TICKS.saturating_add(now.0.saturating_mul(10));
    let last = last.and_then(|it| it.parse::<i64>().ok()).unwrap_or(0);
    // Saturating: a stored id at the end of the range must not stop the program.
    ticks.max(last.saturating_add(1)).to_string()
}

fn normalise_path(suffix: &str) -> String {
    suffix.to_ascii_lowercase()
}

fn check_publish(request: &PublishRequest) -> Result<(), Refusal> {
    check::required("apiId", &request.api_id, 256)?;
    check::required("suffix", &request.suffix, 32)?;
    if !request.suffix.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return Err(Refusal::invalid("suffix", "must be 1 to 32 of [a-zA-Z0-9]"));
    }
    check::required("swaggerUrl", &request.swagger_url, 2000)?;
    check::url("swaggerUrl", &request.swagger_url)?;
    check::optional("name", request.name.as_deref(), 300)?;
    check::optional("description", request.description.as_deref(), 4000)?;
    check::optional("authorizationServerId", request.authorization_server_id.as_deref(), 256)?;
    check::optional("scope", request.scope.as_deref(), 500)?;
    check::optional("openid", request.openid.as_deref(), 256)?;
    check::list("productIds", &request.product_ids, 20)?;
    for product in &request.product_ids {
        check::required("productIds", product, 100)?;
    }
    match &request.policy {
        Some(policy) if policy.len() > POLICY_BYTES_MAX => {
            Err(Refusal::TooLarge { field: "policy", bytes_max: POLICY_BYTES_MAX })
        }
        _ => Ok(()),
    }
}
