//! Releases: which revision is current, and what is said of that.

use super::events::ResourceEvent;
use super::facts::{ReleaseDeleted, ReleaseNoted, VersionSetOnline};
use super::gateway::{Gateway, REVISION_NOT_FOUND};
use crate::aggregate::Decision;
use crate::check;
use crate::ids::Timestamp;
use crate::refusal::Refusal;

/// The longest notes of a release, in characters.
pub const NOTES_CHARS_MAX: usize = 4_000;

type Decided = Result<Decision<ResourceEvent>, Refusal>;

impl Gateway {
    pub(super) fn set_online(
        &self,
        revision_id: &str,
        notes: Option<&str>,
        now: Timestamp,
    ) -> Decided {
        check::optional_text("notes", notes, NOTES_CHARS_MAX)?;
        let (api_id, revision) = self.find_revision(revision_id)?;
        let api = self.apis.get(api_id).ok_or(REVISION_NOT_FOUND)?;
        // What is said makes a release, also of what is current.
        if api.current == revision && notes.is_none() {
            return Ok(Decision::none());
        }
        let set = VersionSetOnline {
            api_id: api_id.to_owned(),
            revision,
            release_id: next_release_id(now, api.last_release),
            notes: notes.map(str::to_owned),
        };
        Ok(Decision::event(ResourceEvent::VersionSetOnline(set.into())))
    }

    pub(super) fn note_release(&self, release_id: &str, notes: &str) -> Decided {
        check::required_text("notes", notes, NOTES_CHARS_MAX)?;
        let noted = ReleaseNoted {
            api_id: self.find_release(release_id)?.to_owned(),
            release_id: release_id.to_owned(),
            notes: notes.to_owned(),
        };
        Ok(Decision::event(ResourceEvent::ReleaseNoted(noted.into())))
    }

    pub(super) fn delete_release(&self, release_id: &str) -> Decided {
        let deleted = ReleaseDeleted {
            api_id: self.find_release(release_id)?.to_owned(),
            release_id: release_id.to_owned(),
        };
        Ok(Decision::event(ResourceEvent::ReleaseDeleted(deleted.into())))
    }

    /// The API that a release is of.
    fn find_release(&self, release_id: &str) -> Result<&str, Refusal> {
        let wanted = release_id.parse::<i64>().ok().filter(|it| it.to_string() == release_id);
        let wanted = wanted.ok_or(RELEASE_NOT_FOUND)?;
        // They ascend.
        let found = self.apis.iter().find(|(_, it)| it.releases.binary_search(&wanted).is_ok());
        found.map(|(id, _)| id.as_str()).ok_or(RELEASE_NOT_FOUND)
    }
}

const RELEASE_NOT_FOUND: Refusal = Refusal::NotFound { what: "release" };

/// The id of a release: 100-ns ticks since year 1 (spec section 5.2, row 13), later than `last`.
pub(super) fn next_release_id(now: Timestamp, last: i64) -> String {
    /// Ticks between year 1 and the Unix epoch.
    const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;
    let ticks = UNIX_EPOCH_TICKS.saturating_add(now.0.saturating_mul(10));
    // Saturating: a stored id at the end of the range must not stop the program.
    ticks.max(last.saturating_add(1)).to_string()
}
