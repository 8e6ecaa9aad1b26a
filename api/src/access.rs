//! Who may see and do what. A handler reaches data only through what `require` or `admit`
//! returned: forgetting the check does not compile.
//!
//! The order is fixed (a stranger gets 401 whatever the body): host, `api-version`, token, scope,
//! permission, role, position, body.

pub(crate) mod attempts;
pub(crate) mod clients;
pub(crate) mod issue;
pub(crate) mod listing;
pub(crate) mod placement;
pub(crate) mod recent;
pub(crate) mod rights;
pub(crate) mod scopes;
pub(crate) mod signer;
pub(crate) mod target;
pub(crate) mod token_id;
pub(crate) mod users;
pub(crate) mod verify;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{self, SHA256};
use commands::{Done, Draft};
use domain::context::Context;
use domain::log::CommitHead;
use domain::{Aggregate, CommandId, TenantId, Timestamp, UserId};
use projections::{Tables, TenantRow};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::access::scopes::Code;
use crate::access::target::{Changed, Row, Target};
use crate::access::verify::{Caller, verify};
use crate::app::App;
use crate::http::call::Call;
use crate::http::error::ApiError;

/// How long a read waits for the position that its caller names, and a write for its own.
const POSITION_WAIT_MAX: Duration = Duration::from_secs(2);

/// The longest `Idempotency-Key`, in characters.
const IDEMPOTENCY_KEY_MAX: usize = 64;

/// The role without which most endpoints refuse (spec section 1.1).
pub(crate) const ROLE_USER: &str = "user";

/// The role that lifts the limits of a tenant's users.
pub(crate) const ROLE_ADMINISTRATOR: &str = "administrator";

/// What a token must have. All of it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// A scope that covers this code.
    pub scope: Code,
    /// A permission that covers this code.
    pub permission: Option<Code>,
    /// A role.
    pub role: &'static str,
}

/// Scope, permission and the role `user`: what most rows of the documented table need.
pub(crate) const fn user(code: &'static str) -> Needs {
    let code = Code(code);
    Needs { scope: code, permission: Some(code), role: ROLE_USER }
}

/// As [`user`], for administrators only.
pub(crate) const fn administrator(code: &'static str) -> Needs {
    let code = Code(code);
    Needs { scope: code, permission: Some(code), role: ROLE_ADMINISTRATOR }
}

/// A call on a host of a tenant, by anybody.
pub(crate) struct Open {
    pub(crate) call: Call,
    pub(crate) tenant: Arc<TenantRow>,
}

/// A call by somebody who has what the endpoint needs.
pub(crate) struct Granted {
    pub(crate) call: Call,
    pub(crate) tenant: Arc<TenantRow>,
    pub(crate) caller: Caller,
    needs: Needs,
}

/// Host, version and position: the checks for anonymous endpoints.
pub(crate) async fn admit(call: Call) -> Result<Open, ApiError> {
    let tenant = find_tenant(&call)?;
    check_version(&call)?;
    wait_for_position(&call).await?;
    Ok(Open { call, tenant })
}

/// All checks of an endpoint that needs a token.
pub(crate) async fn require(call: Call, needs: Needs) -> Result<Granted, ApiError> {
    let tenant = find_tenant(&call)?;
    check_version(&call)?;
    let caller = caller_of_now(&call, &tenant, call.now)?;
    needs.check(&caller)?;
    wait_for_position(&call).await?;
    Ok(Granted { call, tenant, caller, needs })
}

/// Whoever presented a good token, with the rights that the token and the user's row both have.
pub(crate) fn caller_of_now(
    call: &Call,
    tenant: &TenantRow,
    now: Timestamp,
) -> Result<Caller, ApiError> {
    let mut caller = verify(call, tenant, now)?;
    rights::narrow(&mut caller, &call.app.views.read(), tenant.data.tenant);
    Ok(caller)
}

impl Needs {
    fn check(&self, caller: &Caller) -> Result<(), ApiError> {
        if !caller.claims.scope.iter().any(|it| self.scope.is_covered_by(it)) {
            return Err(ApiError::Forbidden(format!("the token lacks the scope {}", self.scope)));
        }
        if let Some(permission) = self.permission
            && !caller.permissions().any(|it| permission.is_covered_by(&it))
        {
            return Err(ApiError::Forbidden(format!("the user lacks the permission {permission}")));
        }
        if !caller.has_role(self.role) {
            return Err(ApiError::Forbidden(format!("the user lacks the role {}", self.role)));
        }
        Ok(())
    }
}

