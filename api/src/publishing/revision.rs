//! What the log says of revisions: a revision is the event that made it.

use domain::resource::{Basis, Difference, Face, ResourceEvent};
use domain::{Parts, Recorded, StoredEvent as _, Timestamp};
use projections::{ApiRow, AtGateway};

use crate::http::error::ApiError;
use crate::state::app::App;

/// A revision of an API.
#[derive(Debug, Clone)]
pub(crate) struct Revision {
    /// From 1, within its API.
    pub(crate) number: u32,
    pub(crate) face: Face,
    pub(crate) difference: Difference,
    /// Why it was made.
    pub(crate) note: Option<String>,
    pub(crate) created: Timestamp,
    /// When the event that says what it is was written. It is the one that made it, but for revisions
    /// from before they were whole faces.
    pub(crate) updated: Timestamp,
    /// What the first revision of a further version was copied from: its API and number.
    copied_from: Option<(String, u32)>,
}

impl Revision {
    /// Reads a revision from the event that says what it is.
    pub(crate) fn at(app: &App, number: u32, position: u64) -> Result<Option<Self>, ApiError> {
        let events = app.engine.log().read_at(&[position])?;
        let event = events.first();
        Ok(event.and_then(|it| revision_of(number, it.commit.time, it)))
    }

    /// What a command has to know of it.
    pub(crate) fn basis(&self) -> Basis {
        Basis { revision: self.number, face: self.face.clone() }
    }
}

/// Reads revisions of an API by their numbers. Those that it does not have are left out.
pub(crate) fn read_revisions(
    app: &App,
    api: &ApiRow,
    numbers: impl IntoIterator<Item = u32>,
) -> Result<Vec<Revision>, ApiError> {
    let rows = numbers.into_iter().filter_map(|it| Some((it, api.revision(it)?)));
    let rows = rows.collect::<Vec<_>>();
    let positions = rows.iter().map(|(_, row)| row.position).collect::<Vec<_>>();
    let events = app.engine.log().read_at(&positions)?;
    let revisions = rows.iter().zip(&events).map(|((number, row), event)| {
        revision_of(*number, row.created, event)
            .ok_or_else(|| ApiError::Internal(format!("no revision at {}", event.position)))
    });
    revisions.collect()
}

/// Reads the current revision of an API. Before revisions were whole faces, that of a further version
/// said no more than what it was copied from: then that is shown.
pub(crate) fn read_current(
    app: &App,
    gateway: &AtGateway,
    api: &ApiRow,
) -> Result<Option<Revision>, ApiError> {
    let Some(current) = read_revision(app, api, api.current)? else { return Ok(None) };
    let is_unknown = current.face == Face::default();
    let Some((api_id, number)) = current.copied_from.clone().filter(|_| is_unknown) else {
        return Ok(Some(current));
    };
    let copied = match gateway.api(&api_id) {
        Some(source) => read_revision(app, source, number)?,
        None => None,
    };
    let face = copied.map_or_else(Face::default, |it| it.face);
    Ok(Some(Revision { face, ..current }))
}

/// Reads one revision of an API.
pub(crate) fn read_revision(
    app: &App,
    api: &ApiRow,
    number: u32,
) -> Result<Option<Revision>, ApiError> {
    Ok(read_revisions(app, api, [number])?.into_iter().next())
}

/// What was said of releases, by the positions of the events that say it.
pub(crate) fn read_notes(app: &App, positions: &[u64]) -> Result<Vec<Option<String>>, ApiError> {
    let events = app.engine.log().read_at(positions)?;
    Ok(events.iter().map(|it| event_at(it).and_then(notes_of)).collect())
}

fn notes_of(event: ResourceEvent) -> Option<String> {
    match event {
        ResourceEvent::Published(fact) => fact.data.notes,
        ResourceEvent::VersionSetOnline(fact) => fact.data.notes,
        ResourceEvent::ReleaseNoted(fact) => Some(fact.data.notes),
        _ => None,
    }
}

/// An event of a resource. Its secret part stays closed.
fn event_at(recorded: &Recorded) -> Option<ResourceEvent> {
    let parts = Parts { personal: None, secret: None, ..recorded.parts.clone() };
    ResourceEvent::decode(&recorded.kind, &parts).ok()
}

fn revision_of(number: u32, created: Timestamp, recorded: &Recorded) -> Option<Revision> {
    let mut copied_from = None;
    let (face, difference, note) = match event_at(recorded)? {
        ResourceEvent::Published(fact) => (fact.data.face, fact.data.difference, fact.data.notes),
        ResourceEvent::RevisionPublished(fact) => {
            (fact.data.face, fact.data.difference, fact.data.note)
        }
        ResourceEvent::VersionPublished(fact) => {
            copied_from = Some((fact.data.source_api_id, fact.data.source_revision));
            (fact.data.face, Difference::default(), None)
        }
        _ => return None,
    };
    let updated = recorded.commit.time;
    Some(Revision { number, face, difference, note, created, updated, copied_from })
}
