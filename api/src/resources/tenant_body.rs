//! A tenant, as requests and answers have it.

use domain::children::PropertyValue;
use domain::tenant::{TENANT_ENABLED, TenantClaim, TenantCreated, TenantHost, is_setting};
use domain::{TenantId, UserId};
use projections::TenantRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::children::{MASKED, wishes};
use crate::http::time::WireTime;

/// How long callers may keep what they know of a tenant, unless it says otherwise, in seconds.
const CACHE_SECONDS: i64 = 5;

// Spec section 2.9.
/// A tenant.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Tenant")]
pub(super) struct TenantBody {
    /// Which one to update; ignored in a request that creates one.
    pub(super) id: i64,
    /// At most 200 characters. In an update, blank keeps it.
    #[schemars(extend("x-required" = "body"))]
    name: String,
    /// At most 200 characters. In an update, blank keeps it.
    theme: Option<String>,
    /// 0 created, 1 enabled, 2 disabled: then its hosts answer 503, and its tokens do not count. Absent
    /// counts as 1 where it is created, and stays in an update.
    #[schemars(extend("x-required" = "answer"))]
    status: Option<u8>,
    /// The host of its issuer with an optional port, without a scheme. In an update, blank keeps it.
    identity_server_issuer_uri: Option<String>,
    /// Where it answers; at most 100. In an update they replace those that are there; absent, they stay.
    #[schemars(extend("x-required" = "answer"))]
    hosts: Option<Vec<HostBody>>,
    /// Ignored in a request.
    #[schemars(extend("x-required" = "answer"))]
    create_date: Option<WireTime>,
    /// Ignored in a request.
    #[schemars(extend("x-required" = "answer"))]
    last_update_time: Option<WireTime>,
    /// Public data; at most 100, each type once. In an update they replace those that are there.
    claims: Vec<ClaimBody>,
    /// Seconds; has no effect.
    #[schemars(extend("x-required" = "answer"))]
    cache_duration: Option<i64>,
    /// Who owns it; ignored in a request.
    owner_user_id: i64,
    /// Private data; at most 100, each key once. In an update they replace those that are there.
    properties: Vec<PropertyBody>,
    /// At most 2,000 characters. In an update, blank keeps it.
    logo_uri: Option<String>,
    /// At most 1,000 characters. In an update, blank keeps it.
    description: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "TenantHost")]
struct HostBody {
    /// The place in the list; ignored in a request.
    id: u32,
    /// Ignored in a request.
    app_tenant_id: i64,
    /// A host with an optional port, as in the Host header.
    host_name: String,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "TenantClaim")]
struct ClaimBody {
    /// The place in the list; ignored in a request.
    id: u32,
    /// Ignored in a request.
    app_tenant_id: i64,
    /// At most 250 characters; blank removes the claim.
    claim_type: String,
    /// At most 2,000 characters.
    claim_value: String,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "TenantProperty")]
struct PropertyBody {
    /// The place in the list; ignored in a request.
    id: u32,
    /// Ignored in a request.
    app_tenant_id: i64,
    /// At most 250 characters.
    key: String,
    // Spec section 7.3, H15: it may be a secret.
    /// In an answer `***`, but for settings of the program. `***` keeps the value that is there; blank
    /// removes the property.
    value: String,
}

impl TenantBody {
    /// As answers show it, with the values of its properties.
    pub(super) fn from_row(row: &TenantRow, values: &[String]) -> Self {
        let it = &row.data;
        let id = i64::from(it.tenant.0);
        let hosts = it.hosts.iter();
        let claims = it.claims.iter();
        let shown = |(at, key): (usize, &String)| match values.get(at) {
            Some(value) if is_setting(key) => value.clone(),
            _ => MASKED.to_owned(),
        };
        let properties = it.property_keys.iter().enumerate().zip(1..);
        let host =
            |it: &TenantHost| HostBody { id: it.id, app_tenant_id: id, host_name: it.name.clone() };
        Self {
            id,
            name: it.name.clone(),
            theme: it.theme.clone(),
            status: Some(it.status),
            identity_server_issuer_uri: it.issuer_host.clone(),
            hosts: Some(hosts.map(host).collect()),
            create_date: Some(WireTime(row.created)),
            last_update_time: Some(WireTime(row.updated)),
            claims: claims
                .map(|it| ClaimBody {
                    id: it.id,
                    app_tenant_id: id,
                    claim_type: it.claim_type.clone(),
                    claim_value: it.value.clone(),
                })
                .collect(),
            cache_duration: Some(it.cache_seconds),
            owner_user_id: i64::from(it.owner.0),
            properties: properties
                .map(|(property, n)| PropertyBody {
                    id: n,
                    app_tenant_id: id,
                    key: property.1.clone(),
                    value: shown(property),
                })
                .collect(),
            logo_uri: it.logo_uri.clone(),
            description: it.description.clone(),
        }
    }

    /// What is to be stored, and what is wished of the values of the properties. A tenant that begins
    /// is no tenant yet, and nobody's.
    pub(super) fn wished(self) -> (TenantCreated, Vec<PropertyValue>) {
        let (property_keys, values) =
            wishes(self.properties.into_iter().map(|it| (it.key, it.value)));
        let named = |it: &ClaimBody| !it.claim_type.trim().is_empty();
        let claims = self.claims.into_iter().filter(named);
        let data = TenantCreated {
            tenant: TenantId::INSTALLATION,
            name: self.name.trim().to_owned(),
            theme: self.theme,
            status: self.status.unwrap_or(TENANT_ENABLED),
            issuer_host: self.identity_server_issuer_uri.map(|it| it.trim().to_owned()),
            hosts: self
                .hosts
                .into_iter()
                .flatten()
                .map(|it| TenantHost { id: 0, name: it.host_name.trim().to_owned() })
                .collect(),
            claims: claims
                .map(|it| TenantClaim { id: 0, claim_type: it.claim_type, value: it.claim_value })
                .collect(),
            cache_seconds: self.cache_duration.unwrap_or(CACHE_SECONDS),
            owner: UserId::NONE,
            logo_uri: self.logo_uri,
            description: self.description,
            property_keys,
        };
        (data, values)
    }
}

/// The members that stay in an update that lacks them, or has them blank (spec section 5.8.3,
/// contracts 33).
const KEPT: [&str; 7] =
    ["name", "theme", "status", "identityServerIssuerUri", "hosts", "logoUri", "description"];

/// Whether a member stays in an update that lacks it.
pub(super) fn is_kept(member: &str) -> bool {
    KEPT.contains(&member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_update_keeps_are_members_of_a_tenant() {
        let schema = schemars::schema_for!(TenantBody).to_value();
        KEPT.iter().for_each(|it| assert!(schema["properties"].get(it).is_some(), "{it}"));
    }
}
