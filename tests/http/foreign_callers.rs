//! Every endpoint that takes the id of a row, asked by everybody whose row it is not: somebody of
//! another tenant, another owner, and the owner with an id that there is not. All three are answered
//! alike, and nothing is written.
//!
//! The endpoints come from the program. A new one is taken in by itself; what it must be sent besides
//! the id stands in `openapi::least_bodies`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};
use warp::http::Method;

use crate::openapi::{body_of, least_bodies, operations, plain_body};

/// An id that no row has.
const UNKNOWN: u64 = 4_000_000;

/// Endpoints whose id names no row of their kind, with the reason.
const WITHOUT_ROW: [(&str, &str); 1] = [(
    "ClientPostSecretkey",
    "it computes a hash; the documented path has an id that means nothing",
)];

/// Kinds of rows that all users of a tenant read: another owner is told that it needs an administrator,
/// or is answered.
const OF_THE_TENANT: [&str; 3] = ["ApiScope", "IdentityResource", "Role"];

/// The people of the matrix, and the rows that Ann has made. `kid` is a user below her.
struct World {
    app: TestApp,
    admin: String,
    ann: String,
    bob: String,
    foreign: String,
    kid: u64,
}

const FOREIGN_HOST: &str = "other:8080";

async fn world() -> World {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
    let bob = app.user(1, "bob", &[1], "oauthapp.all").await;
    let (ann, bob) = (app.token_of(ann), app.token_of(bob));
    let tenant = app.tenant(FOREIGN_HOST).await;
    let roles = app.roles(tenant).await;
    let zoe = app.user(tenant, "zoe", &roles, "oauthapp.all").await;
    let foreign = app.mint(
        tenant,
        &json!({
            "iss": format!("http://{FOREIGN_HOST}"), "sub": zoe.to_string(),
            "role": ["user", "administrator"], "client_tenant": { "id": tenant },
        }),
    );
    let kid = app.post("/api/User").bearer(&ann).json(&json!({ "userName": "kid" })).send().await;
    let kid = kid.data().as_u64().unwrap();
    let mut it = World { app, admin, ann, bob, foreign, kid };
    it.make_rows().await;
    it
}

impl World {
    /// One row of each kind, each with the first number of its kind or the next one.
    async fn make_rows(&mut self) {
        let scopes = json!([{ "scope": "orders.read" }]);
        let url = "https://example.com/v1.json";
        let secrets = json!([{ "value": "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=" }]);
        for (token, method, path, body) in [
            (&self.ann, "POST", "/api/ApiResource", json!({ "name": "orders", "scopes": scopes })),
            (
                &self.ann,
                "PUT",
                "/api/ApiResource/1/Publish",
                json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": url }),
            ),
            (
                &self.ann,
                "POST",
                "/api/Client",
                json!({ "clientId": "shop", "clientSecrets": secrets }),
            ),
            (&self.admin, "POST", "/api/ApiScope", json!({ "name": "orders.read" })),
            (&self.admin, "POST", "/api/IdentityResource", json!({ "name": "profile" })),
            (&self.admin, "POST", "/api/Role", json!({ "name": "clerk" })),
        ] {
            self.app.ask(method, path).bearer(token).json(&body).send().await.data();
        }
    }

    /// The id of the row of a kind.
    async fn id_of(&self, kind: &str) -> u64 {
        if kind == "User" {
            return self.kid;
        }
        let list = self.app.get(&format!("/api/{kind}?take=100")).bearer(&self.ann).send().await;
        let ids = list.json()["data"].as_array().unwrap().clone();
        let ids = ids.iter().filter_map(|it| it["id"].as_u64());
        ids.max().unwrap_or_else(|| panic!("no row of {kind}: make one in make_rows"))
    }
}

/// An endpoint that takes the id of a row.
#[derive(Clone)]
struct Asked {
    operation: String,
    method: Method,
    path: String,
    /// What it must be sent, with `id` and ids like it still to be filled in.
    body: Option<Value>,
}

impl Asked {
    /// The second part of the path.
    fn kind(&self) -> &str {
        self.path.split('/').nth(2).unwrap()
    }

