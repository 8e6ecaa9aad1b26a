//! Publishing: revisions and versions of an API at the gateway.
//!
//! Faces are put together outside: from what was asked for, what was current, and the document that
//! was read. A command says from which revision its face was made; if another one is current by then,
//! the face has to be made again.

use super::events::ResourceEvent;
use super::face::{Difference, Face};
use super::facts::{ResourcePublished, ResourceUnpublished, RevisionPublished, VersionPublished};
use super::gateway::{Api, GATEWAY_PATH_CLAIM, Gateway, REVISION_NOT_FOUND};
use super::releases::{NOTES_CHARS_MAX, next_release_id};
use crate::aggregate::Decision;
use crate::check;
use crate::ids::Timestamp;
use crate::refusal::Refusal;
use crate::tenant::Refuse;

/// The most API versions of one resource.
pub const API_VERSIONS_MAX: usize = 100;

/// What is said of a difference that the tenant refuses.
pub const BREAKING_CHANGE: &str =
    "the document breaks callers of the current revision: send acknowledgeBreaking to publish it";

/// A revision, as it was read by whoever put a face together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// Which revision.
    pub revision: u32,
    /// What it is.
    pub face: Face,
}

/// Whether a difference may be published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gate {
    /// Which differences the tenant refuses.
    pub refuse: Refuse,
    /// Whether somebody who may do so takes them all the same.
    pub is_acknowledged: bool,
}

/// What is to be published (row 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The API at the gateway: the number of the resource, or the id of one of its versions.
    pub api_id: String,
    /// The revision that was current; `None` if the API is new.
    pub current: Option<Basis>,
    /// What it is to become.
    pub face: Face,
    /// How its document differs from the current one.
    pub difference: Difference,
    /// Whether that may be.
    pub gate: Gate,
    /// What is said of the release.
    pub notes: Option<String>,
}

/// A revision that is to be added (row 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRevision {
    /// Which API.
    pub api_id: String,
    /// The revision that was current, from which the face was made.
    pub current: Basis,
    /// The newest revision: the same face again is no event.
    pub newest: Basis,
    /// What it is.
    pub face: Face,
    /// How its document differs from the current one.
    pub difference: Difference,
    /// Whether that may be.
    pub gate: Gate,
    /// Why.
    pub note: Option<String>,
}

/// An API version that is to be added (row 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// The revision to start from: `A` or `A;rev=n`.
    pub revision_id: String,
    /// What that revision is.
    pub source: Option<Basis>,
    /// `v2`.
    pub version_name: String,
    /// The id of the new API: 32 hexadecimal digits.
    pub new_api_id: String,
}

type Decided = Result<Decision<ResourceEvent>, Refusal>;

impl Gate {
    /// Whether this difference may be published.
    ///
    /// # Errors
    /// Not allowed, where the tenant refuses it and nobody acknowledged it.
    pub fn check(self, difference: &Difference) -> Result<(), Refusal> {
        match self.refuse.concerns(difference.breaking, difference.risky) && !self.is_acknowledged {
            true => Err(Refusal::NotAllowed { why: BREAKING_CHANGE }),
            false => Ok(()),
        }
    }
}

