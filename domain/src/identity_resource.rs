//! An identity resource: a scope that stands for claims about a person. It holds its name as a scope,
//! so that no API resource has it, too (contracts 12).

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::children::{self, Properties, PropertyValue};
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::scope::{SCOPE_CLAIM, check_not_reserved, check_scope, normalise_scope};
use crate::{changes, check, stored_events};

/// Why it does not change (contracts 36).
const NON_EDITABLE: Refusal =
    Refusal::NotAllowed { why: "the identity resource is not editable: set nonEditable to false" };

/// What an identity resource may be asked to become.
#[derive(Debug, Clone)]
pub enum IdentityResourceCommand {
    /// Enter a new one.
    Create(IdentityResourceCreated, Box<IdentityResourceFields>, Vec<PropertyValue>),
    /// Become as described. Values of properties may be kept.
    Update(Box<IdentityResourceFields>, Vec<PropertyValue>),
    /// End.
    Delete,
}

/// What never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityResourceCreated {
    /// Its number.
    pub identity_resource: u32,
    /// Whose it is.
    pub tenant: TenantId,
}

/// What may change (spec section 2.7).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityResourceFields {
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
    /// When it was created, as callers say.
    pub created: Timestamp,
    /// Whether nothing of it may change, but this.
    pub non_editable: bool,
    /// The keys of its properties; the values stand in the secret part.
    pub property_keys: Vec<String>,
}

changes! {
    /// What may change of an identity resource, in clear.
    pub enum IdentityResourceChange of IdentityResourceFields {
        Enabled(bool) = enabled,
        Name(String) = name,
        DisplayName(Option<String>) = display_name,
        Description(Option<String>) = description,
        Required(bool) = required,
        Emphasize(bool) = emphasize,
        ShowInDiscoveryDocument(bool) = show_in_discovery_document,
        UserClaims(Vec<String>) = user_claims,
        PropertyKeys(Vec<String>) = property_keys,
        Created(Timestamp) = created,
        NonEditable(bool) = non_editable,
    }
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityResourceUpdated {
    /// The fields that changed, with their new values.
    pub changes: Vec<IdentityResourceChange>,
}

/// That it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityResourceDeleted {
    /// Its number.
    pub identity_resource: u32,
}

stored_events! {
    /// What has happened to an identity resource. A stored contract: see `docs/events.md`.
    pub enum IdentityResourceEvent {
        /// It entered.
        Created = "identity_resource.created.v1" { data: IdentityResourceCreated },
        /// Some of its fields changed.
        Updated = "identity_resource.updated.v1" { data: IdentityResourceUpdated, secret: Properties },
        /// It ended.
        Deleted = "identity_resource.deleted.v1" { data: IdentityResourceDeleted, marks: [Ends] },
    }
}

/// What the rules need to remember of an identity resource.
#[derive(Debug, Clone, Default)]
pub enum IdentityResource {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active(Box<ActiveIdentityResource>),
    /// Ended.
    Deleted,
}

/// An identity resource that is in use.
#[derive(Debug, Clone, Default)]
pub struct ActiveIdentityResource {
    created: IdentityResourceCreated,
    fields: IdentityResourceFields,
    properties: Properties,
}

impl Aggregate for IdentityResource {
    const CATEGORY: &'static str = "identity_resource";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[SCOPE_CLAIM];
    type Command = IdentityResourceCommand;
    type Event = IdentityResourceEvent;

    fn decide(
        &self,
        command: &IdentityResourceCommand,
        _now: Timestamp,
    ) -> Result<Decision<IdentityResourceEvent>, Refusal> {
        match (self, command) {
            (Self::Absent, IdentityResourceCommand::Create(created, fields, properties)) => {
                let new = ActiveIdentityResource {
                    created: created.clone(),
                    ..ActiveIdentityResource::default()
                };
                let mut decision = new.update(fields, properties)?;
                decision.events.insert(0, IdentityResourceEvent::Created(created.clone().into()));
                Ok(decision)
            }
            (Self::Active(_) | Self::Deleted, IdentityResourceCommand::Create(..)) => {
                Err(Refusal::AlreadyExists { what: "identity resource" })
            }
            (Self::Active(active), IdentityResourceCommand::Update(fields, _))
                if active.fields.non_editable && fields.non_editable =>
            {
                Err(NON_EDITABLE)
            }
            (Self::Active(active), IdentityResourceCommand::Delete)
                if active.fields.non_editable =>
            {
                Err(NON_EDITABLE)
            }
            (Self::Active(active), IdentityResourceCommand::Update(fields, properties)) => {
                active.update(fields, properties)
            }
            (Self::Active(active), IdentityResourceCommand::Delete) => {
                let name = normalise_scope(&active.fields.name);
                Ok(Decision::event(IdentityResourceEvent::Deleted(
                    IdentityResourceDeleted { identity_resource: active.created.identity_resource }
                        .into(),
                ))
                .release(active.created.tenant, SCOPE_CLAIM, name))
            }
            (Self::Absent | Self::Deleted, _) => {
                Err(Refusal::NotFound { what: "identity resource" })
            }
        }
    }

    fn evolve(&mut self, event: &IdentityResourceEvent) {
        match (event, &mut *self) {
            (IdentityResourceEvent::Created(fact), _) => {
                let created = fact.data.clone();
                *self = Self::Active(Box::new(ActiveIdentityResource {
                    created,
                    ..Default::default()
                }));
            }
            (IdentityResourceEvent::Updated(fact), Self::Active(active)) => {
                active.fields.apply(&fact.data.changes);
                active.properties.replace(fact.secret.as_ref());
            }
            (IdentityResourceEvent::Updated(_), Self::Absent | Self::Deleted) => (),
            (IdentityResourceEvent::Deleted(_), _) => *self = Self::Deleted,
        }
    }
}

impl ActiveIdentityResource {
    fn update(
        &self,
        fields: &IdentityResourceFields,
        properties: &[PropertyValue],
    ) -> Result<Decision<IdentityResourceEvent>, Refusal> {
        check_fields(fields)?;
        let old = &self.fields;
        let properties =
            self.properties.wished(&old.property_keys, &fields.property_keys, properties)?;
        let changes = IdentityResourceChange::between(old, fields);
        if changes.is_empty() && properties.is_none() {
            return Ok(Decision::none());
        }
        let updated = IdentityResourceUpdated { changes };
        let fact = Fact { secret: properties, ..Fact::from(updated) };
        let decision = Decision::event(IdentityResourceEvent::Updated(fact));
        Ok(decision.moved(
            self.created.tenant,
            SCOPE_CLAIM,
            [&old.name, &fields.name].map(|it| normalise_scope(it)),
        ))
    }
}

fn check_fields(it: &IdentityResourceFields) -> Result<(), Refusal> {
    check_scope("name", &it.name)?;
    if normalise_scope(&it.name) != "openid" {
        check_not_reserved("name", &it.name)?;
    }
    check::optional("displayName", it.display_name.as_deref(), 200)?;
    check::optional("description", it.description.as_deref(), 1_000)?;
    children::check_claim_types("userClaims", &it.user_claims)?;
    children::check_property_keys("properties", &it.property_keys)
}
