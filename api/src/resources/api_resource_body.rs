//! ApiResource (spec section 2.7) as a body and as a result.

use domain::children::PropertyValue;
use domain::resource::{ResourceCreated, ResourceSecretInfo, ResourceWishes};
use domain::{TenantId, Timestamp, UserId};
use projections::ResourceRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::children::{MASKED, unless_same, wish};
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
    /// In an answer `***`. In an update `***` keeps the value of the secret with this `id`; any other
    /// value makes a secret with a new one.
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
    /// In an update `***` keeps the value that this key has.
    pub(crate) value: String,
}

impl ErrorData for Single<ResourceBody> {}

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

    /// The number of the resource that an update is about.
    pub(crate) fn number(&self) -> u32 {
        u32::try_from(self.id).unwrap_or(0)
    }

    /// What is to be stored of a new resource, and what is wished of what opens something.
    pub(crate) fn wished(
        self,
        tenant: TenantId,
        owner: UserId,
        now: Timestamp,
    ) -> (ResourceCreated, ResourceWishes) {
        let secrets = self.secrets.unwrap_or_default();
        let values = secrets.iter().map(|it| wish(it.value.clone())).collect();
        let info = |it: SecretBody| ResourceSecretInfo {
            id: it.id,
            description: it.description,
            expiration: it.expiration.map(|it| it.0),
            secret_type: it.r#type,
            created: it.created.map_or(now, |it| it.0),
        };
        let properties = self.properties.unwrap_or_default().into_iter();
        let (property_keys, properties): (_, Vec<PropertyValue>) =
            properties.map(|it| (it.key, wish(it.value))).unzip();
        let data = ResourceCreated {
            resource: self.id.try_into().unwrap_or(0),
            tenant,
            owner,
            enabled: self.enabled,
            name: self.name,
            display_name: self.display_name,
            description: self.description,
            allowed_access_token_signing_algorithms: self.allowed_access_token_signing_algorithms,
            show_in_discovery_document: self.show_in_discovery_document,
            secrets: secrets.into_iter().map(info).collect(),
            scopes: self.scopes.unwrap_or_default().into_iter().map(|it| it.scope).collect(),
            user_claims: self
                .user_claims
                .unwrap_or_default()
                .into_iter()
                .map(|it| it.r#type)
                .collect(),
            property_keys,
            created: self.created.map_or(now, |it| it.0),
            updated: self.updated.map(|it| it.0),
            last_accessed: self.last_accessed.map(|it| it.0),
            non_editable: self.non_editable,
        };
        (data, ResourceWishes { secrets: values, properties })
    }

    /// As [`ResourceBody::wished`], of a resource that is there: times that were sent as they are
    /// shown, and those that the body lacks, stay; `updated` and `lastAccessed` are the program's.
    pub(crate) fn wished_of(
        self,
        row: &ResourceRow,
        now: Timestamp,
    ) -> (ResourceCreated, ResourceWishes) {
        let old = &row.data;
        let names_created = self.created.is_some();
        let (mut data, wishes) = self.wished(old.tenant, old.owner, now);
        data.resource = old.resource;
        data.created =
            if names_created { unless_same(data.created, old.created) } else { old.created };
        data.updated = old.updated;
        data.last_accessed = old.last_accessed;
        for secret in &mut data.secrets {
            let Some(old) = old.secrets.iter().find(|it| it.id == secret.id) else { continue };
            // A body without the time of a secret that is there does not change it.
            let is_new = secret.created == now;
            secret.created =
                if is_new { old.created } else { unless_same(secret.created, old.created) };
            let ends = secret.expiration.zip(old.expiration);
            secret.expiration = ends.map(|it| unless_same(it.0, it.1)).or(secret.expiration);
        }
        (data, wishes)
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
