//! An API resource: an API that accepts tokens, with its face at the gateway.
//!
//! The gateway has one API for the resource itself and one for each further API version. Each has
//! revisions, of which one is current. All of them share one path.

mod allowed;
mod events;
mod gateway;

pub use self::allowed::{ALLOWED_CLIENTS_MAX, AllowedClients, AllowedScopes};
pub use self::events::{
    PublishRequest, ResourceClientAllowed, ResourceCreated, ResourceEvent, ResourcePublished,
    ResourceSecretInfo, ResourceSecrets, RevisionPublished, VersionPublished, VersionSetOnline,
};
pub use self::gateway::{
    API_VERSIONS_MAX, GATEWAY_PATH_CLAIM, Gateway, POLICY_BYTES_MAX, REVISIONS_MAX,
};
use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::Timestamp;
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::scope::{SCOPE_CLAIM, change_scopes, check_not_reserved, check_scope};

/// The kind of claim that makes the name of a resource unique in its tenant.
pub const RESOURCE_NAME_CLAIM: ClaimKind =
    ClaimKind { name: "resource_name", english: "API resource name" };

/// The most items in one child list of a resource.
pub const RESOURCE_CHILDREN_MAX: usize = 500;

/// What a resource may be asked to become.
#[derive(Debug, Clone)]
pub enum ResourceCommand {
    /// Enter a new resource.
    Create(Box<ResourceCreated>, ResourceSecrets),
    /// Row 8: create or update an API at the gateway.
    Publish(Box<PublishRequest>),
    /// Row 9: add a revision that is not current yet.
    PublishRevision {
        /// Which API.
        api_id: String,
        /// The document to import.
        swagger_url: String,
        /// Why.
        note: Option<String>,
    },
    /// Row 10: add an API version from a revision.
    PublishVersion {
        /// The revision to start from: `A` or `A;rev=n`.
        revision_id: String,
        /// `v2`.
        version_name: String,
        /// The id of the new API: 32 hexadecimal digits.
        new_api_id: String,
    },
    /// Row 13: make a revision current.
    SetOnlineVersion {
        /// `A` or `A;rev=n`.
        revision_id: String,
    },
    /// Say which scopes a client gets.
    AllowClient {
        /// The number of the client.
        client: u32,
        /// Which of the scopes of the resource.
        scopes: AllowedScopes,
    },
}

/// What the rules need to remember of a resource, and no more.
#[derive(Debug, Clone, Default)]
pub enum Resource {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active {
        /// Its face at the gateway.
        gateway: Gateway,
        /// The clients that it names.
        allowed: AllowedClients,
        /// The highest id that one of its secrets has or had.
        last_secret: u32,
    },
}

const ABSENT: Refusal = Refusal::NotFound { what: "API resource" };

impl Aggregate for Resource {
    const CATEGORY: &'static str = "resource";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[RESOURCE_NAME_CLAIM, SCOPE_CLAIM, GATEWAY_PATH_CLAIM];
    type Command = ResourceCommand;
    type Event = ResourceEvent;

    fn decide(
        &self,
        command: &ResourceCommand,
        now: Timestamp,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        match command {
            ResourceCommand::Create(data, secrets) => self.create(data, secrets),
            ResourceCommand::Publish(request) => self.active()?.publish(request),
            ResourceCommand::PublishRevision { api_id, swagger_url, note } => {
                self.active()?.publish_revision(api_id, swagger_url, note.as_deref())
            }
            ResourceCommand::PublishVersion { revision_id, version_name, new_api_id } => {
                self.active()?.publish_version(revision_id, version_name, new_api_id)
            }
            ResourceCommand::SetOnlineVersion { revision_id } => {
                self.active()?.set_online(revision_id, now)
            }
            ResourceCommand::AllowClient { client, scopes } => match self {
                Resource::Active { allowed, .. } => allowed.allow(*client, scopes),
                Resource::Absent => Err(ABSENT),
            },
        }
    }

