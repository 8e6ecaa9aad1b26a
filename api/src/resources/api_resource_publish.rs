//! `/api/ApiResource/{id}`: publishing at the gateway. Rows 8 to 11.

use bytes::Bytes;
use commands::keys::random;
use commands::{Done, Expected};
use domain::hex;
use domain::notice::NoticeCause;
use domain::resource::{
    ADDRESS_CHARS_MAX, Authentication, Face, Gate, NOTES_CHARS_MAX, NewRevision, NewVersion,
    POLICY_BYTES_MAX, Publication, Resource, ResourceCommand,
};
use domain::{Aggregate as _, Sha256, StreamId};
use projections::{ResourceRow, revision_id};
use warp::http::Method;
use warp::http::header::LOCATION;

use super::api_resource::{owned, target};
use super::api_resource_gateway_body::{
    DifferenceBody, LiveBody, PublicationResult, PublishBody, RevisionBody, VersionBody,
    publication,
};
use crate::access::granted::Granted;
use crate::access::target::Target;
use crate::http::codes::{self, Code};
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::{Code as Need, user};
use crate::http::paging::{flag, text};
use crate::http::reply::{Reply, Single};
use crate::publishing::document::{Compared, Sourced, compare_with, keep, take_document};
use crate::publishing::face::{Made, OWN_AUTH_SERVER, Wished, revised_face, wished_face};
use crate::publishing::live::wait_for_gateways;
use crate::publishing::notices::submit_telling;
use crate::publishing::reason::Reason;
use crate::publishing::revision::{Revision, read_revision};

/// The largest body of row 8, in bytes: the largest policy, each byte of it written as six (RFC 8259
/// section 7), and what stands beside it.
const PUBLISH_BODY_BYTES_MAX: usize = 6 * POLICY_BYTES_MAX + 48 * 1024;

/// Who may publish a document that breaks callers, where the tenant refuses that.
const ACKNOWLEDGES: Need = Need("apiresource.breaking");

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let dry_run = flag("dryRun", "true to do everything but publish");
    vec![
        endpoint(
            Method::PUT,
            "/api/ApiResource/{id}/Publish",
            "ApiResourcePublish",
            "Publish at the gateway: a new revision, which is current. The same again is no event",
        )
        .row(8)
        .query(&[dry_run])
        .headers(&[text(
            "Prefer",
            "wait=N: answer when all gateways serve it, or after N s; at most 30",
        )])
        .json::<PublishBody>()
        .body_up_to(PUBLISH_BODY_BYTES_MAX)
        .answers::<PublicationResult>()
        .needs(user("apiresource.publish"), publish),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/PublishRevision",
            "ApiResourcePublishRevision",
            "Add a revision that is not current yet: the current one with another document",
        )
        .row(9)
        .query(&[dry_run])
        .json::<RevisionBody>()
        .answers::<PublicationResult>()
        .needs(user("apiresource.publishrevision"), publish_revision),
        endpoint(
            Method::POST,
            "/api/ApiResource/{id}/PublishVersion",
            "ApiResourcePublishVersion",
            "Add an API version from a revision",
        )
        .row(10)
        .json::<VersionBody>()
        .answers::<PublicationResult>()
        .needs(user("apiresource.publishversion"), publish_version),
        endpoint(
            Method::GET,
            "/api/ApiResource/{id}/PublishConfiguration",
            "ApiResourcePublishConfiguration",
            "Show what was last published",
        )
        .row(11)
        .answers::<Single<PublishBody>>()
        .needs(user("apiresource.publishconfiguration"), configuration),
        endpoint(
            Method::DELETE,
            "/api/ApiResource/{id}/Publish",
            "ApiResourceUnpublish",
            "Be served no longer: the path is free, revisions stay",
        )
        .answers::<Single<bool>>()
        .needs(user("apiresource.publish"), unpublish),
    ]
}

