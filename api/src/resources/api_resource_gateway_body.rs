//! What an API resource has at the gateway (spec sections 2.2, 2.3 and 2.10) as bodies and as results.

use domain::hex;
use domain::resource::{Authentication, Difference, DocumentForm, Face};
use openapi::{Change, Class, Direction};
use projections::{ApiRow, ResourceRow, revision_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serde_with::skip_serializing_none;

use crate::http::reply::{ErrorData, Single};
use crate::http::time::WireTime;
use crate::publishing::document::Compared;
use crate::publishing::live::Live;
use crate::publishing::revision::Revision;

// Rows 8 and 11.
/// How an API is published at the gateway.
#[skip_serializing_none]
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Publication")]
pub(super) struct PublishBody {
    /// Stays as it is where it is not given.
    pub(super) name: Option<String>,
    /// Counts with a name only.
    pub(super) description: Option<String>,
    /// The number of the API resource, or the id of one of its API versions.
    #[schemars(extend("x-required" = "body"))]
    pub(super) api_id: String,
    /// The path at the gateway: 1 to 32 letters and digits.
    #[schemars(extend("x-required" = "both"))]
    pub(super) suffix: Option<String>,
    /// Where the OpenAPI document is fetched from; empty with a documentId.
    #[schemars(extend("x-required" = "body"))]
    pub(super) swagger_url: Option<String>,
    /// A document that was sent before; it counts instead of the swaggerUrl.
    pub(super) document_id: Option<String>,
    /// Where requests go, instead of where the document says.
    pub(super) service_url: Option<String>,
    /// Attaches the API to these products, besides those that it has.
    pub(super) product_ids: Option<Vec<String>>,
    /// `chancery` to demand a token of this program. Without it none is demanded.
    pub(super) authorization_server_id: Option<String>,
    /// The scope that the token must have.
    pub(super) scope: Option<String>,
    pub(super) openid: Option<String>,
    /// XML; stays as it is where it is not given.
    pub(super) policy: Option<String>,
    /// What is said of the release; at most 4,000 characters.
    pub(super) notes: Option<String>,
    /// Publish, although the document breaks callers: needs the permission apiresource.breaking.
    pub(super) acknowledge_breaking: Option<bool>,
    /// Publish a policy, although the gateway does not enforce all of it.
    pub(super) allow_unenforced_policy: Option<bool>,
}

// Row 9.
/// A revision to publish.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "RevisionInput")]
pub(super) struct RevisionBody {
    #[schemars(extend("x-required" = "body"))]
    pub(super) api_id: String,
    /// Where the OpenAPI document is fetched from; empty with a documentId.
    #[schemars(extend("x-required" = "body"))]
    pub(super) swagger_url: Option<String>,
    /// A document that was sent before; it counts instead of the swaggerUrl.
    pub(super) document_id: Option<String>,
    pub(super) release_note: Option<String>,
    /// Add it, although the document breaks callers: needs the permission apiresource.breaking.
    pub(super) acknowledge_breaking: Option<bool>,
}

// Row 10.
/// An API version to make from a revision.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiVersionInput")]
pub(super) struct VersionBody {
    #[schemars(extend("x-required" = "body"))]
    pub(super) revision_id: Option<String>,
    #[schemars(extend("x-required" = "body"))]
    pub(super) api_version_name: Option<String>,
}

// Row 13.
/// What is said of a release.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "OnlineInput")]
pub(super) struct OnlineBody {
    /// At most 4,000 characters.
    pub(super) notes: Option<String>,
}

/// A publication, or a documented business error.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PublishedResult")]
pub(super) struct PublicationResult {
    /// 200 on success, else the code of a business error.
    pub(super) code: i64,
    /// The code in words; `Status200OK` on success.
    pub(super) code_name: &'static str,
    /// Why it failed, for people; absent on success. Of a new API version, its id.
    pub(super) message: Option<String>,
    /// Whether it is published.
    pub(super) data: bool,
    /// Why it failed: a fixed word.
    pub(super) reason: Option<&'static str>,
    /// What the caller should know all the same.
    pub(super) warnings: Option<Vec<String>>,
    /// Products that the tenant does not have.
    pub(super) ignored_products: Option<Vec<String>>,
    pub(super) difference: Option<DifferenceBody>,
    pub(super) live: Option<LiveBody>,
}

/// Which gateways serve it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LiveOnGateways")]
pub(super) struct LiveBody {
    /// How many gateways the tenant has.
    gateways: usize,
    /// How many of them serve it.
    applied: usize,
    /// The names of the others.
    behind: Vec<String>,
}

impl From<Live> for LiveBody {
    fn from(it: Live) -> Self {
        Self { gateways: it.gateways, applied: it.applied, behind: it.behind }
    }
}

impl ErrorData for PublicationResult {
    fn error_data() -> Option<Value> {
        Some(json!({ "data": false }))
    }
}

/// How a document differs from another one.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiDifference")]
pub(super) struct DifferenceBody {
    /// The revision that it was compared with; 0 for none.
    against: u32,
    /// How many changes break callers.
    breaking: u32,
    /// How many may, or cannot be judged.
    risky: u32,
    /// How many do not.
    compatible: u32,
    /// The worst changes, where they are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeBody>,
}

/// One change of a document.
#[skip_serializing_none]
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ApiChange")]
pub(super) struct ChangeBody {
    /// `breaking`, `risky`, `compatible` or `editorial`.
    class: &'static str,
    /// The fixed name of the rule.
    rule: String,
    /// `request` or `response`, where it has one.
    direction: Option<&'static str>,
    /// The first operation that it concerns; empty if it is the document.
    operation: String,
    /// A JSON pointer: into the new document, or into the old one if it is gone there.
    pointer: String,
    /// What it was.
    old: Option<String>,
    /// What it is.
    new: Option<String>,
    /// The operations through which it was reached; at most 100.
    via: Vec<String>,
    /// Whether there are more of them.
    via_cut: bool,
}

impl From<Change> for ChangeBody {
    fn from(it: Change) -> Self {
        Self {
            class: match it.class {
                Class::Breaking => "breaking",
                Class::Risky => "risky",
                Class::Compatible => "compatible",
                Class::Editorial => "editorial",
            },
            rule: it.rule,
            direction: it.direction.map(|it| match it {
                Direction::Request => "request",
                Direction::Response => "response",
            }),
            operation: it.operation,
            pointer: it.pointer,
            old: it.old,
            new: it.new,
            via: it.via,
            via_cut: it.via_cut,
        }
    }
}

impl From<&Difference> for DifferenceBody {
    fn from(it: &Difference) -> Self {
        let Difference { against, breaking, risky, compatible, report: _ } = *it;
        Self { against, breaking, risky, compatible, changes: Vec::new() }
    }
}

impl From<Compared> for DifferenceBody {
    fn from(it: Compared) -> Self {
        let changes = it.changes.into_iter().map(ChangeBody::from).collect();
        Self { changes, ..Self::from(&it.difference) }
    }
}

// Spec sections 2.3 and 2.10.
/// An API version at the gateway, with its newest revisions.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApiVersion {
    id: String,
    name: Option<String>,
    api_revision: String,
    description: Option<String>,
    api_version: Option<String>,
    /// Where the requests go.
    service_url: Option<String>,
    is_current: bool,
    path: Option<String>,
    protocols: [&'static str; 1],
    api_revision_description: Option<String>,
    api_version_set_id: Option<String>,
    authentication_settings: Option<AuthenticationSettings>,
    subscription_key_parameter_names: KeyParameterNames,
    /// Since when it is deprecated.
    deprecated_at: Option<WireTime>,
    /// When it ends.
    sunset_at: Option<WireTime>,
    live: LiveBody,
    /// How many revisions there are.
    revision_count: u32,
    /// The newest revisions, oldest first.
    revisions: Vec<VersionRevision>,
}

/// Where a caller of an API puts the key of its subscription: the same for every API.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SubscriptionKeyParameterNames")]
pub(super) struct KeyParameterNames {
    header: &'static str,
    query: &'static str,
}

const KEY_PARAMETER_NAMES: KeyParameterNames =
    KeyParameterNames { header: "Ocp-Apim-Subscription-Key", query: "subscription-key" };

/// How callers of an API at the gateway prove themselves.
#[derive(Serialize, JsonSchema)]
pub(super) struct AuthenticationSettings {
    #[serde(rename = "oAuth2")]
    oauth2: OAuth2Settings,
    openid: Option<String>,
}

/// By which authorization server, and with which scope.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OAuth2Settings {
    authorization_server_id: String,
    scope: Option<String>,
}

