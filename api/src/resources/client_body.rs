//! Client (spec section 2.7) as a body and as a result, and what it means in the domain.

use domain::client::{
    ClientFlags, ClientLifetimes, ClientRegistered, ClientSecretInfo, ClientSecrets, ClientWishes,
};
use domain::{ClientName, TenantId, Timestamp, UserId};
use projections::ClientRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::children::{MASKED, unless_same, wish};
use crate::http::reply::{ErrorData, Single};
use crate::http::time::WireTime;

/// A client.
#[skip_serializing_none]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Client")]
pub(crate) struct ClientBody {
    /// Which one to update; ignored in a request that creates one.
    id: i64,
    enabled: bool,
    /// The name by which the client is known to OAuth.
    #[schemars(extend("x-required" = "body"))]
    client_id: String,
    protocol_type: String,
    client_secrets: Vec<SecretBody>,
    require_client_secret: bool,
    client_name: Option<String>,
    description: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    require_consent: bool,
    allow_remember_consent: bool,
    always_include_user_claims_in_id_token: bool,
    allowed_grant_types: Vec<GrantTypeBody>,
    require_pkce: bool,
    allow_plain_text_pkce: bool,
    require_request_object: bool,
    allow_access_tokens_via_browser: bool,
    redirect_uris: Vec<RedirectUriBody>,
    post_logout_redirect_uris: Vec<PostLogoutRedirectUriBody>,
    front_channel_logout_uri: Option<String>,
    front_channel_logout_session_required: bool,
    back_channel_logout_uri: Option<String>,
    back_channel_logout_session_required: bool,
    allow_offline_access: bool,
    allowed_scopes: Vec<ScopeBody>,
    identity_token_lifetime: i32,
    allowed_identity_token_signing_algorithms: Option<String>,
    access_token_lifetime: i32,
    authorization_code_lifetime: i32,
    consent_lifetime: Option<i32>,
    absolute_refresh_token_lifetime: i32,
    sliding_refresh_token_lifetime: i32,
    refresh_token_usage: i32,
    update_access_token_claims_on_refresh: bool,
    refresh_token_expiration: i32,
    access_token_type: i32,
    enable_local_login: bool,
    identity_provider_restrictions: Vec<ProviderBody>,
    include_jwt_id: bool,
    claims: Vec<ClaimBody>,
    always_send_client_claims: bool,
    client_claims_prefix: Option<String>,
    pair_wise_subject_salt: Option<String>,
    allowed_cors_origins: Vec<OriginBody>,
    properties: Vec<PropertyBody>,
    #[schemars(extend("x-required" = "answer"))]
    created: Option<WireTime>,
    updated: Option<WireTime>,
    last_accessed: Option<WireTime>,
    user_sso_lifetime: Option<i32>,
    user_code_type: Option<String>,
    device_code_lifetime: i32,
    non_editable: bool,
}

impl ErrorData for Single<ClientBody> {}

impl Default for ClientBody {
    fn default() -> Self {
        let blank = ClientRegistered::with_defaults(Timestamp(0));
        Self { created: None, ..Self::of(&blank) }
    }
}

/// A child row whose only member of its own is a text.
macro_rules! child {
    ($name:ident, $member:ident, $schema:literal) => {
        #[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default, rename_all = "camelCase")]
        #[schemars(rename = $schema)]
        pub(crate) struct $name {
            id: u32,
            client_id: i64,
            #[schemars(extend("x-required" = "body"))]
            $member: String,
        }

        impl $name {
            fn rows(values: &[String], client: u32) -> Vec<Self> {
                let client_id = i64::from(client);
                let rows = values.iter().zip(1..);
                rows.map(|(it, id)| Self { id, client_id, $member: it.clone() }).collect()
            }

            fn values(rows: Vec<Self>) -> Vec<String> {
                rows.into_iter().map(|it| it.$member).collect()
            }
        }
    };
}

child!(GrantTypeBody, grant_type, "ClientGrantType");
child!(RedirectUriBody, redirect_uri, "ClientRedirectUri");
child!(PostLogoutRedirectUriBody, post_logout_redirect_uri, "ClientPostLogoutRedirectUri");
child!(ScopeBody, scope, "ClientScope");
child!(ProviderBody, provider, "ClientIdPRestriction");
child!(OriginBody, origin, "ClientCorsOrigin");