/// Spec section 6.6: the `Host` header, with its port, names the tenant.
fn find_tenant(call: &Call) -> Result<Arc<TenantRow>, ApiError> {
    let host = call.host().ok_or(ApiError::UnknownHost)?;
    call.app.views.read().tenants.at_host(host).cloned().ok_or(ApiError::UnknownHost)
}

/// Spec section 3.6: only 1.0 exists.
fn check_version(call: &Call) -> Result<(), ApiError> {
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

/// Read your own write, wherever it was made: `X-Min-Position`.
async fn wait_for_position(call: &Call) -> Result<(), ApiError> {
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

impl Granted {
    /// Checks again that the token counts and grants this, before anything is written: token or
    /// rights may have ended while the request waited for a position, for its body or for a hash.
    pub(crate) fn confirm(&self) -> Result<(), ApiError> {
        let caller = caller_of_now(&self.call, &self.tenant, self.call.app.clock.now())?;
        self.needs.check(&caller)?;
        if self.caller.is_administrator() && !caller.is_administrator() {
            return Err(ApiError::Forbidden("the user is no administrator any more".to_owned()));
        }
        Ok(())
    }

    /// Asks the read models. The lock lasts as long as the question.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Tables) -> T) -> T {
        question(&self.call.app.views.read())
    }

    /// The tenant's number.
    pub(crate) fn tenant_id(&self) -> TenantId {
        self.tenant.data.tenant
    }

    /// The caller's number; 0 for a token without a user.
    pub(crate) fn user(&self) -> UserId {
        self.caller.user
    }

    /// A JSON body, and its bytes.
    pub(crate) async fn json<T: DeserializeOwned>(
        &mut self,
    ) -> Result<(T, bytes::Bytes), ApiError> {
        self.call.json().await
    }

    /// What an earlier request with the same `Idempotency-Key` created: so that costly work, such
    /// as hashing a password, is not done again.
    pub(crate) fn created_before(&self, body: &[u8]) -> Result<Option<(u64, Done)>, ApiError> {
        match self.call.app.find_repeated(&self.head(body)?)? {
            Some(done) => Ok(Some((self.call.app.engine.number_at(done.first)?, done))),
            None => Ok(None),
        }
    }

    /// Runs a command against a new aggregate, and waits until the read models show it.
    pub(crate) async fn create<A: Aggregate>(
        &self,
        body: &[u8],
        command: impl Fn(u64) -> A::Command + Send + Sync,
    ) -> Result<(u64, Done), ApiError> {
        self.create_with::<A>(body, command, |_, _| Ok(())).await
    }

    /// As [`Granted::create`], with what else belongs into the same commit.
    pub(crate) async fn create_with<A: Aggregate>(
        &self,
        body: &[u8],
        command: impl Fn(u64) -> A::Command + Send + Sync,
        also: impl Fn(&mut Draft<'_>, u64) -> Result<(), commands::Error> + Send + Sync,
    ) -> Result<(u64, Done), ApiError> {
        let head = self.head(body)?;
        let engine = &self.call.app.engine;
        if let Some(done) = self.call.app.find_repeated(&head)? {
            return Ok((engine.number_at(done.first)?, done));
        }
        self.confirm()?;
        let created = engine.create_with::<A>(command, also, &head).await;
        let (number, done) = created.map_err(|err| name_largest(err.into(), body))?;
        self.settle(&done).await;
        Ok((number, done))
    }

    /// What the caller may change of its own: a row that it owns.
    ///
    /// # Errors
    /// Not found, as for a row that does not exist, where another one owns it.
    pub(crate) fn own_target<R: Row>(
        &self,
        row: &R,
        owner: impl FnOnce(&R) -> UserId,
        what: &str,
    ) -> Result<Target<R::Aggregate>, ApiError> {
        let target = Target::of(row, self.tenant_id(), |it| owner(it) == self.user());
        target.ok_or_else(|| ApiError::not_found(what))
    }

    /// Runs a command, and waits until the read models show it.
    pub(crate) async fn submit<A: Changed>(
        &self,
        target: &Target<A>,
        body: &[u8],
        command: A::Command,
    ) -> Result<Done, ApiError> {
        let head = self.head(body)?;
        if let Some(done) = self.call.app.find_repeated(&head)? {
            return Ok(done);
        }
        self.confirm()?;
        let done = target.change(&self.call.app, &command, &head).await;
        let done = done.map_err(|err| name_largest(err.into(), body))?;
        self.settle(&done).await;
        Ok(done)
    }

    /// The change is durable: if the read models lag, the caller learns the position all the same.
    async fn settle(&self, done: &Done) {
        if let Err(err) = self.call.app.views.wait(done.position, POSITION_WAIT_MAX).await {
            tracing::warn!(error = %err, "a change is durable, but not readable yet");
        }
    }

    /// Who, when and why, for the commit.
    pub(crate) fn head(&self, body: &[u8]) -> Result<CommitHead, ApiError> {
        let tenant = self.tenant_id();
        let actor = self.caller.actor();
        let (command_id, fingerprint) = self.call.command_id(tenant, &actor, body)?;
        Ok(CommitHead {
            command_id,
            fingerprint,
            tenant,
            actor,
            time: self.call.now,
            correlation: self.call.request_id,
            trace: self.call.trace_id(),
            context: Context::of_operation(self.call.operation)
                .through(&self.caller.claims.client_id),
        })
    }
}

/// A commit that is too large names the member of the body that should shrink.
fn name_largest(err: ApiError, body: &[u8]) -> ApiError {
    let ApiError::TooLarge { field, bytes_max } = err else { return err };
    let members = serde_json::from_slice::<HashMap<String, Box<RawValue>>>(body).ok();
    let largest = members.into_iter().flatten().max_by_key(|(_, value)| value.get().len());
    let field = if field == "body" { largest.map_or(field, |(name, _)| name) } else { field };
    ApiError::TooLarge { field, bytes_max }
}

impl App {
    /// What an earlier request with the same `Idempotency-Key` led to.
    pub(crate) fn find_repeated(&self, head: &CommitHead) -> Result<Option<Done>, ApiError> {
        if head.fingerprint == 0 {
            return Ok(None);
        }
        match self.engine.log().find_command(head.command_id) {
            None => Ok(None),
            Some(known) if known.fingerprint != head.fingerprint => Err(ApiError::KeyReused),
            Some(known) => {
                Ok(Some(Done { first: known.first, position: known.last, repeated: true }))
            }
        }
    }
}

impl Call {
    /// The command id: the `Idempotency-Key` within tenant, actor and route, or a random one. The
    /// fingerprint is that of path, query and body; 0 without a key. Both are keyed: they stand in
    /// the log for ever, and a body may hold a password.
    pub(crate) fn command_id(
        &self,
        tenant: TenantId,
        actor: &str,
        body: &[u8],
    ) -> Result<(CommandId, u64), ApiError> {
        let mut keys = self.headers.get_all("idempotency-key").iter();
        let Some(key) = keys.next() else {
            let random = commands::keys::random_id();
            let random = random.map_err(|err| ApiError::Internal(err.to_string()))?;
            return Ok((CommandId(random), 0));
        };
        let key = key.to_str().ok().filter(|it| {
            (1..=IDEMPOTENCY_KEY_MAX).contains(&it.len())
                && it.bytes().all(|it| it.is_ascii_graphic())
        });
        // Of two, nobody knows which one the caller repeats the request with.
        let key = key.filter(|_| keys.next().is_none());
        let key = key.ok_or_else(|| {
            ApiError::field("Idempotency-Key", "must be one, of 1 to 64 visible ASCII characters")
        })?;
        let engine = &self.app.engine;
        let wish = [actor, self.operation, key].join("\n");
        let id = engine.keys().claim_hash(tenant, "idempotency-key", &wish);
        let id = CommandId(id.first_chunk().copied().unwrap_or_default());
        let query = self.query_said();
        let count = self.parameters.len().to_le_bytes();
        let said = [count.as_slice(), query.as_bytes(), body].into_iter();
        let said = said.chain(self.parameters.iter().map(String::as_bytes)).collect::<Vec<_>>();
        // Said again, it gets the fingerprint of then: its key may be the older one by now.
        let known = engine.log().find_command(id).map(|it| it.fingerprint);
        let known = known.filter(|it| engine.keys().is_fingerprint_of(*it, &said));
        let fingerprint = known.unwrap_or_else(|| engine.keys().fingerprint(&said));
        Ok((id, fingerprint))
    }

    /// What the query says, but for the version of the interface.
    fn query_said(&self) -> String {
        let pairs = form_urlencoded::parse(self.raw_query.as_bytes());
        let pairs = pairs.filter(|(name, _)| !name.eq_ignore_ascii_case("api-version"));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// The trace of the caller: W3C Trace Context, `00-<trace id>-…`.
    pub(crate) fn trace_id(&self) -> [u8; 16] {
        let sent = self.header("traceparent").and_then(|it| it.split('-').nth(1));
        let sent = sent.filter(|it| it.len() == 32);
        sent.and_then(|it| u128::from_str_radix(it, 16).ok()).unwrap_or(0).to_be_bytes()
    }
}

/// The first 16 bytes of a SHA-256 over counted parts.
pub(crate) fn hash_16(parts: &[&[u8]]) -> [u8; 16] {
    let mut context = digest::Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}
