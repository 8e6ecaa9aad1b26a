//! Which clients count, and which scopes each of them gets. Nothing here is remembered: it is judged
//! anew for every token, by the rows as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use commands::bootstrap::FIRST_PARTY_CLIENT;
use domain::resource::{AllowedScopes, Resource, ResourceCommand};
use domain::role::ROLE_ADMINISTRATOR;
use domain::{TenantId, UserId};
use projections::{ClientRow, IdentityResourceRow, ResourceRow, Tables, UserRow};

use super::scopes::{BUILT_IN_AUDIENCE, is_built_in, is_twin};

/// The longest secret of a client, in bytes: hashing must have a bound.
pub(crate) const SECRET_BYTES_MAX: usize = 1_024;

/// Whether a client may ask for tokens, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientStanding {
    Counts,
    /// It was disabled.
    Disabled,
    /// Its owner was deleted or erased.
    OwnerGone,
    /// Its owner may not sign in.
    OwnerDisabled,
    /// Its owner bears the mark of a locked account.
    OwnerLocked,
}

impl ClientStanding {
    pub(crate) fn of(tables: &Tables, client: &ClientRow) -> Self {
        if !client.data.enabled {
            return Self::Disabled;
        }
        if is_of_installation(client) {
            return Self::Counts;
        }
        match tables.users.get(client.data.tenant, client.data.owner) {
            None => Self::OwnerGone,
            Some(owner) if !owner.enabled => Self::OwnerDisabled,
            Some(owner) if owner.data.lock_flag => Self::OwnerLocked,
            Some(_) => Self::Counts,
        }
    }
}

/// Whether a client counts: it is enabled, and the installation or a user in good standing answers
/// for it.
pub(crate) fn client_counts(tables: &Tables, client: &ClientRow) -> bool {
    ClientStanding::of(tables, client) == ClientStanding::Counts
}

/// The client of a tenant with this `client_id`, if it counts.
pub(crate) fn counting_client(
    tables: &Tables,
    tenant: TenantId,
    client_id: &str,
) -> Option<Arc<ClientRow>> {
    let client = tables.clients.identified(client_id)?;
    let counts = serves(client, tenant) && client_counts(tables, client);
    counts.then(|| client.clone())
}

/// Whether a client is one of a tenant: the program's own serves all of them (contracts 18).
pub(crate) fn serves(client: &ClientRow, tenant: TenantId) -> bool {
    client.data.tenant == tenant || client.data.client_id.0 == FIRST_PARTY_CLIENT
}

/// It was taken over, or is the program's own.
pub(crate) fn is_of_installation(client: &ClientRow) -> bool {
    client.data.owner == UserId::NONE || client.data.client_id.0 == FIRST_PARTY_CLIENT
}

/// Whether a user has the role `administrator` now.
pub(crate) fn is_administrator(tables: &Tables, user: &UserRow) -> bool {
    let mut roles = user.data.roles.iter();
    roles.any(|it| {
        let role = tables.roles.get(user.data.tenant, *it);
        role.is_some_and(|it| it.name == ROLE_ADMINISTRATOR)
    })
}

/// What makes a scope known.
enum Known<'a> {
    BuiltIn,
    /// An enabled API resource names it.
    Of(&'a ResourceRow),
    /// It is an enabled identity resource.
    Identity,
}

/// The one place that says whether a scope is known in a tenant.
fn known<'a>(tables: &'a Tables, tenant: TenantId, scope: &str) -> Option<Known<'a>> {
    if is_built_in(scope) {
        return Some(Known::BuiltIn);
    }
    let identity = tables.identity_resources.named(tenant, scope);
    if identity.is_some_and(|it| it.fields.enabled && it.fields.name == scope) {
        return Some(Known::Identity);
    }
    let described = tables.api_scopes.named(tenant, scope);
    if described.is_some_and(|it| !it.fields.enabled) {
        return None;
    }
    named_by(tables, tenant, scope).filter(|it| it.data.enabled).map(Known::Of)
}

