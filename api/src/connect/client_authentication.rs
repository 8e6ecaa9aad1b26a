//! Authenticates the client. RFC 6749 section 2.3: by HTTP Basic or by the form, never both. Wrong
//! secrets are counted like wrong passwords (its section 2.3.1: guessing must be hindered).

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::security::Rule;
use domain::{Actor, Timestamp};
use percent_encoding::percent_decode_str;
use projections::{ClientRow, TenantRow};
use warp::http::StatusCode;

use crate::access::clients::{SECRET_BYTES_MAX, counting_client};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::input::Query;
use crate::state::attempts::Attempt;

/// The client that calls a token endpoint, after it was authenticated.
pub(crate) fn authenticate(
    call: &Call,
    tenant: &TenantRow,
    form: &Query,
) -> Result<Arc<ClientRow>, ApiError> {
    let (client_id, secret) = credentials(call, form)?;
    let client = counting_client(&call.app.views.read(), tenant.data.tenant, &client_id);
    // A public client may send a secret, but has none to compare it with.
    let public = client.as_ref().filter(|it| !it.data.require_client_secret);
    if let Some(public) = public.filter(|it| secret.is_none() || it.data.secrets.is_empty()) {
        return Ok(public.clone());
    }
    // A request without a secret is no guess.
    let secret = secret.ok_or_else(invalid_client)?;
    let is_right = || {
        let opened = client.as_ref().map(|it| call.app.views.read().clients.secrets(it));
        let hashes = opened.iter().flat_map(|it| &it.values).map(String::as_str);
        let known = client.iter().flat_map(|it| &it.data.secrets);
        let stored = known.map(|it| it.expiration).zip(hashes).collect::<Vec<_>>();
        // All secrets are compared, so that the time reveals nothing.
        secret.iter().fold(false, |found, it| matches_any(it, &stored, call.now) | found)
    };
    // An unknown client is counted, too, so that the wait does not reveal whether it exists.
    let attempt = Attempt::client(tenant.data.tenant.0, &client_id, call.peer);
    let checked = call.app.attempts.check_now(&attempt, call.app.clock.monotonic(), is_right);
    let (tenant, who) = (tenant.data.tenant, client.as_ref().map(|it| it.data.client_id.clone()));
    let who = who.map(Actor::Client);
    match checked {
        Ok(true) => client.ok_or_else(invalid_client),
        Ok(false) => {
            call.refused(Rule::WrongClientSecret, tenant, who);
            Err(invalid_client())
        }
        Err(why) => {
            call.refused_unchecked(&why, tenant, who);
            Err(why.into())
        }
    }
}

/// The secrets that a header may mean.
type Secret = Vec<String>;

fn credentials(call: &Call, form: &Query) -> Result<(String, Option<Secret>), ApiError> {
    let in_form = form.text("client_id").map(str::to_owned);
    let form_secret = form.text("client_secret").map(|it| vec![it.to_owned()]);
    let Some(header) = call.authorization()? else {
        return Ok((in_form.ok_or_else(invalid_client)?, form_secret));
    };
    let basic = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let (_, encoded) = basic.ok_or_else(invalid_client)?;
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok();
    let decoded = decoded.and_then(|it| String::from_utf8(it).ok()).ok_or_else(invalid_client)?;
    let (client_id, secret) = decoded.split_once(':').ok_or_else(invalid_client)?;
    let client_id = form_decode(client_id).ok_or_else(invalid_client)?;
    // Many clients send it without encoding, against the rule.
    let secrets = [form_decode(secret), Some(secret.to_owned())];
    if form_secret.is_some() || in_form.is_some_and(|it| it != client_id) {
        let why = "the client must prove itself in one way only";
        return Err(ApiError::oauth("invalid_request", why));
    }
    let secret = (!secret.is_empty()).then(|| secrets.into_iter().flatten().collect());
    Ok((client_id, secret))
}

/// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined. Each is one value: `&`
/// and `=` end nothing. Nothing if it is not UTF-8.
fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    Some(percent_decode_str(&spaced).decode_utf8().ok()?.into_owned())
}

/// Spec section 2.7: stored is the Base64 of SHA-256 or SHA-512. Compares in constant time.
fn matches_any(secret: &str, stored: &[(Option<Timestamp>, &str)], now: Timestamp) -> bool {
    if secret.len() > SECRET_BYTES_MAX {
        return false;
    }
    let hashes = [
        BASE64_STANDARD.encode(digest(&SHA256, secret.as_bytes())),
        BASE64_STANDARD.encode(digest(&SHA512, secret.as_bytes())),
    ];
    let mut found = false;
    for (expiration, stored) in stored {
        let counts = expiration.is_none_or(|it| it > now);
        for hash in &hashes {
            let equal = verify_slices_are_equal(hash.as_bytes(), stored.as_bytes()).is_ok();
            found |= equal && counts;
        }
    }
    found
}

pub(crate) fn invalid_client() -> ApiError {
    ApiError::OAuth {
        status: StatusCode::UNAUTHORIZED,
        error: "invalid_client",
        description: "the client is unknown, or did not prove itself".to_owned(),
    }
}
