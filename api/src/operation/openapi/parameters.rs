//! What the document says of the parameters of an operation: in the path, the query and headers.

use serde_json::{Value, json};
use warp::http::Method;

use crate::http::commit::IDEMPOTENCY_KEY_MAX;
use crate::http::endpoint::{Access, Endpoint, QueryParameter, ValueKind};
use crate::http::paging::ORDER_BY;

/// The parameters of paths that are numbers; all others are texts.
const NUMBERS: [&str; 2] = ["id", "secretId"];

/// The parameters that many operations have, under the names by which they refer to them.
pub(super) fn shared() -> Value {
    json!({
        "ApiVersion": {
            "name": "api-version", "in": "query", "schema": { "type": "string" },
            "description": "1.0, which is the only version; absent means that, too",
        },
        "MinPosition": {
            "name": "X-Min-Position", "in": "header",
            "schema": { "type": "integer", "format": "int64", "minimum": 0 },
            "description": "answer only after this position of the log can be read",
        },
        "IfMatch": {
            "name": "If-Match", "in": "header", "schema": { "type": "string" },
            "description": "change it only if this is still its ETag",
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "schema": { "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_MAX },
            "description": "a repeated request with the same key changes nothing a second time",
        },
    })
}

/// The parameters of an operation.
pub(super) fn of(it: &Endpoint) -> Vec<Value> {
    let in_path = it.path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters = in_path
        .map(|name| {
            let schema = match NUMBERS.contains(&name) {
                true => json!({ "type": "integer", "format": "int64" }),
                false => json!({ "type": "string" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect::<Vec<_>>();
    let orders = it.orders();
    parameters.extend(it.query.iter().map(|parameter| match parameter.name {
        ORDER_BY => ordering(parameter, &orders),
        _ => described(parameter, "query"),
    }));
    parameters.extend(it.headers.iter().map(|it| described(it, "header")));
    let mut refer = |name: &str| {
        parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
    };
    if it.face.names_versions {
        refer("ApiVersion");
    }
    if it.access != Access::Operation {
        refer("MinPosition");
    }
    if takes_idempotency_key(it) {
        refer("IdempotencyKey");
    }
    if takes_if_match(it) {
        refer("IfMatch");
    }
    parameters
}

/// Whether an endpoint changes something, and knows repeated requests.
pub(super) fn takes_idempotency_key(it: &Endpoint) -> bool {
    let is_known = matches!(it.access, Access::Anonymous | Access::Bearer(_) | Access::Gateway);
    (it.method != Method::GET || it.is_link) && is_known
}

/// Whether an endpoint changes what is there already, of which the caller may know the version.
pub(super) fn takes_if_match(it: &Endpoint) -> bool {
    matches!(it.access, Access::Bearer(_))
        && it.method != Method::GET
        && (it.method != Method::POST || it.path.contains('{'))
}

/// Whether an endpoint shows one thing, with its version.
pub(super) fn shows_version(it: &Endpoint) -> bool {
    matches!(it.access, Access::Bearer(_)) && it.method == Method::GET && it.path.ends_with('}')
}

/// Names the members by which a list can be ordered.
fn ordering(it: &QueryParameter, orders: &[String]) -> Value {
    let about = format!("{}. One of: {}", it.about, orders.join(", "));
    json!({
        "name": it.name, "in": "query", "description": about, "schema": { "type": "string" },
    })
}

fn described(it: &QueryParameter, place: &str) -> Value {
    let schema = match it.kind {
        ValueKind::Text => json!({ "type": "string" }),
        ValueKind::Flag => json!({ "type": "boolean" }),
        ValueKind::Number { min, max } => {
            json!({ "type": "integer", "format": "int64", "minimum": min, "maximum": max })
        }
    };
    json!({ "name": it.name, "in": place, "description": it.about, "schema": schema })
}
