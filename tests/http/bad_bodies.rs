//! Every member of every JSON body of the management API, filled as it must not be: the answer names
//! the member, and nothing is written. What the bodies are is taken from the OpenAPI document.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};
use tests::document::Document;

use crate::bodies::{
    body_of, least_bodies, object, operations, path_of_the_gateway, plain_body, rows_of_the_gateway,
};

/// A member of a body, at any depth.
struct Member {
    /// The names on the way to it; all but the last one are lists of objects.
    way: Vec<String>,
    schema: Value,
}

/// An operation with a JSON body.
struct Operation {
    name: String,
    method: String,
    path: String,
    least: Value,
    schema: Value,
    members: Vec<Member>,
}

/// What a member of a list must have beside the one that is looked at.
const BESIDE: [&str; 7] =
    ["key", "value", "type", "claimType", "hostName", "loginProvider", "providerKey"];

/// Names that must be other ones in each request: a taken name would hide what else is wrong.
const UNIQUE: [&str; 3] = ["name", "userName", "clientId"];

/// All members below a schema. No body of ours has itself inside.
fn members_of(document: &Document, schema: &Value, way: &[String], found: &mut Vec<Member>) {
    for (name, property) in object(&document.resolve(schema)["properties"]) {
        let schema = document.resolve(&property).clone();
        let mut way = way.to_vec();
        way.push(name);
        if schema["type"] == "array" {
            members_of(document, &schema["items"], &way, found);
        }
        found.push(Member { way, schema });
    }
}

/// An object with this member set to a value, and what must stand beside it.
fn with_member(
    document: &Document,
    schema: &Value,
    body: &Value,
    way: &[String],
    value: &Value,
) -> Value {
    let (name, rest) = way.split_first().unwrap();
    let mut members = object(body);
    let value = if rest.is_empty() {
        value.clone()
    } else {
        let list = document.resolve(&schema["properties"][name.as_str()]);
        let item = document.resolve(&list["items"]);
        let mut beside = object(&plain_body(item));
        for name in BESIDE.iter().filter(|it| !item["properties"][**it].is_null()) {
            beside.insert((*name).to_owned(), json!("x"));
        }
        json!([with_member(document, item, &Value::Object(beside), rest, value)])
    };
    members.insert(name.clone(), value);
    Value::Object(members)
}

/// The operations of the management API that have a JSON body.
fn all_operations(document: &Document) -> Vec<Operation> {
    let mut least = least_bodies().into_iter().collect::<BTreeMap<_, _>>();
    let mut all = Vec::new();
    for (method, path, operation) in operations(&document.json) {
        let Some((media, schema)) = body_of(document, operation) else { continue };
        if !media.ends_with("json") || !path.starts_with("/api/") {
            continue;
        }
        let name = operation["operationId"].as_str().unwrap().to_owned();
        let least = least.remove(&*name).unwrap_or_else(|| plain_body(schema));
        let mut members = Vec::new();
        members_of(document, schema, &[], &mut members);
        // The rows that `Asker` makes.
        let path = path_of_the_gateway(&path).replace("/api/Client/{id}", "/api/Client/2");
        let path = path.replace("{id}", "1").replace("{clientId}", "first");
        let path = path.replace("{productId}", "gold").replace("{serverId}", "partner");
        all.push(Operation { name, method, path, least, schema: schema.clone(), members });
    }
    all
}

/// A program with a row for each path, and what was wrong with its answers.
struct Asker {
    app: TestApp,
    token: String,
    /// What a gateway proves itself with.
    gateway: String,
    asked: u32,
    wrong: Vec<String>,
}

