//! An authorization server: an API at the gateway may demand its tokens.

use crate::kind::ClaimKind;
use crate::plain::PlainFields;
use crate::product::check_code;
use crate::refusal::Refusal;
use crate::{changes, check, plain_aggregate};

/// The kind of claim that makes the id of an authorization server unique in its tenant.
pub const AUTH_SERVER_ID_CLAIM: ClaimKind =
    ClaimKind { name: "auth_server_id", english: "authorization server id" };

/// The most authorization servers of one tenant.
pub const AUTH_SERVERS_MAX: usize = 100;

/// The id of the one that every tenant has: this program.
pub const BUILT_IN_AUTH_SERVER: &str = "chancery";

/// The most items in one of its lists.
const LIST_MAX: usize = 20;

/// What may change of an authorization server, but for its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documented ones")]
pub struct AuthServerFields {
    /// Its id, by which APIs name it. It stays.
    pub code: String,
    pub name: String,
    pub description: Option<String>,
    /// Who issues its tokens: their keys are found from there.
    pub issuer: Option<String>,
    pub client_registration_endpoint: Option<String>,
    pub authorization_endpoint: Option<String>,
    pub authorization_methods: Vec<String>,
    pub client_authentication_method: Vec<String>,
    pub token_body_parameters: Vec<String>,
    pub token_endpoint: Option<String>,
    pub support_state: bool,
    pub default_scope: Option<String>,
    pub grant_types: Vec<String>,
    pub bearer_token_sending_methods: Vec<String>,
    pub client_id: Option<String>,
    pub resource_owner_username: Option<String>,
    /// Which secrets it has: `clientSecret`, `resourceOwnerPassword`. Their values stand in the secret
    /// part, in this order.
    pub secret_names: Vec<String>,
}

changes! {
    /// What may change of an authorization server, in clear.
    pub enum AuthServerChange of AuthServerFields {
        Code(String) = code,
        Name(String) = name,
        Description(Option<String>) = description,
        Issuer(Option<String>) = issuer,
        ClientRegistrationEndpoint(Option<String>) = client_registration_endpoint,
        AuthorizationEndpoint(Option<String>) = authorization_endpoint,
        AuthorizationMethods(Vec<String>) = authorization_methods,
        ClientAuthenticationMethod(Vec<String>) = client_authentication_method,
        TokenBodyParameters(Vec<String>) = token_body_parameters,
        TokenEndpoint(Option<String>) = token_endpoint,
        SupportState(bool) = support_state,
        DefaultScope(Option<String>) = default_scope,
        GrantTypes(Vec<String>) = grant_types,
        BearerTokenSendingMethods(Vec<String>) = bearer_token_sending_methods,
        ClientId(Option<String>) = client_id,
        ResourceOwnerUsername(Option<String>) = resource_owner_username,
        SecretNames(Vec<String>) = secret_names,
    }
}

plain_aggregate! {
    /// An authorization server.
    pub struct AuthServer(AuthServerFields), AuthServerChange;
    /// What has happened to an authorization server. A stored contract: see `docs/events.md`.
    pub enum AuthServerEvent of "auth_server" {
        "auth_server.created.v1", "auth_server.updated.v1", "auth_server.deleted.v1"
    }
    claims: &[AUTH_SERVER_ID_CLAIM];
}

impl PlainFields for AuthServerFields {
    type Change = AuthServerChange;

    const CALLED: &'static str = "authorization server";

    fn changes_to(&self, new: &Self) -> Vec<AuthServerChange> {
        AuthServerChange::between(self, new)
    }

    fn take_over(&mut self, changes: &[AuthServerChange]) {
        self.apply(changes);
    }

    fn check(&self) -> Result<(), Refusal> {
        check_code("id", &self.code)?;
        if self.code.eq_ignore_ascii_case(BUILT_IN_AUTH_SERVER) {
            return Err(Refusal::invalid("id", "must not be chancery: this one is built in"));
        }
        check::required("name", &self.name, 300)?;
        check::optional_text("description", self.description.as_deref(), 1_000)?;
        for (field, url) in [
            ("issuer", &self.issuer),
            ("clientRegistrationEndpoint", &self.client_registration_endpoint),
            ("authorizationEndpoint", &self.authorization_endpoint),
            ("tokenEndpoint", &self.token_endpoint),
        ] {
            let Some(url) = url else { continue };
            check::required(field, url, 2_000)?;
            check::web_address(field, url)?;
        }
        for (field, items) in [
            ("authorizationMethods", &self.authorization_methods),
            ("clientAuthenticationMethod", &self.client_authentication_method),
            ("tokenBodyParameters", &self.token_body_parameters),
            ("grantTypes", &self.grant_types),
            ("bearerTokenSendingMethods", &self.bearer_token_sending_methods),
        ] {
            check::list(field, items, LIST_MAX)?;
            items.iter().try_for_each(|it| check::required(field, it, 200))?;
        }
        check::optional("defaultScope", self.default_scope.as_deref(), 1_000)?;
        check::optional("clientId", self.client_id.as_deref(), 200)?;
        check::optional("resourceOwnerUsername", self.resource_owner_username.as_deref(), 256)
    }

    fn held(&self) -> Vec<(ClaimKind, String)> {
        vec![(AUTH_SERVER_ID_CLAIM, self.code.to_ascii_lowercase())]
    }

    fn property_keys(&self) -> &[String] {
        &self.secret_names
    }

    fn may_become(&self, new: Option<&Self>) -> Result<(), Refusal> {
        match new.is_none_or(|it| it.code == self.code) {
            true => Ok(()),
            false => Err(Refusal::NotAllowed {
                why: "the id of an authorization server stays: APIs name it",
            }),
        }
    }
}
