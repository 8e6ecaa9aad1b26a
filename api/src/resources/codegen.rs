//! `/api/CodeGen`: which generators there are, and what they would write. Rows 46, 47 and 56.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use codegen::tool::{Generator, Kind, Missing};
use codegen::{PAGE_BYTES_MAX, readthedocs};
use openapi::Document;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use crate::access::granted::{Granted, Open};
use crate::http::codes::{self, ApiCode, CODEGEN_CODES};
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::scope;
use crate::http::paging::flag;
use crate::http::reply::{ErrorData, Reply, Single};
use crate::publishing::document::take_document;
use crate::publishing::reason::reasoned;

/// What is written without a generator.
const READ_THE_DOCS: &str = "readthedocs.gen";

/// What generators may be asked for, to be shown at once.
const PREVIEWS: [&str; 3] = ["markdown", "asciidoc", "openapi-yaml"];

/// After how many seconds a caller may try again while others are shown something.
const RETRY_SECONDS: u64 = 10;

/// How often the generator is asked again what it can do, in seconds.
const ASK_AGAIN_SECONDS: i64 = 60;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let from_cache = [flag(
        "fromCache",
        "false to have the generator asked once more; for administrators, once a minute",
    )];
    vec![
        endpoint(Method::GET, "/api/CodeGen/Clients", "CodeGenClients", "List what makes clients")
            .row(46)
            .query(&from_cache)
            .answers::<Single<Generators>>()
            .needs(scope("codegen.get").or("codegen.clients"), clients),
        endpoint(Method::GET, "/api/CodeGen/Servers", "CodeGenServers", "List what makes servers")
            .row(47)
            .query(&from_cache)
            .answers::<Single<Generators>>()
            .needs(scope("codegen.servers"), servers),
        endpoint(
            Method::POST,
            "/api/CodeGen/Gen",
            "CodeGenGen",
            "Show what would be written of a document",
        )
        .row(56)
        .json::<GenInput>()
        .answers::<Single<String>>()
        .needs(scope("codegen.gen").or_section(), generate),
        endpoint(
            Method::GET,
            "/api/CodeGen/Codes",
            "CodeGenCodes",
            "The codes of business errors about code generation",
        )
        .answers::<Vec<ApiCode>>()
        .open(list_codes),
    ]
}

// Spec section 2.6.
/// A generator.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GenItem")]
struct GeneratorBody {
    /// Its name.
    language: String,
    /// By name.
    options: BTreeMap<String, OptionBody>,
}

/// The generators.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(rename = "GenItems")]
struct Generators(Vec<GeneratorBody>);

/// An option of a generator.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GenOption")]
struct OptionBody {
    /// Its name.
    opt: String,
    description: String,
    /// `boolean` or `string`.
    #[serde(rename = "type")]
    kind: String,
    /// What counts if it is not given.
    default: Option<String>,
    /// The values that it may have, and what they mean.
    #[serde(rename = "enum")]
    values: Option<BTreeMap<String, String>>,
}

impl ErrorData for Single<Generators> {}

impl GeneratorBody {
    fn of(it: Generator) -> Self {
        let option = |(name, it): (String, codegen::tool::GeneratorOption)| {
            let option = OptionBody {
                opt: it.opt,
                description: it.description,
                kind: it.kind,
                default: it.default,
                values: it.values,
            };
            (name, option)
        };
        Self { language: it.name, options: it.options.into_iter().map(option).collect() }
    }
}

// Spec section 2.6.
/// What is to be shown.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
struct GenInput {
    /// `readthedocs.gen`, `markdown`, `asciidoc` or `openapi-yaml`.
    #[schemars(extend("x-required" = "body"))]
    gen_name: String,
    /// Where the document is; at most 2,000 characters.
    #[schemars(extend("x-required" = "body"))]
    swagger_url: String,
}

async fn clients(granted: Granted) -> Outcome {
    list(granted, Kind::Client).await
}

async fn servers(granted: Granted) -> Outcome {
    list(granted, Kind::Server).await
}

