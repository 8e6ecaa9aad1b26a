//! An OAuth client: an application that may ask for tokens.

mod defaults;

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::{ClientName, TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::scope::check_scope;
use crate::stored_events;

/// The kind of claim that makes a `client_id` unique in the installation.
pub const CLIENT_ID_CLAIM: ClaimKind = ClaimKind { name: "client_id", english: "clientId" };

/// The most items in one child list of a client.
pub const CLIENT_CHILDREN_MAX: usize = 200;

/// What a client may be asked to become.
#[derive(Debug, Clone)]
pub enum ClientCommand {
    /// Enter a new client.
    Register(Box<ClientRegistered>, ClientSecrets),
    /// Let it ask for tokens, or no longer.
    SetEnabled(bool),
    /// Make it the installation's: from then on it needs no owner.
    TakeOver,
}

/// A client entered. The fields are those of spec section 2.7, under their field-standard names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientRegistered {
    /// Its number.
    pub client: u32,
    /// Whose it is.
    pub tenant: TenantId,
    /// The user who may see and change it; 0 if it belongs to the installation.
    pub owner: UserId,
    /// The `client_id` of OAuth.
    pub client_id: ClientName,
    /// Whether it may ask for tokens.
    pub enabled: bool,
    /// `oidc`.
    pub protocol_type: String,
    /// Whether it must prove itself at the token endpoint (RFC 6749 section 2.1).
    pub require_client_secret: bool,
    /// What people see.
    pub name: Option<String>,
    /// A text about it.
    pub description: Option<String>,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// Switches, in the order of spec section 2.7.
    pub flags: ClientFlags,
    /// Lifetimes and numbers.
    pub lifetimes: ClientLifetimes,
    /// Where a logout is announced in the browser.
    pub front_channel_logout_uri: Option<String>,
    /// Where a logout is announced server to server.
    pub back_channel_logout_uri: Option<String>,
    /// Algorithms for ID tokens, comma-separated.
    pub allowed_identity_token_signing_algorithms: Option<String>,
    /// Put before the types of client claims.
    pub client_claims_prefix: Option<String>,
    /// Device flow.
    pub user_code_type: Option<String>,
    /// What is known of its secrets; the values stand in the secret part.
    pub secrets: Vec<ClientSecretInfo>,
    /// The grants that it may use.
    pub allowed_grant_types: Vec<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after logout.
    pub post_logout_redirect_uris: Vec<String>,
    /// The scopes that it may ask for.
    pub allowed_scopes: Vec<String>,
    /// The identity providers that it may use; none means all.
    pub identity_provider_restrictions: Vec<String>,
    /// Claims about it: type, value.
    pub claims: Vec<(String, String)>,
    /// The origins that browsers may call from.
    pub allowed_cors_origins: Vec<String>,
    /// The keys of its properties; the values stand in the secret part.
    pub property_keys: Vec<String>,
    /// As the caller says.
    pub created: Timestamp,
    /// As the caller says; a later change counts instead.
    pub updated: Option<Timestamp>,
    /// As the caller says.
    pub last_accessed: Option<Timestamp>,
}

/// The switches of a client (spec section 2.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the documented ones")]
pub struct ClientFlags {
    pub require_consent: bool,
    pub allow_remember_consent: bool,
    pub always_include_user_claims_in_id_token: bool,
    pub require_pkce: bool,
    pub allow_plain_text_pkce: bool,
    pub require_request_object: bool,
    pub allow_access_tokens_via_browser: bool,
    pub front_channel_logout_session_required: bool,
    pub back_channel_logout_session_required: bool,
    pub allow_offline_access: bool,
    pub update_access_token_claims_on_refresh: bool,
    pub enable_local_login: bool,
    pub include_jwt_id: bool,
    pub always_send_client_claims: bool,
    pub non_editable: bool,
}

