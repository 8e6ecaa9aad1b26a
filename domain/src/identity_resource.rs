//! An identity resource: a scope that stands for claims about a person. It holds its name as a scope,
//! so that no API resource has it, too (contracts 12).

use crate::ids::Timestamp;
use crate::kind::ClaimKind;
use crate::plain::PlainFields;
use crate::refusal::Refusal;
use crate::scope::{SCOPE_CLAIM, check_not_reserved, check_scope, normalise_scope};
use crate::{changes, check, children, plain_aggregate};

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

plain_aggregate! {
    /// An identity resource.
    pub struct IdentityResource(IdentityResourceFields), IdentityResourceChange;
    /// What has happened to an identity resource. A stored contract: see `docs/events.md`.
    pub enum IdentityResourceEvent of "identity_resource" {
        "identity_resource.created.v1", "identity_resource.updated.v1", "identity_resource.deleted.v1"
    }
    claims: &[SCOPE_CLAIM];
}

impl PlainFields for IdentityResourceFields {
    type Change = IdentityResourceChange;

    const CALLED: &'static str = "identity resource";

    fn changes_to(&self, new: &Self) -> Vec<IdentityResourceChange> {
        IdentityResourceChange::between(self, new)
    }

    fn take_over(&mut self, changes: &[IdentityResourceChange]) {
        self.apply(changes);
    }

    fn check(&self) -> Result<(), Refusal> {
        check_scope("name", &self.name)?;
        if normalise_scope(&self.name) != "openid" {
            check_not_reserved("name", &self.name)?;
        }
        check::optional("displayName", self.display_name.as_deref(), 200)?;
        check::optional_text("description", self.description.as_deref(), 1_000)?;
        children::check_claim_types("userClaims", &self.user_claims)?;
        children::check_property_keys("properties", &self.property_keys)
    }

    fn held(&self) -> Vec<(ClaimKind, String)> {
        vec![(SCOPE_CLAIM, normalise_scope(&self.name))]
    }

    fn property_keys(&self) -> &[String] {
        &self.property_keys
    }

    /// Contracts 36.
    fn may_become(&self, new: Option<&Self>) -> Result<(), Refusal> {
        match self.non_editable && new.is_none_or(|it| it.non_editable) {
            true => Err(Refusal::NotAllowed {
                why: "the identity resource is not editable: set nonEditable to false",
            }),
            false => Ok(()),
        }
    }
}
