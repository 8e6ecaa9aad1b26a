//! The door: whether a request that came to a gateway may pass. It is asked for each request, so all
//! of it is in memory, but for faces that were not asked for lately.

use std::sync::Arc;

use domain::Timestamp;
use domain::resource::Authentication;
use domain::subscription::SubscriptionState;
use projections::{ProductRow, ResourceRow, SubscriptionRow, Tables};

use super::face::product_id;
use super::revision::Revision;
use crate::access::gateway_key::GatewayCall;
use crate::access::new_key::key_hash;
use crate::access::verify::{Caller, verify_token};
use crate::http::error::ApiError;
use crate::state::app::App;
use crate::state::asked_faces::Asked;
use crate::state::rates::Spent;

/// Who may pass.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// The subject of the token: a user, or a client for itself.
    pub(crate) subject: Option<String>,
    pub(crate) client: Option<String>,
    /// With spaces between.
    pub(crate) scopes: Option<String>,
    /// The number of the subscription.
    pub(crate) subscription: Option<u64>,
}

/// Why a request may not pass.
#[derive(Debug)]
pub(crate) enum Denied {
    /// The API, or the revision, is not served.
    Unknown,
    /// No token, or one that does not count; what is wrong with it.
    Token { sent: bool, why: &'static str },
    /// The token lacks the scope.
    Scope(String),
    /// No key of a subscription, or one that does not count.
    Key,
    /// The subscription has called too often; it may call again after so many seconds.
    Rate(u64),
    /// The token is nobody's who answers for the API.
    NotOwner,
    /// The door cannot tell.
    Failed(ApiError),
}

/// What a gateway says of a request.
pub(crate) struct Request<'a> {
    /// `{tenant}/{apiId};rev=n`.
    pub(crate) api: &'a str,
    /// Whether it came to the private address of the revision.
    pub(crate) is_private: bool,
    /// The token, as it was sent.
    pub(crate) authorization: Option<&'a str>,
    /// The key of a subscription.
    pub(crate) key: Option<&'a str>,
}

/// Whether a request may pass.
pub(crate) fn judge(call: &GatewayCall, request: &Request<'_>) -> Result<Passed, Denied> {
    let app = &call.call.app;
    let now = app.clock.now();
    let (row, asked, is_current) = find(call, request.api)?;
    if request.is_private || !is_current {
        let caller = token_of(call, &row, request, now)?;
        return match row.is_owned_by(caller.user) {
            true => Ok(passed(Some(&caller), None)),
            false => Err(Denied::NotOwner),
        };
    }
    let demanded = {
        let tables = app.views.read();
        demanding(&tables, call, &asked.products)
    };
    let subscription = match demanded.is_empty() {
        true => None,
        false => Some(subscription_of(call, &demanded, request.key, now)?),
    };
    let caller = match &asked.authentication {
        Authentication::None => None,
        Authentication::Token { scope, .. } => {
            let caller = token_of(call, &row, request, now)?;
            let has = |it: &String| caller.claims.scope.contains(it);
            match scope {
                Some(scope) if !scope.is_empty() && !has(scope) => {
                    return Err(Denied::Scope(scope.clone()));
                }
                _ => Some(caller),
            }
        }
    };
    if let Some((subscription, product)) = &subscription
        && let Some(rate) = product.fields.rate
        && let Spent::Wait(seconds) =
            app.rates.spend(subscription.number, rate.calls, rate.seconds, now)
    {
        return Err(Denied::Rate(seconds));
    }
    Ok(passed(caller.as_ref(), subscription.map(|it| it.0.number)))
}

fn passed(caller: Option<&Caller>, subscription: Option<u64>) -> Passed {
    Passed {
        subject: caller.map(|it| it.claims.sub.clone()),
        client: caller.map(|it| it.claims.client_id.clone()),
        scopes: caller.map(|it| it.claims.scope.join(" ")),
        subscription,
    }
}

type Found = (Arc<ResourceRow>, Arc<Asked>, bool);

/// The resource, what its revision asks for, and whether that one is current.
fn find(call: &GatewayCall, api: &str) -> Result<Found, Denied> {
    let app = &call.call.app;
    let (tenant, revision_id) = api.split_once('/').ok_or(Denied::Unknown)?;
    if tenant.parse() != Ok(call.tenant_id().0) {
        return Err(Denied::Unknown);
    }
    let api_id = revision_id.split(";rev=").next().unwrap_or_default();
    let row = {
        let tables = app.views.read();
        tables.resources.with_api(call.tenant_id(), api_id).cloned().ok_or(Denied::Unknown)?
    };
    let (api, number) = row.gateway.find_revision(revision_id).ok_or(Denied::Unknown)?;
    let is_current = api.current == number;
    if row.gateway.path.is_none() || !(is_current || api.is_online(number)) {
        return Err(Denied::Unknown);
    }
    let position = api.revision(number).ok_or(Denied::Unknown)?.position;
    let asked = asked_at(app, number, position).map_err(Denied::Failed)?;
    Ok((row.clone(), asked.ok_or(Denied::Unknown)?, is_current))
}

/// What the face asks for that the event at this position says.
fn asked_at(app: &App, number: u32, position: u64) -> Result<Option<Arc<Asked>>, ApiError> {
    if let Some(asked) = app.asked_faces.get(position) {
        return Ok(Some(asked));
    }
    let Some(revision) = Revision::at(app, number, position)? else { return Ok(None) };
    let (products, authentication) = (revision.face.products, revision.face.authentication);
    let asked = Arc::new(Asked { products, authentication });
    app.asked_faces.keep(position, asked.clone());
    Ok(Some(asked))
}

/// The products of a face of which callers need a subscription.
fn demanding(tables: &Tables, call: &GatewayCall, named: &[String]) -> Vec<Arc<ProductRow>> {
    let tenant = call.tenant_id();
    let products = named.iter().filter_map(|it| tables.products.named(tenant, product_id(it)));
    products.filter(|it| it.fields.subscription_required).cloned().collect()
}

fn subscription_of(
    call: &GatewayCall,
    demanded: &[Arc<ProductRow>],
    key: Option<&str>,
    now: Timestamp,
) -> Result<(Arc<SubscriptionRow>, Arc<ProductRow>), Denied> {
    let hash = key_hash(key.ok_or(Denied::Key)?);
    let tables = call.call.app.views.read();
    let found = tables.subscriptions.by_key(&hash).ok_or(Denied::Key)?;
    let of_tenant = found.row.data.tenant == call.tenant_id();
    let counts = found.row.state == SubscriptionState::Active && found.life.counts(now);
    let product = demanded.iter().find(|it| it.number == u64::from(found.row.data.product));
    match product {
        Some(product) if of_tenant && counts => Ok((found.row.clone(), product.clone())),
        _ => Err(Denied::Key),
    }
}

/// The caller whose token is for this API: its name is the audience.
fn token_of(
    call: &GatewayCall,
    row: &ResourceRow,
    request: &Request<'_>,
    now: Timestamp,
) -> Result<Caller, Denied> {
    let app = &call.call.app;
    let verified = verify_token(app, request.authorization, &call.tenant, now, &row.data.name);
    verified.map_err(|err| match err {
        ApiError::Unauthenticated { token_sent: sent, why } => Denied::Token { sent, why },
        err => Denied::Failed(err),
    })
}