impl Asker {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let token = app.admin().await;
        let orders = json!({ "name": "orders", "scopes": [{ "scope": "orders.all" }] });
        app.post("/api/ApiResource").bearer(&token).json(&orders).send().await.data();
        let first = app.post("/api/Client").bearer(&token).json(&json!({ "clientId": "first" }));
        assert_eq!(first.send().await.data(), 2, "the number in the paths");
        for (path, id) in [("Products", "gold"), ("AuthServers", "partner")] {
            let path = format!("/api/ApiResource/{path}");
            let body = json!({ "id": id, "name": "x" });
            app.post(&path).bearer(&token).json(&body).send().await.data();
        }
        let gateway = rows_of_the_gateway(&app, &token).await;
        Self { app, token, gateway, asked: 0, wrong: Vec::new() }
    }

    /// Asks, and notes an answer that does not name the member, or follows something written.
    async fn must_name(&mut self, it: &Operation, member: &Member, body: &str, about: &str) {
        let before = self.app.engine.log().head().position;
        let ask = self.app.ask(&it.method, &it.path).bearer(&self.token);
        let ask = ask.header("x-chancery-gateway", &self.gateway);
        let answer = ask.body("application/json", body).send().await;
        self.asked += 1;
        let wrote = self.app.engine.log().head().position - before;
        let by_code = BY_CODE.iter().find(|row| (row.0, row.1) == (&*it.name, &*member.way[0]));
        if let Some(row) = by_code
            && answer.status == 200
            && answer.code() == row.2
            && wrote == 0
        {
            return;
        }
        if answer.status != 400 || !names(&answer, member) || wrote > 0 {
            let (name, member) = (&it.name, member.way.join("."));
            let said = format!("{name} {member} = {about}: {} {}", answer.status, answer.text);
            self.wrong.push(format!("{said}, {wrote} events"));
        }
    }

    async fn must_name_value(
        &mut self,
        document: &Document,
        it: &Operation,
        member: &Member,
        value: &Value,
    ) {
        let mut least = it.least.clone();
        for name in UNIQUE.iter().filter(|name| it.least[**name].is_string()) {
            least[*name] = json!(format!("name-{}", self.asked));
        }
        let body = with_member(document, &it.schema, &least, &member.way, value);
        let about = value.to_string().chars().take(20).collect::<String>();
        self.must_name(it, member, &body.to_string(), &about).await;
    }

    fn end(self, at_least: u32) {
        let (asked, wrong) = (self.asked, self.wrong);
        assert!(wrong.is_empty(), "{} of {asked}\n{}", wrong.len(), wrong.join("\n"));
        assert!(asked >= at_least, "{asked} requests only");
    }
}

/// Whether an error stands at the member, or at the list that it is in.
fn names(answer: &Answer, member: &Member) -> bool {
    let errors = object(&answer.json()["errors"]);
    let plain = |key: &str| {
        let words = key.split('.').map(|it| it.split('[').next().unwrap().to_owned());
        words.collect::<Vec<_>>()
    };
    errors.keys().any(|key| member.way.starts_with(&plain(key)))
}

/// Values that a member of this type must not have.
fn of_wrong_type(schema: &Value) -> Vec<Value> {
    let all = [json!("\u{1}x"), json!(true), json!(1.5), json!([[]]), json!({}), json!(1e300)];
    let fits = |it: &Value| match schema["type"].as_str() {
        Some("string") => it.is_string(),
        Some("boolean") => it.is_boolean(),
        Some("number") => it.is_number(),
        Some("object") => it.is_object(),
        // No list has lists inside, and 1.5 is no whole number.
        Some("integer" | "array") => false,
        other => panic!("{other:?}"),
    };
    all.into_iter().filter(|it| !fits(it)).collect()
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_named_and_nothing_is_written() {
    let mut asker = Asker::new().await;
    let document = asker.app.document().await.unwrap();
    for it in all_operations(&document) {
        for member in &it.members {
            for value in of_wrong_type(&member.schema) {
                asker.must_name_value(&document, &it, member, &value).await;
            }
        }
    }
    asker.end(2_800);
}

#[tokio::test]
async fn a_member_that_comes_twice_is_named_in_any_case() {
    let mut asker = Asker::new().await;
    let document = asker.app.document().await.unwrap();
    for it in all_operations(&document) {
        for member in it.members.iter().filter(|it| it.way.len() == 1) {
            let name = &member.way[0];
            let body = format!("{{\"{name}\":null,\"{}\":null}}", name.to_uppercase());
            asker.must_name(&it, member, &body, "twice").await;
        }
    }
    asker.end(250);
}

/// Members whose texts are refused by a documented code instead, or are compared with what is there.
const BY_CODE: [(&str, &str, i64); 6] = [
    ("ApiResourcePublishVersion", "revisionId", 404),
    ("ApiResourcePutAuthServer", "id", 417),
    ("ApiResourcePutProduct", "id", 417),
    ("UserPost", "passwordHash", 100_009),
    ("UserPost", "userName", 100_009),
    ("UserRegister", "emailVerifyCode", 100_002),
];

/// The one text that may be as long.
const LONG: (&str, &str) = ("ApiResourcePublish", "policy");

#[tokio::test]
async fn texts_without_an_end_and_characters_that_nobody_sees_are_refused() {
    let mut asker = Asker::new().await;
    let document = asker.app.document().await.unwrap();
    let long = "x".repeat(50_000);
    for it in all_operations(&document) {
        let texts = it.members.iter().filter(|it| it.schema["type"] == "string");
        for member in texts {
            let said = member.schema["description"].as_str().unwrap_or_default();
            let name = member.way.join(".");
            if said.contains("gnored") {
                continue;
            }
            let mut values = vec!["a\u{0}b", "a\u{1b}b", "a\u{202e}b", "a\u{200b}b"];
            values.extend(Some(&*long).filter(|_| LONG != (&*it.name, &*name)));
            for value in values {
                asker.must_name_value(&document, &it, member, &json!(value)).await;
            }
        }
    }
    asker.end(500);
}
