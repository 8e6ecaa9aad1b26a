//! Which members of its requests name rows: read from the path and the OpenAPI document.

use api::Endpoint;
use serde_json::Value;
use tests::document::Document;

/// Names of the other two families that are no ids by their spelling.
const NAMES_ELSEWHERE: [&str; 6] =
    ["username", "userName", "rootName", "token", "accessToken", "client_id"];

/// How deep bodies are searched: deeper than any is.
const DEPTH_MAX: usize = 8;

/// The members of the path and the body of an endpoint that name rows: `path id`, `body id`,
/// `body roles[].roleId`.
pub fn naming_rows(document: &Document, endpoint: &Endpoint) -> Vec<String> {
    let mut found = parameters_of(endpoint.path).map(|it| format!("path {it}")).collect::<Vec<_>>();
    let Some(operation) = document.operation(endpoint.method.as_str(), endpoint.path) else {
        return found;
    };
    let mut members = Vec::new();
    for media in
        operation["requestBody"]["content"].as_object().into_iter().flat_map(|it| it.values())
    {
        collect(document, &media["schema"], "", DEPTH_MAX, &mut members);
    }
    members.sort();
    members.dedup();
    members.retain(|it| names_a_row(endpoint, it) && !is_given_by_the_program(endpoint, it));
    found.extend(members.iter().map(|it| format!("body {it}")));
    found
}

/// The parameters of its query.
pub fn query_of(document: &Document, endpoint: &Endpoint) -> Vec<String> {
    let operation = document.operation(endpoint.method.as_str(), endpoint.path);
    let parameters = operation.and_then(|it| it["parameters"].as_array()).into_iter().flatten();
    let parameters = parameters.map(|it| document.resolve(it)).filter(|it| it["in"] == "query");
    parameters.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

/// `id`, `clientId` of `/api/X/{id}/Clients/{clientId}`.
pub fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).map(|it| it.split('}').next().unwrap())
}

/// Whether a create may carry a number that the program gives, and which it ignores.
pub fn takes_an_own_id(document: &Document, endpoint: &Endpoint) -> bool {
    let operation = document.operation(endpoint.method.as_str(), endpoint.path);
    let mut members = Vec::new();
    let schema = operation.map(|it| &it["requestBody"]["content"]["application/json"]["schema"]);
    collect(document, schema.unwrap_or(&Value::Null), "", DEPTH_MAX, &mut members);
    is_create(endpoint) && members.iter().any(|it| it == "id")
}

fn collect(
    document: &Document,
    schema: &Value,
    above: &str,
    depth: usize,
    found: &mut Vec<String>,
) {
    assert!(depth > 0, "{above}: a body is deeper than {DEPTH_MAX} members");
    let schema = document.resolve(schema);
    for parts in ["allOf", "anyOf", "oneOf"] {
        for part in schema[parts].as_array().into_iter().flatten() {
            collect(document, part, above, depth - 1, found);
        }
    }
    if schema["items"].is_object() {
        collect(document, &schema["items"], &format!("{above}[]"), depth - 1, found);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let dot = if above.is_empty() { "" } else { "." };
        let name = format!("{above}{dot}{name}");
        collect(document, member, &name, depth - 1, found);
        found.push(name);
    }
}

/// By its spelling: `id`, `userId`, `productIds`, `parentUserID`.
fn names_a_row(endpoint: &Endpoint, member: &str) -> bool {
    let name = last(member);
    let name = name.strip_suffix('s').unwrap_or(name);
    let is_id = name == "id" || name.ends_with("Id") || name.ends_with("ID");
    is_id || !endpoint.path.starts_with("/api/") && NAMES_ELSEWHERE.contains(&last(member))
}

/// What requests may carry because answers do, and what the program does not read: the place of an
/// item in its list, and the row to which the list belongs; and the number of what is created, which
/// a test of its own sends.
fn is_given_by_the_program(endpoint: &Endpoint, member: &str) -> bool {
    let resource = endpoint.path.split('/').nth(2).unwrap_or_default().to_lowercase();
    let is_parent = format!("{resource}id").ends_with(&last(member).to_lowercase());
    match member.contains("[]") {
        true => last(member) == "id" || is_parent,
        false => is_create(endpoint) && member == "id",
    }
}

fn is_create(endpoint: &Endpoint) -> bool {
    endpoint.method == "POST" && !endpoint.path.contains('{')
}

fn last(member: &str) -> &str {
    member.rsplit('.').next().unwrap_or(member)
}