async fn list(granted: Granted, kind: Kind) -> Outcome {
    let query = granted.call.query();
    let again = !query.flag("fromCache", true);
    query.check()?;
    is_available(&granted).await?;
    let sdks = &granted.call.app.sdks;
    if again {
        may_ask_again(&granted)?;
    }
    let known = sdks.tool.generators(again).await;
    let known = known.map_err(|err| ApiError::business(codes::NO_GENERATOR, err.detail))?;
    let of_kind = known.into_iter().filter(|it| it.kind == kind);
    Ok(Reply::single(Generators(of_kind.map(GeneratorBody::of).collect())))
}

/// Nobody but an administrator, and not too often: it takes seconds for each generator.
fn may_ask_again(granted: &Granted) -> Result<(), ApiError> {
    if !granted.caller.is_administrator() {
        let why = "fromCache=false is for administrators";
        return Err(ApiError::Forbidden(why.to_owned()));
    }
    let asked = &granted.call.app.sdks.asked_at;
    let now = granted.call.now.seconds();
    let before = asked.load(Ordering::Relaxed);
    let is_free = now - before >= ASK_AGAIN_SECONDS || now < before;
    let taken = is_free
        && asked.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    match taken {
        true => Ok(()),
        false => Err(ApiError::TooMany {
            retry_seconds: ASK_AGAIN_SECONDS as u64,
            why: "the generator was asked a moment ago",
        }),
    }
}

/// Whether code can be generated here.
pub(super) async fn is_available(granted: &Granted) -> Result<(), ApiError> {
    granted.call.app.sdks.tool.available().await.map_err(not_available)
}

/// What is missing, and what the operator can do.
pub(super) fn not_available(missing: Missing) -> ApiError {
    let failure = missing.failure();
    reasoned(codes::NO_GENERATOR, failure.reason.word(), failure.detail)
}

async fn generate(mut granted: Granted) -> Outcome {
    let (body, _) = granted.json::<GenInput>().await?;
    let name = body.gen_name.trim();
    if name != READ_THE_DOCS && !PREVIEWS.contains(&name) {
        let why = format!("must be one of {READ_THE_DOCS}, {}", PREVIEWS.join(", "));
        return Err(ApiError::field("genName", why));
    }
    domain::check::required("swaggerUrl", &body.swagger_url, 2_000)?;
    let app = granted.call.app.clone();
    let place = app.sdks.previews.try_acquire().map_err(|_| ApiError::TooMany {
        retry_seconds: RETRY_SECONDS,
        why: "others are being shown what would be written",
    })?;
    let failed = codes::NO_DOCUMENT;
    let url = Some(body.swagger_url.as_str());
    let document = take_document(&granted, None, url, failed).await?.taken.document;
    let text = match name {
        READ_THE_DOCS => page(&document, &body.swagger_url).await?,
        name => by_generator(&granted, name, &document).await?,
    };
    drop(place);
    match text.len() > PAGE_BYTES_MAX {
        true => {
            let why = format!("the text has more than {PAGE_BYTES_MAX} bytes");
            Err(reasoned(codes::EXPECTATION_FAILED, "output_too_large", why))
        }
        false => Ok(Reply::single(text)),
    }
}

async fn page(document: &std::sync::Arc<Document>, url: &str) -> Result<String, ApiError> {
    let (document, url) = (document.clone(), url.to_owned());
    let written = tokio::task::spawn_blocking(move || readthedocs::write(document.json(), &url));
    written.await.map_err(|err| ApiError::Internal(err.to_string()))
}

/// The page that a generator writes.
async fn by_generator(
    granted: &Granted,
    name: &str,
    document: &Document,
) -> Result<String, ApiError> {
    is_available(granted).await?;
    let safe = codegen::for_code(document.json()).map_err(|places| not_safe(&places))?;
    let tool = &granted.call.app.sdks.tool;
    let made = tool.preview(name, safe.to_string().into_bytes()).await;
    made.map_err(|err| reasoned(codes::EXPECTATION_FAILED, err.reason.word(), err.detail))
}

/// The places of a document that no code may be made of.
pub(super) fn not_safe(places: &[codegen::Place]) -> ApiError {
    let shown = places.iter().take(5).map(|it| format!("{}: {}", it.pointer, it.rule));
    let why = shown.collect::<Vec<_>>().join("; ");
    reasoned(codes::NOT_SAFE_FOR_CODE, "document_not_safe", why)
}

async fn list_codes(_open: Open) -> Outcome {
    Ok(Reply::json(&CODEGEN_CODES))
}
