//! What a resource has at the gateway: its APIs, their revisions and releases.
//!
//! Faces stand in the log: of a revision no more is kept here than where. So there can be any number.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::resource::{ONLINE_REVISIONS_MAX, ResourceEvent, VersionSet};
use domain::{Recorded, Timestamp};

use crate::chunks::Chunks;

/// What a resource has at the gateway.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AtGateway {
    /// The path; `None` while it is not published.
    pub path: Option<String>,
    /// The API and the revision that were last published, and the position of that event.
    pub last_publication: Option<(String, u32, u64)>,
    /// The APIs, in the order of their making.
    pub apis: Vec<Arc<ApiRow>>,
    /// How a request says which version it wants, once that was said.
    pub version_set: Option<VersionSet>,
    /// The position of the last event that changes what is served; 0 for none.
    pub position: u64,
}

/// An API at the gateway: the resource itself, or one of its further versions.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRow {
    /// Its id.
    pub id: String,
    /// `v2`; `None` for the first.
    pub version: Option<String>,
    /// Groups the versions of the resource.
    pub version_set_id: Option<String>,
    /// The revisions: the first one has the number 1.
    pub revisions: Chunks<RevisionRow>,
    /// The revisions that are not served at their private address.
    pub offline: BTreeSet<u32>,
    /// The current revision.
    pub current: u32,
    /// The releases, oldest first; also those that are not listed any more.
    pub releases: Chunks<ReleaseRow>,
    /// Since when it is deprecated.
    pub deprecated_at: Option<Timestamp>,
    /// When it ends.
    pub sunset_at: Option<Timestamp>,
    /// The position of the last event that changes how it is served.
    pub position: u64,
}

/// A revision of an API.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionRow {
    /// When it was made.
    pub created: Timestamp,
    /// The position of the event that says what it is.
    pub position: u64,
}

/// A release: what made a revision current.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseRow {
    /// Ticks of 100 ns since year 1; 0 where publishing made none.
    pub id: i64,
    /// The revision that it made current.
    pub revision: u32,
    /// The position of the event.
    pub position: u64,
    /// When.
    pub created: Timestamp,
    /// When something else was said of it last.
    pub updated: Timestamp,
    /// The position of the event that says what is said of it.
    pub noted: u64,
    /// Whether it is listed.
    pub listed: bool,
}

/// How a revision is called at the gateway: `A;rev=n`.
pub fn revision_id(api_id: &str, revision: u32) -> String {
    format!("{api_id};rev={revision}")
}

impl ApiRow {
    fn new(id: &str, version: Option<String>, version_set_id: Option<String>) -> Self {
        Self {
            id: id.to_owned(),
            version,
            version_set_id,
            revisions: Chunks::default(),
            offline: BTreeSet::new(),
            current: 1,
            releases: Chunks::default(),
            deprecated_at: None,
            sunset_at: None,
            position: 0,
        }
    }

    /// How many revisions it has: the number of the newest one.
    pub fn revision_count(&self) -> u32 {
        u32::try_from(self.revisions.len()).unwrap_or(u32::MAX)
    }

    /// A revision by its number.
    pub fn revision(&self, number: u32) -> Option<&RevisionRow> {
        self.revisions.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    /// Whether a revision is served at its private address.
    pub fn is_online(&self, number: u32) -> bool {
        let age = self.revision_count().checked_sub(number);
        age.is_some_and(|it| it < ONLINE_REVISIONS_MAX) && !self.offline.contains(&number)
    }

    /// The release that was the last one when a commit at this position was made.
    pub fn released_by(&self, position: u64) -> Option<&ReleaseRow> {
        let count = self.releases.partition_point(|it| it.position <= position);
        self.releases.get(count.checked_sub(1)?)
    }

    /// The release that was the last one at a time.
    pub fn released_at(&self, time: Timestamp) -> Option<&ReleaseRow> {
        let count = self.releases.partition_point(|it| it.created <= time);
        self.releases.get(count.checked_sub(1)?)
    }

    /// The last release of another revision than the current one.
    pub fn released_before(&self) -> Option<&ReleaseRow> {
        self.releases.iter().rev().find(|it| it.revision != self.current)
    }

    fn release(&mut self, revision: u32, id: &str, recorded: &Recorded) {
        let (position, time) = (recorded.position, recorded.commit.time);
        self.current = revision;
        self.releases.push(ReleaseRow {
            id: id.parse().unwrap_or(0),
            revision,
            position,
            created: time,
            updated: time,
            noted: position,
            listed: !id.is_empty(),
        });
    }

    fn change_release(&mut self, id: &str, change: impl FnOnce(&mut ReleaseRow)) {
        let Ok(id) = id.parse::<i64>() else { return };
        // Ids ascend, but for the releases that never had one.
        let at = self.releases.iter().position(|it| it.id == id);
        if let Some(at) = at {
            self.releases.change(at, change);
        }
    }
}

impl AtGateway {
    /// An API by its id.
    pub fn api(&self, id: &str) -> Option<&Arc<ApiRow>> {
        self.apis.iter().find(|it| it.id == id)
    }

