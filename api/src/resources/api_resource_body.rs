//! ApiResource and its face at the gateway (spec sections 2.2, 2.3, 2.7 and 2.10) as bodies and
//! as results.

use projections::{ApiRow, ResourceRow, revision_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::children::MASKED;
use crate::http::reply::{ErrorData, Single};
use crate::http::time::WireTime;

// Spec section 2.7.
/// An API resource.
#[skip_serializing_none]
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiResource")]
pub(crate) struct ResourceBody {
    pub(crate) id: i64,
    pub(crate) enabled: bool,
    #[schemars(extend("x-required" = "body"))]
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) allowed_access_token_signing_algorithms: Option<String>,
    pub(crate) show_in_discovery_document: bool,
    pub(crate) secrets: Option<Vec<SecretBody>>,
    pub(crate) scopes: Option<Vec<ScopeBody>>,
    pub(crate) user_claims: Option<Vec<ClaimBody>>,
    pub(crate) properties: Option<Vec<PropertyBody>>,
    #[schemars(extend("x-required" = "answer"))]
    pub(crate) created: Option<WireTime>,
    pub(crate) updated: Option<WireTime>,
    pub(crate) last_accessed: Option<WireTime>,
    pub(crate) non_editable: bool,
}

impl Default for ResourceBody {
    fn default() -> Self {
        Self {
            id: 0,
            enabled: true,
            name: String::new(),
            display_name: None,
            description: None,
            allowed_access_token_signing_algorithms: None,
            show_in_discovery_document: true,
            secrets: None,
            scopes: None,
            user_claims: None,
            properties: None,
            created: None,
            updated: None,
            last_accessed: None,
            non_editable: false,
        }
    }
}

#[skip_serializing_none]
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiResourceSecret")]
pub(crate) struct SecretBody {
    pub(crate) id: u32,
    pub(crate) api_resource_id: i64,
    pub(crate) description: Option<String>,
    /// In an answer `***`.
    #[schemars(extend("x-required" = "body"))]
    pub(crate) value: String,
    pub(crate) expiration: Option<WireTime>,
    pub(crate) r#type: String,
    #[schemars(extend("x-required" = "answer"))]
    pub(crate) created: Option<WireTime>,
}

impl Default for SecretBody {
    fn default() -> Self {
        Self {
            id: 0,
            api_resource_id: 0,
            description: None,
            value: String::new(),
            expiration: None,
            r#type: "SharedSecret".to_owned(),
            created: None,
        }
    }
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiResourceScope")]
pub(crate) struct ScopeBody {
    pub(crate) id: u32,
    pub(crate) api_resource_id: i64,
    #[schemars(extend("x-required" = "body"))]
    pub(crate) scope: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiResourceClaim")]
pub(crate) struct ClaimBody {
    pub(crate) id: u32,
    pub(crate) api_resource_id: i64,
    #[schemars(extend("x-required" = "body"))]
    pub(crate) r#type: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiResourceProperty")]
pub(crate) struct PropertyBody {
    pub(crate) id: u32,
    pub(crate) api_resource_id: i64,
    #[schemars(extend("x-required" = "body"))]
    pub(crate) key: String,
    pub(crate) value: String,
}

// Rows 8 and 11.
/// How an API is published at the gateway.
#[skip_serializing_none]
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Publication")]
pub(crate) struct PublishBody {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    #[schemars(extend("x-required" = "body"))]
    pub(crate) api_id: String,
    #[schemars(extend("x-required" = "both"))]
    pub(crate) suffix: Option<String>,
    #[schemars(extend("x-required" = "both"))]
    pub(crate) swagger_url: Option<String>,
    pub(crate) product_ids: Option<Vec<String>>,
    pub(crate) authorization_server_id: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) openid: Option<String>,
    pub(crate) policy: Option<String>,
}

// Row 9.
/// A revision to publish.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "RevisionInput")]
pub(crate) struct RevisionBody {
    #[schemars(extend("x-required" = "body"))]
    pub(crate) api_id: String,
    #[schemars(extend("x-required" = "body"))]
    pub(crate) swagger_url: Option<String>,
    pub(crate) release_note: Option<String>,
}

// Row 10.
/// An API version to make from a revision.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiVersionInput")]
pub(crate) struct VersionBody {
    #[schemars(extend("x-required" = "body"))]
    pub(crate) revision_id: Option<String>,
    #[schemars(extend("x-required" = "body"))]
    pub(crate) api_version_name: Option<String>,
}

// Spec sections 2.3 and 2.10.
/// An API version at the gateway, with its revisions.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiVersion {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) api_revision: String,
    pub(crate) description: Option<String>,
    pub(crate) api_version: Option<String>,
    /// Where the requests go: the origin of the document of the current revision.
    pub(crate) service_url: Option<String>,
    pub(crate) is_current: bool,
    pub(crate) path: Option<String>,
    pub(crate) protocols: [&'static str; 1],
    pub(crate) api_revision_description: Option<String>,
    pub(crate) api_version_set_id: Option<String>,
    pub(crate) authentication_settings: Option<AuthenticationSettings>,
    pub(crate) subscription_key_parameter_names: KeyParameterNames,
    pub(crate) revisions: Vec<Revision>,
}

/// Where a caller of an API puts the key of its subscription: the same for every API.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SubscriptionKeyParameterNames")]
pub(crate) struct KeyParameterNames {
    header: &'static str,
    query: &'static str,
}

const KEY_PARAMETER_NAMES: KeyParameterNames =
    KeyParameterNames { header: "Ocp-Apim-Subscription-Key", query: "subscription-key" };

/// How callers of an API at the gateway prove themselves.
#[derive(Serialize, JsonSchema)]
pub(crate) struct AuthenticationSettings {
    #[serde(rename = "oAuth2")]
    oauth2: OAuth2Settings,
    openid: Option<String>,
}

/// By which authorization server, and with which scope.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OAuth2Settings {
    authorization_server_id: String,
    scope: Option<String>,
}

/// A revision at the gateway.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Revision {
    pub(crate) api_id: String,
    pub(crate) api_revision: String,
    pub(crate) created_date_time: WireTime,
    pub(crate) updated_date_time: WireTime,
    pub(crate) description: Option<String>,
    pub(crate) private_url: String,
    pub(crate) is_online: bool,
    pub(crate) is_current: bool,
}