async fn publish(mut granted: Granted) -> Outcome {
    let failed = codes::PUBLISH_FAILED;
    owned(&granted)?;
    let is_dry = is_dry_run(&granted)?;
    let (body, bytes) = granted.json::<PublishBody>().await?;
    domain::check::required("apiId", &body.api_id, 256)?;
    let body = PublishBody { document_id: filled(body.document_id), ..body };
    // Spec section 5.2, row 8 (b): blank counts as a failure of the gateway.
    is_given("suffix", body.suffix.as_ref(), failed)?;
    if body.document_id.is_none() {
        is_given("swaggerUrl", body.swagger_url.as_ref(), failed)?;
    }
    check_texts(&body)?;
    if let Some(done) = granted.repeated(&bytes)? {
        let result = answer(Compared::default(), Vec::new(), Vec::new());
        return Ok(Reply::json(&result).written(&done));
    }
    granted.confirm()?;
    let (id, url) = (body.document_id.as_deref(), body.swagger_url.as_deref());
    let document = take_document(&granted, id, url, failed).await?;
    let gate = gate(&granted, body.acknowledge_breaking);
    let (api_id, notes) = (body.api_id.clone(), filled(body.notes.clone()));
    let wished = wished(body);
    let mut tries = 0;
    loop {
        let row = owned(&granted)?;
        let current = current_revision(&granted, &row, &api_id)?;
        let before = current.as_ref().map(|it| &it.face);
        let made = wished_face(&granted, &wished, before, &document, failed)?;
        let compared = compare(&granted, current.as_ref(), &document, failed).await?;
        check_gate(gate, &compared, failed)?;
        let Made { face, ignored_products: ignored, not_enforced } = made;
        let command = ResourceCommand::Publish(Box::new(Publication {
            api_id: api_id.clone(),
            current: current.as_ref().map(Revision::basis),
            face,
            difference: compared.difference.clone(),
            gate,
            notes: notes.clone(),
        }));
        let target = target(&granted, &row)?;
        if is_dry {
            let tried = try_out(&granted, &row, &command);
            tried.map_err(|err| at_gateway(err, None, failed))?;
            return Ok(Reply::json(&answer(compared, ignored, not_enforced)));
        }
        keep(&granted, &document, &compared, failed).await?;
        let told = (api_id.as_str(), NoticeCause::Published);
        let done = submit_telling(&granted, &row, &target, told, (&bytes, command)).await;
        if granted.must_try_again(&done, &mut tries, false).await {
            continue;
        }
        let done = done.map_err(|err| at_gateway(err, None, failed))?;
        let live = wait_for_gateways(&granted, done.position).await.map(LiveBody::from);
        let result = PublicationResult { live, ..answer(compared, ignored, not_enforced) };
        return Ok(Reply::json(&result).written(&done));
    }
}

async fn publish_revision(mut granted: Granted) -> Outcome {
    let failed = codes::REVISION_FAILED;
    owned(&granted)?;
    let is_dry = is_dry_run(&granted)?;
    let (body, bytes) = granted.json::<RevisionBody>().await?;
    domain::check::required("apiId", &body.api_id, 256)?;
    let document_id = filled(body.document_id);
    if document_id.is_none() {
        is_given("swaggerUrl", body.swagger_url.as_ref(), failed)?;
    }
    check_document_id(document_id.as_deref())?;
    let url = body.swagger_url.as_deref();
    domain::check::optional("swaggerUrl", url, ADDRESS_CHARS_MAX)?;
    domain::check::optional_text("releaseNote", body.release_note.as_deref(), NOTES_CHARS_MAX)?;
    let absent = || Reason::ApiUnknown.error(codes::REVISION_NO_DETAIL, "gateway API not found");
    if owned(&granted)?.gateway.api(&body.api_id).is_none() {
        return Err(absent());
    }
    if let Some(done) = granted.repeated(&bytes)? {
        let result = answer(Compared::default(), Vec::new(), Vec::new());
        return Ok(Reply::json(&result).written(&done));
    }
    granted.confirm()?;
    let (id, url) = (document_id.as_deref(), body.swagger_url.as_deref());
    let document = take_document(&granted, id, url, failed).await?;
    let gate = gate(&granted, body.acknowledge_breaking);
    let mut tries = 0;
    loop {
        let row = owned(&granted)?;
        let api = row.gateway.api(&body.api_id).ok_or_else(absent)?;
        let read = |number| read_revision(&granted.call.app, api, number);
        let current = read(api.current)?.ok_or_else(absent)?;
        let newest = read(api.revision_count())?.ok_or_else(absent)?;
        let face = revised_face(&granted, &current.face, &document, failed)?;
        let compared = compare(&granted, Some(&current), &document, failed).await?;
        check_gate(gate, &compared, failed)?;
        let command = ResourceCommand::PublishRevision(Box::new(NewRevision {
            api_id: body.api_id.clone(),
            current: current.basis(),
            newest: newest.basis(),
            face,
            difference: compared.difference.clone(),
            gate,
            note: body.release_note.clone(),
        }));
        let target = target(&granted, &row)?;
        if is_dry {
            let tried = try_out(&granted, &row, &command);
            tried.map_err(|err| at_gateway(err, None, failed))?;
            return Ok(Reply::json(&answer(compared, Vec::new(), Vec::new())));
        }
        keep(&granted, &document, &compared, failed).await?;
        let done = submit(&granted, &target, &bytes, command).await;
        if granted.must_try_again(&done, &mut tries, false).await {
            continue;
        }
        let none = Some(codes::REVISION_NO_DETAIL);
        let done = done.map_err(|err| at_gateway(err, none, failed))?;
        return Ok(Reply::json(&answer(compared, Vec::new(), Vec::new())).written(&done));
    }
}

