//! The checks before a handler runs, and the two ways to declare one that they let through.
//!
//! The checks come in a fixed order, so that a caller without a token gets 401 whatever the body
//! is: host, `api-version`, token, scope, permission, role, position, body.

use std::sync::Arc;
use std::time::Duration;

use domain::security::Rule;
use domain::tenant::TENANT_DISABLED;
use domain::{Actor, UserId};
use projections::TenantRow;

use super::granted::{Granted, Open};
use super::rights::{caller_of_now, check_needs};
use crate::http::call::Call;
use crate::http::endpoint::{Access, Endpoint, Outcome};
use crate::http::error::ApiError;
use crate::http::needs::Needs;
use crate::state::app::App;
use crate::state::security::sighting::Sighting;
use crate::state::verified_tokens::Claims;

/// How long a read waits for the position that its caller names.
const POSITION_WAIT_MAX: Duration = Duration::from_secs(2);

/// After how many seconds a caller may try again where the tenant is disabled.
const DISABLED_RETRY_SECONDS: u64 = 600;

impl Endpoint {
    /// Handled for bearers of a token that has what is needed; nobody else reaches the handler.
    pub(crate) fn needs<F>(self, needs: Needs, handler: fn(Granted) -> F) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let run = move |call| async move {
            let granted = require(call, needs).await?;
            let witness = Witness::of(&granted);
            let outcome = handler(granted).await;
            if let Err(ApiError::Forbidden(_)) = &outcome {
                witness.tell();
            }
            outcome
        };
        self.handled_for(Access::Bearer(needs), move |call| Box::pin(run(call)))
    }

    /// Handled for anybody on a host of a tenant.
    pub(crate) fn open<F>(self, handler: fn(Open) -> F) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let run = move |call| async move { handler(admit(call).await?).await };
        self.handled_for(Access::Anonymous, move |call| Box::pin(run(call)))
    }
}

/// What is told of a call whose handler finds that a right is missing.
struct Witness {
    app: Arc<App>,
    user: UserId,
    claims: Arc<Claims>,
    sighting: Sighting,
}

impl Witness {
    fn of(granted: &Granted) -> Self {
        let sighting = granted.call.sighting(Rule::MissingRight, granted.tenant_id(), None);
        let (user, claims) = (granted.user(), granted.caller.claims.clone());
        Self { app: granted.call.app.clone(), user, claims, sighting }
    }

    fn tell(self) {
        let who = Some(Actor::of_token(self.user, &self.claims.client_id));
        self.app.notice(Sighting { who, proven: true, ..self.sighting });
    }
}

/// Host, version and position: the checks for anonymous endpoints.
pub(crate) async fn admit(call: Call) -> Result<Open, ApiError> {
    let tenant = find_tenant(&call)?;
    check_version(&call)?;
    wait_for_position(&call).await?;
    Ok(Open { call, tenant })
}

/// All checks of an endpoint that needs a token.
async fn require(call: Call, needs: Needs) -> Result<Granted, ApiError> {
    let tenant = find_tenant(&call)?;
    check_version(&call)?;
    let caller = caller_of_now(&call, &tenant, call.now)?;
    check_needs(needs, &caller).inspect_err(|_| {
        call.noticed(Rule::MissingRight, tenant.data.tenant, caller.actor(), 1);
    })?;
    check_query(&call)?;
    wait_for_position(&call).await?;
    Ok(Granted { call, tenant, caller, needs })
}

/// Spec section 6.6: the `Host` header, with its port, names the tenant.
pub(super) fn find_tenant(call: &Call) -> Result<Arc<TenantRow>, ApiError> {
    let host = call.host().ok_or(ApiError::UnknownHost)?;
    let tenant = call.app.tenant_at(host).ok_or_else(|| {
        call.app.unknown_hosts.note(host, &call.app.settings.listen_hosts);
        ApiError::UnknownHost
    })?;
    match tenant.data.status {
        TENANT_DISABLED => Err(ApiError::Unavailable {
            retry_seconds: DISABLED_RETRY_SECONDS,
            why: "the tenant of this host is disabled".to_owned(),
        }),
        _ => Ok(tenant),
    }
}

/// Some endpoints refuse what they do not know.
fn check_query(call: &Call) -> Result<(), ApiError> {
    match &call.unknown_query {
        Some(name) => Err(ApiError::field(name.as_str(), "is no parameter of this query")),
        None => Ok(()),
    }
}

/// Spec section 3.6: the only version is 1.0.
pub(super) fn check_version(call: &Call) -> Result<(), ApiError> {
    if call.raw_query.is_empty() {
        return Ok(());
    }
    let query = call.query();
    let Some(version) = query.text("api-version") else { return Ok(()) };
    let well_formed = version.split('.').all(|it| !it.is_empty() && it.parse::<u32>().is_ok());
    match version {
        "1" | "1.0" => Ok(()),
        _ if well_formed => Err(ApiError::ApiVersion {
            code: "UnsupportedApiVersion",
            message: "only the API version 1.0 is supported".to_owned(),
        }),
        _ => Err(ApiError::ApiVersion {
            code: "InvalidApiVersion",
            message: "api-version must look like 1.0".to_owned(),
        }),
    }
}

/// `X-Min-Position`: waits until the read models have reached a position, so that callers read
/// their own writes.
pub(super) async fn wait_for_position(call: &Call) -> Result<(), ApiError> {
    let Some(position) = call.header("x-min-position") else { return Ok(()) };
    let position = position.trim().parse::<u64>().map_err(|_| {
        ApiError::field("X-Min-Position", "must be a position of the log: a whole number")
    })?;
    let waited = call.app.views.wait(position, POSITION_WAIT_MAX).await;
    let head = call.app.engine.log().head().position;
    if waited.is_err() && position > head {
        return Err(ApiError::beyond_head(position, head));
    }
    Ok(waited?)
}
