//! Makes the first frozen store, once: the real program lives through a history that has something of
//! everything, and what it answers then is noted.
//!
//! `CHANCERY_GOLDEN=write cargo test -p tests --test program frozen::make` makes it where there is none.
//! Nothing that is there is ever written again: a format that the store has is a format for ever.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use tests::nats::NatsServer;
use tests::process::{PASSWORD, Program, copy_folder, finish, until};

use super::truth::{FIRST, ISSUER, Seen, Store, Truth, archive, ask, message_count, messages};
use crate::app_token::{md5, seconds};

const ANN: &str = "Ann-2-open";
const ROOT: &str = "Root-Secret-1";
const BOB: &str = "open sesame";
const CLIENT_SECRET: &str = "a-secret-of-more-than-sixteen";

/// Names of tokens that count when the store is made.
const LIVING: [&str; 6] = ["admin", "of the key before", "ann", "issued", "shop", "taken"];

/// Names of tokens that do not.
const ENDED: [&str; 6] =
    ["of the ended key", "revoked", "password changed", "erased", "disabled", "issued by revoked"];

/// The program and what is noted of it.
pub(super) struct Maker {
    pub(super) program: Program,
    pub(super) tokens: BTreeMap<String, String>,
    /// The numbers of rows, by their names.
    pub(super) numbers: BTreeMap<String, String>,
    answers: Vec<Seen>,
    refresh_token: String,
    /// Signatures of logins are used once: each bears a second of its own.
    logins: u64,
}

impl Maker {
    pub(super) fn new(program: Program) -> Self {
        Self {
            program,
            tokens: BTreeMap::new(),
            numbers: BTreeMap::new(),
            answers: Vec::new(),
            refresh_token: String::new(),
            logins: 0,
        }
    }

    pub(super) async fn new_token(&mut self, name: &str, user: &str, password: &str) {
        let answer = self.program.sign_in(user, password).await;
        let token = answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
        self.tokens.insert(name.to_owned(), token.to_owned());
    }

    /// Asks with a token of this name, and returns the data of an answer that is good.
    pub(super) async fn does(&self, bearer: &str, method: &str, path: &str, body: Value) -> Value {
        let body = Some(&body).filter(|it| !it.is_null());
        let answer = ask(&self.program, &self.tokens[bearer], method, path, body).await;
        answer.data().clone()
    }

    /// A call of the app-token service.
    async fn calls(&self, operation: &str, access: &str, body: Value) -> Value {
        let path = format!("/oauth2/api/v1/oauth.{operation}");
        let answer = self.program.post(&path, access, body).await;
        assert_eq!(answer.json["state"], true, "{operation}: {answer:?}");
        answer.json["data"].clone()
    }

    async fn login(&mut self, name: &str, password: &str) -> Value {
        self.logins += 1;
        let (password, now) = (md5(&[password]), seconds() + self.logins);
        let token = md5(&[name, &password, &now.to_string()]);
        let body = json!({ "username": name, "password": password, "timestamp": now,
            "token": token });
        self.calls("login", "", body).await
    }

