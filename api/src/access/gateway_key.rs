//! Calls of gateways: they prove themselves with a key of their own, not with a token.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use commands::{Done, Expected};
use domain::gateway::{Gateway, GatewayCommand};
use domain::log::CommitHead;
use domain::{Actor, TenantId};
use projections::{GatewayRow, TenantRow};

use super::guard::{check_version, find_tenant, wait_for_position};
use super::new_key::key_hash;
use super::target::{Changed, Target};
use crate::http::call::Call;
use crate::http::endpoint::{Access, Endpoint, Outcome};
use crate::http::error::ApiError;

/// The header with the name of a gateway, a colon, and its key.
const GATEWAY_KEY: &str = "x-chancery-gateway";

/// A call by a gateway, on a host of its tenant.
pub(crate) struct GatewayCall {
    pub(crate) call: Call,
    pub(crate) tenant: Arc<TenantRow>,
    /// As it was when the call came.
    pub(crate) gateway: Arc<GatewayRow>,
}

impl Changed for Gateway {}

impl Endpoint {
    /// Handled for gateways that prove themselves; nobody else reaches the handler.
    pub(crate) fn for_gateways<F>(self, handler: fn(GatewayCall) -> F) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let run = move |call| async move { handler(admit_gateway(call).await?).await };
        self.handled_for(Access::Gateway, move |call| Box::pin(run(call)))
    }
}

/// Host, version, key and position, in the order in which a token is checked, too.
async fn admit_gateway(call: Call) -> Result<GatewayCall, ApiError> {
    let tenant = find_tenant(&call)?;
    check_version(&call)?;
    let gateway = proven(&call, &tenant)?;
    call.app.gateways_seen.note(gateway.number, call.now);
    wait_for_position(&call).await?;
    Ok(GatewayCall { call, tenant, gateway })
}

/// The gateway whose name and key a call has, if that key counts now.
fn proven(call: &Call, tenant: &TenantRow) -> Result<Arc<GatewayRow>, ApiError> {
    // The same words for whatever is wrong: who guesses learns nothing.
    let refused = || ApiError::NoGatewayKey("the gateway is unknown, or this is no key of it");
    let mut sent = call.headers.get_all(GATEWAY_KEY).iter();
    let absent = "send X-Chancery-Gateway with the name of the gateway, a colon and its key";
    let first = sent.next().ok_or(ApiError::NoGatewayKey(absent))?;
    // With two of them nobody knows whose call it is.
    let first = first.to_str().ok().filter(|_| sent.next().is_none());
    let (name, key) = first.and_then(|it| it.rsplit_once(':')).ok_or_else(refused)?;
    let (name, hash) = (name.trim().to_ascii_lowercase(), key_hash(key.trim()));
    let now = call.app.clock.now();
    let tables = call.app.views.read();
    let row = tables.gateways.by_key(&hash).ok_or_else(refused)?;
    let registered = row.data.name.to_ascii_lowercase();
    let is_named = verify_slices_are_equal(name.as_bytes(), registered.as_bytes()).is_ok();
    let counts = row.key.life_of(&hash).is_some_and(|it| it.counts(now));
    match is_named && counts && row.data.tenant == tenant.data.tenant {
        true => Ok(row.clone()),
        false => Err(refused()),
    }
}

impl GatewayCall {
    /// The tenant's number.
    pub(crate) fn tenant_id(&self) -> TenantId {
        self.tenant.data.tenant
    }

    /// As the log names it.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Gateway(self.gateway.data.gateway)
    }

    /// Checks again that the key counts: it may have ended while the request waited.
    pub(crate) fn confirm(&self) -> Result<(), ApiError> {
        proven(&self.call, &self.tenant).map(drop)
    }

    /// Notes what the gateway says of itself, and waits until the read models show it. The command is
    /// told where the log ends.
    pub(crate) async fn report(
        &self,
        body: &[u8],
        command: impl FnOnce(u64) -> GatewayCommand,
    ) -> Result<Done, ApiError> {
        let head: CommitHead = self.call.head(self.tenant_id(), self.actor(), body)?;
        if let Some(done) = self.call.find_repeated(&head)? {
            return Ok(done);
        }
        self.confirm()?;
        let app = &self.call.app;
        let target = Target::of(&*self.gateway, self.tenant_id(), |_| true);
        let target = target.ok_or_else(|| ApiError::not_found("gateway"))?;
        let command = command(app.engine.log().head().position);
        let done = target.change(app, &command, &head, Expected::Any).await?;
        app.settle(&done).await;
        Ok(done)
    }
}
