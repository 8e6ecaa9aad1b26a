//! `/swagger/v1/swagger.json`: the document of the API, made from the endpoints themselves.

mod errors;
mod parameters;
mod responses;
mod schemas;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use warp::http::{Method, StatusCode};

use self::responses::Responses;
use self::schemas::Schemas;
use crate::access::scopes;
use crate::http::call::Call;
use crate::http::endpoint::{Access, BodyKind, Endpoint, Outcome, endpoint};
use crate::http::needs::Code;
use crate::http::reply::{JSON, Reply};
use crate::state::app::{App, AppSettings};

/// How long others may keep the document. It changes with a new version only, and with a tenant's
/// first host.
const KEPT: &str = "public, max-age=300";

/// The media type of most errors.
const PROBLEM: &str = "application/problem+json";

/// What holds for every operation.
const ABOUT: &str = "Identity, tokens and API management; every change is an event. Documented \
                     business errors below /api are answered as results are, with another `code` \
                     than 200; everything else that fails is a problem document. Every answer \
                     has the header X-Request-Id, which leads to the request in the log of the \
                     server. Members that have no value are left out of answers; those that are \
                     null in a body count as absent.";

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/swagger/v1/swagger.json", "Swagger", "This document, OpenAPI 3.0")
            .or_answers::<Map<String, Value>>(StatusCode::OK, "The document.")
            .operation(swagger),
    ]
}

/// Makes the document once; endpoints and settings do not change while the program runs.
pub(crate) fn describe(app: &App, endpoints: &[Endpoint]) {
    app.document.get_or_init(|| {
        // Up to the bracket that closes it: what depends on the request comes last.
        let mut text = String::new();
        write(&document(endpoints, &app.settings), &mut text);
        text.pop();
        text
    });
}