impl AuthenticationSettings {
    fn of(authentication: &Authentication) -> Option<Self> {
        match authentication.clone() {
            Authentication::None => None,
            Authentication::Token { server: authorization_server_id, scope, openid } => {
                let oauth2 = OAuth2Settings { authorization_server_id, scope };
                Some(Self { oauth2, openid })
            }
        }
    }
}

/// Scheme, host and port of a URL, without a user name: what was shown as the upstream before that was
/// recorded. The gateway does not serve it.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|it| !it.is_empty())?;
    Some(format!("{scheme}://{host}"))
}

/// A revision at the gateway.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Revision")]
pub(super) struct VersionRevision {
    api_id: String,
    api_revision: String,
    created_date_time: WireTime,
    updated_date_time: WireTime,
    description: Option<String>,
    private_url: String,
    /// Whether it is served at its private address.
    is_online: bool,
    is_current: bool,
    /// The SHA-256 of its document.
    document_id: Option<String>,
    difference: DifferenceBody,
}

impl VersionRevision {
    fn of(api: &ApiRow, path: &str, it: &Revision) -> Self {
        Self {
            api_id: format!("/apis/{}", revision_id(&api.id, it.number)),
            api_revision: it.number.to_string(),
            created_date_time: WireTime(it.created),
            updated_date_time: WireTime(it.updated),
            description: it.note.clone(),
            private_url: format!("/{}", revision_id(path, it.number)),
            is_online: !path.is_empty() && api.is_online(it.number),
            is_current: it.number == api.current,
            document_id: document_id(&it.face),
            difference: DifferenceBody::from(&it.difference),
        }
    }
}

