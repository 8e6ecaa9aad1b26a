//! `/api/IdentityResource`: rows 59 to 64. Who changes what scopes mean must be an administrator (spec
//! section 7.3, H8).

use std::sync::Arc;

use domain::identity_resource::{IdentityResource, IdentityResourceFields};
use projections::{IdentityResourceData, IdentityResourceRow, IdentityResources};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::children::{children, unless_blank};
use super::no_codes::no_codes;
use crate::access::granted::Granted;
use crate::access::plain::{In, Wished};
use crate::access::target::Changed;
use crate::http::codes::ApiCode;
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::needs::{administrator, user};
use crate::http::paging::{ListQuery, PAGING, text};
use crate::http::reply::{ErrorData, List, Reply, Single};
use crate::http::time::WireTime;

const FILTERS: [QueryParameter; 1] = [text("q.Name", "the name, without regard to case")];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/IdentityResource";
    const ONE: &str = "/api/IdentityResource/{id}";
    vec![
        endpoint(
            Method::GET,
            PATH,
            "IdentityResourceGet",
            "List the identity resources of the tenant",
        )
        .row(59)
        .query(&PAGING)
        .query(&FILTERS)
        .answers::<List<IdentityResourceBody>>()
        .ordered_by::<IdentityResourceBody>()
        .needs(user("identityresource.get"), list),
        endpoint(Method::POST, PATH, "IdentityResourcePost", "Create an identity resource")
            .row(60)
            .json::<IdentityResourceBody>()
            .answers::<Single<i64>>()
            .needs(administrator("identityresource.post"), create),
        endpoint(Method::PUT, PATH, "IdentityResourcePut", "Update an identity resource")
            .row(61)
            .json_update::<IdentityResourceBody>()
            .answers::<Single<bool>>()
            .needs(administrator("identityresource.put"), update),
        endpoint(Method::GET, ONE, "IdentityResourceDetail", "Show an identity resource")
            .row(62)
            .answers::<Single<IdentityResourceBody>>()
            .needs(user("identityresource.detail"), detail),
        endpoint(Method::DELETE, ONE, "IdentityResourceDelete", "Delete an identity resource")
            .row(63)
            .answers::<Single<i64>>()
            .needs(administrator("identityresource.delete"), delete),
        endpoint(
            Method::GET,
            "/api/IdentityResource/Codes",
            "IdentityResourceCodes",
            "The codes of business errors about identity resources",
        )
        .row(64)
        .answers::<Vec<ApiCode>>()
        .open(no_codes),
    ]
}

impl Changed for IdentityResource {}

const ROWS: In<IdentityResourceFields> = |tables| &tables.identity_resources;

children!(
    ClaimBody = "IdentityResourceClaim",
    PropertyBody = "IdentityResourceProperty",
    identity_resource_id
);

// Spec section 2.7.
/// An identity resource.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "IdentityResource")]
struct IdentityResourceBody {
    /// Which one to update; ignored in a request that creates one.
    id: i64,
    /// Absent counts as true.
    enabled: Option<bool>,
    /// The scope; at most 200 characters of visible ASCII. In an update, blank keeps it.
    #[schemars(extend("x-required" = "body"))]
    name: String,
    /// At most 200 characters. In an update, blank keeps it.
    display_name: Option<String>,
    /// At most 1,000 characters. In an update, blank keeps it.
    description: Option<String>,
    required: bool,
    emphasize: bool,
    /// Absent counts as true.
    show_in_discovery_document: Option<bool>,
    /// At most 100.
    user_claims: Option<Vec<ClaimBody>>,
    /// At most 100.
    properties: Option<Vec<PropertyBody>>,
    /// Absent counts as now where it is created, and stays in an update.
    created: Option<WireTime>,
    /// When it last changed; ignored in a request.
    updated: Option<WireTime>,
    /// While it is true, nothing else may change.
    non_editable: bool,
}

impl ErrorData for Single<IdentityResourceBody> {}

impl IdentityResourceBody {
    /// Without lists.
    fn bare(row: &IdentityResourceRow) -> Self {
        let it = &row.fields;
        Self {
            id: i64::from(row.data.id),
            enabled: Some(it.enabled),
            name: it.name.clone(),
            display_name: it.display_name.clone(),
            description: it.description.clone(),
            required: it.required,
            emphasize: it.emphasize,
            show_in_discovery_document: Some(it.show_in_discovery_document),
            user_claims: None,
            properties: None,
            created: Some(WireTime(it.created)),
            updated: row.changed().map(WireTime),
            non_editable: it.non_editable,
        }
    }

    fn with(mut self, row: &IdentityResourceRow, properties: Option<Vec<String>>) -> Self {
        self.user_claims = Some(ClaimBody::from_types(&row.fields.user_claims, self.id));
        let keys = &row.fields.property_keys;
        self.properties = properties.map(|it| PropertyBody::from_pairs(keys, it, self.id));
        self
    }

    /// What is to be stored, where `now` stands: nothing, for one that is created.
    fn into_fields(self, now: &IdentityResourceFields) -> Wished<IdentityResourceFields> {
        let (property_keys, values) = PropertyBody::wishes(self.properties.unwrap_or_default());
        let name = self.name.trim();
        let fields = IdentityResourceFields {
            enabled: self.enabled.unwrap_or(true),
            name: if name.is_empty() { now.name.clone() } else { name.to_owned() },
            display_name: unless_blank(self.display_name, &now.display_name),
            description: unless_blank(self.description, &now.description),
            required: self.required,
            emphasize: self.emphasize,
            show_in_discovery_document: self.show_in_discovery_document.unwrap_or(true),
            user_claims: ClaimBody::types(self.user_claims.unwrap_or_default()),
            created: self.created.map_or(now.created, |it| it.0),
            non_editable: self.non_editable,
            property_keys,
        };
        (fields, values)
    }
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let order = list.order([("name", IdentityResourceData::BY_NAME)], |row, _, _| {
        IdentityResourceBody::bare(row)
    });
    let query = IdentityResources::of(granted.tenant_id(), list.query.text("q.Name"), list.paging);
    let page = granted.page(ROWS, query.ordered_by(order)).await?;
    let shown = |row: &Arc<IdentityResourceRow>| IdentityResourceBody::bare(row).with(row, None);
    let rows = page.rows.iter().map(shown).collect();
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<IdentityResourceBody>().await?;
    let now = IdentityResourceFields { created: granted.call.now, ..Default::default() };
    let wished = body.into_fields(&now);
    let (number, done) = granted.create_plain(&bytes, wished).await?;
    Ok(Reply::single(number).written(&done))
}

async fn update(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<IdentityResourceBody>().await?;
    let id = body.id;
    let wished =
        |now: &_| Ok(granted.call.members.read::<IdentityResourceBody>(&bytes)?.into_fields(now));
    let done = granted.update_plain(&bytes, ROWS, id, wished).await?;
    Ok(Reply::single(true).written(&done))
}

async fn detail(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    granted.ask(|tables| {
        let row = granted.plain(tables, ROWS, id.into())?;
        let values = Some(tables.identity_resources.property_values(&row));
        let body = IdentityResourceBody::bare(&row).with(&row, values);
        Ok(Reply::single(body).version(row.version))
    })
}

async fn delete(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let done = granted.delete_plain(ROWS, id.into()).await?;
    Ok(Reply::single(i64::from(id)).written(&done))
}