/// The lifetimes of a client in seconds, and its numeric choices (spec section 2.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the documented ones")]
pub struct ClientLifetimes {
    pub identity_token: i32,
    pub access_token: i32,
    pub authorization_code: i32,
    pub consent: Option<i32>,
    pub absolute_refresh_token: i32,
    pub sliding_refresh_token: i32,
    pub user_sso: Option<i32>,
    pub device_code: i32,
    /// 0 re-use, 1 one-time.
    pub refresh_token_usage: i32,
    /// 0 sliding, 1 absolute.
    pub refresh_token_expiration: i32,
    /// 0 JWT, 1 reference.
    pub access_token_type: i32,
}

/// What is known of a client secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecretInfo {
    /// Counted inside the client, from 1, and never used again.
    pub id: u32,
    /// A text about it.
    pub description: Option<String>,
    /// After which it does not count.
    pub expiration: Option<Timestamp>,
    /// `SharedSecret`.
    pub secret_type: String,
    /// As the caller says.
    pub created: Timestamp,
}

/// What opens something, or may: sealed in the log, and never published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecrets {
    /// The values of the secrets, in the order of the secrets: Base64 of SHA-256 or SHA-512 of the
    /// plain secret, as row 44 computes it.
    pub values: Vec<String>,
    /// The values of the properties, in the order of their keys.
    pub property_values: Vec<String>,
    /// For pair-wise subjects.
    pub pair_wise_subject_salt: Option<String>,
}

impl ClientSecrets {
    /// Nothing is sealed where there is nothing.
    fn part(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// Whether a client may ask for tokens was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientEnabledSet {
    /// Whether it may.
    pub enabled: bool,
}

/// A client belongs to the installation from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientTakenOver {
    /// The user who answered for it until now.
    pub former_owner: UserId,
}

stored_events! {
    /// What has happened to a client. A stored contract: see `docs/events.md`.
    pub enum ClientEvent {
        /// A client entered.
        Registered = "client.registered.v1" { data: ClientRegistered, secret: ClientSecrets },
        /// It may ask for tokens, or no longer.
        EnabledSet = "client.enabled_set.v1" { data: ClientEnabledSet },
        /// It belongs to the installation.
        TakenOver = "client.taken_over.v1" { data: ClientTakenOver },
    }
}

/// What the rules need to remember of a client, and no more.
#[derive(Debug, Clone, Default)]
pub enum Client {
    /// Never registered.
    #[default]
    Absent,
    /// Registered.
    Active {
        /// The user who answers for it; 0 if it belongs to the installation.
        owner: UserId,
        /// Whether it may ask for tokens.
        enabled: bool,
        /// The highest id that one of its secrets has or had.
        last_secret: u32,
    },
}

impl Aggregate for Client {
    const CATEGORY: &'static str = "client";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[CLIENT_ID_CLAIM];
    type Command = ClientCommand;
    type Event = ClientEvent;

    fn decide(
        &self,
        command: &ClientCommand,
        _now: Timestamp,
    ) -> Result<Decision<ClientEvent>, Refusal> {
        match (self, command) {
            (Client::Absent, ClientCommand::Register(data, secrets)) => register(data, secrets),
            (_, ClientCommand::Register(..)) => Err(Refusal::AlreadyExists { what: "client" }),
            (Client::Absent, _) => Err(Refusal::NotFound { what: "client" }),
            (Client::Active { enabled, .. }, ClientCommand::SetEnabled(wanted)) => {
                let set = ClientEnabledSet { enabled: *wanted };
                Ok(changed_if(enabled != wanted, ClientEvent::EnabledSet(set.into())))
            }
            (Client::Active { owner, .. }, ClientCommand::TakeOver) => {
                let taken = ClientTakenOver { former_owner: *owner };
                Ok(changed_if(*owner != UserId::NONE, ClientEvent::TakenOver(taken.into())))
            }
        }
    }