fn document_id(face: &Face) -> Option<String> {
    face.document.as_ref().map(|it| hex(&it.sha256.0))
}

impl ApiVersion {
    /// An API at the gateway: its current revision, and its newest ones.
    pub(super) fn of(
        row: &ResourceRow,
        api: &ApiRow,
        current: &Revision,
        newest: &[Revision],
        live: Live,
    ) -> Self {
        let path = row.gateway.path.clone();
        let at = path.as_deref().unwrap_or_default();
        let face = &current.face;
        Self {
            id: format!("/apis/{}", api.id),
            name: face.name.clone().or_else(|| row.data.display_name.clone()),
            api_revision: api.current.to_string(),
            description: face.description.clone(),
            api_version: api.version.clone(),
            service_url: face.service_url.clone().or_else(|| origin(face.source.as_deref()?)),
            is_current: true,
            protocols: ["https"],
            api_revision_description: current.note.clone(),
            api_version_set_id: api.version_set_id.clone(),
            authentication_settings: AuthenticationSettings::of(&face.authentication),
            subscription_key_parameter_names: KEY_PARAMETER_NAMES,
            deprecated_at: api.deprecated_at.map(WireTime),
            sunset_at: api.sunset_at.map(WireTime),
            live: live.into(),
            revision_count: api.revision_count(),
            revisions: newest.iter().map(|it| VersionRevision::of(api, at, it)).collect(),
            path,
        }
    }
}

/// All that a revision is.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevisionDetail {
    /// As the paths of this API take it.
    id: String,
    api_id: String,
    revision: u32,
    created: WireTime,
    is_current: bool,
    /// Whether it is served at its private address.
    is_online: bool,
    note: Option<String>,
    name: Option<String>,
    description: Option<String>,
    suffix: String,
    service_url: Option<String>,
    /// Whether the serviceUrl was given by hand.
    service_url_given: bool,
    product_ids: Vec<String>,
    authentication_settings: Option<AuthenticationSettings>,
    /// XML; not in lists.
    policy: Option<String>,
    swagger_url: Option<String>,
    document_id: Option<String>,
    document: Option<DocumentSummary>,
    difference: DifferenceBody,
}

/// What a document says of itself.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DocumentSummary {
    bytes: u64,
    /// `json` or `yaml`.
    form: &'static str,
    openapi: String,
    title: String,
    info_version: String,
    operations: u32,
}

impl ErrorData for Single<RevisionDetail> {}
impl ErrorData for Single<PublishBody> {}

impl RevisionDetail {
    pub(super) fn of(api: &ApiRow, is_published: bool, it: &Revision) -> Self {
        let face = &it.face;
        Self {
            id: revision_id(&api.id, it.number),
            api_id: api.id.clone(),
            revision: it.number,
            created: WireTime(it.created),
            is_current: it.number == api.current,
            is_online: is_published && api.is_online(it.number),
            note: it.note.clone(),
            name: face.name.clone(),
            description: face.description.clone(),
            suffix: face.path.clone(),
            service_url: face.service_url.clone(),
            service_url_given: face.service_url_given,
            product_ids: face.products.clone(),
            authentication_settings: AuthenticationSettings::of(&face.authentication),
            policy: face.policy.clone(),
            swagger_url: face.source.clone(),
            document_id: document_id(face),
            document: face.document.as_ref().map(|it| DocumentSummary {
                bytes: it.bytes,
                form: form_word(it.form),
                openapi: it.openapi.clone(),
                title: it.title.clone(),
                info_version: it.info_version.clone(),
                operations: it.operations,
            }),
            difference: DifferenceBody::from(&it.difference),
        }
    }

    /// As a list shows it.
    pub(super) fn without_policy(self) -> Self {
        Self { policy: None, ..self }
    }
}

/// How a document is written.
pub(super) fn form_word(form: DocumentForm) -> &'static str {
    match form {
        DocumentForm::Json => "json",
        DocumentForm::Yaml => "yaml",
    }
}

/// What was published last.
pub(super) fn publication(api_id: &str, face: Face) -> PublishBody {
    let document_id = document_id(&face).filter(|_| face.source.is_none());
    let (server, scope, openid) = match face.authentication {
        Authentication::None => (None, None, None),
        Authentication::Token { server, scope, openid } => (Some(server), scope, openid),
    };
    PublishBody {
        name: face.name,
        description: face.description,
        api_id: api_id.to_owned(),
        suffix: Some(face.path),
        swagger_url: face.source,
        document_id,
        service_url: face.service_url.filter(|_| face.service_url_given),
        product_ids: Some(face.products).filter(|it| !it.is_empty()),
        authorization_server_id: server,
        scope,
        openid,
        policy: face.policy,
        ..PublishBody::default()
    }
}