/// The scopes that the discovery document of a tenant names, besides those that are built in.
pub(crate) fn discoverable_scopes(tables: &Tables, tenant: TenantId) -> BTreeSet<String> {
    let mut scopes = tables.resources.discoverable_scopes(tenant);
    let listed =
        |it: &IdentityResourceRow| it.fields.enabled && it.fields.show_in_discovery_document;
    scopes.retain(|scope| {
        let described = tables.api_scopes.named(tenant, scope);
        described.is_none_or(|it| it.fields.enabled && it.fields.show_in_discovery_document)
    });
    let identity = tables.identity_resources.all_of(tenant).filter(|it| listed(it));
    scopes.extend(identity.map(|it| it.fields.name.clone()));
    scopes
}

/// The API resource that names exactly this scope, enabled or not.
fn named_by<'a>(tables: &'a Tables, tenant: TenantId, scope: &str) -> Option<&'a ResourceRow> {
    let holder = tables.resources.holder_of(tenant, scope)?;
    holder.data.scopes.iter().any(|it| it == scope).then_some(&**holder)
}

/// The audience of a scope of a tenant, if the client gets it now. A scope that is unknown and one that the
/// client may not have are the same: nothing tells which scopes exist. A scope that stands for claims
/// about a person has no audience.
pub(crate) fn audience_for<'a>(
    tables: &'a Tables,
    tenant: TenantId,
    client: &ClientRow,
    scope: &str,
) -> Option<Option<&'a str>> {
    let is_first_party = client.data.client_id.0 == FIRST_PARTY_CLIENT;
    let is_listed = client.data.allowed_scopes.iter().any(|it| it == scope || is_twin(it, scope));
    if !is_listed && !is_first_party {
        return None;
    }
    match known(tables, tenant, scope)? {
        Known::BuiltIn => gets_built_in(tables, client).then_some(Some(BUILT_IN_AUDIENCE)),
        Known::Of(resource) => {
            let is_open = resource.is_owned_by(client.data.owner)
                || resource.allows(client.data.client, scope);
            (is_listed && is_open).then_some(Some(resource.data.name.as_str()))
        }
        // They stand for claims about a person, whom every API may know.
        Known::Identity => is_listed.then_some(None),
    }
}

/// Clients of the installation, and those for which an administrator answers.
fn gets_built_in(tables: &Tables, client: &ClientRow) -> bool {
    let owner = || tables.users.get(client.data.tenant, client.data.owner);
    is_of_installation(client) || owner().is_some_and(|it| is_administrator(tables, it))
}

/// Which of these scopes belong to API resources of others than `owner`, by resource: what must be
/// opened for a client of this owner so that it gets them.
pub(crate) fn scopes_of_others(
    tables: &Tables,
    tenant: TenantId,
    owner: UserId,
    scopes: &[String],
) -> BTreeMap<u32, Vec<String>> {
    let mut of_others: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for scope in scopes.iter().filter(|it| !is_built_in(it)) {
        let Some(resource) = named_by(tables, tenant, scope) else { continue };
        if !resource.is_owned_by(owner) {
            of_others.entry(resource.data.resource).or_default().push(scope.clone());
        }
    }
    of_others
}

/// Whether a client would get a scope from another owner that it does not get now: that scope is the
/// new owner's to give.
pub(crate) fn gains_scopes(tables: &Tables, client: &ClientRow, owner: &UserRow) -> bool {
    let is_administrator = is_administrator(tables, owner);
    let tenant = client.data.tenant;
    client.data.allowed_scopes.iter().any(|scope| {
        if audience_for(tables, tenant, client, scope).is_some() {
            return false;
        }
        match known(tables, tenant, scope) {
            Some(Known::BuiltIn) => is_administrator,
            Some(Known::Of(resource)) => resource.is_owned_by(owner.data.user),
            Some(Known::Identity) | None => false,
        }
    })
}

/// Opens scopes of API resources to a client, in the commit that is being put together.
pub(crate) fn open_scopes(
    draft: &mut commands::Draft<'_>,
    client: u32,
    scopes: &BTreeMap<u32, Vec<String>>,
) -> Result<(), commands::Error> {
    for (resource, scopes) in scopes {
        let scopes = AllowedScopes::Also(scopes.clone());
        let command = ResourceCommand::AllowClient { client, scopes };
        draft.decide::<Resource>(&resource.to_string(), &command)?;
    }
    Ok(())
}
