//! Forgetting a person: after the event, the keys of the person's data.

use commands::Engine;
use commands::keys::KeyError;
use domain::account::AccountId;
use domain::{SubjectId, TenantId};
use projections::Views;

/// Destroys the key of a person, and those of the apps that the person owns, because the notes in
/// them are the person's.
pub(crate) fn destroy_keys(
    engine: &Engine,
    views: &Views,
    tenant: TenantId,
    subject: SubjectId,
) -> Result<(), KeyError> {
    let keys = engine.keys();
    keys.erase_subject(subject)?;
    let apps = views.read().apps.owned_by(tenant, AccountId::from(subject), None);
    for app in apps {
        keys.erase_subject(app.data.app.into())?;
    }
    Ok(())
}
