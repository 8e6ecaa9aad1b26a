//! `/api/Gateway/Applied` and `/api/Gateway/Refused`: what gateways say of themselves, with their keys.

use domain::gateway::{GatewayApplied, GatewayCommand, GatewayRefused};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::Method;

use crate::access::gateway_key::GatewayCall;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::reply::{Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::POST,
            "/api/Gateway/Applied",
            "GatewayApplied",
            "Say as a gateway which configuration it serves now",
        )
        .json::<AppliedBody>()
        .answers::<Single<bool>>()
        .for_gateways(applied),
        endpoint(
            Method::POST,
            "/api/Gateway/Refused",
            "GatewayRefused",
            "Say as a gateway which configuration it could not serve",
        )
        .json::<RefusedBody>()
        .answers::<Single<bool>>()
        .for_gateways(refused),
    ]
}

/// Which configuration a gateway serves now.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "AppliedConfiguration")]
struct AppliedBody {
    /// The position of the configuration; not above the end of the log.
    #[schemars(extend("x-required" = "body"))]
    position: Option<u64>,
    /// Its SHA-256, in 64 hexadecimal digits.
    #[schemars(extend("x-required" = "body"))]
    configuration: String,
    /// How long it took to serve it, in microseconds.
    #[schemars(extend("x-required" = "body"))]
    reload_micros: Option<u64>,
    /// The program of the gateway and its version: `nginx/1.22.1`. At most 100 characters.
    #[schemars(extend("x-required" = "body"))]
    program: String,
    /// How the gateway knows what it serves, if not in the usual way; at most 100 characters.
    proof: Option<String>,
}

/// Which configuration a gateway could not serve.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "RefusedConfiguration")]
struct RefusedBody {
    /// The position of the configuration; not above the end of the log.
    #[schemars(extend("x-required" = "body"))]
    position: Option<u64>,
    /// The first line of what the program said, without paths; at most 500 characters.
    #[schemars(extend("x-required" = "body"))]
    reason: String,
}

fn required(field: &'static str, value: Option<u64>) -> Result<u64, ApiError> {
    value.ok_or_else(|| ApiError::field(field, "is required"))
}

/// The bytes of 64 hexadecimal digits.
fn unhex_32(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.trim();
    if digits.len() != 64 || !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    let (high, low) = digits.split_at_checked(32)?;
    let half = |it: &str| u128::from_str_radix(it, 16).ok().map(u128::to_be_bytes);
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().zip(half(high)?.into_iter().chain(half(low)?)) {
        *place = byte;
    }
    Some(bytes)
}

async fn applied(mut it: GatewayCall) -> Outcome {
    let (body, bytes) = it.call.json::<AppliedBody>().await?;
    let configuration = unhex_32(&body.configuration).ok_or_else(|| {
        ApiError::field("configuration", "must be a SHA-256 in 64 hexadecimal digits")
    })?;
    let applied = Box::new(GatewayApplied {
        position: required("position", body.position)?,
        configuration,
        reload_micros: required("reloadMicros", body.reload_micros)?,
        program: body.program.trim().to_owned(),
        proof: body.proof.filter(|it| !it.trim().is_empty()),
    });
    let done = it.report(&bytes, |head| GatewayCommand::NoteApplied { applied, head }).await?;
    Ok(Reply::single(true).written(&done))
}

async fn refused(mut it: GatewayCall) -> Outcome {
    let (body, bytes) = it.call.json::<RefusedBody>().await?;
    let position = required("position", body.position)?;
    let refused = Box::new(GatewayRefused { position, reason: body.reason.trim().to_owned() });
    let done = it.report(&bytes, |head| GatewayCommand::NoteRefused { refused, head }).await?;
    Ok(Reply::single(true).written(&done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_hexadecimal_digits() {
        let digits = format!("{}{}", "0f".repeat(16), "A1".repeat(16));
        let bytes = unhex_32(&digits).unwrap();
        assert_eq!((bytes[0], bytes[15], bytes[16], bytes[31]), (15, 15, 0xA1, 0xA1));
        for wrong in ["", "0f", &digits[1..], &format!("{digits}0"), &"g".repeat(64)] {
            assert_eq!(unhex_32(wrong), None, "{wrong}");
        }
        assert_eq!(unhex_32(&format!("+{}", "0".repeat(63))), None);
    }
}
