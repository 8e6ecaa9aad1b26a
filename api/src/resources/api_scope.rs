//! `/api/ApiScope`: rows 28 to 33. Who changes what scopes mean must be an administrator (spec
//! section 7.3, H8).

use std::sync::Arc;

use domain::api_scope::{ApiScope, ApiScopeFields};
use projections::{ApiScopeData, ApiScopeRow, ApiScopes};
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
use crate::http::paging::{ListQuery, PAGING, flag, text};
use crate::http::reply::{ErrorData, List, Reply, Single};

const FILTERS: [QueryParameter; 3] = [
    text("q.name", "the name, without regard to case"),
    flag("q.expandProperties", "with properties"),
    flag("q.expandClaims", "with userClaims"),
];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/ApiScope";
    const ONE: &str = "/api/ApiScope/{id}";
    vec![
        endpoint(Method::GET, PATH, "ApiScopeGet", "List the API scopes of the tenant")
            .row(28)
            .query(&PAGING)
            .query(&FILTERS)
            .answers::<List<ApiScopeBody>>()
            .ordered_by::<ApiScopeBody>()
            .needs(user("apiscope.get"), list),
        endpoint(Method::POST, PATH, "ApiScopePost", "Create an API scope")
            .row(29)
            .json::<ApiScopeBody>()
            .answers::<Single<i64>>()
            .needs(administrator("apiscope.post"), create),
        endpoint(Method::PUT, PATH, "ApiScopePut", "Update an API scope")
            .row(30)
            .json_update::<ApiScopeBody>()
            .answers::<Single<bool>>()
            .needs(administrator("apiscope.put"), update),
        endpoint(Method::GET, ONE, "ApiScopeDetail", "Show an API scope")
            .row(31)
            .answers::<Single<ApiScopeBody>>()
            .needs(user("apiscope.detail"), detail),
        endpoint(Method::DELETE, ONE, "ApiScopeDelete", "Delete an API scope")
            .row(32)
            .answers::<Single<bool>>()
            .needs(administrator("apiscope.delete"), delete),
        endpoint(
            Method::GET,
            "/api/ApiScope/Codes",
            "ApiScopeCodes",
            "The codes of business errors about API scopes",
        )
        .row(33)
        .answers::<Vec<ApiCode>>()
        .open(no_codes),
    ]
}

impl Changed for ApiScope {}

const ROWS: In<ApiScopeFields> = |tables| &tables.api_scopes;

children!(ClaimBody = "ApiScopeClaim", PropertyBody = "ApiScopeProperty", scope_id);

// Spec section 2.7.
/// An API scope.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiScope")]
struct ApiScopeBody {
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
}

impl ErrorData for Single<ApiScopeBody> {}

impl ApiScopeBody {
    /// Without lists.
    fn bare(row: &ApiScopeRow) -> Self {
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
        }
    }

    fn with(mut self, row: &ApiScopeRow, claims: bool, properties: Option<Vec<String>>) -> Self {
        let claims = claims.then(|| ClaimBody::from_types(&row.fields.user_claims, self.id));
        self.user_claims = claims;
        let keys = &row.fields.property_keys;
        self.properties = properties.map(|it| PropertyBody::from_pairs(keys, it, self.id));
        self
    }

    /// What is to be stored, where `now` stands: nothing, for one that is created.
    fn into_fields(self, now: &ApiScopeFields) -> Wished<ApiScopeFields> {
        let (property_keys, values) = PropertyBody::wishes(self.properties.unwrap_or_default());
        let name = self.name.trim();
        let fields = ApiScopeFields {
            enabled: self.enabled.unwrap_or(true),
            name: if name.is_empty() { now.name.clone() } else { name.to_owned() },
            display_name: unless_blank(self.display_name, &now.display_name),
            description: unless_blank(self.description, &now.description),
            required: self.required,
            emphasize: self.emphasize,
            show_in_discovery_document: self.show_in_discovery_document.unwrap_or(true),
            user_claims: ClaimBody::types(self.user_claims.unwrap_or_default()),
            property_keys,
        };
        (fields, values)
    }
}

async fn list(granted: Granted) -> Outcome {
    let list = ListQuery::read(&granted.call, true)?;
    let properties = list.query.flag("q.expandProperties", false);
    let claims = list.query.flag("q.expandClaims", false);
    list.query.check()?;
    let order = list.order([("name", ApiScopeData::BY_NAME)], |row, _, _| ApiScopeBody::bare(row));
    let query = ApiScopes::of(granted.tenant_id(), list.query.text("q.name"), list.paging);
    let page = granted.page(ROWS, query.ordered_by(order)).await?;
    let rows = granted.ask(|tables| {
        let values = |row: &ApiScopeRow| properties.then(|| tables.api_scopes.property_values(row));
        let shown = |row: &Arc<ApiScopeRow>| ApiScopeBody::bare(row).with(row, claims, values(row));
        page.rows.iter().map(shown).collect()
    });
    Ok(Reply::list(list.paging.skip, list.paging.take, page.total as u64, rows))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<ApiScopeBody>().await?;
    let wished = body.into_fields(&ApiScopeFields::default());
    let (number, done) = granted.create_plain(&bytes, wished).await?;
    Ok(Reply::single(number).written(&done))
}

async fn update(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<ApiScopeBody>().await?;
    let id = body.id;
    let wished = |now: &_| Ok(granted.call.members.read::<ApiScopeBody>(&bytes)?.into_fields(now));
    let done = granted.update_plain(&bytes, ROWS, id, wished).await?;
    Ok(Reply::single(true).written(&done))
}

async fn detail(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    granted.ask(|tables| {
        let row = granted.plain(tables, ROWS, id.into())?;
        let values = Some(tables.api_scopes.property_values(&row));
        let body = ApiScopeBody::bare(&row).with(&row, true, values);
        Ok(Reply::single(body).version(row.version))
    })
}

async fn delete(granted: Granted) -> Outcome {
    let id = granted.call.number(0, "id")?;
    let done = granted.delete_plain(ROWS, id.into()).await?;
    Ok(Reply::single(true).written(&done))
}