impl ErrorData for Single<ResourceBody> {}
impl ErrorData for Single<PublishBody> {}

impl ResourceBody {
    /// Without any child list, as the list shows it.
    pub(crate) fn bare(row: &ResourceRow) -> Self {
        let it = &row.data;
        Self {
            id: i64::from(it.resource),
            enabled: it.enabled,
            name: it.name.clone(),
            display_name: it.display_name.clone(),
            description: it.description.clone(),
            allowed_access_token_signing_algorithms: it
                .allowed_access_token_signing_algorithms
                .clone(),
            show_in_discovery_document: it.show_in_discovery_document,
            created: Some(WireTime(it.created)),
            updated: row.changed().or(it.updated).map(WireTime),
            last_accessed: it.last_accessed.map(WireTime),
            non_editable: it.non_editable,
            ..Self::default()
        }
    }

    pub(crate) fn with_scopes(mut self, row: &ResourceRow) -> Self {
        let api_resource_id = self.id;
        let scopes = row.data.scopes.iter().zip(1..);
        let scopes = scopes.map(|(it, id)| ScopeBody { id, api_resource_id, scope: it.clone() });
        self.scopes = Some(scopes.collect());
        self
    }

    pub(crate) fn with_claims(mut self, row: &ResourceRow) -> Self {
        let api_resource_id = self.id;
        let claims = row.data.user_claims.iter().zip(1..);
        let claims = claims.map(|(it, id)| ClaimBody { id, api_resource_id, r#type: it.clone() });
        self.user_claims = Some(claims.collect());
        self
    }

    /// With all four child lists, as the detail shows it.
    pub(crate) fn whole(row: &ResourceRow, property_values: Vec<String>) -> Self {
        let mut body = Self::bare(row).with_scopes(row).with_claims(row);
        let api_resource_id = body.id;
        let secrets = row.data.secrets.iter().map(|it| SecretBody {
            id: it.id,
            api_resource_id,
            description: it.description.clone(),
            value: MASKED.to_owned(),
            expiration: it.expiration.map(WireTime),
            r#type: it.secret_type.clone(),
            created: Some(WireTime(it.created)),
        });
        body.secrets = Some(secrets.collect());
        let properties = row.data.property_keys.iter().zip(property_values).zip(1..);
        let properties = properties.map(|((key, value), id)| PropertyBody {
            id,
            api_resource_id,
            key: key.clone(),
            value,
        });
        body.properties = Some(properties.collect());
        body
    }
}

impl ApiVersion {
    /// An API at the gateway, with its revisions.
    pub(crate) fn from_row(api: &ApiRow, row: &ResourceRow) -> Self {
        let path = row.path.clone();
        let authentication = api.authentication.clone();
        let authentication = authentication.map(|(authorization_server_id, scope, openid)| {
            let oauth2 = OAuth2Settings { authorization_server_id, scope };
            AuthenticationSettings { oauth2, openid }
        });
        let current = api.revisions.iter().find(|it| it.number == api.current);
        let revisions = api.revisions.iter().map(|it| Revision {
            api_id: format!("/apis/{}", revision_id(&api.id, it.number)),
            api_revision: it.number.to_string(),
            created_date_time: WireTime(it.created),
            updated_date_time: WireTime(it.updated),
            description: it.description.clone(),
            private_url: format!(
                "/{}",
                revision_id(path.as_deref().unwrap_or_default(), it.number)
            ),
            is_online: true,
            is_current: it.number == api.current,
        });
        Self {
            id: format!("/apis/{}", api.id),
            name: api.name.clone().or_else(|| row.data.display_name.clone()),
            api_revision: api.current.to_string(),
            description: api.description.clone(),
            api_version: api.version.clone(),
            service_url: current.and_then(|it| origin(&it.swagger_url)),
            is_current: true,
            protocols: ["https"],
            api_revision_description: current.and_then(|it| it.description.clone()),
            api_version_set_id: api.version_set_id.clone(),
            authentication_settings: authentication,
            subscription_key_parameter_names: KEY_PARAMETER_NAMES,
            revisions: revisions.collect(),
            path,
        }
    }
}

/// Scheme, host and port of a URL, without a user name.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|it| !it.is_empty())?;
    Some(format!("{scheme}://{host}"))
}
