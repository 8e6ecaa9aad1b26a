//! An API scope: how a scope of API resources is described to people. Alone it grants nothing; a
//! disabled one takes its scope away (contracts 12).

use crate::kind::ClaimKind;
use crate::plain::PlainFields;
use crate::refusal::Refusal;
use crate::scope::{check_scope, normalise_scope};
use crate::{changes, check, children, plain_aggregate};

/// The kind of claim that makes the name of an API scope unique in its tenant.
pub const API_SCOPE_NAME_CLAIM: ClaimKind =
    ClaimKind { name: "api_scope_name", english: "API scope name" };

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

plain_aggregate! {
    /// An API scope.
    pub struct ApiScope(ApiScopeFields), ApiScopeChange;
    /// What has happened to an API scope. A stored contract: see `docs/events.md`.
    pub enum ApiScopeEvent of "api_scope" {
        "api_scope.created.v1", "api_scope.updated.v1", "api_scope.deleted.v1"
    }
    claims: &[API_SCOPE_NAME_CLAIM];
}

impl PlainFields for ApiScopeFields {
    type Change = ApiScopeChange;

    const CALLED: &'static str = "API scope";

    fn changes_to(&self, new: &Self) -> Vec<ApiScopeChange> {
        ApiScopeChange::between(self, new)
    }

    fn take_over(&mut self, changes: &[ApiScopeChange]) {
        self.apply(changes);
    }

    fn check(&self) -> Result<(), Refusal> {
        check_scope("name", &self.name)?;
        check::optional("displayName", self.display_name.as_deref(), 200)?;
        check::optional_text("description", self.description.as_deref(), 1_000)?;
        children::check_claim_types("userClaims", &self.user_claims)?;
        children::check_property_keys("properties", &self.property_keys)
    }

    fn held(&self) -> Vec<(ClaimKind, String)> {
        vec![(API_SCOPE_NAME_CLAIM, normalise_scope(&self.name))]
    }

    fn property_keys(&self) -> &[String] {
        &self.property_keys
    }
}