    fn evolve(&mut self, event: &ResourceEvent) {
        match (self, event) {
            (it, ResourceEvent::Created(fact)) => {
                let Fact { data, .. } = fact;
                *it = Resource::Active {
                    gateway: Gateway::new(data.resource, data.tenant),
                    allowed: AllowedClients::new(data.scopes.clone()),
                    last_secret: data.secrets.iter().map(|it| it.id).max().unwrap_or(0),
                };
            }
            // Nothing happens to a resource before it is created.
            (Resource::Absent, _) => (),
            (Resource::Active { allowed, .. }, ResourceEvent::ClientAllowed(fact)) => {
                allowed.evolve(&fact.data);
            }
            (Resource::Active { gateway, .. }, event) => gateway.evolve(event),
        }
    }
}

impl Resource {
    fn active(&self) -> Result<&Gateway, Refusal> {
        match self {
            Resource::Active { gateway, .. } => Ok(gateway),
            Resource::Absent => Err(ABSENT),
        }
    }

    fn create(
        &self,
        data: &ResourceCreated,
        secrets: &ResourceSecrets,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        if !matches!(self, Resource::Absent) {
            return Err(Refusal::AlreadyExists { what: "API resource" });
        }
        check_created(data, secrets)?;
        let mut created = data.clone();
        (1..).zip(&mut created.secrets).for_each(|(id, secret)| secret.id = id);
        let decision = Decision::event(ResourceEvent::Created(Fact {
            data: created,
            personal: None,
            secret: secrets.clone().part(),
        }))
        .claim(data.tenant, RESOURCE_NAME_CLAIM, data.name.to_lowercase());
        // Also those of a resource that is not enabled: it may be, some day.
        Ok(change_scopes(decision, data.tenant, &[], &data.scopes))
    }
}

fn check_created(data: &ResourceCreated, secrets: &ResourceSecrets) -> Result<(), Refusal> {
    check::required("name", &data.name, 200)?;
    // It is an audience: two that look alike must not be two.
    if !data.name.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(Refusal::invalid("name", "must be visible ASCII without spaces"));
    }
    check::optional("displayName", data.display_name.as_deref(), 200)?;
    check::optional("description", data.description.as_deref(), 1000)?;
    check::optional(
        "allowedAccessTokenSigningAlgorithms",
        data.allowed_access_token_signing_algorithms.as_deref(),
        100,
    )?;
    for (field, items) in [("scopes.scope", &data.scopes), ("userClaims.type", &data.user_claims)] {
        check::list(field, items, RESOURCE_CHILDREN_MAX)?;
        for item in items {
            check::required(field, item, 200)?;
        }
    }
    for scope in &data.scopes {
        check_scope("scopes.scope", scope)?;
        check_not_reserved("scopes.scope", scope)?;
    }
    if data.name.eq_ignore_ascii_case("oauthapp") {
        return Err(Refusal::invalid("name", "must not be oauthapp: this audience is built in"));
    }
    check::list("properties", &data.property_keys, RESOURCE_CHILDREN_MAX)?;
    if data.property_keys.len() != secrets.property_values.len() {
        return Err(Refusal::invalid("properties", "every key needs a value"));
    }
    for (key, value) in data.property_keys.iter().zip(&secrets.property_values) {
        check::required("properties.key", key, 250)?;
        check::at_most("properties.value", value, 2000)?;
    }
    check::list("secrets", &data.secrets, RESOURCE_CHILDREN_MAX)?;
    if data.secrets.len() != secrets.values.len() {
        return Err(Refusal::invalid("secrets", "every secret needs a value"));
    }
    for (secret, value) in data.secrets.iter().zip(&secrets.values) {
        check::required("secrets.value", value, 4000)?;
        check::required("secrets.type", &secret.secret_type, 250)?;
        check::optional("secrets.description", secret.description.as_deref(), 1000)?;
    }
    Ok(())
}