    async fn revoke(&self, token: &str) {
        let form = [("client_id", "chancery-cli"), ("token", &self.tokens[token])];
        let url = self.program.url("/connect/revocation");
        let answer = self.program.client.post(url).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// A command that reads a password.
    fn with_password(&self, arguments: &[&str], password: &str) -> String {
        let mut command = self.program.command(arguments);
        command.arg("--data").arg(&self.program.data).env("CHANCERY_PASSWORD", password);
        finish(command).ok().out
    }

    /// Asks what changes nothing, and notes the answer.
    pub(super) async fn note(
        &mut self,
        bearer: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> u16 {
        let token = self.tokens.get(bearer).map_or("", String::as_str);
        let seen = ask(&self.program, token, method, path, body.as_ref()).await;
        let (status, answer) = (seen.status, seen.json);
        let answer = if status == 401 { Value::Null } else { answer };
        let (bearer, method, path) = (bearer.to_owned(), method.to_owned(), path.to_owned());
        self.answers.push(Seen { bearer, method, path, body, status, answer });
        status
    }
}

/// Users, roles, and what becomes of some of them.
async fn people(it: &mut Maker) {
    let claims = json!([{ "claimType": "permission", "claimValue": "oauthapp.user.all" }]);
    it.does("admin", "POST", "/api/Role", json!({ "name": "auditor", "claims": claims })).await;
    let everything = json!([{ "claimType": "permission", "claimValue": "oauthapp.all" }]);
    for name in ["ann", "dan", "eve", "flo"] {
        let user = json!({ "userName": name, "passwordHash": "First-1-open", "claims": everything,
            "email": format!("{name}@example.org"), "phoneNumber": format!("+49 170 12345{}", name.len() + it.numbers.len()),
            "nickName": name.to_uppercase(), "description": "a test person" });
        let number = it.does("admin", "POST", "/api/User", user).await;
        it.numbers.insert(name.to_owned(), number.to_string());
        if name != "flo" {
            it.new_token(name, name, "First-1-open").await;
        }
    }
    let before = it.tokens["ann"].clone();
    it.tokens.insert("password changed".to_owned(), before);
    // While the tenant is linked, the password is kept in both forms.
    it.program.run(&["app-token", "link"]).ok();
    it.with_password(&["user", "set-password", "ann"], ANN);
    let admin = it.tokens["admin"].clone();
    let lin = json!({ "rootName": "admin", "userName": "lin", "password": md5(&[BOB]),
        "userInfo": "e30=" });
    it.calls("create_user", &admin, lin).await;
    it.program.run(&["app-token", "unlink"]).ok();
    it.new_token("ann", "ann", ANN).await;
    for (name, now) in [("dan", "disabled"), ("eve", "erased")] {
        let token = it.tokens.remove(name).unwrap();
        it.tokens.insert(now.to_owned(), token);
    }
    it.program.run(&["user", "disable", "dan"]).ok();
    it.program.run(&["user", "grant-administrator", "ann"]).ok();
    it.new_token("ann", "ann", ANN).await;
    let flo = it.numbers["flo"].clone();
    it.does("admin", "DELETE", &format!("/api/User/{flo}"), Value::Null).await;
    let eve = it.numbers["eve"].clone();
    it.program.run(&["user", "erase", &eve]).ok();
}

/// API resources with versions, API scopes, identity resources: made, changed, deleted.
async fn interfaces(it: &mut Maker) {
    let resource = json!({ "name": "orders", "displayName": "Orders",
        "scopes": [{ "scope": "orders.read" }, { "scope": "orders.write" }],
        "userClaims": [{ "type": "role" }], "secrets": [{ "value": "of-the-api-9000" }],
        "properties": [{ "key": "upstream", "value": "resource-key-9002" }] });
    let api = it.does("admin", "POST", "/api/ApiResource", resource).await;
    let path = format!("/api/ApiResource/{api}");
    let published = json!({ "apiId": api.to_string(), "name": "Orders", "suffix": "orders",
        "swaggerUrl": tests::documents::url("orders") });
    it.does("admin", "PUT", &format!("{path}/Publish"), published).await;
    for release in ["the-second", "the-third"] {
        let revision = json!({ "apiId": api.to_string(), "swaggerUrl": tests::documents::url(release),
            "releaseNote": release });
        it.does("admin", "POST", &format!("{path}/PublishRevision"), revision).await;
    }
    it.does("admin", "POST", &format!("{path}/Versions/{api};rev=2"), json!({})).await;
    let version = json!({ "revisionId": format!("{api};rev=1"), "apiVersionName": "v2" });
    it.does("admin", "POST", &format!("{path}/PublishVersion"), version).await;
    let payroll = json!({ "name": "payroll", "scopes": [{ "scope": "payroll.all" }] });
    it.does("ann", "POST", "/api/ApiResource", payroll).await;

    for (kind, first, second) in [
        ("/api/ApiScope", "orders.read", "orders.write"),
        ("/api/IdentityResource", "profile", "address"),
    ] {
        let of = |name: &str| {
            json!({ "name": name, "displayName": "Shown", "description": "What it is",
                "emphasize": true, "userClaims": [{ "type": "role" }],
                "properties": [{ "key": "colour", "value": "red-9004" }] })
        };
        let number = it.does("admin", "POST", kind, of(first)).await;
        let update = json!({ "id": number, "description": "Changed", "required": true,
            "properties": [{ "key": "colour", "value": "***" }, { "key": "size", "value": "7" }] });
        it.does("admin", "PUT", kind, update).await;
        let number = it.does("admin", "POST", kind, of(second)).await;
        it.does("admin", "DELETE", &format!("{kind}/{number}"), Value::Null).await;
    }
    it.numbers.insert("orders".to_owned(), api.to_string());
}

/// Clients of an owner, open to an API of somebody else, taken over, disabled.
async fn clients(it: &mut Maker) {
    let hash = json!({ "plaintext": CLIENT_SECRET });
    let hash = it.does("admin", "POST", "/api/Client/0/Secretkey", hash).await;
    for name in ["shop", "taken", "stopped"] {
        let scopes = ["orders.read", "orders.write", "payroll.all", "oauthapp.user.get"];
        let scopes = scopes.map(|it| json!({ "scope": it }));
        let client = json!({ "clientId": name, "clientName": format!("The {name}"),
            "description": "a test client", "clientSecrets": [{ "value": hash }],
            "allowedScopes": scopes, "redirectUris": [{ "redirectUri": "https://example.org/" }],
            "allowedGrantTypes": [{ "grantType": "client_credentials" }],
            "properties": [{ "key": "billing", "value": "client-key-9001" }] });
        it.does("ann", "POST", "/api/Client", client).await;
    }
    let path = format!("/api/ApiResource/{}/Clients/shop", it.numbers["orders"]);
    let open = json!({ "scopes": ["orders.read"] });
    it.does("admin", "PUT", &path, open).await;
    it.does("admin", "DELETE", &path.replace("shop", "taken"), Value::Null).await;
    it.program.run(&["client", "take-over", "taken"]).ok();
    it.program.run(&["client", "disable", "stopped"]).ok();
    for name in ["shop", "taken"] {
        let answer = it.program.client_token(name, CLIENT_SECRET).await;
        let token = answer.json["access_token"].as_str().unwrap().to_owned();
        it.tokens.insert(name.to_owned(), token);
    }
}

/// Tokens that count, and tokens that were ended.
async fn tokens(it: &mut Maker) {
    it.new_token("revoked", "admin", PASSWORD).await;
    for (name, bearer) in [("issued", "admin"), ("issued by revoked", "revoked")] {
        let token =
            it.does(bearer, "POST", "/api/Client/IssueToken", json!({ "lifetime": 86_400 }));
        let token = token.await.as_str().unwrap().to_owned();
        it.tokens.insert(name.to_owned(), token);
    }
    it.revoke("revoked").await;
}

/// Accounts, apps and pairs of the app-token service.
async fn app_tokens(it: &mut Maker) {
    it.with_password(&["app-token", "add-root", "root"], ROOT);
    let said = it.with_password(&["app-token", "add-root", "gone"], ROOT);
    let gone = said.split_whitespace().next().unwrap();
    it.program.run(&["app-token", "erase", gone]).ok();
    let root = it.login("root", ROOT).await["accessToken"].as_str().unwrap().to_owned();
    for name in ["bob", "carl", "deb"] {
        let user = json!({ "rootName": "root", "userName": name, "password": md5(&[ROOT]),
            "userInfo": "e30=" });
        it.calls("create_user", &root, user).await;
        let update = json!({ "rootName": "root", "userName": name, "op": 1, "userInfo": "bmV3",
            "password": md5(&[BOB]) });
        it.calls("update_user", &root, update).await;
    }
    let gone = json!({ "rootName": "root", "userName": "deb", "op": -1 });
    it.calls("update_user", &root, gone).await;
    let mut apps = Vec::new();
    for about in ["kept", "deleted"] {
        let body = json!({ "username": "root", "oauthInfo": about });
        let app = it.calls("create_oauth", &root, body).await;
        apps.push(app["appId"].as_str().unwrap().to_owned());
    }
    let body = json!({ "username": "root", "appId": apps[1] });
    it.calls("delete_app", &root, body).await;
    it.program.run(&["app-token", "set-app", &apps[0], "--lenient"]).ok();
    let of_app = it.calls("authorize", "", json!({ "appId": apps[0] })).await;
    let first = it.login("bob", BOB).await;
    let second = it.calls("refresh_token", "", json!({ "token": first["refreshToken"] })).await;
    let ended = it.login("bob", BOB).await;
    let ended = ended["accessToken"].as_str().unwrap().to_owned();
    it.tokens.insert("app-token ended".to_owned(), ended.clone());
    it.revoke("app-token ended").await;
    let body = Some(json!({ "token": ended }));
    it.note("", "POST", "/oauth2/api/v1/oauth.check_token", body).await;
    let of_carl = it.login("carl", BOB).await;
    it.program.run(&["app-token", "disable", "carl"]).ok();
    it.refresh_token = second["refreshToken"].as_str().unwrap().to_owned();
    for pair in [&of_app, &first, &second, &of_carl] {
        let body = json!({ "token": pair["accessToken"] });
        it.note("", "POST", "/oauth2/api/v1/oauth.check_token", Some(body)).await;
    }
    it.tokens.insert("app-token root".to_owned(), root);
    let list = json!({ "username": "root", "appIds": [apps[0]] });
    for (operation, body) in [
        ("get_login_info", json!({ "token": second["accessToken"] })),
        ("get_users", json!({ "rootName": "root" })),
        ("get_app_list", list),
    ] {
        let path = format!("/oauth2/api/v1/oauth.{operation}");
        it.note("app-token root", "POST", &path, Some(body)).await;
    }
}

/// Every list and every detail, and which tokens count.
async fn look(it: &mut Maker) {
    for name in LIVING {
        let status = it.note(name, "GET", "/api/User?take=1", None).await;
        assert!([200, 403].contains(&status), "{name}: {status}");
    }
    for name in ENDED {
        assert_eq!(it.note(name, "GET", "/api/User?take=1", None).await, 401, "{name}");
    }
    let lists = [
        "User",
        "Role",
        "Client",
        "ApiResource",
        "ApiScope?q.expandProperties=true&q.expandClaims=true",
        "IdentityResource",
        "Tenant",
        "User?q.email=ann%40example.org",
        "User?orderby=nickName&asc=true",
        "ApiScope/Codes",
        "IdentityResource/Codes",
    ];
    for list in lists {
        for bearer in ["admin", "ann"] {
            it.note(bearer, "GET", &format!("/api/{list}"), None).await;
        }
    }
    for (bearer, kind) in [
        ("admin", "User"),
        ("ann", "Client"),
        ("admin", "ApiResource"),
        ("ann", "ApiResource"),
        ("admin", "ApiScope"),
        ("admin", "IdentityResource"),
    ] {
        // A restored log counts on from 1,001; those that never were answer so, too.
        for number in [1, 2].into_iter().chain(1_001..=1_006) {
            it.note(bearer, "GET", &format!("/api/{kind}/{number}"), None).await;
        }
    }
    let api = it.numbers["orders"].clone();
    for part in ["PublishConfiguration", "Versions"] {
        it.note("admin", "GET", &format!("/api/ApiResource/{api}/{part}"), None).await;
    }
    it.note("", "GET", "/.well-known/openid-configuration/jwks", None).await;
    it.note("admin", "GET", "/api/audit/events?limit=20", None).await;
}

/// A first history, continued from its backup: `log.restored` stands in what is frozen.
async fn restored() -> Program {
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_PUBLIC_URL", ISSUER);
    program.start().await;
    let first = program.beside("first");
    program.run(&["backup", "--to", first.to_str().unwrap()]).ok();
    program.stop().await;
    fs::remove_dir_all(&program.data).unwrap();
    copy_folder(&first, &program.data);
    program
}

async fn make(url: &str) {
    let mut program = restored().await;
    program.set_arguments(&["--nats", url]);
    program.start().await;
    let mut it = Maker::new(program);
    it.new_token("of the ended key", "admin", PASSWORD).await;
    let keys = it.program.get("/.well-known/openid-configuration/jwks", "").await;
    let first_key = keys.json["keys"][0]["kid"].as_str().unwrap().to_owned();
    it.program.run(&["keys", "end", &first_key, "--reason", "a test"]).ok();
    it.new_token("of the key before", "admin", PASSWORD).await;
    it.program.run(&["keys", "rotate", "--algorithm", "EdDSA"]).ok();
    it.new_token("admin", "admin", PASSWORD).await;
    people(&mut it).await;
    interfaces(&mut it).await;
    clients(&mut it).await;
    tokens(&mut it).await;
    app_tokens(&mut it).await;
    look(&mut it).await;
    let scopes =
        |name: &str, scopes: &str| (name.to_owned(), (CLIENT_SECRET.to_owned(), scopes.to_owned()));
    let truth = Truth {
        passwords: texts(&[("admin", PASSWORD), ("ann", ANN)]),
        refused_passwords: texts(&[
            ("dan", "First-1-open"),
            ("eve", "First-1-open"),
            ("flo", "First-1-open"),
            ("ann", "First-1-open"),
        ]),
        clients: BTreeMap::from([
            // Ann is an administrator: her client may have built-in scopes.
            scopes("shop", "orders.read payroll.all oauthapp.user.get"),
            scopes("taken", "orders.read orders.write payroll.all oauthapp.user.get"),
        ]),
        refused_clients: texts(&[("stopped", CLIENT_SECRET)]),
        ..Truth::default()
    };
    keep(FIRST, it, truth, url).await;
}

pub(super) fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Closes the store, notes what was seen, and writes the files.
pub(super) async fn keep(store: Store, mut it: Maker, truth: Truth, url: &str) {
    let backup = it.program.beside("backup");
    it.program.run(&["backup", "--to", backup.to_str().unwrap()]).ok();
    let events = it.program.replayed();
    until("everything is published", async || message_count(url).await == events.len()).await;
    it.program.stop().await;
    let truth = Truth {
        made: seconds() as i64 + 1,
        verified: it.program.verified(),
        tokens: it.tokens,
        refresh_token: it.refresh_token,
        answers: it.answers,
        ..truth
    };
    write(store, &it.program, truth, &events, url).await;
}

/// Writes the files, the archive last.
async fn write(store: Store, program: &Program, mut truth: Truth, events: &[Value], url: &str) {
    let mut copy = program.copy();
    copy.data = program.beside("backup");
    truth.backup_verified = copy.verified();
    let lines = |all: Vec<String>| all.iter().map(|it| format!("{it}\n")).collect::<String>();
    let published = messages(url, events.len()).await;
    let published = published.iter().map(|it| serde_json::to_string(it).unwrap()).collect();
    let replayed = events.iter().map(Value::to_string).collect();
    let folder = store.folder();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("stream.jsonl"), lines(published)).unwrap();
    fs::write(folder.join("replay.jsonl"), lines(replayed)).unwrap();
    fs::write(folder.join("truth.json"), serde_json::to_string_pretty(&truth).unwrap()).unwrap();
    let beside = program.data.parent().unwrap();
    archive("-c", &folder.join("store.tar.gz"), beside, &["data", "backup"]);
}

/// Whether a store is to be made: it is not there, and somebody has asked for it.
pub(super) fn is_to_be_made(store: Store) -> bool {
    let is_there = store.folder().join("store.tar.gz").exists();
    let asked = std::env::var("CHANCERY_GOLDEN").as_deref() == Ok("write");
    let folder = store.folder();
    assert!(is_there || asked, "no frozen store in {}; see README.md", folder.display());
    !is_there
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_frozen_store_is_there_and_is_made_once() {
    if is_to_be_made(FIRST) {
        let server = NatsServer::start();
        make(&server.url()).await;
    }
}
