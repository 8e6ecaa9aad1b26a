//! `/api/ApiResource/Products`: row 15, and how administrators make products.

use domain::product::{PRODUCTS_MAX, Product, ProductFields, Rate};
use projections::ProductRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use crate::access::granted::Granted;
use crate::access::plain::In;
use crate::access::target::Changed;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::{administrator, user};
use crate::http::reply::{ErrorData, List, Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/ApiResource/Products";
    const ONE: &str = "/api/ApiResource/Products/{productId}";
    vec![
        endpoint(
            Method::GET,
            PATH,
            "ApiResourceProducts",
            "List the products at the gateway; those that are not published, for administrators only",
        )
        .row(15)
        .answers::<List<GatewayProduct>>()
        .needs(user("apiresource.products"), list),
        endpoint(Method::POST, PATH, "ApiResourcePostProduct", "Create a product; at most 1,000")
            .json::<ProductBody>()
            .answers::<Single<i64>>()
            .needs(administrator("apiresource.products"), create),
        endpoint(Method::GET, ONE, "ApiResourceProduct", "Show a product")
            .answers::<Single<ProductBody>>()
            .needs(administrator("apiresource.products"), detail),
        endpoint(
            Method::PUT,
            ONE,
            "ApiResourcePutProduct",
            "Update a product: what the body lacks stays, null clears",
        )
        .json_update::<ProductBody>()
        .update_needs(&[])
        .answers::<Single<bool>>()
        .needs(administrator("apiresource.products"), update),
        endpoint(Method::DELETE, ONE, "ApiResourceDeleteProduct", "Delete a product")
            .answers::<Single<bool>>()
            .needs(administrator("apiresource.products"), delete),
    ]
}

impl Changed for Product {}

const ROWS: In<ProductFields> = |tables| &tables.products;

// Spec section 2.10: all of it is text.
/// A product at the gateway, as its subscribers see it.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GatewayProduct {
    /// `/products/` with the id of the product.
    id: String,
    name: String,
    description: Option<String>,
    terms: Option<String>,
    /// `true` or `false`.
    subscription_required: &'static str,
    /// `true` or `false`.
    approval_required: &'static str,
    subscriptions_limit: Option<String>,
    /// `published` or `notPublished`.
    state: &'static str,
}

/// A product.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Product")]
struct ProductBody {
    /// Letters, digits and `.`, `_`, `-`; at most 100. It stays.
    #[schemars(extend("x-required" = "both"))]
    id: String,
    /// At most 300 characters.
    #[schemars(extend("x-required" = "both"))]
    name: String,
    /// At most 1,000 characters.
    description: Option<String>,
    /// What subscribers agree to; at most 4,000 characters.
    terms: Option<String>,
    /// Whether its APIs are open to subscribers only. Absent counts as true.
    subscription_required: Option<bool>,
    /// Whether somebody must agree to a subscription.
    approval_required: bool,
    /// The most subscriptions of one user: 1 to 1,000.
    subscriptions_limit: Option<u32>,
    /// Whether all users see it.
    published: bool,
    /// A subscriber may call so often in `rateSeconds`.
    rate_calls: Option<u32>,
    /// 1 to 86,400.
    rate_seconds: Option<u32>,
}

impl ErrorData for Single<ProductBody> {}

impl GatewayProduct {
    fn of(row: &ProductRow) -> Self {
        let text = |it: bool| if it { "true" } else { "false" };
        let it = &row.fields;
        Self {
            id: format!("/products/{}", it.code),
            name: it.name.clone(),
            description: it.description.clone(),
            terms: it.terms.clone(),
            subscription_required: text(it.subscription_required),
            approval_required: text(it.approval_required),
            subscriptions_limit: it.subscriptions_limit.map(|it| it.to_string()),
            state: if it.published { "published" } else { "notPublished" },
        }
    }
}

impl ProductBody {
    fn of(it: &ProductFields) -> Self {
        Self {
            id: it.code.clone(),
            name: it.name.clone(),
            description: it.description.clone(),
            terms: it.terms.clone(),
            subscription_required: Some(it.subscription_required),
            approval_required: it.approval_required,
            subscriptions_limit: it.subscriptions_limit,
            published: it.published,
            rate_calls: it.rate.map(|it| it.calls),
            rate_seconds: it.rate.map(|it| it.seconds),
        }
    }

    fn into_fields(self) -> Result<ProductFields, ApiError> {
        let rate = match (self.rate_calls, self.rate_seconds) {
            (None, None) => None,
            (Some(calls), Some(seconds)) => Some(Rate { calls, seconds }),
            (Some(_), None) => return Err(ApiError::field("rateSeconds", "is required")),
            (None, Some(_)) => return Err(ApiError::field("rateCalls", "is required")),
        };
        Ok(ProductFields {
            code: self.id.trim().to_owned(),
            name: self.name.trim().to_owned(),
            description: self.description,
            terms: self.terms,
            subscription_required: self.subscription_required.unwrap_or(true),
            approval_required: self.approval_required,
            subscriptions_limit: self.subscriptions_limit,
            published: self.published,
            rate,
        })
    }
}

async fn list(granted: Granted) -> Outcome {
    let is_administrator = granted.caller.is_administrator();
    let rows = granted.ask(|tables| {
        let rows = tables.products.all_of(granted.tenant_id());
        let seen = rows.filter(|it| it.fields.published || is_administrator);
        seen.map(|it| GatewayProduct::of(it)).collect()
    });
    Ok(Reply::whole_list::<GatewayProduct>(rows))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<ProductBody>().await?;
    let fields = body.into_fields()?;
    granted.has_place(ROWS, PRODUCTS_MAX)?;
    let (number, done) = granted.create_plain(&bytes, (fields, Vec::new())).await?;
    Ok(Reply::single(number).written(&done))
}

async fn detail(granted: Granted) -> Outcome {
    granted.ask(|tables| {
        let row = granted.plain_named(tables, ROWS, granted.call.parameter(0))?;
        Ok(Reply::single(ProductBody::of(&row.fields)).version(row.version))
    })
}

async fn update(mut granted: Granted) -> Outcome {
    let (_, bytes) = granted.json::<ProductBody>().await?;
    let id = granted.plain_id(ROWS)?;
    let wished = |now: &ProductFields| {
        let now = ProductBody::of(now);
        let body: ProductBody = granted.call.members.read_update(&bytes, &now, |_| true)?;
        Ok((body.into_fields()?, Vec::new()))
    };
    let done = granted.update_plain(&bytes, ROWS, id, wished).await?;
    Ok(Reply::single(true).written(&done))
}

async fn delete(granted: Granted) -> Outcome {
    let id = granted.plain_id(ROWS)?;
    let done = granted.delete_plain(ROWS, id).await?;
    Ok(Reply::single(true).written(&done))
}
