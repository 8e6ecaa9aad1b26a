//! `GET /api/audit/events`: the log as JSON, for administrators, and for clients whom one of them gave
//! the scope.

use commands::{EventJson, Personal};
use domain::log::LogError;
use domain::security::Rule;
use domain::{Actor, Recorded, StreamId, TenantId, UserId, hex};
use projections::AuditFilter;
use schemars::JsonSchema;
use serde::Serialize;
use warp::http::Method;

use super::audit_event::AuditEvent;
use super::audit_place;
use crate::access::granted::Granted;
use crate::access::scopes::AUDIT_READ;
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::input::Query;
use crate::http::needs::administrator;
use crate::http::paging::{number, text};
use crate::http::reply::{ErrorData, Reply};

/// The events of a page when the caller does not say.
const LIMIT_DEFAULT: u64 = 100;

/// The most events of one page.
const LIMIT_MAX: u64 = 1_000;

pub(super) const FILTERS: [QueryParameter; 5] = [
    text("after", "only events after this one: its id, as in the stream, or its position"),
    text("stream", "only of this stream, such as user-7"),
    text("kind", "only of this kind, such as user.registered.v1, or of all that begin so: user"),
    text("actor", "only by this actor, such as user-1 or client-shop"),
    text("tenant", "`*` for all tenants; for administrators of tenant 1 only"),
];

const LIMIT: [QueryParameter; 1] =
    [number("limit", "how many events; the default is 100").between(1, LIMIT_MAX as i64)];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/audit/events", "AuditEvents", "Read the log")
            .query(&FILTERS)
            .query(&LIMIT)
            .strict_query()
            .answers::<AuditPage>()
            .fails(|| vec![ApiError::OtherHistory { head: 0 }])
            .needs(administrator("audit.get").or_machine_with(AUDIT_READ), list),
    ]
}

/// A page of the log: `<log>:<eventId>:<position>` is the id of an event.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AuditPage {
    /// The most events of this page, as asked for.
    take: u64,
    /// Always 0: `after` says where a page begins.
    skip: u64,
    /// Always 200.
    code: i64,
    /// The code in words.
    code_name: &'static str,
    /// The events that match, on all pages.
    total: u64,
    /// The position of the newest event.
    head: u64,
    /// The Merkle root over all events up to `head` (RFC 6962), in hexadecimal: kept elsewhere, it shows
    /// later that nothing of them was changed or removed.
    head_root: String,
    /// The id of the log.
    log: String,
    /// The events of this page, oldest first.
    #[schemars(with = "Vec<AuditEvent>")]
    data: Vec<EventJson>,
}

impl ErrorData for AuditPage {}

/// What a caller asked for, limited to what it may see.
pub(crate) struct AuditQuery {
    pub(crate) filter: AuditFilter,
    pub(crate) stream: Option<StreamId>,
}

impl AuditQuery {
    pub(crate) fn read(granted: &Granted, query: &Query) -> Result<Self, ApiError> {
        let own = granted.tenant_id();
        let tenant = match query.text("tenant") {
            None => Some(own),
            Some("*") if own == TenantId::FIRST && !is_machine(granted) => None,
            Some("*") => {
                let why = "only administrators of tenant 1 may read all tenants".to_owned();
                return Err(ApiError::Forbidden(why));
            }
            Some(text) => match text.parse().map(TenantId) {
                Ok(tenant) if tenant == own => Some(own),
                Ok(_) => return Err(ApiError::Forbidden("not your tenant".to_owned())),
                Err(_) => return Err(ApiError::field("tenant", "must be * or a number")),
            },
        };
        let stream = query.text("stream").map(|it| {
            StreamId::parse(it)
                .ok_or_else(|| ApiError::field("stream", "must be <category>-<id>, such as user-7"))
        });
        let actor = query.text("actor").map(|it| {
            it.parse::<Actor>()
                .map_err(|_| ApiError::field("actor", "must be an actor, such as user-1"))
        });
        let kind = query.text("kind").map(str::to_owned);
        let filter = AuditFilter { tenant, kind, actor: actor.transpose()? };
        Ok(Self { filter, stream: stream.transpose()? })
    }

    /// Whether an event was asked for and may be seen.
    pub(crate) fn fits(&self, event: &Recorded) -> bool {
        let kind = |wanted: &str| {
            let rest = event.kind.strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.filter.tenant.is_none_or(|it| it == event.commit.tenant)
            && self.filter.kind.as_deref().is_none_or(kind)
            && self.filter.actor.as_ref().is_none_or(|it| *it == event.commit.actor)
            && self.stream.as_ref().is_none_or(|it| *it == event.stream)
    }
}

/// Whether a client reads for itself.
fn is_machine(granted: &Granted) -> bool {
    granted.user() == UserId::NONE
}

/// What a reader sees of people: a client nothing, because what it takes away no erasure reaches.
pub(super) fn personal_for(granted: &Granted) -> Personal {
    if is_machine(granted) { Personal::Hidden } else { Personal::Shown }
}

async fn list(granted: Granted) -> Outcome {
    let query = granted.call.query();
    let limit = query.number("limit", LIMIT_DEFAULT, i64::MAX as u64).clamp(1, LIMIT_MAX);
    query.check()?;
    let wanted = AuditQuery::read(&granted, &query)?;
    let after = audit_place::from_query(&granted, &query).await?;
    let app = granted.call.app.clone();
    let personal = personal_for(&granted);
    // The log may have to read the disk.
    let page = tokio::task::spawn_blocking(move || {
        let log = app.engine.log();
        // Only the events of the page are read: a stream may be as long as it likes.
        let among = wanted.stream.as_ref().map(|it| log.stream_positions(it));
        let (total, positions) = {
            let tables = app.views.read();
            let audit = &tables.audit;
            match among {
                Some(among) => audit.find_among(&among, &wanted.filter, after, limit as usize),
                None => audit.find(&wanted.filter, after, limit as usize),
            }
        };
        let events = log.read_at(&positions)?;
        let keys = app.engine.keys();
        let data = events.iter().map(|it| {
            EventJson::new(it, keys, personal)
                .map_err(|why| LogError::Unreadable { position: it.position, why })
        });
        let data = data.collect::<Result<Vec<_>, _>>()?;
        Ok::<_, LogError>((total, log.head(), data))
    });
    let page = page.await.map_err(|err| ApiError::Internal(err.to_string()))?;
    let (total, head, data) = page?;
    let reader = granted.caller.actor();
    granted.call.noticed(Rule::AuditRead, granted.tenant_id(), reader, 1);
    let log = granted.call.app.engine.log().id().to_string();
    let (code, code_name) = (200, "Status200OK");
    let (head, head_root) = (head.position, hex(&head.root));
    let page =
        AuditPage { take: limit, skip: 0, code, code_name, total, head, head_root, log, data };
    Ok(Reply::json(&page).cache("no-store"))
}
