//! What an API is called in letters.

use domain::resource::ResourceEvent;
use domain::{Parts, StoredEvent as _};
use projections::ResourceRow;

use crate::state::app::App;

/// How many characters of a name a letter has.
const NAME_CHARS_MAX: usize = 100;

/// The name of what was published last, else what people see, else the name of the resource: the first
/// that is not blank.
pub(super) fn service_name(app: &App, row: &ResourceRow) -> String {
    let published = row.gateway.last_publication.as_ref().map(|(_, _, position)| *position);
    let published = published.and_then(|it| published_name(app, it));
    let names = [published, row.data.display_name.clone(), Some(row.data.name.clone())];
    let mut names = names.into_iter().flatten().filter(|it| !it.trim().is_empty());
    let name = names.next().unwrap_or_default();
    name.trim().chars().filter(|it| !it.is_control()).take(NAME_CHARS_MAX).collect()
}

fn published_name(app: &App, position: u64) -> Option<String> {
    match event_at(app, position)? {
        ResourceEvent::Published(fact) => fact.data.face.name,
        _ => None,
    }
}

/// An event of a resource. Its secret part stays closed.
pub(super) fn event_at(app: &App, position: u64) -> Option<ResourceEvent> {
    let events = app.engine.log().read_at(&[position]).ok()?;
    let event = events.first()?;
    let parts = Parts { personal: None, secret: None, ..event.parts.clone() };
    ResourceEvent::decode(&event.kind, &parts).ok()
}
