//! `/api/ApiResource/Policy`: what a tenant demands of the APIs that are published in it.

use commands::Expected;
use domain::tenant::{ApiPolicy, Refuse, TenantCommand};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::Method;

use crate::access::granted::Granted;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::administrator;
use crate::http::reply::{ErrorData, Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/ApiResource/Policy";
    vec![
        endpoint(
            Method::GET,
            PATH,
            "ApiResourcePolicy",
            "Show what the tenant demands of APIs that are published",
        )
        .answers::<Single<PolicyBody>>()
        .needs(administrator("apiresource.policy"), show),
        endpoint(
            Method::PUT,
            PATH,
            "ApiResourcePutPolicy",
            "Say what the tenant demands of APIs that are published",
        )
        .json::<PolicyBody>()
        .answers::<Single<bool>>()
        .needs(administrator("apiresource.policy"), put),
    ]
}

/// What a tenant demands of the APIs that are published in it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "ApiPolicy")]
struct PolicyBody {
    /// Which changes of a document are refused, unless they are acknowledged: `Off`, `Breaking` or
    /// `Risky`, which means breaking and risky ones.
    refuse: String,
    /// Whether documents are held to the whole grammar of OpenAPI.
    strict_documents: bool,
    /// Where requests may go besides public addresses: host names, `*.` with a name, addresses,
    /// networks, each with or without a port; at most 100.
    upstreams: Vec<String>,
}

impl Default for PolicyBody {
    fn default() -> Self {
        Self::of(&ApiPolicy::default())
    }
}

impl ErrorData for Single<PolicyBody> {}

const WORDS: [(Refuse, &str); 3] =
    [(Refuse::Off, "Off"), (Refuse::Breaking, "Breaking"), (Refuse::Risky, "Risky")];

impl PolicyBody {
    fn of(policy: &ApiPolicy) -> Self {
        let word = WORDS.iter().find(|it| it.0 == policy.refuse).map_or("Off", |it| it.1);
        Self {
            refuse: word.to_owned(),
            strict_documents: policy.strict_documents,
            upstreams: policy.upstreams.clone(),
        }
    }
}

async fn show(granted: Granted) -> Outcome {
    Ok(Reply::single(PolicyBody::of(&granted.tenant.api_policy)))
}

async fn put(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<PolicyBody>().await?;
    let refuse = WORDS.iter().find(|it| it.1.eq_ignore_ascii_case(&body.refuse));
    let refuse =
        refuse.ok_or_else(|| ApiError::field("refuse", "must be Off, Breaking or Risky"))?.0;
    let policy =
        ApiPolicy { refuse, strict_documents: body.strict_documents, upstreams: body.upstreams };
    let command = TenantCommand::SetApiPolicy(policy);
    let tenant = granted.this_tenant();
    let done = granted.submit_tenant(&tenant, &bytes, command, Expected::Any, &[]).await?;
    Ok(Reply::single(true).written(&done))
}