async fn publish_version(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<VersionBody>().await?;
    let revision_id = body.revision_id.unwrap_or_default();
    let source = match row.gateway.find_revision(&revision_id) {
        Some((api, number)) => read_revision(&granted.call.app, api, number)?,
        None => None,
    };
    let new_api_id = random::<16>().map_err(|err| ApiError::Internal(err.to_string()))?;
    let new_api_id = hex(&new_api_id);
    let command = ResourceCommand::PublishVersion(Box::new(NewVersion {
        revision_id,
        source: source.map(|it| it.basis()),
        version_name: body.api_version_name.unwrap_or_default(),
        new_api_id: new_api_id.clone(),
    }));
    let done = granted.submit(&target(&granted, &row)?, &bytes, command).await?;
    // Another id than that of an earlier answer would lead nowhere.
    let message = (!done.repeated).then(|| new_api_id.clone());
    let result = PublicationResult { message, ..result() };
    let reply = Reply::json(&result).written(&done);
    Ok(match done.repeated {
        true => reply,
        false => {
            let path = format!("/api/ApiResource/{}/Revisions", row.data.resource);
            let path = format!("{path}/{}", revision_id_of(&new_api_id));
            reply.header_text(LOCATION, &path)
        }
    })
}

fn revision_id_of(api_id: &str) -> String {
    revision_id(api_id, 1)
}

async fn configuration(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let Some((api_id, number, position)) = &row.gateway.last_publication else {
        return Ok(Reply::single::<PublishBody>(None));
    };
    let read = Revision::at(&granted.call.app, *number, *position)?;
    let last = read.map(|it| publication(api_id, it.face));
    Ok(Reply::single::<PublishBody>(last))
}

async fn unpublish(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let target = target(&granted, &row)?;
    let done = granted.submit(&target, &[], ResourceCommand::Unpublish).await?;
    Ok(Reply::single(true).written(&done))
}

fn is_dry_run(granted: &Granted) -> Result<bool, ApiError> {
    let query = granted.call.query();
    let is_dry = query.flag("dryRun", false);
    query.check()?;
    Ok(is_dry)
}

fn filled(it: Option<String>) -> Option<String> {
    it.filter(|it| !it.trim().is_empty())
}

/// Present and not blank.
fn is_given(field: &str, value: Option<&String>, failed: Code) -> Result<(), ApiError> {
    match value.is_none_or(|it| it.trim().is_empty()) {
        true => Err(ApiError::business(failed, format!("{field} is required"))),
        false => Ok(()),
    }
}

fn wished(body: PublishBody) -> Wished {
    Wished {
        name: filled(body.name),
        description: filled(body.description),
        path: body.suffix.unwrap_or_default(),
        service_url: filled(body.service_url),
        products: body.product_ids.unwrap_or_default(),
        auth_server: filled(body.authorization_server_id),
        scope: filled(body.scope),
        openid: filled(body.openid),
        policy: filled(body.policy),
        allows_unenforced: body.allow_unenforced_policy == Some(true),
    }
}

/// What is plainly wrong costs no fetch.
fn check_texts(body: &PublishBody) -> Result<(), ApiError> {
    let authentication = Authentication::Token {
        server: filled(body.authorization_server_id.clone()).unwrap_or(OWN_AUTH_SERVER.to_owned()),
        scope: body.scope.clone(),
        openid: body.openid.clone(),
    };
    let said = Face {
        name: body.name.clone(),
        description: body.description.clone(),
        path: body.suffix.clone().unwrap_or_default(),
        service_url: body.service_url.clone(),
        products: body.product_ids.clone().unwrap_or_default(),
        authentication,
        policy: body.policy.clone(),
        source: filled(body.swagger_url.clone()),
        ..Face::default()
    };
    said.check_texts()?;
    check_document_id(body.document_id.as_deref())?;
    Ok(domain::check::optional_text("notes", body.notes.as_deref(), NOTES_CHARS_MAX)?)
}

