//! `POST /connect/revocation` (RFC 7009): a client ends one of its tokens.

use domain::Refusal;
use domain::context::Context;
use domain::log::CommitHead;
use domain::token::{Token, TokenCommand};
use schemars::JsonSchema;
use warp::http::Method;

use crate::access::Open;
use crate::access::verify::read_claims;
use crate::connect::client_authentication::authenticate;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::reply::Reply;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::POST, "/connect/revocation", "ConnectRevocation", "End a token")
            .form::<RevocationForm>()
            .open(revoke),
    ]
}

/// The form; it is read field by field.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct RevocationForm {
    /// The token to end.
    token: String,
    /// Here, or in HTTP Basic.
    client_id: Option<String>,
    /// Here, or in HTTP Basic.
    client_secret: Option<String>,
}

/// RFC 7009 section 2.2: a token that does not count is as good as revoked.
async fn revoke(mut open: Open) -> Outcome {
    let form = open.call.form().await?;
    let client = authenticate(&open.call, &open.tenant, &form)?;
    let token = form.text("token");
    let token = token.ok_or_else(|| ApiError::oauth("invalid_request", "token is missing"))?;
    let call = &open.call;
    let claims = read_claims(&call.app, token, &open.tenant);
    let Some(claims) = claims.filter(|it| it.client_id == client.data.client_id.0) else {
        return Ok(Reply::body("text/plain", Vec::new()));
    };
    let tenant = open.tenant.data.tenant;
    let actor = format!("client-{}", claims.client_id);
    let (command_id, fingerprint) = call.command_id(tenant, &actor, claims.jti.as_bytes())?;
    let head = CommitHead {
        command_id,
        fingerprint,
        tenant,
        actor,
        time: call.now,
        correlation: call.request_id,
        trace: call.trace_id(),
        context: Context::of_operation(call.operation).through(&claims.client_id),
    };
    let command = TokenCommand::Revoke { reason: "by its client".to_owned() };
    let done = call.app.engine.handle::<Token>(&claims.jti, &command, &head).await;
    match done {
        Ok(done) => {
            // Visible at once: the answer comes after the read models know.
            call.app.views.wait(done.position, std::time::Duration::from_secs(2)).await?;
            Ok(Reply::body("text/plain", Vec::new()).written(&done))
        }
        // The log does not know it, or has forgotten it: it counts nowhere.
        Err(commands::Error::Refused(Refusal::NotFound { .. })) => {
            Ok(Reply::body("text/plain", Vec::new()))
        }
        Err(err) => Err(err.into()),
    }
}
