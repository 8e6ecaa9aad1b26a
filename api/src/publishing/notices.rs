//! Changes of what is current, of which subscribers are told: the notice begins in the same commit.

use commands::{Done, Draft, Expected};
use domain::notice::{NOTICE_SECONDS, Notice, NoticeCause, NoticeCommand, NoticeRequested};
use domain::resource::{Resource, ResourceCommand};
use domain::{Aggregate as _, StreamId};
use projections::ResourceRow;

use crate::access::granted::Granted;
use crate::access::short_id::short_id;
use crate::access::target::Target;
use crate::http::error::ApiError;

/// Runs a command that makes a revision of an API current, and has the subscribers told, if there are any.
/// Where it changes nothing, nobody is told.
pub(crate) async fn submit_telling(
    granted: &Granted,
    row: &ResourceRow,
    target: &Target<Resource>,
    (api_id, cause): (&str, NoticeCause),
    (bytes, command): (&[u8], ResourceCommand),
) -> Result<Done, ApiError> {
    let resource = row.data.resource;
    if granted.ask(|tables| tables.subscribers.count_of(resource)) == 0 {
        return granted.submit(target, bytes, command).await;
    }
    let requested_at = granted.call.now;
    let until = requested_at.plus_seconds(NOTICE_SECONDS);
    let (id, engine) = (short_id(until)?, &granted.call.app.engine);
    let stream = StreamId::new(Resource::CATEGORY, resource);
    let tell = |draft: &mut Draft<'_>| {
        if draft.is_empty() {
            return Ok(());
        }
        let (old, _) = engine.load::<Resource>(&stream)?;
        let new = draft.state::<Resource>(stream.id())?;
        let requested = NoticeRequested {
            tenant: row.data.tenant,
            resource,
            api_id: api_id.to_owned(),
            revision: new.current_revision(api_id).unwrap_or(0),
            before: old.current_revision(api_id).unwrap_or(0),
            cause,
            requested_at,
            until,
        };
        draft.decide::<Notice>(&id, &NoticeCommand::Request(Box::new(requested)))
    };
    granted.submit_with(target, bytes, command, Expected::Any, tell).await
}

/// The id of the API of a revision; empty where there is none, which the command refuses.
pub(crate) fn api_of(row: &ResourceRow, revision_id: &str) -> String {
    let found = row.gateway.find_revision(revision_id.trim());
    found.map(|(api, _)| api.id.clone()).unwrap_or_default()
}
