//! What a client is where nobody says otherwise.

use super::{ClientFlags, ClientLifetimes, ClientRegistered};
use crate::ids::{ClientName, TenantId, Timestamp, UserId};

impl ClientRegistered {
    /// A client with every default of spec section 2.7.
    #[must_use]
    pub fn with_defaults(now: Timestamp) -> Self {
        Self {
            client: 0,
            tenant: TenantId(0),
            owner: UserId::NONE,
            client_id: ClientName(String::new()),
            enabled: true,
            protocol_type: "oidc".to_owned(),
            require_client_secret: true,
            name: None,
            description: None,
            client_uri: None,
            logo_uri: None,
            flags: ClientFlags {
                require_consent: false,
                allow_remember_consent: true,
                always_include_user_claims_in_id_token: false,
                require_pkce: true,
                allow_plain_text_pkce: false,
                require_request_object: false,
                allow_access_tokens_via_browser: false,
                front_channel_logout_session_required: true,
                back_channel_logout_session_required: true,
                allow_offline_access: false,
                update_access_token_claims_on_refresh: false,
                enable_local_login: true,
                include_jwt_id: false,
                always_send_client_claims: false,
                non_editable: false,
            },
            lifetimes: ClientLifetimes {
                identity_token: 300,
                access_token: 3600,
                authorization_code: 300,
                consent: None,
                absolute_refresh_token: 2_592_000,
                sliding_refresh_token: 1_296_000,
                user_sso: None,
                device_code: 300,
                refresh_token_usage: 1,
                refresh_token_expiration: 1,
                access_token_type: 0,
            },
            front_channel_logout_uri: None,
            back_channel_logout_uri: None,
            allowed_identity_token_signing_algorithms: None,
            client_claims_prefix: Some("client_".to_owned()),
            user_code_type: None,
            secrets: Vec::new(),
            allowed_grant_types: Vec::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            allowed_scopes: Vec::new(),
            identity_provider_restrictions: Vec::new(),
            claims: Vec::new(),
            allowed_cors_origins: Vec::new(),
            property_keys: Vec::new(),
            created: now,
            updated: None,
            last_accessed: None,
        }
    }
}