    fn evolve(&mut self, event: &ClientEvent) {
        match (self, event) {
            (it, ClientEvent::Registered(fact)) => {
                let ids = fact.data.secrets.iter().map(|it| it.id);
                *it = Client::Active {
                    owner: fact.data.owner,
                    enabled: fact.data.enabled,
                    last_secret: ids.max().unwrap_or(0),
                };
            }
            (Client::Active { enabled, .. }, ClientEvent::EnabledSet(fact)) => {
                *enabled = fact.data.enabled;
            }
            (Client::Active { owner, .. }, ClientEvent::TakenOver(_)) => *owner = UserId::NONE,
            // Nothing happens to a client before it is registered.
            (Client::Absent, _) => (),
        }
    }
}

fn changed_if(is_new: bool, event: ClientEvent) -> Decision<ClientEvent> {
    if is_new { Decision::event(event) } else { Decision::none() }
}

fn register(
    data: &ClientRegistered,
    secrets: &ClientSecrets,
) -> Result<Decision<ClientEvent>, Refusal> {
    check_names(data)?;
    check_lifetimes(&data.lifetimes)?;
    check_children(data, secrets)?;
    check_grants(&data.allowed_grant_types)?;
    let mut registered = data.clone();
    (1..).zip(&mut registered.secrets).for_each(|(id, secret)| secret.id = id);
    Ok(Decision::event(ClientEvent::Registered(Fact {
        data: registered,
        personal: None,
        secret: secrets.clone().part(),
    }))
    .claim(TenantId::INSTALLATION, CLIENT_ID_CLAIM, data.client_id.0.clone()))
}

fn check_names(data: &ClientRegistered) -> Result<(), Refusal> {
    check::required("clientId", &data.client_id.0, 200)?;
    // RFC 6749 appendix A.1 allows spaces; a client id with one cannot be told from two.
    if !data.client_id.0.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(Refusal::invalid("clientId", "must be visible ASCII without spaces"));
    }
    // RFC 9068 section 5: the `sub` of a client's own token must not be that of a user.
    if data.client_id.0.bytes().all(|it| it.is_ascii_digit()) {
        return Err(Refusal::invalid("clientId", "must not be a number: users have those"));
    }
    check::required("protocolType", &data.protocol_type, 200)?;
    check::optional("clientName", data.name.as_deref(), 200)?;
    check::optional("description", data.description.as_deref(), 1000)?;
    check::optional("clientUri", data.client_uri.as_deref(), 2000)?;
    check::optional("logoUri", data.logo_uri.as_deref(), 2000)?;
    check::optional("frontChannelLogoutUri", data.front_channel_logout_uri.as_deref(), 2000)?;
    check::optional("backChannelLogoutUri", data.back_channel_logout_uri.as_deref(), 2000)?;
    check::optional(
        "allowedIdentityTokenSigningAlgorithms",
        data.allowed_identity_token_signing_algorithms.as_deref(),
        100,
    )?;
    check::optional("clientClaimsPrefix", data.client_claims_prefix.as_deref(), 200)?;
    check::optional("userCodeType", data.user_code_type.as_deref(), 100)
}

fn check_lifetimes(it: &ClientLifetimes) -> Result<(), Refusal> {
    let seconds = [
        ("identityTokenLifetime", it.identity_token, 86_400),
        ("accessTokenLifetime", it.access_token, crate::token::TOKEN_SECONDS_MAX as i32),
        ("authorizationCodeLifetime", it.authorization_code, 86_400),
        ("absoluteRefreshTokenLifetime", it.absolute_refresh_token, i32::MAX),
        ("slidingRefreshTokenLifetime", it.sliding_refresh_token, i32::MAX),
        ("deviceCodeLifetime", it.device_code, 86_400),
    ];
    for (field, value, seconds_max) in seconds {
        if !(1..=seconds_max).contains(&value) {
            return Err(Refusal::invalid(field, format!("must be 1 to {seconds_max} seconds")));
        }
    }
    let choices = [
        ("refreshTokenUsage", it.refresh_token_usage),
        ("refreshTokenExpiration", it.refresh_token_expiration),
        ("accessTokenType", it.access_token_type),
    ];
    for (field, value) in choices {
        if !(0..=1).contains(&value) {
            return Err(Refusal::invalid(field, "must be 0 or 1"));
        }
    }
    Ok(())
}

