//! `/swagger/v1/swagger.json`: the document of the API, made from the endpoints themselves.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use warp::http::Method;

use crate::access::scopes;
use crate::http::call::Call;
use crate::http::endpoint::{Access, BodyKind, Endpoint, Outcome, endpoint};
use crate::http::reply::{JSON, Reply};
use crate::state::app::App;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/swagger/v1/swagger.json", "Swagger", "This document, OpenAPI 3.0")
            .operation(swagger),
    ]
}

/// Makes the document once: its text up to the bracket that closes it. It is long, anybody may ask
/// for it, and the endpoints do not change while the program runs.
pub(crate) fn describe(app: &App, endpoints: &[Endpoint]) {
    app.document.get_or_init(|| {
        let mut text = document(endpoints).to_string();
        text.pop();
        text
    });
}

async fn swagger(call: Call) -> Outcome {
    let mut text = call.app.document.get().cloned().unwrap_or_default();
    if let Some(host) = call.host() {
        let tenant = call.app.views.read().tenants.at_host(host).cloned();
        let url = tenant.map_or_else(|| format!("http://{host}"), |it| call.app.issuer(&it));
        text.push_str(",\"servers\":");
        text.push_str(&json!([{ "url": url }]).to_string());
    }
    text.push('}');
    Ok(Reply::body(JSON, text.into_bytes()))
}

fn document(endpoints: &[Endpoint]) -> Value {
    let mut schemas = SchemaSettings::openapi3().into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for it in endpoints {
        let operation = describe_operation(it, &mut schemas);
        let path = paths.entry(it.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(it.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let definitions = schemas.take_definitions(true);
    let scopes: Map<String, Value> =
        scopes::built_in().into_iter().map(|it| (it, json!(""))).collect();
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Chancery",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Identity, tokens and API management; every change is an event.",
            "license": { "name": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "AccessToken": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "AppToken": {
                    "type": "http", "scheme": "bearer",
                    "description": "the app-token access token of the account that the request \
                                    names, or the operator's secret",
                },
                "SubscriptionKey": {
                    "type": "apiKey", "in": "header", "name": "Ocp-Apim-Subscription-Key",
                },
                "OAuth2": { "type": "oauth2", "flows": { "clientCredentials": {
                    "tokenUrl": "/connect/token", "scopes": scopes,
                } } },
            },
        },
    })
}

fn describe_operation(it: &Endpoint, schemas: &mut schemars::SchemaGenerator) -> Value {
    let tag = it.path.split('/').find(|it| !it.is_empty() && *it != "api").unwrap_or("api");
    let mut operation = json!({
        "operationId": it.operation,
        "summary": it.summary,
        "tags": [tag],
        "parameters": parameters(it),
        "responses": responses(it, schemas),
    });
    let Some(members) = operation.as_object_mut() else { return operation };
    if let Access::Bearer(needs) = it.access {
        let scope = needs.scope.to_string();
        members
            .insert("security".to_owned(), json!([{ "AccessToken": [] }, { "OAuth2": [scope] }]));
        let permission = needs.permission.map_or("none".to_owned(), |it| it.to_string());
        let text = format!("Scope: {scope}. Permission: {permission}. Role: {}.", needs.role);
        members.insert("description".to_owned(), json!(text));
    }
    if it.access == Access::AppToken {
        // Who needs a credential depends on the operation and on a setting: docs/app-token.md.
        members
            .insert("security".to_owned(), json!([{}, { "AppToken": [] }, { "AccessToken": [] }]));
        let text = "HTTP 200 whatever the outcome: `state` tells success, `code` says what failed.";
        members.insert("description".to_owned(), json!(text));
    }
    if let Some((kind, schema)) = it.body {
        let content_type = match kind {
            BodyKind::Json => "application/json",
            BodyKind::Form => "application/x-www-form-urlencoded",
        };
        let schema = schema(schemas).to_value();
        let body = json!({ "required": true, "content": { content_type: { "schema": schema } } });
        members.insert("requestBody".to_owned(), body);
    }
    operation
}

fn parameters(it: &Endpoint) -> Vec<Value> {
    let in_path = it.path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters = in_path
        .map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        })
        .collect::<Vec<_>>();
    parameters.extend(it.query.iter().map(|it| {
        json!({
            "name": it.name, "in": "query", "description": it.about,
            "schema": { "type": it.schema },
        })
    }));
    if it.path.starts_with("/api/") {
        parameters.push(json!({
            "name": "api-version", "in": "query", "schema": { "type": "string", "default": "1.0" },
        }));
        parameters.push(json!({
            "name": "X-Min-Position", "in": "header", "schema": { "type": "integer" },
            "description": "answer only after this position of the log can be read",
        }));
        if it.method != Method::GET {
            parameters.push(json!({
                "name": "Idempotency-Key", "in": "header",
                "schema": { "type": "string", "minLength": 1, "maxLength": 64 },
            }));
        }
    }
    parameters
}

fn responses(it: &Endpoint, schemas: &mut schemars::SchemaGenerator) -> Value {
    let mut responses = Map::new();
    let ok = match it.answer {
        Some(schema) => json!({
            "description": "answered; documented business errors too, with their code",
            "content": { "application/json": { "schema": schema(schemas).to_value() } },
        }),
        None => json!({ "description": "answered" }),
    };
    responses.insert("200".to_owned(), ok);
    let problem = |why: &str| {
        json!({
            "description": why,
            "content": { "application/problem+json": { "schema": { "type": "object" } } },
        })
    };
    if matches!(it.access, Access::Bearer(_)) {
        responses.insert("401".to_owned(), problem("no token, or one that does not count"));
        responses.insert("403".to_owned(), problem("a scope, permission or role is missing"));
    }
    if it.access == Access::AppToken {
        return Value::Object(responses);
    }
    if it.body.is_some() || !it.query.is_empty() {
        responses.insert("400".to_owned(), problem("fields break rules; errors names them"));
    }
    if it.body.is_some() {
        responses.insert("413".to_owned(), problem("too large"));
        responses.insert("415".to_owned(), problem("another content type is needed"));
    }
    Value::Object(responses)
}