    async fn send(&self, it: &World, token: &str, host: &str, id: u64) -> Answer {
        let path = self.path.replace("{id}", &id.to_string()).replace("{clientId}", "shop");
        let path = path.replace("{revisionId}", &format!("{id};rev=1"));
        let path = path.replace("{secretId}", "1");
        let ask = it.app.ask(self.method.as_str(), &path).host(host).bearer(token);
        let Some(mut body) = self.body.clone() else { return ask.send().await };
        let members = body.as_object_mut().unwrap();
        for (name, value) in members.iter_mut() {
            match name.as_str() {
                "id" => *value = json!(id),
                "apiId" => *value = json!(id.to_string()),
                "concurrencyStamp" => *value = json!("1"),
                _ => (),
            }
        }
        ask.json(&body).send().await
    }
}

async fn all_asked(app: &TestApp) -> Vec<Asked> {
    let document = app.document().await.unwrap();
    let mut least = least_bodies().into_iter().collect::<std::collections::BTreeMap<_, _>>();
    let mut all = Vec::new();
    for (method, path, operation) in operations(&document.json) {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        let body = body_of(&document, operation)
            .map(|(_, schema)| least.remove(&*name).unwrap_or_else(|| plain_body(schema)));
        let has_id = body.as_ref().is_some_and(|it| it.get("id").is_some());
        let is_excepted = WITHOUT_ROW.iter().any(|it| it.0 == name);
        if path.starts_with("/api/") && (path.contains('{') || has_id) && !is_excepted {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            all.push(Asked { operation: name, method, path, body });
        }
    }
    all
}

/// What callers are told, without what differs in every answer.
fn told(answer: &Answer) -> (u16, Value) {
    let mut json = answer.json();
    json.as_object_mut().map(|it| it.remove("traceId"));
    (answer.status, json)
}

#[tokio::test]
async fn whose_row_it_is_not_is_told_the_same_as_whoever_asks_for_none() {
    let asked = all_asked(&TestApp::new().await).await;
    assert!(asked.len() > 20, "there are more: {}", asked.len());
    for asked in asked {
        let it = world().await;
        let id = it.id_of(asked.kind()).await;
        let home = tests::app::HOST;
        let end = it.app.engine.log().head().position;
        let name = &asked.operation;
        let is_of_the_tenant = OF_THE_TENANT.contains(&asked.kind());
        let owner = if is_of_the_tenant { &it.admin } else { &it.ann };
        let unknown = asked.send(&it, owner, home, UNKNOWN).await;
        assert_ne!(unknown.code(), 200, "{name}: {unknown:?}");
        assert!(unknown.status < 500, "{name}: {unknown:?}");
        let foreign = asked.send(&it, &it.foreign, FOREIGN_HOST, id).await;
        assert_eq!(told(&foreign), told(&unknown), "{name}: somebody of another tenant");
        let other = asked.send(&it, &it.bob, home, id).await;
        match is_of_the_tenant {
            true => {
                assert_eq!(other.status == 403, asked.method != Method::GET, "{name}: {other:?}")
            }
            false => assert_eq!(told(&other), told(&unknown), "{name}: another owner"),
        }
        // A token of the other tenant does not count here at all, nor one of here there.
        let smuggled = asked.send(&it, &it.foreign, home, id).await;
        assert_eq!(smuggled.status, 401, "{name}: {smuggled:?}");
        let smuggled = asked.send(&it, owner, FOREIGN_HOST, id).await;
        assert_eq!(smuggled.status, 401, "{name}: {smuggled:?}");
        assert_eq!(it.app.engine.log().head().position, end, "{name} wrote something");
        let own = asked.send(&it, owner, home, id).await;
        assert_ne!(told(&own), told(&unknown), "{name}: the owner is told that there is none");
    }
}

#[tokio::test]
async fn exceptions_are_endpoints_that_exist() {
    let known = api::endpoints().into_iter().map(|it| it.operation).collect::<BTreeSet<_>>();
    for (name, why) in WITHOUT_ROW {
        assert!(known.contains(name) && !why.is_empty(), "{name}");
    }
}
