//! Rows 48 to 54, 57 and 58: how SDKs are released, and which were; and what is missing here.

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

const NPM: &str = "/api/CodeGen/1/NpmOptions/jQuery";
const GIT: &str = "/api/CodeGen/1/GithubOptions";
const COMMON: &str = "/api/CodeGen/1/CommonOptions";
const HISTORY: &str = "/api/CodeGen/1/History";

fn npm() -> Value {
    json!({
        "name": "@shop/orders", "sdkName": "OrdersClient", "version": "1.2.3",
        "homepage": "https://shop.example/orders", "author": "Ann", "keywords": ["orders"],
        "description": "a client", "token": "a-token-of-npm", "license": "MIT", "readme": "# Orders",
    })
}

struct Shop {
    app: TestApp,
    ann: String,
    ben: String,
}

impl Shop {
    /// Ann has the API resource 1.
    async fn new() -> Self {
        let app = TestApp::new().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
        let (ann, ben) = (app.token_of(ann), app.token_of(ben));
        let made = app.post("/api/ApiResource").bearer(&ann).json(&json!({ "name": "orders" }));
        assert_eq!(made.send().await.data(), 1);
        Self { app, ann, ben }
    }

    async fn get(&self, path: &str) -> Answer {
        self.app.get(path).bearer(&self.ann).send().await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.app.ask("PUT", path).bearer(&self.ann).json(body).send().await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.app.post(path).bearer(&self.ann).json(body).send().await
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

/// H15: secrets are shown masked, and the mask keeps them.
#[tokio::test]
async fn h15_tokens_and_keys_are_masked_and_the_mask_keeps_them() {
    use domain::StreamId;
    use domain::resource::{NpmLanguage, Resource};
    let it = Shop::new().await;
    assert_eq!(it.get(NPM).await.code(), 200_002);
    let mut first = npm();
    first["token"] = json!("***");
    it.put(NPM, &first).await.breaks("token");
    assert_eq!(it.put(NPM, &npm()).await.data(), true);
    let mut wanted = npm();
    wanted["token"] = json!("***");
    let shown = it.get("/api/CodeGen/1/NpmOptions/1").await.data();
    assert_eq!(shown, wanted, "by its number, too");
    let end = it.end();
    for token in ["***", " ", ""] {
        let mut again = wanted.clone();
        again["token"] = json!(token);
        assert_eq!(it.put(NPM, &again).await.data(), true);
    }
    assert_eq!(it.end(), end, "nothing has changed");
    let stored = || {
        let stream = StreamId::new("resource", 1);
        let (resource, _) = it.app.engine.load::<Resource>(&stream).unwrap();
        let sdk = resource.sdk().unwrap().clone();
        let npm = sdk.npm(NpmLanguage::JQuery).map(|it| it.1.to_owned());
        (npm, sdk.git().cloned().map(|it| it.1))
    };
    assert_eq!(stored().0.unwrap(), "a-token-of-npm");
    let mut other = wanted.clone();
    other["token"] = json!("another");
    assert_eq!(it.put(NPM, &other).await.data(), true);
    assert_eq!(stored().0.unwrap(), "another");

    assert_eq!(it.get(GIT).await.code(), 200_003);
    it.put(GIT, &json!({ "sshKey": "***" })).await.breaks("sshKey");
    let git = json!({
        "owner": "shop", "repo": "orders", "token": "a-token-of-git", "branch": "sdk",
        "generators": ["go"], "syncDocs": false,
    });
    assert_eq!(it.put(GIT, &git).await.data(), true);
    let wanted = json!({
        "userAgent": "Awesome-Game5.0-App", "owner": "shop", "repo": "orders", "token": "***",
        "syncLabels": true, "syncDocs": false, "branch": "sdk", "generators": ["go"],
    });
    assert_eq!(it.get(GIT).await.data(), wanted);
    let end = it.end();
    assert_eq!(it.put(GIT, &wanted).await.data(), true);
    assert_eq!(it.end(), end, "sent back as it is shown");
    let secrets = stored().1.unwrap();
    assert_eq!((secrets.token.as_deref(), secrets.ssh_key), (Some("a-token-of-git"), None));
    assert_eq!(it.put(GIT, &json!({ "owner": "shop", "repo": "orders" })).await.data(), true);
    assert_eq!(stored().1.unwrap().token, None, "what is left out is cleared");

    assert_eq!(it.get(COMMON).await.code(), 200_004);
    let common = json!({ "swaggerUrl": "https://shop.example/swagger.json" });
    assert_eq!(it.put(COMMON, &common).await.data(), true);
    assert_eq!(it.get(COMMON).await.data(), common);
    assert_eq!(it.put(COMMON, &json!({})).await.data(), true);
    assert_eq!(it.get(COMMON).await.data(), json!({}));
}

#[tokio::test]
async fn options_that_nothing_could_be_made_of_are_named() {
    let it = Shop::new().await;
    for (field, value) in [
        ("name", "Orders"),
        ("name", "../orders"),
        ("name", "@shop"),
        ("name", "_orders"),
        ("sdkName", "Orders Client"),
        ("sdkName", "1Orders"),
        ("sdkName", "a;b"),
        ("version", "1.2"),
        ("version", "01.2.3"),
        ("version", "1.2.x"),
        ("homepage", "ftp://shop.example"),
        ("license", ""),
        ("token", ""),
    ] {
        let mut body = npm();
        body[field] = json!(value);
        it.put(NPM, &body).await.breaks(field);
    }
    it.put("/api/CodeGen/1/NpmOptions/cobol", &npm()).await.breaks("language");
    it.put("/api/CodeGen/1/NpmOptions/4", &npm()).await.breaks("language");
    for (field, body) in [
        ("owner", json!({ "owner": "..", "repo": "orders" })),
        ("owner", json!({ "owner": "-x", "repo": "orders" })),
        ("repo", json!({ "owner": "shop", "repo": "a/b" })),
        ("repo", json!({ "owner": "shop" })),
        ("remote", json!({ "remote": "https://git.example/a b" })),
        ("generators", json!({ "generators": ["a", "b", "c", "d", "e", "f"] })),
        ("swaggerUrl", json!({ "swaggerUrl": "file:///etc/passwd" })),
    ] {
        it.put(GIT, &body).await.breaks(field);
    }
    it.put(COMMON, &json!({ "swaggerUrl": "gopher://shop.example" })).await.breaks("swaggerUrl");
}

/// H4: who may not release notes no release.
#[tokio::test]
async fn h4_records_are_written_by_those_who_may_and_once_each() {
    let it = Shop::new().await;
    let path = "/api/CodeGen/1/PostHistory";
    let record = json!({
        "sdkName": "orders", "language": "go", "version": "1.0.0", "tags": "first",
        "swaggerUrl": "https://shop.example/swagger.json", "releaseDate": "2026-11-29",
    });
    assert_eq!(it.app.post(path).json(&record).send().await.status, 401);
    let other = it.app.token(2, "oauthapp.codegen.get", "oauthapp.all", &["user"]);
    let refused = it.app.post(path).bearer(&other).json(&record).send().await;
    assert_eq!(refused.status, 403);
    let stranger = it.app.post(path).bearer(&it.ben).json(&record).send().await;
    assert_eq!(stranger.code(), 404);
    assert_eq!(it.post(path, &record).await.data(), true);
    let again = it.post(path, &record).await;
    assert_eq!((again.code(), &again.json()["codeName"]), (200_005, &json!("History_PostFailed")));
    let mut second = record.clone();
    second["version"] = json!("1.0.1");
    assert_eq!(it.post(path, &second).await.data(), true);
    let list = it.get(HISTORY).await.data();
    assert_eq!(list[0]["rowKey"], "orders@go@1.0.1", "the newest first");
    assert_eq!((&list[1]["version"], &list[1]["tags"]), (&json!("1.0.0"), &json!("first")));
    let page = it.get(&format!("{HISTORY}?skip=1&take=1")).await.json();
    assert_eq!((&page["total"], &page["data"][0]["version"]), (&json!(2), &json!("1.0.0")));
    for (field, value) in [("sdkName", " "), ("language", ""), ("version", "")] {
        let mut body = record.clone();
        body[field] = json!(value);
        it.post(path, &body).await.breaks(field);
    }
}

/// H5: whoever does not own the API resource is told nothing of it.
#[tokio::test]
async fn h5_strangers_are_told_nothing() {
    let it = Shop::new().await;
    assert_eq!(it.put(NPM, &npm()).await.data(), true);
    let release =
        json!({ "apiId": "1", "swaggerUrl": tests::documents::url("options"), "language": 1 });
    for (method, path, body) in [
        ("GET", NPM, Value::Null),
        ("PUT", NPM, npm()),
        ("GET", GIT, Value::Null),
        ("PUT", GIT, json!({})),
        ("GET", COMMON, Value::Null),
        ("PUT", COMMON, json!({})),
        ("GET", HISTORY, Value::Null),
        ("PUT", "/api/CodeGen/1/SyncGithub", Value::Null),
        ("POST", "/api/CodeGen/ReleaseSDK", release),
        ("POST", "/api/CodeGen/Jobs", json!({ "apiId": "1", "generator": "go" })),
    ] {
        let ask = it.app.ask(method, path).bearer(&it.ben);
        let ask = if body.is_null() { ask } else { ask.json(&body) };
        assert_eq!(ask.send().await.code(), 404, "{method} {path}");
    }
}

/// Without a generator everything else goes on, and what needs one says how to set it.
#[tokio::test]
async fn without_a_generator_a_clear_error_says_what_is_missing() {
    let it = Shop::new().await;
    let url = tests::documents::url("nothing");
    for path in ["/api/CodeGen/Clients", "/api/CodeGen/Servers"] {
        let answer = it.get(path).await;
        assert_eq!(answer.json()["codeName"], "Generator_NotAvailable", "{path}");
        assert_eq!((answer.code(), &answer.json()["reason"]), (200_006, &json!("tool_missing")));
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("--codegen-jar"), "{message}");
    }
    let job = it.post("/api/CodeGen/Jobs", &json!({ "apiId": "1", "generator": "go" })).await;
    assert_eq!(job.code(), 200_006);
    let release = json!({ "apiId": "1", "swaggerUrl": url, "language": "jQuery" });
    assert_eq!(it.post("/api/CodeGen/ReleaseSDK", &release).await.code(), 200_002, "no options");
    assert_eq!(it.put(NPM, &npm()).await.data(), true);
    assert_eq!(it.post("/api/CodeGen/ReleaseSDK", &release).await.code(), 200_006);
    let nuget = json!({ "apiId": "1", "swaggerUrl": url, "platform": 1 });
    assert_eq!(it.post("/api/CodeGen/ReleaseSDK", &nuget).await.code(), 417);
    let gen_name = json!({ "genName": "markdown", "swaggerUrl": url });
    assert_eq!(it.post("/api/CodeGen/Gen", &gen_name).await.code(), 200_006);
    assert_eq!(it.put("/api/CodeGen/1/SyncGithub", &Value::Null).await.code(), 200_003);
    assert_eq!(it.get("/api/CodeGen/Jobs").await.data(), json!([]));
}

/// H3: a preview needs a token, a generator of the list, and a document that may be fetched.
#[tokio::test]
async fn h3_previews_are_for_bearers_of_known_generators_and_of_documents_that_may_be_fetched() {
    let it = Shop::new().await;
    let path = "/api/CodeGen/Gen";
    let body = |name: &str, url: &str| json!({ "genName": name, "swaggerUrl": url });
    let url = tests::documents::url("preview");
    let anonymous = it.app.post(path).json(&body("readthedocs.gen", &url)).send().await;
    assert_eq!(anonymous.status, 401);
    for name in ["../../../etc/passwd", "go", "", "readthedocs"] {
        it.post(path, &body(name, &url)).await.breaks("genName");
    }
    for inside in ["http://169.254.169.254/", "http://10.0.0.1/x", "http://[::ffff:10.0.0.1]/"] {
        let answer = it.post(path, &body("readthedocs.gen", inside)).await;
        let reason = answer.json()["reason"].clone();
        assert_eq!((answer.code(), reason), (200_001, json!("document_private_address")));
    }
    it.post(path, &body("readthedocs.gen", "file:///etc/passwd")).await.breaks("swaggerUrl");
    let shown = it.post(path, &body("readthedocs.gen", &url)).await.data();
    let page = shown.as_str().unwrap();
    assert!(page.contains("===") && page.ends_with('\n') && !page.ends_with("\n\n"), "{page}");
    // Any scope of the section.
    let token = it.app.token(1, "isms.codegen.npmoptions", "", &[]);
    let ask = it.app.post(path).bearer(&token).json(&body("readthedocs.gen", &url));
    assert_eq!(ask.send().await.code(), 200);
    let token = it.app.token(1, "oauthapp.blob.post", "", &[]);
    let ask = it.app.post(path).bearer(&token).json(&body("readthedocs.gen", &url));
    assert_eq!(ask.send().await.status, 403);
    let codes = it.app.get("/api/CodeGen/Codes").send().await.json();
    let codes = codes.as_array().unwrap().iter().map(|it| it["code"].as_i64().unwrap());
    assert_eq!(codes.collect::<Vec<_>>(), (200_001..=200_010).collect::<Vec<_>>());
}
