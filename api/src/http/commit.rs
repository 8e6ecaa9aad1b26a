//! What a call says of the commit that it leads to: who, when, in which trace, and whether it was
//! answered before.

use commands::Done;
use domain::context::Context;
use domain::log::CommitHead;
use domain::{Actor, CommandId, TenantId};

use super::call::Call;
use super::error::ApiError;

/// The longest `Idempotency-Key`, in characters.
pub(crate) const IDEMPOTENCY_KEY_MAX: usize = 64;

impl Call {
    /// Who, when and by which operation, for a commit. What the caller said makes its command id,
    /// with the `Idempotency-Key`.
    pub(crate) fn head(
        &self,
        tenant: TenantId,
        actor: Actor,
        said: &[u8],
    ) -> Result<CommitHead, ApiError> {
        let command = self.command_id(tenant, &actor, said)?;
        Ok(self.head_of(command, tenant, actor))
    }

    /// As [`Call::head`], for a command id and a fingerprint that the face makes otherwise.
    pub(crate) fn head_of(
        &self,
        (command_id, fingerprint): (CommandId, u64),
        tenant: TenantId,
        actor: Actor,
    ) -> CommitHead {
        CommitHead {
            command_id,
            fingerprint,
            tenant,
            actor,
            time: self.now,
            correlation: self.request_id,
            trace: self.trace_id(),
            context: Context::of_operation(self.operation),
        }
    }

    /// The outcome of an earlier request with the same `Idempotency-Key`, if there was one.
    pub(crate) fn find_repeated(&self, head: &CommitHead) -> Result<Option<Done>, ApiError> {
        if head.fingerprint == 0 {
            return Ok(None);
        }
        match self.app.engine.log().find_command(head.command_id) {
            None => Ok(None),
            Some(known) if known.fingerprint != head.fingerprint => Err(ApiError::KeyReused),
            Some(known) => Ok(Some(Done {
                first: known.first,
                position: known.last,
                repeated: true,
                bytes: 0,
            })),
        }
    }

    /// The command id, from the `Idempotency-Key` within tenant, actor and route, or a random one;
    /// and the fingerprint of path, query and body, 0 without a key. Both are keyed hashes, because
    /// they are in the log for ever and a body may hold a password.
    fn command_id(
        &self,
        tenant: TenantId,
        actor: &Actor,
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
        // With two keys, nobody knows which one the caller would repeat.
        let key = key.filter(|_| keys.next().is_none());
        let key = key.ok_or_else(|| {
            ApiError::field("Idempotency-Key", "must be one, of 1 to 64 visible ASCII characters")
        })?;
        let engine = &self.app.engine;
        let wish = [&actor.to_string(), self.operation, key].join("\n");
        let id = engine.keys().claim_hash(tenant, "idempotency-key", &wish);
        let id = CommandId(id.first_chunk().copied().unwrap_or_default());
        let query = self.query_without_version();
        let count = self.parameters.len().to_le_bytes();
        let said = [count.as_slice(), query.as_bytes(), body].into_iter();
        let said = said.chain(self.parameters.iter().map(String::as_bytes)).collect::<Vec<_>>();
        // A repeated request gets the fingerprint of the first one: its key may be the older one by
        // now.
        let known = engine.log().find_command(id).map(|it| it.fingerprint);
        let known = known.filter(|it| engine.keys().is_fingerprint_of(*it, &said));
        let fingerprint = known.unwrap_or_else(|| engine.keys().fingerprint(&said));
        Ok((id, fingerprint))
    }

    /// The query without the version of the interface.
    fn query_without_version(&self) -> String {
        let pairs = form_urlencoded::parse(self.raw_query.as_bytes());
        let pairs = pairs.filter(|(name, _)| !name.eq_ignore_ascii_case("api-version"));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// The trace of the caller: W3C Trace Context, `00-<trace id>-…`.
    fn trace_id(&self) -> [u8; 16] {
        let sent = self.header("traceparent").and_then(|it| it.split('-').nth(1));
        let sent = sent.filter(|it| it.len() == 32);
        sent.and_then(|it| u128::from_str_radix(it, 16).ok()).unwrap_or(0).to_be_bytes()
    }
}
