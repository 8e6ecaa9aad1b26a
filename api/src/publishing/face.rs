//! A face, put together: what was asked for, what is current, and what the document says.

use domain::resource::{Authentication, Face};
use gateway::policy::is_plain_value;
use outside::{FetchUrl, allows_upstream, check_url};

use super::document::Sourced;
use super::reason::Reason;
use crate::access::granted::Granted;
use crate::http::codes::Code;
use crate::http::error::ApiError;

/// The authorization server that every tenant has: the program itself.
pub(crate) const OWN_AUTH_SERVER: &str = "chancery";

// What the rules of a face let through, the reader of policies takes.
const _: () = assert!(domain::resource::POLICY_BYTES_MAX == gateway::policy::POLICY_BYTES_MAX);

/// What a request wants of a face.
#[derive(Debug, Default)]
pub(crate) struct Wished {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) path: String,
    pub(crate) service_url: Option<String>,
    pub(crate) products: Vec<String>,
    pub(crate) auth_server: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) openid: Option<String>,
    pub(crate) policy: Option<String>,
    /// Whether a policy may be published of which not all is enforced.
    pub(crate) allows_unenforced: bool,
}

/// A face, with what the caller should know of it.
pub(crate) struct Made {
    pub(crate) face: Face,
    /// Products that the tenant does not have: they are left out.
    pub(crate) ignored_products: Vec<String>,
    /// The elements of the policy that the gateway does not enforce.
    pub(crate) not_enforced: Vec<String>,
}

/// The face that a publication wishes. A name, a description, a policy and products that it does not
/// give stay as they are; without an authorization server, none is demanded any more (spec section 5.2,
/// row 8).
pub(crate) fn wished_face(
    granted: &Granted,
    wished: &Wished,
    current: Option<&Face>,
    document: &Sourced,
    failed: Code,
) -> Result<Made, ApiError> {
    let (known, ignored_products) = sort_products(granted, &wished.products);
    let mut products = current.map(|it| it.products.clone()).unwrap_or_default();
    for product in known {
        if !products.contains(&product) {
            products.push(product);
        }
    }
    let not_enforced = check_policy(wished, failed)?;
    let given = wished.service_url.as_deref();
    let (service_url, service_url_given) = upstream(granted, given, current, document, failed)?;
    let named = wished.name.is_some();
    let face = Face {
        name: wished.name.clone().or_else(|| current?.name.clone()),
        description: wished
            .description
            .clone()
            .filter(|_| named)
            .or_else(|| current?.description.clone()),
        path: wished.path.clone(),
        service_url: Some(service_url),
        service_url_given,
        products,
        authentication: authentication(granted, wished, failed)?,
        policy: wished.policy.clone().or_else(|| current?.policy.clone()),
        document: Some(document.taken.described()),
        source: document.source.clone(),
    };
    Ok(Made { face, ignored_products, not_enforced })
}

/// The face of a revision: the current one, with another document, and its upstream, unless one was
/// given by hand.
pub(crate) fn revised_face(
    granted: &Granted,
    current: &Face,
    document: &Sourced,
    failed: Code,
) -> Result<Face, ApiError> {
    let (service_url, service_url_given) =
        upstream(granted, None, Some(current), document, failed)?;
    Ok(Face {
        service_url: Some(service_url),
        service_url_given,
        document: Some(document.taken.described()),
        source: document.source.clone(),
        ..current.clone()
    })
}

/// What of a policy is not enforced, if that may be.
fn check_policy(wished: &Wished, failed: Code) -> Result<Vec<String>, ApiError> {
    let Some(policy) = &wished.policy else { return Ok(Vec::new()) };
    let refused = |why: String| Reason::PolicyNotEnforced.error(failed, why);
    let read = gateway::policy::read(policy).map_err(|err| refused(format!("policy: {err}")))?;
    match read.not_enforced.is_empty() || wished.allows_unenforced {
        true => Ok(read.not_enforced),
        false => {
            let elements = read.not_enforced.join(", ");
            let why = "the gateway does not enforce these elements of the policy";
            Err(refused(format!(
                "{why}: {elements}; allowUnenforcedPolicy publishes it all the same"
            )))
        }
    }
}

/// Where requests go, and whether that was given by hand.
fn upstream(
    granted: &Granted,
    given: Option<&str>,
    current: Option<&Face>,
    document: &Sourced,
    failed: Code,
) -> Result<(String, bool), ApiError> {
    let stays = current.filter(|it| it.service_url_given).and_then(|it| it.service_url.as_deref());
    let (url, is_given) = match (given.or(stays), &document.taken.summary().server_url) {
        (Some(by_hand), _) => {
            let url = check_url(by_hand).map_err(|err| ApiError::field("serviceUrl", err.text))?;
            (url, true)
        }
        (None, Some(server)) => (of_document(server, document.base.as_ref(), failed)?, false),
        (None, None) => return Err(missing(failed)),
    };
    if url.has_query() {
        return Err(ApiError::field("serviceUrl", "must have no query"));
    }
    if !is_plain_value(url.as_str()) {
        return Err(ApiError::field("serviceUrl", "must have none of \" \\ $ ; { }"));
    }
    let patterns = &granted.tenant.api_policy.upstreams;
    if !allows_upstream(&url, granted.call.app.documents.outbound(), patterns) {
        let why = "requests may not be sent to the host of the serviceUrl: an administrator of the \
                   tenant can list it, PUT /api/ApiResource/Policy";
        return Err(Reason::UpstreamNotAllowed.error(failed, why));
    }
    Ok((url.as_str().trim_end_matches('/').to_owned(), is_given))
}

fn of_document(server: &str, base: Option<&FetchUrl>, failed: Code) -> Result<FetchUrl, ApiError> {
    let absolute = check_url(server).ok();
    let url = absolute.or_else(|| base?.joined(server).ok());
    url.ok_or_else(|| missing(failed))
}

fn missing(failed: Code) -> ApiError {
    let why = "the document does not say where requests go: send serviceUrl";
    Reason::UpstreamMissing.error(failed, why)
}

/// The id of a product, as a face names it: `/products/{id}`, or the id alone.
pub(crate) fn product_id(named: &str) -> &str {
    named.strip_prefix("/products/").unwrap_or(named)
}

/// Products that the tenant has, and those that it does not have.
fn sort_products(granted: &Granted, products: &[String]) -> (Vec<String>, Vec<String>) {
    granted.ask(|tables| {
        let is_known =
            |it: &&String| tables.products.named(granted.tenant_id(), product_id(it)).is_some();
        products.iter().cloned().partition(|it| is_known(&it))
    })
}

/// A gateway that does not know the server cannot demand its tokens: leaving it out would open the API.
fn authentication(
    granted: &Granted,
    wished: &Wished,
    failed: Code,
) -> Result<Authentication, ApiError> {
    let Some(server) = wished.auth_server.clone() else { return Ok(Authentication::None) };
    if !server.eq_ignore_ascii_case(OWN_AUTH_SERVER) {
        let named =
            granted.ask(|tables| tables.auth_servers.named(granted.tenant_id(), &server).is_some());
        let why = match named {
            true => {
                "the gateway cannot check tokens of this authorization server yet: \
                     authorizationServerId must be chancery"
            }
            false => "authorizationServerId names no authorization server of the tenant",
        };
        return Err(Reason::AuthServerUnknown.error(failed, why));
    }
    let (scope, openid) = (wished.scope.clone(), wished.openid.clone());
    Ok(Authentication::Token { server, scope, openid })
}
