//! What is known of a client (spec section 2.7), and what may change of it.

use serde::{Deserialize, Serialize};

use crate::changes;
use crate::ids::{ClientName, TenantId, Timestamp, UserId};

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
    pub(super) fn part(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

changes! {
    /// What may change of a client, in clear.
    pub enum ClientChange of ClientRegistered except (client, tenant, owner)
        nested { Flags(ClientFlagChange) = flags, Lifetimes(ClientLifetimeChange) = lifetimes }
    {
        ClientId(ClientName) = client_id,
        Enabled(bool) = enabled,
        ProtocolType(String) = protocol_type,
        RequireClientSecret(bool) = require_client_secret,
        Name(Option<String>) = name,
        Description(Option<String>) = description,
        ClientUri(Option<String>) = client_uri,
        LogoUri(Option<String>) = logo_uri,
        FrontChannelLogoutUri(Option<String>) = front_channel_logout_uri,
        BackChannelLogoutUri(Option<String>) = back_channel_logout_uri,
        AllowedIdentityTokenSigningAlgorithms(Option<String>)
            = allowed_identity_token_signing_algorithms,
        ClientClaimsPrefix(Option<String>) = client_claims_prefix,
        UserCodeType(Option<String>) = user_code_type,
        Secrets(Vec<ClientSecretInfo>) = secrets,
        AllowedGrantTypes(Vec<String>) = allowed_grant_types,
        RedirectUris(Vec<String>) = redirect_uris,
        PostLogoutRedirectUris(Vec<String>) = post_logout_redirect_uris,
        AllowedScopes(Vec<String>) = allowed_scopes,
        IdentityProviderRestrictions(Vec<String>) = identity_provider_restrictions,
        Claims(Vec<(String, String)>) = claims,
        AllowedCorsOrigins(Vec<String>) = allowed_cors_origins,
        PropertyKeys(Vec<String>) = property_keys,
        Created(Timestamp) = created,
        Updated(Option<Timestamp>) = updated,
        LastAccessed(Option<Timestamp>) = last_accessed
    }
}

changes! {
    /// What may change of the switches of a client.
    pub enum ClientFlagChange of ClientFlags {
        RequireConsent(bool) = require_consent,
        AllowRememberConsent(bool) = allow_remember_consent,
        AlwaysIncludeUserClaimsInIdToken(bool) = always_include_user_claims_in_id_token,
        RequirePkce(bool) = require_pkce,
        AllowPlainTextPkce(bool) = allow_plain_text_pkce,
        RequireRequestObject(bool) = require_request_object,
        AllowAccessTokensViaBrowser(bool) = allow_access_tokens_via_browser,
        FrontChannelLogoutSessionRequired(bool) = front_channel_logout_session_required,
        BackChannelLogoutSessionRequired(bool) = back_channel_logout_session_required,
        AllowOfflineAccess(bool) = allow_offline_access,
        UpdateAccessTokenClaimsOnRefresh(bool) = update_access_token_claims_on_refresh,
        EnableLocalLogin(bool) = enable_local_login,
        IncludeJwtId(bool) = include_jwt_id,
        AlwaysSendClientClaims(bool) = always_send_client_claims,
        NonEditable(bool) = non_editable,
    }
}

changes! {
    /// What may change of the lifetimes and numeric choices of a client.
    pub enum ClientLifetimeChange of ClientLifetimes {
        IdentityToken(i32) = identity_token,
        AccessToken(i32) = access_token,
        AuthorizationCode(i32) = authorization_code,
        Consent(Option<i32>) = consent,
        AbsoluteRefreshToken(i32) = absolute_refresh_token,
        SlidingRefreshToken(i32) = sliding_refresh_token,
        UserSso(Option<i32>) = user_sso,
        DeviceCode(i32) = device_code,
        RefreshTokenUsage(i32) = refresh_token_usage,
        RefreshTokenExpiration(i32) = refresh_token_expiration,
        AccessTokenType(i32) = access_token_type,
    }
}