fn check_document_id(id: Option<&str>) -> Result<(), ApiError> {
    match id.is_none_or(|it| Sha256::parse(it).is_some()) {
        true => Ok(()),
        false => Err(ApiError::field("documentId", "must be 64 hexadecimal digits")),
    }
}

/// Whether a difference may be published: an acknowledgement counts from those who may give it.
fn gate(granted: &Granted, acknowledged: Option<bool>) -> Gate {
    let caller = &granted.caller;
    let may = caller.is_administrator() || caller.may(ACKNOWLEDGES);
    let is_acknowledged = acknowledged == Some(true) && may;
    Gate { refuse: granted.tenant.api_policy.refuse, is_acknowledged }
}

fn check_gate(gate: Gate, compared: &Compared, failed: Code) -> Result<(), ApiError> {
    let Err(refusal) = gate.check(&compared.difference) else { return Ok(()) };
    let shown = DifferenceBody::from(compared.clone());
    let members = [("difference".to_owned(), serde_json::json!(shown))].into_iter().collect();
    Err(Reason::BreakingChange.error(failed, refusal.to_string()).beside(members))
}

fn current_revision(
    granted: &Granted,
    row: &ResourceRow,
    api_id: &str,
) -> Result<Option<Revision>, ApiError> {
    match row.gateway.api(api_id) {
        Some(api) => read_revision(&granted.call.app, api, api.current),
        None => Ok(None),
    }
}

async fn compare(
    granted: &Granted,
    current: Option<&Revision>,
    document: &Sourced,
    failed: Code,
) -> Result<Compared, ApiError> {
    match current {
        Some(it) => compare_with(granted, (it.number, &it.face), &document.taken, failed).await,
        None => Ok(Compared::default()),
    }
}

async fn submit(
    granted: &Granted,
    target: &Target<Resource>,
    bytes: &Bytes,
    command: ResourceCommand,
) -> Result<Done, ApiError> {
    granted.submit_at(target, bytes, command, Expected::Any).await
}

/// What the rules say of a command, without an event. Another resource may take the path meanwhile.
fn try_out(
    granted: &Granted,
    row: &ResourceRow,
    command: &ResourceCommand,
) -> Result<(), ApiError> {
    let stream = StreamId::new(Resource::CATEGORY, row.data.resource);
    let (state, _) = granted.call.app.engine.load::<Resource>(&stream)?;
    let decision = state.decide(command, granted.call.now)?;
    let tenant = granted.tenant_id();
    let taken = |path: &str| {
        granted.ask(|tables| {
            let holder = tables.resources.at_path(tenant, path);
            holder.is_some_and(|it| it.data.resource != row.data.resource)
        })
    };
    match decision.claims.iter().any(|it| taken(&it.value)) {
        true => Err(path_taken(codes::PUBLISH_FAILED)),
        false => Ok(()),
    }
}

fn path_taken(failed: Code) -> ApiError {
    Reason::PathTaken.error(failed, "another API resource has this path (suffix)")
}

fn result() -> PublicationResult {
    PublicationResult {
        code: codes::OK.code,
        code_name: codes::OK.name,
        message: None,
        data: true,
        reason: None,
        warnings: None,
        ignored_products: None,
        difference: None,
        live: None,
    }
}

fn answer(
    compared: Compared,
    ignored: Vec<String>,
    not_enforced: Vec<String>,
) -> PublicationResult {
    let mut warnings = Vec::new();
    if !ignored.is_empty() {
        let text = "products that the tenant does not have are ignored: see ignoredProducts";
        warnings.push(text.to_owned());
    }
    if !not_enforced.is_empty() {
        let elements = not_enforced.join(", ");
        warnings
            .push(format!("the gateway does not enforce these elements of the policy: {elements}"));
    }
    PublicationResult {
        warnings: (!warnings.is_empty()).then_some(warnings),
        ignored_products: (!ignored.is_empty()).then_some(ignored),
        difference: Some(DifferenceBody::from(compared)),
        ..result()
    }
}

/// A refusal of the gateway, under the code of its row.
pub(super) fn at_gateway(err: ApiError, absent: Option<Code>, otherwise: Code) -> ApiError {
    match err {
        ApiError::Business { code, message, .. } if code == codes::NOT_FOUND => {
            ApiError::business(absent.unwrap_or(code), message)
        }
        ApiError::Business { taken: Some(_), .. } => path_taken(otherwise),
        ApiError::Business { message, beside, .. } => {
            ApiError::business(otherwise, message).beside(*beside.unwrap_or_default())
        }
        err => err,
    }
}
