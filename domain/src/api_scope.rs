//! An API scope: how a scope of API resources is described to people. Alone it grants nothing; a
//! disabled one takes its scope away (contracts 12).

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::children::{self, Properties, PropertyValue};
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::scope::{check_scope, normalise_scope};
use crate::{changes, check, stored_events};

/// The kind of claim that makes the name of an API scope unique in its tenant.
pub const API_SCOPE_NAME_CLAIM: ClaimKind =
    ClaimKind { name: "api_scope_name", english: "API scope name" };

/// What an API scope may be asked to become.
#[derive(Debug, Clone)]
pub enum ApiScopeCommand {
    /// Enter a new one.
    Create(ApiScopeCreated, Box<ApiScopeFields>, Vec<PropertyValue>),
    /// Become as described. Values of properties may be kept.
    Update(Box<ApiScopeFields>, Vec<PropertyValue>),
    /// End.
    Delete,
}

/// What never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiScopeCreated {
    /// Its number.
    pub api_scope: u32,
    /// Whose it is.
    pub tenant: TenantId,
}

/// What may change (spec section 2.7).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiScopeFields {
    /// Whether the scope may be granted.
    pub enabled: bool,
    /// The scope.
    pub name: String,
    /// How people are shown it.
    pub display_name: Option<String>,
    /// A text about it.
    pub description: Option<String>,
    /// Whether people may not take it away when they consent.
    pub required: bool,
    /// Whether it stands out when people consent.
    pub emphasize: bool,
    /// Whether the discovery document names it.
    pub show_in_discovery_document: bool,
    /// The types of claims that go with it.
    pub user_claims: Vec<String>,
    /// The keys of its properties; the values stand in the secret part.
    pub property_keys: Vec<String>,
}

changes! {
    /// What may change of an API scope, in clear.
    pub enum ApiScopeChange of ApiScopeFields {
        Enabled(bool) = enabled,
        Name(String) = name,
        DisplayName(Option<String>) = display_name,
        Description(Option<String>) = description,
        Required(bool) = required,
        Emphasize(bool) = emphasize,
        ShowInDiscoveryDocument(bool) = show_in_discovery_document,
        UserClaims(Vec<String>) = user_claims,
        PropertyKeys(Vec<String>) = property_keys,
    }
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiScopeUpdated {
    /// The fields that changed, with their new values.
    pub changes: Vec<ApiScopeChange>,
}

/// That it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiScopeDeleted {
    /// Its number.
    pub api_scope: u32,
}

stored_events! {
    /// What has happened to an API scope. A stored contract: see `docs/events.md`.
    pub enum ApiScopeEvent {
        /// It entered.
        Created = "api_scope.created.v1" { data: ApiScopeCreated },
        /// Some of its fields changed.
        Updated = "api_scope.updated.v1" { data: ApiScopeUpdated, secret: Properties },
        /// It ended.
        Deleted = "api_scope.deleted.v1" { data: ApiScopeDeleted, marks: [Ends] },
    }
}

/// What the rules need to remember of an API scope.
#[derive(Debug, Clone, Default)]
pub enum ApiScope {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active(Box<ActiveApiScope>),
    /// Ended.
    Deleted,
}

/// An API scope that is in use.
#[derive(Debug, Clone, Default)]
pub struct ActiveApiScope {
    created: ApiScopeCreated,
    fields: ApiScopeFields,
    properties: Properties,
}

impl Aggregate for ApiScope {
    const CATEGORY: &'static str = "api_scope";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[API_SCOPE_NAME_CLAIM];
    type Command = ApiScopeCommand;
    type Event = ApiScopeEvent;

    fn decide(
        &self,
        command: &ApiScopeCommand,
        _now: Timestamp,
    ) -> Result<Decision<ApiScopeEvent>, Refusal> {
        match (self, command) {
            (Self::Absent, ApiScopeCommand::Create(created, fields, properties)) => {
                let new = ActiveApiScope { created: created.clone(), ..ActiveApiScope::default() };
                let mut decision = new.update(fields, properties)?;
                decision.events.insert(0, ApiScopeEvent::Created(created.clone().into()));
                Ok(decision)
            }
            (Self::Active(_) | Self::Deleted, ApiScopeCommand::Create(..)) => {
                Err(Refusal::AlreadyExists { what: "API scope" })
            }
            (Self::Active(active), ApiScopeCommand::Update(fields, properties)) => {
                active.update(fields, properties)
            }
            (Self::Active(active), ApiScopeCommand::Delete) => {
                let name = normalise_scope(&active.fields.name);
                Ok(Decision::event(ApiScopeEvent::Deleted(
                    ApiScopeDeleted { api_scope: active.created.api_scope }.into(),
                ))
                .release(active.created.tenant, API_SCOPE_NAME_CLAIM, name))
            }
            (Self::Absent | Self::Deleted, _) => Err(Refusal::NotFound { what: "API scope" }),
        }
    }

    fn evolve(&mut self, event: &ApiScopeEvent) {
        match (event, &mut *self) {
            (ApiScopeEvent::Created(fact), _) => {
                let created = fact.data.clone();
                *self = Self::Active(Box::new(ActiveApiScope { created, ..Default::default() }));
            }
            (ApiScopeEvent::Updated(fact), Self::Active(active)) => {
                active.fields.apply(&fact.data.changes);
                active.properties.replace(fact.secret.as_ref());
            }
            (ApiScopeEvent::Updated(_), Self::Absent | Self::Deleted) => (),
            (ApiScopeEvent::Deleted(_), _) => *self = Self::Deleted,
        }
    }
}

impl ActiveApiScope {
    fn update(
        &self,
        fields: &ApiScopeFields,
        properties: &[PropertyValue],
    ) -> Result<Decision<ApiScopeEvent>, Refusal> {
        check_fields(fields)?;
        let old = &self.fields;
        let properties =
            self.properties.wished(&old.property_keys, &fields.property_keys, properties)?;
        let changes = ApiScopeChange::between(old, fields);
        if changes.is_empty() && properties.is_none() {
            return Ok(Decision::none());
        }
        let updated = ApiScopeUpdated { changes };
        let fact = Fact { secret: properties, ..Fact::from(updated) };
        let decision = Decision::event(ApiScopeEvent::Updated(fact));
        Ok(decision.moved(
            self.created.tenant,
            API_SCOPE_NAME_CLAIM,
            [&old.name, &fields.name].map(|it| normalise_scope(it)),
        ))
    }
}

fn check_fields(it: &ApiScopeFields) -> Result<(), Refusal> {
    check_scope("name", &it.name)?;
    check::optional("displayName", it.display_name.as_deref(), 200)?;
    check::optional("description", it.description.as_deref(), 1_000)?;
    children::check_claim_types("userClaims", &it.user_claims)?;
    children::check_property_keys("properties", &it.property_keys)
}