/// As JSON. Generators take the first media type of an answer for the answer, so the one of most
/// errors comes first.
fn write(value: &Value, text: &mut String) {
    let separated = |text: &mut String, first: &mut bool| {
        if !std::mem::take(first) {
            text.push(',');
        }
    };
    let mut first = true;
    match value {
        Value::Object(members) => {
            let problems = members.get_key_value(PROBLEM);
            let others = members.iter().filter(|(name, _)| *name != PROBLEM);
            text.push('{');
            for (name, value) in problems.into_iter().chain(others) {
                separated(text, &mut first);
                text.push_str(&json!(name).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                separated(text, &mut first);
                write(item, text);
            }
            text.push(']');
        }
        value => text.push_str(&value.to_string()),
    }
}

async fn swagger(call: Call) -> Outcome {
    let mut text = call.app.document.get().cloned().unwrap_or_default();
    // Only a host that is known: whoever else reads this from a cache would send its tokens there.
    let tenant = call.host().and_then(|it| call.app.tenant_at(it));
    if let Some(tenant) = tenant {
        text.push_str(",\"servers\":");
        text.push_str(&json!([{ "url": call.app.issuer(&tenant) }]).to_string());
    }
    text.push('}');
    Ok(Reply::body(JSON, text.into_bytes()).cache(KEPT))
}

fn document(endpoints: &[Endpoint], settings: &AppSettings) -> Value {
    let mut schemas = Schemas::new();
    let mut responses = Responses::new(settings);
    let mut paths: Map<String, Value> = Map::new();
    let documented = || endpoints.iter().filter(|it| it.is_documented);
    for it in documented() {
        let operation = describe_operation(it, &mut schemas, &mut responses);
        let path = paths.entry(it.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(it.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let definitions = schemas.take();
    let mut document = json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Chancery",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": definitions,
            "parameters": parameters::shared(),
            "headers": responses::headers(),
            "responses": responses.take(),
            "securitySchemes": security_schemes(&scope_texts(documented())),
        },
    });
    schemas::settle_names(&mut document);
    document
}

/// Every scope, with what it is for.
fn scope_texts<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Map<String, Value> {
    let needed = endpoints.filter_map(|it| match it.access {
        Access::Bearer(needs) => Some((needs.scope.to_string(), it.summary.to_owned())),
        _ => None,
    });
    let needed = needed.collect::<BTreeMap<_, _>>();
    let texts = scopes::built_in().into_iter().map(|it| {
        let text = match it.strip_suffix(".all") {
            Some("oauthapp") => "Everything.".to_owned(),
            Some(all) => format!("Everything that {all}.* allows."),
            None => needed.get(&it).map_or_else(String::new, |it| format!("{it}.")),
        };
        (it, json!(text))
    });
    texts.collect()
}

fn security_schemes(scopes: &Map<String, Value>) -> Value {
    json!({
        "AccessToken": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
        "AppToken": {
            "type": "http", "scheme": "bearer",
            "description": "The app-token access token of the account that the request names, or \
                            the operator's secret.",
        },
        "GatewayKey": {
            "type": "apiKey", "in": "header", "name": "X-Chancery-Gateway",
            "description": "The name of the gateway, a colon, and its key.",
        },
        "SubscriptionKey": {
            "type": "apiKey", "in": "header", "name": "Ocp-Apim-Subscription-Key",
        },
        "OAuth2": { "type": "oauth2", "flows": { "clientCredentials": {
            "tokenUrl": "/connect/token", "scopes": scopes,
        } } },
    })
}

fn describe_operation(
    it: &Endpoint,
    schemas: &mut Schemas,
    responses: &mut Responses<'_>,
) -> Value {
    let tag = it.path.split('/').find(|it| !it.is_empty() && *it != "api").unwrap_or("api");
    let mut operation = json!({
        "operationId": it.operation,
        "summary": it.summary,
        "tags": [tag],
        "parameters": parameters::of(it),
        "responses": responses.of(it, &mut schemas.answers),
    });
    let Some(members) = operation.as_object_mut() else { return operation };
    if let Access::Bearer(needs) = it.access {
        let scope = needs.scope.to_string();
        let mut security = vec![json!({ "AccessToken": [] }), json!({ "OAuth2": [scope] })];
        security.extend(needs.machine.map(|it| json!({ "OAuth2": [it.to_string()] })));
        members.insert("security".to_owned(), json!(security));
        let permission = needs.permission.map_or("none".to_owned(), |it: Code| it.to_string());
        let role = needs.role.unwrap_or("none");
        let mut text = format!("Scope: {scope}. Permission: {permission}. Role: {role}.");
        if let Some(code) = needs.or {
            text.push_str(&format!(" {code} serves as well."));
        }
        if needs.or_section {
            text.push_str(" Every scope of this section serves as well.");
        }
        if needs.or_machine {
            text.push_str(" A client may call for itself, with the scope alone.");
        }
        if let Some(code) = needs.machine {
            text.push_str(&format!(" A client may call for itself, with the scope {code} alone."));
        }
        members.insert("description".to_owned(), json!(text));
    }
    if it.access == Access::Gateway {
        members.insert("security".to_owned(), json!([{ "GatewayKey": [] }]));
    }
    if it.access == Access::AppToken {
        // Who needs a credential depends on the operation and on a setting: docs/app-token.md.
        members
            .insert("security".to_owned(), json!([{}, { "AppToken": [] }, { "AccessToken": [] }]));
        let text = "HTTP 200 whatever the outcome: `state` tells success, `code` says what failed.";
        members.insert("description".to_owned(), json!(text));
    }
    if let Some(body) = it.body {
        let content_type = match body.kind {
            BodyKind::Json | BodyKind::Document => "application/json",
            BodyKind::File => "multipart/form-data",
            BodyKind::Form => "application/x-www-form-urlencoded",
        };
        let schema = schemas.of_body(body);
        let body =
            json!({ "required": body.required, "content": { content_type: { "schema": schema } } });
        members.insert("requestBody".to_owned(), body);
    }
    operation
}
