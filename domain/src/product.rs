//! A product: a bundle of APIs at the gateway that one subscribes to. An API names the products that
//! it belongs to.

use serde::{Deserialize, Serialize};

use crate::kind::ClaimKind;
use crate::plain::PlainFields;
use crate::refusal::Refusal;
use crate::{changes, check, plain_aggregate};

/// The kind of claim that makes the id of a product unique in its tenant.
pub const PRODUCT_ID_CLAIM: ClaimKind = ClaimKind { name: "product_id", english: "product id" };

/// The most products of one tenant.
pub const PRODUCTS_MAX: usize = 1_000;

/// The longest id of a product or of an authorization server, in characters.
const CODE_CHARS_MAX: usize = 100;

/// The most subscriptions that one user may have to a product.
const SUBSCRIPTIONS_LIMIT_MAX: u32 = 1_000;

/// The longest time over which calls are counted, in seconds: a day.
const RATE_SECONDS_MAX: u32 = 86_400;

/// How often a subscriber may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// So many calls, at least 1.
    pub calls: u32,
    /// In so many seconds, 1 to 86,400.
    pub seconds: u32,
}

/// What may change of a product, but for its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFields {
    /// Its id, by which APIs name it. It stays.
    pub code: String,
    /// What people see.
    pub name: String,
    /// A text about it.
    pub description: Option<String>,
    /// What subscribers agree to.
    pub terms: Option<String>,
    /// Whether its APIs are open to subscribers only.
    pub subscription_required: bool,
    /// Whether somebody must agree to a subscription.
    pub approval_required: bool,
    /// The most subscriptions of one user; `None` for as many as there may be.
    pub subscriptions_limit: Option<u32>,
    /// Whether all users see it.
    pub published: bool,
    /// How often a subscriber may call; `None` for as often as the program allows.
    pub rate: Option<Rate>,
}

changes! {
    /// What may change of a product.
    pub enum ProductChange of ProductFields {
        Code(String) = code,
        Name(String) = name,
        Description(Option<String>) = description,
        Terms(Option<String>) = terms,
        SubscriptionRequired(bool) = subscription_required,
        ApprovalRequired(bool) = approval_required,
        SubscriptionsLimit(Option<u32>) = subscriptions_limit,
        Published(bool) = published,
        Rate(Option<Rate>) = rate,
    }
}

plain_aggregate! {
    /// A product.
    pub struct Product(ProductFields), ProductChange;
    /// What has happened to a product. A stored contract: see `docs/events.md`.
    pub enum ProductEvent of "product" {
        "product.created.v1", "product.updated.v1", "product.deleted.v1"
    }
    claims: &[PRODUCT_ID_CLAIM];
}

/// The id of a product or of an authorization server: it stands in paths.
///
/// # Errors
/// A refusal that names `field`.
pub(crate) fn check_code(field: &'static str, code: &str) -> Result<(), Refusal> {
    check::required(field, code, CODE_CHARS_MAX)?;
    let allowed = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
    match code.bytes().all(allowed) && !code.bytes().all(|it| it == b'.') {
        true => Ok(()),
        false => Err(Refusal::invalid(field, "may have letters, digits and . _ - only")),
    }
}

impl PlainFields for ProductFields {
    type Change = ProductChange;

    const CALLED: &'static str = "product";

    fn changes_to(&self, new: &Self) -> Vec<ProductChange> {
        ProductChange::between(self, new)
    }

    fn take_over(&mut self, changes: &[ProductChange]) {
        self.apply(changes);
    }

    fn check(&self) -> Result<(), Refusal> {
        check_code("id", &self.code)?;
        check::required("name", &self.name, 300)?;
        check::optional_text("description", self.description.as_deref(), 1_000)?;
        check::optional_text("terms", self.terms.as_deref(), 4_000)?;
        let limit = self.subscriptions_limit;
        if !limit.is_none_or(|it| (1..=SUBSCRIPTIONS_LIMIT_MAX).contains(&it)) {
            return Err(Refusal::invalid("subscriptionsLimit", "must be from 1 to 1,000"));
        }
        let Some(rate) = self.rate else { return Ok(()) };
        if rate.calls == 0 {
            return Err(Refusal::invalid("rateCalls", "must be at least 1"));
        }
        match (1..=RATE_SECONDS_MAX).contains(&rate.seconds) {
            true => Ok(()),
            false => Err(Refusal::invalid("rateSeconds", "must be from 1 to 86,400")),
        }
    }

    fn held(&self) -> Vec<(ClaimKind, String)> {
        vec![(PRODUCT_ID_CLAIM, self.code.to_ascii_lowercase())]
    }

    fn property_keys(&self) -> &[String] {
        &[]
    }

    fn may_become(&self, new: Option<&Self>) -> Result<(), Refusal> {
        match new.is_none_or(|it| it.code == self.code) {
            true => Ok(()),
            false => Err(Refusal::NotAllowed { why: "the id of a product stays: APIs name it" }),
        }
    }
}
