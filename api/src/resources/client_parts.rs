//! `/api/Client/{id}/Secrets` and `/api/Client/{id}/Owner`: secrets that the program makes, and who
//! answers for a client (contracts 29 and 35).

use aws_lc_rs::digest::{SHA512, digest};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use commands::Expected;
use commands::keys::random;
use domain::client::{Client, ClientCommand, ClientSecretInfo};
use domain::{Aggregate, StreamId, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use warp::http::Method;

use super::client::find;
use crate::access::clients::gains_scopes;
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::reply::{ErrorData, Reply, Single};
use crate::http::time::WireTime;

/// How many random bytes a secret has.
const SECRET_BYTES: usize = 32;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::POST,
            "/api/Client/{id}/Secrets",
            "ClientPostSecret",
            "Make a secret for a client; it is shown once",
        )
        .json::<SecretInput>()
        .answers::<Single<NewSecret>>()
        .fails(|| vec![ApiError::OneTime])
        .needs(user("client.postsecret"), add_secret),
        endpoint(
            Method::DELETE,
            "/api/Client/{id}/Secrets/{secretId}",
            "ClientDeleteSecret",
            "Take a secret away from a client",
        )
        .answers::<Single<bool>>()
        .needs(user("client.deletesecret"), remove_secret),
        endpoint(
            Method::PUT,
            "/api/Client/{id}/Owner",
            "ClientPutOwner",
            "Let another user answer for a client",
        )
        .json::<OwnerInput>()
        .answers::<Single<bool>>()
        .needs(user("client.owner"), set_owner),
    ]
}

/// What is known of the secret to make.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "NewClientSecretInput")]
struct SecretInput {
    /// At most 2,000 characters.
    description: Option<String>,
    /// After which it does not count; absent: never.
    expiration: Option<WireTime>,
}

/// A secret that was made now. It is not shown again.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ClientNewSecret")]
struct NewSecret {
    /// Never used again in its client.
    id: u32,
    /// What the client proves itself with.
    value: String,
}

impl ErrorData for Single<NewSecret> {}

/// Who is to answer for the client.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ClientOwnerInput")]
struct OwnerInput {
    /// A user whom the caller may see: below, or for administrators any one of the tenant.
    user_id: u32,
}

async fn add_secret(mut granted: Granted) -> Outcome {
    let client = granted.call.number(0, "id")?;
    let (body, bytes) = granted.json::<SecretInput>().await?;
    let row = granted.ask(|tables| find(&granted, tables, client))?;
    if granted.call.find_repeated(&granted.head(&bytes)?)?.is_some() {
        return Err(ApiError::OneTime);
    }
    let secret: [u8; SECRET_BYTES] = random().map_err(commands::Error::from)?;
    let value = BASE64_URL_SAFE_NO_PAD.encode(secret);
    let info = ClientSecretInfo {
        id: 0,
        description: body.description,
        expiration: body.expiration.map(|it| it.0),
        secret_type: "SharedSecret".to_owned(),
        created: granted.call.now,
    };
    let hash = BASE64_STANDARD.encode(digest(&SHA512, value.as_bytes()));
    let command = ClientCommand::AddSecret(info, hash.clone());
    let done = granted.submit(&granted.target_of(&*row, "client")?, &bytes, command).await?;
    // Another request with the same key came first: its value counts, not this one.
    if done.repeated {
        return Err(ApiError::OneTime);
    }
    // From the log: the read models may be behind it.
    let stream = StreamId::new(Client::CATEGORY, client);
    let (now, _) =
        granted.call.app.engine.load::<Client>(&stream).map_err(commands::Error::from)?;
    // 0 if somebody has removed it since.
    let id = now.secret_of_value(&hash).unwrap_or_default();
    Ok(Reply::single(NewSecret { id, value }).no_store().written(&done))
}

async fn remove_secret(granted: Granted) -> Outcome {
    let client = granted.call.number(0, "id")?;
    let secret = granted.call.number(1, "secretId")?;
    let row = granted.ask(|tables| find(&granted, tables, client))?;
    let command = ClientCommand::RemoveSecret(secret);
    let done = granted.submit(&granted.target_of(&*row, "client")?, &[], command).await?;
    Ok(Reply::single(true).written(&done))
}

/// The scopes of a client are its owner's to give, so an owner hands it only to somebody from whom it
/// gets none.
async fn set_owner(mut granted: Granted) -> Outcome {
    let client = granted.call.number(0, "id")?;
    let (body, bytes) = granted.json::<OwnerInput>().await?;
    let (row, gains) = granted.ask(|tables| {
        let row = find(&granted, tables, client)?;
        let owner = granted.users(tables).get(UserId(body.user_id));
        let owner = owner.filter(|it| it.enabled && !it.data.lock_flag);
        let why = "must be a user whom you may see, and who may sign in";
        let unknown = || ApiError::field("userId", why);
        let gains = gains_scopes(tables, &row, owner.ok_or_else(unknown)?);
        Ok::<_, ApiError>((row, gains))
    })?;
    if gains && !granted.caller.is_administrator() {
        let why = "the client would get scopes from the new owner: ask an administrator";
        return Err(ApiError::business(codes::EXPECTATION_FAILED, why));
    }
    let command = ClientCommand::SetOwner(UserId(body.user_id));
    // The scopes that were looked at are those of this version.
    let (target, version) = (granted.target_of(&*row, "client")?, Expected::At(row.version));
    let done = granted.submit_at(&target, &bytes, command, version).await?;
    Ok(Reply::single(true).written(&done))
}