    /// The API of a revision and its number: `A;rev=n`, or `A` for the current one.
    pub fn find_revision(&self, revision_id: &str) -> Option<(&Arc<ApiRow>, u32)> {
        let revision_id = revision_id.trim_start_matches("/apis/");
        let (api_id, number) = match revision_id.split_once(";rev=") {
            Some((api_id, number)) => (api_id, Some(number.parse::<u32>().ok()?)),
            None => (revision_id, None),
        };
        let api = self.api(api_id)?;
        let number = number.unwrap_or(api.current);
        api.revision(number).map(|_| (api, number))
    }

    pub(crate) fn apply(&mut self, event: ResourceEvent, recorded: &Recorded) {
        let (position, time) = (recorded.position, recorded.commit.time);
        let made = RevisionRow { created: time, position };
        match event {
            ResourceEvent::Published(fact) => {
                let data = fact.data;
                self.path = Some(data.face.path);
                self.last_publication = Some((data.api_id.clone(), data.revision, position));
                if data.created {
                    self.apis.push(Arc::new(ApiRow::new(&data.api_id, None, None)));
                }
                self.position = position;
                self.change(&data.api_id, position, |api| {
                    match usize::try_from(data.revision.saturating_sub(1)) {
                        // Before revisions were whole faces, the current one changed in place.
                        Ok(at) if at < api.revisions.len() => {
                            api.revisions.change(at, |it| it.position = position);
                        }
                        _ => api.revisions.push(made),
                    }
                    let id = data.release_id.unwrap_or_default();
                    api.release(data.revision, &id, recorded);
                });
            }
            ResourceEvent::RevisionPublished(fact) => {
                self.change(&fact.data.api_id, position, |api| api.revisions.push(made));
            }
            ResourceEvent::VersionPublished(fact) => {
                let (data, set) = (fact.data, |it: &ApiRow| it.version_set_id.is_none());
                let set_id = Some(data.version_set_id);
                let version = Some(data.version_name);
                self.apis.push(Arc::new(ApiRow::new(&data.api_id, version, set_id.clone())));
                self.change(&data.api_id, position, |api| {
                    api.revisions.push(made);
                    api.release(1, "", recorded);
                });
                // The set is shared: the first version of a resource makes it, also for its source.
                if self.api(&data.source_api_id).is_some_and(|it| set(it)) {
                    self.change(&data.source_api_id, position, |api| api.version_set_id = set_id);
                }
            }
            ResourceEvent::VersionSetOnline(fact) => {
                let data = fact.data;
                self.change(&data.api_id, position, |api| {
                    api.release(data.revision, &data.release_id, recorded);
                });
            }
            ResourceEvent::RevisionOnlineSet(fact) => {
                let data = fact.data;
                self.change(&data.api_id, position, |api| match data.online {
                    true => drop(api.offline.remove(&data.revision)),
                    false => drop(api.offline.insert(data.revision)),
                });
            }
            ResourceEvent::VersionLifecycleSet(fact) => {
                let data = fact.data;
                self.change(&data.api_id, position, |api| {
                    (api.deprecated_at, api.sunset_at) = (data.deprecated_at, data.sunset_at);
                });
            }
            ResourceEvent::VersionRetired(fact) => {
                self.apis.retain(|it| it.id != fact.data.api_id);
                self.position = position;
            }
            ResourceEvent::VersionSetChanged(fact) => {
                (self.version_set, self.position) = (Some(fact.data), position);
            }
            ResourceEvent::Unpublished(_) => (self.path, self.position) = (None, position),
            event => self.apply_to_release(event, time, position),
        }
    }

    /// What is said of releases changes nothing that is served.
    fn apply_to_release(&mut self, event: ResourceEvent, time: Timestamp, position: u64) {
        let (api_id, release_id, is_listed) = match event {
            ResourceEvent::ReleaseNoted(fact) => (fact.data.api_id, fact.data.release_id, true),
            ResourceEvent::ReleaseDeleted(fact) => (fact.data.api_id, fact.data.release_id, false),
            _ => return,
        };
        let api = self.apis.iter_mut().find(|it| it.id == api_id);
        let Some(api) = api.map(Arc::make_mut) else { return };
        api.change_release(&release_id, |release| match is_listed {
            true => (release.updated, release.noted) = (time, position),
            false => release.listed = false,
        });
    }

    /// Changes how an API is served.
    fn change(&mut self, api_id: &str, position: u64, change: impl FnOnce(&mut ApiRow)) {
        if let Some(api) = self.apis.iter_mut().find(|it| it.id == api_id) {
            let api = Arc::make_mut(api);
            change(api);
            api.position = position;
            self.position = position;
        }
    }
}