#[skip_serializing_none]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ClientSecret")]
pub(crate) struct SecretBody {
    id: u32,
    client_id: i64,
    description: Option<String>,
    /// In a body Base64 of the SHA-256 or SHA-512 of the secret; in an answer `***`. That keeps, in an
    /// update, the value of the secret with this id; every other value gets an id of its own.
    #[schemars(extend("x-required" = "body"))]
    value: String,
    expiration: Option<WireTime>,
    r#type: String,
    #[schemars(extend("x-required" = "answer"))]
    created: Option<WireTime>,
}

impl Default for SecretBody {
    fn default() -> Self {
        Self {
            id: 0,
            client_id: 0,
            description: None,
            value: String::new(),
            expiration: None,
            r#type: "SharedSecret".to_owned(),
            created: None,
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ClientClaim")]
pub(crate) struct ClaimBody {
    id: u32,
    client_id: i64,
    #[schemars(extend("x-required" = "body"))]
    r#type: String,
    value: String,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ClientProperty")]
pub(crate) struct PropertyBody {
    id: u32,
    client_id: i64,
    #[schemars(extend("x-required" = "body"))]
    key: String,
    value: String,
}

impl ClientBody {
    /// A client as rows 38 and 41 show it.
    pub(crate) fn from_row(row: &ClientRow, secrets: ClientSecrets) -> Self {
        let client_id = i64::from(row.data.client);
        let pairs = row.data.property_keys.iter().zip(secrets.property_values).zip(1..);
        let properties =
            pairs.map(|((key, value), id)| PropertyBody { id, client_id, key: key.clone(), value });
        Self {
            pair_wise_subject_salt: secrets.pair_wise_subject_salt,
            properties: properties.collect(),
            updated: row.changed().or(row.data.updated).map(WireTime),
            ..Self::of(&row.data)
        }
    }

    /// All but what is sealed.
    fn of(it: &ClientRegistered) -> Self {
        let (flags, times, client) = (&it.flags, &it.lifetimes, it.client);
        let client_id = i64::from(client);
        let claim = |((r#type, value), id): (&(String, String), u32)| {
            let (r#type, value) = (r#type.clone(), value.clone());
            ClaimBody { id, client_id, r#type, value }
        };
        Self {
            id: client_id,
            enabled: it.enabled,
            client_id: it.client_id.0.clone(),
            protocol_type: it.protocol_type.clone(),
            client_secrets: it.secrets.iter().map(|it| secret_row(it, client)).collect(),
            require_client_secret: it.require_client_secret,
            client_name: it.name.clone(),
            description: it.description.clone(),
            client_uri: it.client_uri.clone(),
            logo_uri: it.logo_uri.clone(),
            require_consent: flags.require_consent,
            allow_remember_consent: flags.allow_remember_consent,
            always_include_user_claims_in_id_token: flags.always_include_user_claims_in_id_token,
            allowed_grant_types: GrantTypeBody::rows(&it.allowed_grant_types, client),
            require_pkce: flags.require_pkce,
            allow_plain_text_pkce: flags.allow_plain_text_pkce,
            require_request_object: flags.require_request_object,
            allow_access_tokens_via_browser: flags.allow_access_tokens_via_browser,
            redirect_uris: RedirectUriBody::rows(&it.redirect_uris, client),
            post_logout_redirect_uris: PostLogoutRedirectUriBody::rows(
                &it.post_logout_redirect_uris,
                client,
            ),
            front_channel_logout_uri: it.front_channel_logout_uri.clone(),
            front_channel_logout_session_required: flags.front_channel_logout_session_required,
            back_channel_logout_uri: it.back_channel_logout_uri.clone(),
            back_channel_logout_session_required: flags.back_channel_logout_session_required,
            allow_offline_access: flags.allow_offline_access,
            allowed_scopes: ScopeBody::rows(&it.allowed_scopes, client),
            identity_token_lifetime: times.identity_token,
            allowed_identity_token_signing_algorithms: it
                .allowed_identity_token_signing_algorithms
                .clone(),
            access_token_lifetime: times.access_token,
            authorization_code_lifetime: times.authorization_code,
            consent_lifetime: times.consent,
            absolute_refresh_token_lifetime: times.absolute_refresh_token,
            sliding_refresh_token_lifetime: times.sliding_refresh_token,
            refresh_token_usage: times.refresh_token_usage,
            update_access_token_claims_on_refresh: flags.update_access_token_claims_on_refresh,
            refresh_token_expiration: times.refresh_token_expiration,
            access_token_type: times.access_token_type,
            enable_local_login: flags.enable_local_login,
            identity_provider_restrictions: ProviderBody::rows(
                &it.identity_provider_restrictions,
                client,
            ),
            include_jwt_id: flags.include_jwt_id,
            claims: it.claims.iter().zip(1..).map(claim).collect(),
            always_send_client_claims: flags.always_send_client_claims,
            client_claims_prefix: it.client_claims_prefix.clone(),
            pair_wise_subject_salt: None,
            allowed_cors_origins: OriginBody::rows(&it.allowed_cors_origins, client),
            properties: Vec::new(),
            created: Some(WireTime(it.created)),
            updated: it.updated.map(WireTime),
            last_accessed: it.last_accessed.map(WireTime),
            user_sso_lifetime: times.user_sso,
            user_code_type: it.user_code_type.clone(),
            device_code_lifetime: times.device_code,
            non_editable: flags.non_editable,
        }
    }

    /// The data to register; the number is given later.
    pub(crate) fn data(
        self,
        tenant: TenantId,
        owner: UserId,
        now: Timestamp,
    ) -> (ClientRegistered, ClientSecrets) {
        let (flags, lifetimes) = (self.flags(), self.lifetimes());
        let values = self.client_secrets.iter().map(|it| it.value.clone()).collect();
        let secrets = self.client_secrets.into_iter().map(|it| ClientSecretInfo {
            id: it.id,
            description: it.description,
            expiration: it.expiration.map(|it| it.0),
            secret_type: it.r#type,
            created: it.created.map_or(now, |it| it.0),
        });
        let properties = self.properties.into_iter().map(|it| (it.key, it.value));
        let (property_keys, property_values) = properties.unzip();
        let pair_wise_subject_salt = self.pair_wise_subject_salt;
        let data = ClientRegistered {
            client: 0,
            tenant,
            owner,
            client_id: ClientName(self.client_id),
            enabled: self.enabled,
            protocol_type: self.protocol_type,
            require_client_secret: self.require_client_secret,
            name: self.client_name,
            description: self.description,
            client_uri: self.client_uri,
            logo_uri: self.logo_uri,
            flags,
            lifetimes,
            front_channel_logout_uri: self.front_channel_logout_uri,
            back_channel_logout_uri: self.back_channel_logout_uri,
            allowed_identity_token_signing_algorithms: self
                .allowed_identity_token_signing_algorithms,
            client_claims_prefix: self.client_claims_prefix,
            user_code_type: self.user_code_type,
            secrets: secrets.collect(),
            allowed_grant_types: GrantTypeBody::values(self.allowed_grant_types),
            redirect_uris: RedirectUriBody::values(self.redirect_uris),
            post_logout_redirect_uris: PostLogoutRedirectUriBody::values(
                self.post_logout_redirect_uris,
            ),
            allowed_scopes: ScopeBody::values(self.allowed_scopes),
            identity_provider_restrictions: ProviderBody::values(
                self.identity_provider_restrictions,
            ),
            claims: self.claims.into_iter().map(|it| (it.r#type, it.value)).collect(),
            allowed_cors_origins: OriginBody::values(self.allowed_cors_origins),
            property_keys,
            created: self.created.map_or(now, |it| it.0),
            updated: self.updated.map(|it| it.0),
            last_accessed: self.last_accessed.map(|it| it.0),
        };
        (data, ClientSecrets { values, property_values, pair_wise_subject_salt })
    }

    /// What an update asks for, where `row` is what there is.
    pub(crate) fn wished(
        mut self,
        row: &ClientRow,
        now: Timestamp,
    ) -> (ClientRegistered, ClientWishes) {
        self.drop_blank();
        let old = &row.data;
        let (mut data, secrets) = self.data(old.tenant, old.owner, now);
        data.client = old.client;
        data.created = unless_same(data.created, old.created);
        data.updated = old.updated;
        let accessed = data.last_accessed.zip(old.last_accessed);
        data.last_accessed = accessed.map(|it| unless_same(it.0, it.1)).or(data.last_accessed);
        for secret in &mut data.secrets {
            let Some(old) = old.secrets.iter().find(|it| it.id == secret.id) else { continue };
            // A body without the time of a secret that is there does not change it.
            let is_new = secret.created == now;
            secret.created =
                if is_new { old.created } else { unless_same(secret.created, old.created) };
            let ends = secret.expiration.zip(old.expiration);
            secret.expiration = ends.map(|it| unless_same(it.0, it.1)).or(secret.expiration);
        }
        let wishes = |values: Vec<String>| values.into_iter().map(wish).collect();
        let wishes = ClientWishes {
            secrets: wishes(secrets.values),
            properties: wishes(secrets.property_values),
            pair_wise_subject_salt: secrets.pair_wise_subject_salt,
        };
        (data, wishes)
    }

    /// Items of lists without what they are about (spec section 5.4.3).
    fn drop_blank(&mut self) {
        let is_there = |text: &str| !text.trim().is_empty();
        self.client_secrets.retain(|it| is_there(&it.value));
        self.allowed_grant_types.retain(|it| is_there(&it.grant_type));
        self.redirect_uris.retain(|it| is_there(&it.redirect_uri));
        self.post_logout_redirect_uris.retain(|it| is_there(&it.post_logout_redirect_uri));
        self.allowed_scopes.retain(|it| is_there(&it.scope));
        self.identity_provider_restrictions.retain(|it| is_there(&it.provider));
        self.claims.retain(|it| is_there(&it.r#type));
        self.allowed_cors_origins.retain(|it| is_there(&it.origin));
        self.properties.retain(|it| is_there(&it.key));
    }

    /// The number of the client that an update is about.
    pub(crate) fn number(&self) -> u32 {
        u32::try_from(self.id).unwrap_or(0)
    }

    fn flags(&self) -> ClientFlags {
        ClientFlags {
            require_consent: self.require_consent,
            allow_remember_consent: self.allow_remember_consent,
            always_include_user_claims_in_id_token: self.always_include_user_claims_in_id_token,
            require_pkce: self.require_pkce,
            allow_plain_text_pkce: self.allow_plain_text_pkce,
            require_request_object: self.require_request_object,
            allow_access_tokens_via_browser: self.allow_access_tokens_via_browser,
            front_channel_logout_session_required: self.front_channel_logout_session_required,
            back_channel_logout_session_required: self.back_channel_logout_session_required,
            allow_offline_access: self.allow_offline_access,
            update_access_token_claims_on_refresh: self.update_access_token_claims_on_refresh,
            enable_local_login: self.enable_local_login,
            include_jwt_id: self.include_jwt_id,
            always_send_client_claims: self.always_send_client_claims,
            non_editable: self.non_editable,
        }
    }

    fn lifetimes(&self) -> ClientLifetimes {
        ClientLifetimes {
            identity_token: self.identity_token_lifetime,
            access_token: self.access_token_lifetime,
            authorization_code: self.authorization_code_lifetime,
            consent: self.consent_lifetime,
            absolute_refresh_token: self.absolute_refresh_token_lifetime,
            sliding_refresh_token: self.sliding_refresh_token_lifetime,
            user_sso: self.user_sso_lifetime,
            device_code: self.device_code_lifetime,
            refresh_token_usage: self.refresh_token_usage,
            refresh_token_expiration: self.refresh_token_expiration,
            access_token_type: self.access_token_type,
        }
    }
}

/// The members that stay in an update that lacks them (spec section 5.4.3); others get their defaults.
const KEPT: [&str; 18] = [
    "id",
    "clientClaimsPrefix",
    "pairWiseSubjectSalt",
    "userCodeType",
    "allowedIdentityTokenSigningAlgorithms",
    "clientId",
    "protocolType",
    "clientName",
    "description",
    "clientUri",
    "logoUri",
    "frontChannelLogoutUri",
    "backChannelLogoutUri",
    "consentLifetime",
    "userSsoLifetime",
    "created",
    "updated",
    "lastAccessed",
];

/// Whether a member stays in an update that lacks it.
pub(crate) fn is_kept(member: &str) -> bool {
    KEPT.contains(&member)
}

fn secret_row(secret: &ClientSecretInfo, client: u32) -> SecretBody {
    SecretBody {
        id: secret.id,
        client_id: i64::from(client),
        description: secret.description.clone(),
        value: MASKED.to_owned(),
        expiration: secret.expiration.map(WireTime),
        r#type: secret.secret_type.clone(),
        created: Some(WireTime(secret.created)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_update_keeps_are_members_of_a_client() {
        let schema = schemars::schema_for!(ClientBody).to_value();
        KEPT.iter().for_each(|it| assert!(schema["properties"].get(it).is_some(), "{it}"));
    }
}