impl Gateway {
    pub(super) fn publish(&self, wished: &Publication, now: Timestamp) -> Decided {
        let Publication { api_id, current, face, difference, gate, notes } = wished;
        check::required("apiId", api_id, 256)?;
        check::optional_text("notes", notes.as_deref(), NOTES_CHARS_MAX)?;
        face.check()?;
        let known = self.apis.get(api_id);
        // Spec section 7.2, B22: the gateway id of a resource is its number, so that the rows
        // which take the one and those which take the other agree.
        if known.is_none() && *api_id != self.resource.to_string() {
            return Err(Refusal::NotAllowed {
                why: "apiId must be the id of the API resource, or of one of its API versions",
            });
        }
        if known.map(|it| it.current) != current.as_ref().map(|it| it.revision) {
            return Err(Refusal::Changed);
        }
        let path = face.normal_path();
        let is_moved = self.path.as_ref() != Some(&path);
        if !is_moved && current.as_ref().is_some_and(|it| it.face == *face) {
            return Ok(Decision::none());
        }
        gate.check(difference)?;
        let revision = known.map_or(Some(1), |it| it.revisions.checked_add(1));
        let decision = Decision::event(ResourceEvent::Published(
            ResourcePublished {
                api_id: api_id.clone(),
                created: known.is_none(),
                revision: revision.ok_or(TOO_MANY_REVISIONS)?,
                face: face.clone(),
                difference: difference.clone(),
                release_id: Some(next_release_id(now, known.map_or(0, |it| it.last_release))),
                notes: notes.clone(),
            }
            .into(),
        ));
        Ok(if is_moved { self.move_to(path, decision) } else { decision })
    }

    fn move_to(&self, path: String, decision: Decision<ResourceEvent>) -> Decision<ResourceEvent> {
        let decision = match &self.path {
            Some(old) => decision.release(self.tenant, GATEWAY_PATH_CLAIM, old.clone()),
            None => decision,
        };
        decision.claim(self.tenant, GATEWAY_PATH_CLAIM, path)
    }

    pub(super) fn publish_revision(&self, wished: &NewRevision) -> Decided {
        let NewRevision { api_id, current, newest, face, difference, gate, note } = wished;
        check::required("apiId", api_id, 256)?;
        check::optional_text("releaseNote", note.as_deref(), NOTES_CHARS_MAX)?;
        face.check()?;
        let api = self.api(api_id)?;
        if api.current != current.revision || api.revisions != newest.revision {
            return Err(Refusal::Changed);
        }
        if newest.face == *face {
            return Ok(Decision::none());
        }
        gate.check(difference)?;
        let published = RevisionPublished {
            api_id: api_id.clone(),
            revision: api.revisions.checked_add(1).ok_or(TOO_MANY_REVISIONS)?,
            source_revision: api.current,
            note: note.clone(),
            face: face.clone(),
            difference: difference.clone(),
        };
        Ok(Decision::event(ResourceEvent::RevisionPublished(published.into())))
    }

    pub(super) fn publish_version(&self, wished: &NewVersion) -> Decided {
        let NewVersion { revision_id, source, version_name, new_api_id } = wished;
        check::required("apiVersionName", version_name, 100)?;
        let (source_api_id, source_revision) = self.find_revision(revision_id)?;
        let source = source.as_ref().ok_or(REVISION_NOT_FOUND)?;
        if source.revision != source_revision {
            return Err(Refusal::Changed);
        }
        let version_name = version_name.trim().to_lowercase();
        check_version_name(&version_name)?;
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
            api_id: new_api_id.clone(),
            version_name,
            source_api_id: source_api_id.to_owned(),
            source_revision,
            version_set_id: self.version_set_id(),
            face: source.face.clone(),
        };
        Ok(Decision::event(ResourceEvent::VersionPublished(published.into())))
    }

    pub(super) fn unpublish(&self) -> Decided {
        let path = self.path.clone().ok_or(Refusal::NotFound { what: "publication" })?;
        let unpublished = ResourceUnpublished { resource: self.resource };
        let decision = Decision::event(ResourceEvent::Unpublished(unpublished.into()));
        Ok(decision.release(self.tenant, GATEWAY_PATH_CLAIM, path))
    }
}

const TOO_MANY_REVISIONS: Refusal =
    Refusal::NotAllowed { why: "the API has as many revisions as can be counted" };

/// It stands in queries, headers and paths of requests.
fn check_version_name(name: &str) -> Result<(), Refusal> {
    let fits = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
    let is_dots = name.bytes().all(|it| it == b'.');
    match name.bytes().all(fits) && !is_dots {
        true => Ok(()),
        false => {
            let why = "must be letters, digits and . _ - and not dots only";
            Err(Refusal::invalid("apiVersionName", why))
        }
    }
}
