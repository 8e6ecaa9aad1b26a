//! `POST /connect/revocation` (RFC 7009): a client ends one of its tokens.

use std::time::Duration;

use domain::app_token::{AppToken, AppTokenCommand};
use domain::context::Context;
use domain::log::CommitHead;
use domain::token::{Token, TokenCommand};
use domain::{Actor, ClientName, Refusal};
use schemars::JsonSchema;
use warp::http::Method;

use crate::access::granted::Open;
use crate::access::token_id::token_hash;
use crate::access::verify::read_claims;
use crate::connect::client_authentication::{authenticate, invalid_client};
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::reply::Reply;

/// How long the answer waits until the read models show the revocation.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::POST, "/connect/revocation", "ConnectRevocation", "End a token")
            .form::<RevocationForm>()
            .answers_nothing("The token does not count, whether it did before or not.")
            .fails(|| vec![invalid_client()])
            .open(revoke),
    ]
}

// It is read field by field.
/// Which token to end.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct RevocationForm {
    /// The token to end.
    #[schemars(extend("writeOnly" = true))]
    token: String,
    /// Here, or in HTTP Basic.
    client_id: Option<String>,
    /// Here, or in HTTP Basic.
    #[schemars(extend("writeOnly" = true))]
    client_secret: Option<String>,
}

/// RFC 7009 section 2.2: a token that does not count is treated as revoked.
async fn revoke(mut open: Open) -> Outcome {
    let form = open.call.form().await?;
    let client = authenticate(&open.call, &open.tenant, &form)?;
    let token = form.text("token");
    let token = token.ok_or_else(|| ApiError::oauth("invalid_request", "token is missing"))?;
    let client_id = &client.data.client_id.0;
    let engine = &open.call.app.engine;
    let claims = read_claims(&open.call.app, token, &open.tenant);
    let done = if let Some(claims) = claims.filter(|it| it.client_id == *client_id) {
        let head = head(&open, client_id, &claims.jti)?;
        let command = TokenCommand::Revoke { reason: "by its client".to_owned() };
        engine.handle::<Token>(&claims.jti, &command, &head).await
    } else if let Some(pair) = app_pair(&open, token) {
        let head = head(&open, client_id, &pair)?;
        let command = AppTokenCommand::RevokeFamily { reason: "by its holder".to_owned() };
        engine.handle::<AppToken>(&pair, &command, &head).await
    } else {
        return Ok(Reply::body("text/plain", Vec::new()).no_store());
    };
    match done {
        Ok(done) => {
            // The answer comes only after the read models know of it.
            open.call.app.views.wait(done.position, SHOWN_WITHIN).await?;
            Ok(Reply::body("text/plain", Vec::new()).no_store().written(&done))
        }
        // The log does not know it, or has forgotten it: it does not count anyway.
        Err(commands::Error::Refused(Refusal::NotFound { .. })) => {
            Ok(Reply::body("text/plain", Vec::new()).no_store())
        }
        Err(err) => Err(err.into()),
    }
}

/// The pair of app tokens that a token belongs to, access or refresh. Whoever has it may end its
/// login: it was given to no client, and no operation of the app-token service ends just one.
fn app_pair(open: &Open, token: &str) -> Option<String> {
    let hash = token_hash(token);
    let tables = open.call.app.views.read();
    let pairs = &tables.app_tokens;
    let pair = pairs.with_access(&hash).or_else(|| pairs.with_refresh(&hash))?;
    (pair.data.tenant == open.tenant.data.tenant).then(|| pair.id.to_string())
}

fn head(open: &Open, client_id: &str, ended: &str) -> Result<CommitHead, ApiError> {
    let (call, tenant) = (&open.call, open.tenant.data.tenant);
    let actor = Actor::Client(ClientName(client_id.to_owned()));
    let head = call.head(tenant, actor, ended.as_bytes())?;
    Ok(CommitHead { context: Context::of_operation(call.operation).through(client_id), ..head })
}