fn check_children(data: &ClientRegistered, secrets: &ClientSecrets) -> Result<(), Refusal> {
    let lists: [(&'static str, &[String], usize); 6] = [
        ("allowedGrantTypes", &data.allowed_grant_types, 250),
        ("redirectUris", &data.redirect_uris, 2000),
        ("postLogoutRedirectUris", &data.post_logout_redirect_uris, 2000),
        ("allowedScopes", &data.allowed_scopes, 200),
        ("identityProviderRestrictions", &data.identity_provider_restrictions, 200),
        ("allowedCorsOrigins", &data.allowed_cors_origins, 150),
    ];
    for (field, items, chars_max) in lists {
        check::list(field, items, CLIENT_CHILDREN_MAX)?;
        for item in items {
            check::required(field, item, chars_max)?;
        }
    }
    check::list("claims", &data.claims, CLIENT_CHILDREN_MAX)?;
    for (claim_type, value) in &data.claims {
        check::required("claims", claim_type, 250)?;
        check::at_most("claims", value, 250)?;
    }
    check_sealed(data, secrets)?;
    check_uris("redirectUris", &data.redirect_uris)?;
    check_uris("postLogoutRedirectUris", &data.post_logout_redirect_uris)?;
    data.allowed_scopes.iter().try_for_each(|it| check_scope("allowedScopes", it))?;
    Ok(())
}

/// What stands in the secret part, and what is known of it in clear.
fn check_sealed(data: &ClientRegistered, secrets: &ClientSecrets) -> Result<(), Refusal> {
    let salt = secrets.pair_wise_subject_salt.as_deref();
    check::optional("pairWiseSubjectSalt", salt, 200)?;
    check::list("properties", &data.property_keys, CLIENT_CHILDREN_MAX)?;
    if data.property_keys.len() != secrets.property_values.len() {
        return Err(Refusal::invalid("properties", "every key needs a value"));
    }
    for (key, value) in data.property_keys.iter().zip(&secrets.property_values) {
        check::required("properties", key, 250)?;
        check::at_most("properties", value, 2000)?;
    }
    check::list("clientSecrets", &data.secrets, CLIENT_CHILDREN_MAX)?;
    if data.secrets.len() != secrets.values.len() {
        return Err(Refusal::invalid("clientSecrets", "every secret needs a value"));
    }
    for (secret, value) in data.secrets.iter().zip(&secrets.values) {
        check::required("clientSecrets.value", value, 4000)?;
        check::required("clientSecrets.type", &secret.secret_type, 250)?;
        check::optional("clientSecrets.description", secret.description.as_deref(), 2000)?;
    }
    Ok(())
}

/// RFC 6749 section 3.1.2: absolute, and without a fragment.
fn check_uris(field: &'static str, uris: &[String]) -> Result<(), Refusal> {
    for uri in uris {
        let absolute = uri.split_once(':').is_some_and(|(scheme, rest)| {
            !rest.is_empty() && scheme.starts_with(|it: char| it.is_ascii_alphabetic())
        });
        if !absolute || uri.contains('#') || uri.contains(char::is_whitespace) {
            let why = "must be absolute, without a fragment or white space";
            return Err(Refusal::invalid(field, why));
        }
    }
    Ok(())
}

/// A client may not combine implicit with authorization_code, nor either with hybrid (spec
/// section 6.7).
fn check_grants(grants: &[String]) -> Result<(), Refusal> {
    let redirecting = ["implicit", "authorization_code", "hybrid"];
    if redirecting.iter().filter(|it| grants.iter().any(|grant| grant == **it)).count() > 1 {
        return Err(Refusal::invalid(
            "allowedGrantTypes",
            "may have only one of implicit, authorization_code and hybrid",
        ));
    }
    Ok(())
}
