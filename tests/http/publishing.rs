//! Publishing at the gateway: documents are fetched and compared, faces are whole, what is refused says
//! why in a fixed word. Rows 8 to 12, and the endpoints beside them.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};
use tests::documents::{self, document, serve, url};

struct Publishing {
    app: TestApp,
    admin: String,
    ann: String,
}

impl Publishing {
    /// An administrator, and ann with the APIs 1 and 2. Nothing is published.
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.user.all,oauthapp.apiresource.publish").await;
        let ann = app.token_of(ann);
        let it = Self { app, admin, ann };
        for name in ["orders", "stock"] {
            let body = json!({ "name": name, "displayName": name });
            it.ask("POST", "", &body).await.data();
        }
        it
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask_as(&self.admin, method, path, body).await
    }

    async fn ask_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let ask = self.app.ask(method, &format!("/api/ApiResource{path}")).bearer(token);
        match body {
            Value::Null => ask.send().await,
            body => ask.json(body).send().await,
        }
    }

    async fn publish(&self, body: &Value) -> Answer {
        self.ask("PUT", "/1/Publish", body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, &Value::Null).await.data()
    }

    async fn refuse(&self, refuse: &str) {
        self.ask("PUT", "/Policy", &json!({ "refuse": refuse })).await.data();
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

fn of(url: &str) -> Value {
    json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": url })
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

/// The small document with a parameter that became required.
fn breaking(title: &str) -> Value {
    let mut broken = document(title);
    broken["paths"]["/orders"]["get"]["parameters"][0]["required"] = json!(true);
    broken
}

#[track_caller]
fn reason(answer: &Answer) -> String {
    assert_eq!((answer.status, &answer.json()["data"]), (200, &json!(false)), "{}", answer.text);
    answer.json()["reason"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

#[tokio::test]
async fn another_document_makes_another_revision_and_the_same_again_no_event() {
    let it = Publishing::new().await;
    let first = it.publish(&of(&url("same"))).await;
    assert_eq!(first.data(), true);
    let none = json!({ "against": 0, "breaking": 0, "risky": 0, "compatible": 0 });
    assert_eq!(first.json()["difference"], none);
    let end = it.end();
    let again = it.publish(&of(&url("same"))).await;
    assert_eq!((again.data(), it.end()), (json!(true), end));
    // The same bytes from elsewhere are published from there.
    assert_eq!(it.publish(&of(&url("other"))).await.data(), true);
    let shown = it.get("/1/Versions").await[0].clone();
    assert_eq!((&shown["apiRevision"], &shown["revisionCount"]), (&json!("2"), &json!(2)));
    assert_eq!(shown["serviceUrl"], "https://api.example.org/v1");
    let revisions = shown["revisions"].as_array().unwrap();
    assert_eq!(revisions[0]["privateUrl"], "/orders;rev=1");
    assert_ne!(revisions[0]["documentId"], revisions[1]["documentId"]);
    assert_eq!(it.get("/1/Releases?apiId=1").await.as_array().unwrap().len(), 2);
    // As many revisions as are asked for, the newest ones.
    let one = it.get("/1/Versions?revisions=1").await[0]["revisions"].clone();
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!(one[0]["apiRevision"], "2");
    assert_eq!(it.get("/1/Versions?revisions=0").await[0]["revisions"], json!([]));
    it.ask("GET", "/1/Versions?revisions=1001", &Value::Null).await.breaks("revisions");
}

#[tokio::test]
async fn what_is_not_published_says_why_in_a_word_and_writes_nothing() {
    let it = Publishing::new().await;
    let taken = json!({ "apiId": "2", "suffix": "taken", "swaggerUrl": url("taken") });
    it.ask("PUT", "/2/Publish", &taken).await.data();
    let mut homeless = document("homeless");
    homeless.as_object_mut().unwrap().remove("servers");
    let mut outward = document("outward");
    outward["paths"]["/orders"]["get"]["responses"]["200"] =
        json!({ "$ref": "http://a.example/b" });
    let at = |name: &str, server: &str| {
        let mut document = document(name);
        document["servers"][0]["url"] = json!(server);
        of(&serve(name, document.to_string()))
    };
    let good = || of(&url("good"));
    let end = it.end();
    for (body, word) in [
        (of("http://127.0.0.1:1/nobody"), "document_unreachable"),
        (of(&url("gone").replace("gone", "never")), "document_unreachable"),
        (of("http://10.1.2.3/private"), "document_private_address"),
        (of("http://[::ffff:10.1.2.3]/private"), "document_private_address"),
        (of("http://167838211/private"), "document_private_address"),
        (of(&serve("text", "hello")), "document_not_openapi"),
        (of(&serve("twice", r#"{"openapi":"3.0.3","openapi":"3.0.3"}"#)), "document_invalid"),
        (of(&serve("deep", "[".repeat(5_000))), "document_too_complex"),
        (of(&serve("outward", outward.to_string())), "document_external_reference"),
        (of(&serve("homeless", homeless.to_string())), "upstream_missing"),
        (at("link-local", "http://169.254.169.254/latest"), "upstream_not_allowed"),
        (at("private", "http://10.1.2.3:9000"), "upstream_not_allowed"),
        (at("local", "http://orders.svc.local"), "upstream_not_allowed"),
        (at("bare", "http://orders"), "upstream_not_allowed"),
        (with(good(), "serviceUrl", json!("http://192.168.1.1")), "upstream_not_allowed"),
        (with(good(), "suffix", json!("TAKEN")), "path_taken"),
        (with(good(), "authorizationServerId", json!("nobody")), "auth_server_unknown"),
        (with(good(), "documentId", json!("0".repeat(64))), "document_unknown"),
    ] {
        let answer = it.publish(&body).await;
        assert_eq!(reason(&answer), word, "{body} {}", answer.text);
        assert_eq!(answer.code(), 300_011);
    }
    for (body, field) in [
        (of("ftp://a.example/v1"), "swaggerUrl"),
        (of("gopher://a.example/v1"), "swaggerUrl"),
        (of("https://ann:secret@a.example/v1"), "swaggerUrl"),
        (of("https://a.example/v1\r\nx: y"), "swaggerUrl"),
        (of(&format!("https://a.example/{}", "x".repeat(2_000))), "swaggerUrl"),
        (with(good(), "documentId", json!("0".repeat(63))), "documentId"),
        (with(good(), "serviceUrl", json!("https://a.example/?q=1")), "serviceUrl"),
        (with(good(), "serviceUrl", json!("ftp://a.example/")), "serviceUrl"),
        (with(good(), "suffix", json!("a;b")), "suffix"),
        (with(good(), "notes", json!("x".repeat(4_001))), "notes"),
    ] {
        it.publish(&body).await.breaks(field);
    }
    assert_eq!(it.end(), end);
    // The very same body is fine without what was wrong with it.
    assert_eq!(it.publish(&good()).await.data(), true);
}

#[tokio::test]
async fn an_administrator_lists_where_requests_may_go() {
    let it = Publishing::new().await;
    let policy = json!({ "refuse": "Off", "upstreams": ["10.1.0.0/16", "*.svc.local"] });
    assert_eq!(it.ask("PUT", "/Policy", &policy).await.data(), true);
    let shown = it.get("/Policy").await;
    assert_eq!(shown["upstreams"], policy["upstreams"]);
    assert_eq!((&shown["refuse"], &shown["strictDocuments"]), (&json!("Off"), &json!(true)));
    for (at, allowed) in
        [("http://10.1.2.3:9000", true), ("http://a.svc.local", true), ("http://10.2.0.1", false)]
    {
        let answer = it.publish(&with(of(&url("listed")), "serviceUrl", json!(at))).await;
        assert_eq!(answer.json()["data"], allowed, "{at} {}", answer.text);
    }
    assert_eq!(it.get("/1/Versions").await[0]["serviceUrl"], "http://a.svc.local");
    it.ask("PUT", "/Policy", &json!({ "refuse": "Maybe" })).await.breaks("refuse");
    it.ask("PUT", "/Policy", &json!({ "upstreams": ["a b"] })).await.breaks("upstreams");
    let other = it.ask_as(&it.ann, "GET", "/Policy", &Value::Null).await;
    assert_eq!(other.status, 403);
}

#[tokio::test]
async fn a_breaking_document_is_refused_until_somebody_who_may_takes_it() {
    let it = Publishing::new().await;
    let owner = it.app.user(1, "olga", &[1], "oauthapp.apiresource.publish").await;
    let body = json!({ "userId": owner });
    it.ask("PUT", &format!("/1/Owners/{owner}"), &body).await;
    let olga = it.app.token_of(owner);
    it.publish(&of(&url("gate-1"))).await.data();
    it.refuse("Breaking").await;
    let broken = of(&serve("gate-2", breaking("gate-2").to_string()));
    let end = it.end();
    // Twice at once: both are refused.
    let (one, other) = tokio::join!(it.publish(&broken), it.publish(&broken));
    for answer in [one, other] {
        assert_eq!(reason(&answer), "breaking_change");
        let difference = answer.json()["difference"].clone();
        assert_eq!((&difference["against"], &difference["breaking"]), (&json!(1), &json!(1)));
        let change = &difference["changes"][0];
        assert_eq!(
            (&change["class"], &change["rule"]),
            (&json!("breaking"), &json!("parameter-became-required"))
        );
        assert_eq!(change["operation"], "GET /orders");
    }
    let revision = json!({ "apiId": "1", "swaggerUrl": broken["swaggerUrl"] });
    let answer = it.ask("POST", "/1/PublishRevision", &revision).await;
    assert_eq!((reason(&answer), answer.code()), ("breaking_change".to_owned(), 300_005));
    let acknowledged = with(broken.clone(), "acknowledgeBreaking", json!(true));
    // An owner without the permission cannot take it.
    let answer = it.ask_as(&olga, "PUT", "/1/Publish", &acknowledged).await;
    assert_eq!(reason(&answer), "breaking_change");
    assert_eq!(it.end(), end);
    let dry = it.ask("PUT", "/1/Publish?dryRun=true", &acknowledged).await;
    assert_eq!((dry.data(), &dry.json()["difference"]["breaking"]), (json!(true), &json!(1)));
    assert_eq!(it.end(), end, "a dry run writes nothing");
    // What is refused, or only tried, is not kept either.
    let bytes = breaking("gate-2").to_string();
    let id = domain::hex(digest(&SHA256, bytes.as_bytes()).as_ref());
    let by_id = json!({ "apiId": "1", "suffix": "orders", "documentId": id });
    assert_eq!(reason(&it.publish(&by_id).await), "document_unknown");
    assert_eq!(it.publish(&acknowledged).await.data(), true);
    assert_eq!(it.end(), end + 1);
    // What is risky passes this gate, and not the stricter one.
    let mut risky = breaking("gate-3");
    risky["paths"]["/orders"]["get"]["operationId"] = json!("renamed");
    let risky = of(&serve("gate-3", risky.to_string()));
    it.refuse("Risky").await;
    assert_eq!(reason(&it.publish(&risky).await), "breaking_change");
    it.refuse("Breaking").await;
    assert_eq!(it.publish(&risky).await.data(), true);
}

#[tokio::test]
async fn a_rollback_brings_back_all_that_a_revision_was() {
    let it = Publishing::new().await;
    let product = json!({ "id": "gold", "name": "Gold", "published": true });
    it.ask("POST", "/Products", &product).await.data();
    let first = json!({
        "apiId": "1", "suffix": "orders", "swaggerUrl": url("back-1"), "name": "Orders",
        "description": "the first", "productIds": ["/products/gold", "/products/none"],
        "authorizationServerId": "chancery", "scope": "orders.read", "policy": "<policies />",
        "serviceUrl": "https://one.example.org",
    });
    let answer = it.publish(&first).await;
    assert_eq!(answer.json()["ignoredProducts"], json!(["/products/none"]));
    assert_eq!(answer.json()["warnings"].as_array().unwrap().len(), 1);
    let before = (it.end(), it.get("/1/Revisions/1").await);
    let second = json!({
        "apiId": "1", "suffix": "orders", "swaggerUrl": url("back-2"), "name": "Other",
        "policy": "<policies><inbound /></policies>", "serviceUrl": "https://two.example.org",
    });
    it.publish(&second).await.data();
    let changed = it.get("/1/Versions").await[0].clone();
    assert_eq!(changed["serviceUrl"], "https://two.example.org");
    assert!(changed["authenticationSettings"].is_null());
    let notes = json!({ "notes": "two was wrong" });
    assert_eq!(it.ask("POST", "/1/Revisions/1;rev=1/Rollback", &notes).await.data(), true);
    let back = it.get("/1/Revisions/1").await;
    for member in [
        "name",
        "description",
        "serviceUrl",
        "productIds",
        "authenticationSettings",
        "policy",
        "documentId",
        "id",
    ] {
        assert_eq!(back[member], before.1[member], "{member}");
    }
    assert_eq!((&back["isCurrent"], &back["revision"]), (&json!(true), &json!(1)));
    assert_eq!(it.get("/1/Releases?apiId=1").await[0]["notes"], "two was wrong");
    // By position, and by time: what was current then.
    it.ask("POST", "/1/Versions/1;rev=2", &Value::Null).await.data();
    let by_position = json!({ "position": before.0 });
    assert_eq!(it.ask("POST", "/1/Rollback", &by_position).await.data(), true);
    assert_eq!(it.get("/1/Versions").await[0]["apiRevision"], "1");
    let by_time = json!({ "time": "2100-01-01 00:00:00", "notes": "as it was" });
    assert_eq!(it.ask("POST", "/1/Rollback", &by_time).await.data(), true);
    for (body, code) in [
        (json!({ "position": 3 }), 404),
        (json!({ "time": "2001-01-01 00:00:00" }), 404),
        (json!({ "position": 3, "apiId": "7" }), 404),
    ] {
        assert_eq!(it.ask("POST", "/1/Rollback", &body).await.code(), code, "{body}");
    }
    let current = it.get("/1/Versions").await[0]["apiRevision"].clone();
    it.ask("POST", "/1/Rollback", &json!({})).await.data();
    assert_ne!(it.get("/1/Versions").await[0]["apiRevision"], current, "what was before");
    let both = json!({ "position": 3, "time": "2001-01-01" });
    it.ask("POST", "/1/Rollback", &both).await.breaks("position");
}

#[tokio::test]
async fn a_document_that_was_sent_is_published_by_its_id_and_given_back_as_it_was() {
    let it = Publishing::new().await;
    let yaml = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\nservers: [{url: 'https://a.example.org'}]\npaths: {}\n";
    let sent = it.app.post("/api/ApiResource/1/Documents").bearer(&it.admin);
    let sent = sent.body("application/yaml", yaml).send().await.data();
    let id = sent["documentId"].as_str().unwrap();
    let body = json!({ "apiId": "1", "suffix": "orders", "documentId": id.to_uppercase() });
    assert_eq!(it.publish(&body).await.data(), true);
    let end = it.end();
    assert_eq!(it.publish(&body).await.data(), true);
    assert_eq!(it.end(), end);
    let kept = it.get("/1/PublishConfiguration").await;
    assert_eq!((&kept["documentId"], kept.get("swaggerUrl")), (&json!(id), None));
    let document = async |query: &str| {
        let path = format!("/1/Revisions/1;rev=1/Document{query}");
        it.ask("GET", &path, &Value::Null).await
    };
    let whole = document("").await;
    assert_eq!(whole.text, yaml);
    assert_eq!(whole.header("etag"), format!("\"{id}\""));
    assert_eq!(whole.header("content-type"), "application/yaml");
    assert_eq!(whole.header("content-disposition"), "attachment; filename=\"1-1.yaml\"");
    let as_json = document("?form=json").await;
    assert_eq!(as_json.json()["info"]["title"], "t");
    assert_eq!(as_json.header("content-disposition"), "attachment; filename=\"1-1.json\"");
    document("?form=xml").await.breaks("form");
    let path = "/1/Revisions/1;rev=1/Document";
    let other = it.ask_as(&it.ann, "GET", path, &Value::Null).await;
    assert_eq!(other.status, 403, "{}", other.text);
    let bea = it.app.user(1, "bea", &[1], "oauthapp.all").await;
    let stranger = it.ask_as(&it.app.token_of(bea), "GET", path, &Value::Null).await;
    assert_eq!(stranger.code(), 404, "H5: as if it never existed");
}

#[tokio::test]
async fn revisions_are_listed_by_pages_and_compared() {
    let it = Publishing::new().await;
    it.publish(&of(&url("diff-1"))).await.data();
    let note = json!({ "apiId": "1", "swaggerUrl": url("diff-2"), "releaseNote": "second" });
    it.ask("POST", "/1/PublishRevision", &note).await.data();
    let broken = serve("diff-3", breaking("diff-3").to_string());
    let third = json!({ "apiId": "1", "swaggerUrl": broken, "releaseNote": "third" });
    let third = it.ask("POST", "/1/PublishRevision", &third).await;
    assert_eq!(third.json()["difference"]["breaking"], 1);
    let end = it.end();
    let again = json!({ "apiId": "1", "swaggerUrl": broken, "releaseNote": "again" });
    assert_eq!(it.ask("POST", "/1/PublishRevision", &again).await.data(), true);
    assert_eq!(it.end(), end, "the same as the newest");
    let page = it.ask("GET", "/1/Revisions?take=2", &Value::Null).await.json();
    assert_eq!(page["total"], 3);
    let ids = |page: &Value| {
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), ["1;rev=3", "1;rev=2"]);
    assert_eq!(page["data"][1]["note"], "second");
    let rest = it.ask("GET", "/1/Revisions?skip=2&apiId=1", &Value::Null).await.json();
    assert_eq!(ids(&rest), ["1;rev=1"]);
    let beyond = it.ask("GET", "/1/Revisions?skip=3", &Value::Null).await.json();
    assert_eq!((&beyond["data"], &beyond["total"]), (&json!([]), &json!(3)));
    let unknown = it.ask("GET", "/1/Revisions?apiId=2", &Value::Null).await;
    assert_eq!(unknown.code(), 404);
    let diff = it.get("/1/Revisions/1;rev=3/Diff").await;
    assert_eq!((&diff["against"], &diff["counts"]["breaking"]), (&json!("1;rev=2"), &json!(1)));
    let back = it.get("/1/Revisions/1;rev=1/Diff?against=1;rev=3").await;
    assert_eq!(back["counts"]["breaking"], 0);
    assert_eq!(back["changes"][0]["rule"], "parameter-became-optional");
    let first = it.ask("GET", "/1/Revisions/1;rev=1/Diff", &Value::Null).await;
    assert_eq!(first.code(), 404, "there is none before");
    for path in ["/1/Revisions/1;rev=4", "/1/Revisions/x", "/2/Revisions/1;rev=1"] {
        assert_eq!(it.ask("GET", path, &Value::Null).await.code(), 404, "{path}");
    }
}

#[tokio::test]
async fn versions_are_chosen_deprecated_and_ended_and_all_is_unpublished() {
    let it = Publishing::new().await;
    it.publish(&of(&url("versions"))).await.data();
    let version = json!({ "revisionId": "1;rev=1", "apiVersionName": "V2" });
    let made = it.ask("POST", "/1/PublishVersion", &version).await;
    let id = made.json()["message"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/ApiResource/1/Revisions/{id};rev=1"));
    assert_eq!(
        it.get(&format!("/1/Revisions/{id}")).await["serviceUrl"],
        "https://api.example.org/v1"
    );
    let usual = it.get("/1/VersionSet").await;
    assert_eq!((&usual["scheme"], &usual["parameter"]), (&json!("Query"), &json!("api-version")));
    let set = json!({ "name": "all", "scheme": "header", "parameter": "x-version" });
    it.ask("PUT", "/1/VersionSet", &set).await.data();
    assert_eq!(it.get("/1/VersionSet").await["scheme"], "Header");
    it.ask("PUT", "/1/VersionSet", &json!({ "name": "a", "scheme": "b" })).await.breaks("scheme");
    let ends = json!({ "deprecatedAt": "2026-01-01 00:00:00", "sunsetAt": "2027-01-01 00:00:00" });
    it.ask("PUT", "/1/Versions/1/Lifecycle", &ends).await.data();
    assert_eq!(it.get("/1/Versions").await[0]["sunsetAt"], "2027-01-01 00:00:00");
    let offline = json!({ "online": false });
    it.ask("PUT", &format!("/1/Revisions/{id};rev=1/Online"), &offline).await.data();
    let second = it.get("/1/Versions").await[1].clone();
    assert_eq!(
        (&second["apiVersion"], &second["revisions"][0]["isOnline"]),
        (&json!("v2"), &json!(false))
    );
    it.ask("PUT", "/1/Revisions/1/Online", &json!({})).await.breaks("online");
    assert_eq!(it.ask("DELETE", "/1/Versions/1", &Value::Null).await.code(), 417);
    it.ask("DELETE", &format!("/1/Versions/{id}"), &Value::Null).await.data();
    assert_eq!(it.get("/1/Versions").await.as_array().unwrap().len(), 1);
    // The path is free for the other API.
    it.ask("DELETE", "/1/Publish", &Value::Null).await.data();
    assert_eq!(it.ask("DELETE", "/1/Publish", &Value::Null).await.code(), 404);
    let other = json!({ "apiId": "2", "suffix": "orders", "swaggerUrl": url("versions") });
    assert_eq!(it.ask("PUT", "/2/Publish", &other).await.data(), true);
    assert_eq!(reason(&it.publish(&of(&url("versions"))).await), "path_taken");
    let dry = it.ask("PUT", "/1/Publish?dryRun=true", &of(&url("versions"))).await;
    assert_eq!(reason(&dry), "path_taken");
    let moved = with(of(&url("versions")), "suffix", json!("orders2"));
    assert_eq!(it.publish(&moved).await.data(), true);
}

/// Each face is made from what was current before: none takes back what the other one said.
#[tokio::test]
async fn two_publications_at_once_are_two_revisions() {
    let it = Publishing::new().await;
    it.publish(&of(&url("race-0"))).await.data();
    let policy = with(of(&url("race-1")), "policy", json!("<policies />"));
    let named = with(of(&url("race-2")), "name", json!("Orders"));
    let (one, other) = tokio::join!(it.publish(&policy), it.publish(&named));
    assert_eq!((one.data(), other.data()), (json!(true), json!(true)));
    let shown = it.get("/1/Revisions/1").await;
    assert_eq!(shown["revision"], 3);
    assert_eq!((&shown["policy"], &shown["name"]), (&json!("<policies />"), &json!("Orders")));
}

/// The log, not a read model, says who has a path.
#[tokio::test]
async fn of_two_that_race_for_a_path_one_has_it() {
    let it = Publishing::new().await;
    let second = json!({ "apiId": "2", "suffix": "ORDERS", "swaggerUrl": url("race-path") });
    let first = of(&url("race-path"));
    let (one, other) = tokio::join!(it.publish(&first), it.ask("PUT", "/2/Publish", &second));
    let (winner, loser) = if one.code() == 200 { (one, other) } else { (other, one) };
    assert_eq!(winner.data(), true);
    assert_eq!(reason(&loser), "path_taken");
}

#[tokio::test]
async fn a_repeated_request_fetches_nothing() {
    let it = Publishing::new().await;
    let body = of(&url("once"));
    let ask = async || {
        let ask = it.app.ask("PUT", "/api/ApiResource/1/Publish").bearer(&it.admin);
        ask.header("idempotency-key", "a-key").json(&body).send().await
    };
    let first = ask().await;
    documents::forget("once");
    let second = ask().await;
    assert_eq!((second.data(), second.position()), (json!(true), first.position()));
    assert_eq!(second.header("idempotent-replay"), "true");
}
