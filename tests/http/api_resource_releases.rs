//! Rows 13 and 16 to 19: what is current, and what was said of it.

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};
use tests::documents;

struct Releases {
    app: TestApp,
    ann: String,
    bea: String,
}

impl Releases {
    /// API 1 of ann with three revisions, of which the first is current, and a second API of hers.
    async fn new() -> Self {
        let app = TestApp::new().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let bea = app.user(1, "bea", &[1], "oauthapp.all").await;
        let (ann, bea) = (app.token_of(ann), app.token_of(bea));
        let it = Self { app, ann, bea };
        for (id, suffix) in [("1", "orders"), ("2", "stock")] {
            let body = json!({ "name": suffix });
            assert_eq!(it.ask("POST", "", &body).await.code(), 200);
            let publish =
                json!({ "apiId": id, "suffix": suffix, "swaggerUrl": documents::url(suffix) });
            it.ask("PUT", &format!("/{id}/Publish"), &publish).await.data();
        }
        for next in ["second", "third"] {
            let revision = json!({ "apiId": "1", "swaggerUrl": documents::url(next) });
            it.ask("POST", "/1/PublishRevision", &revision).await.data();
        }
        it
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let path = format!("/api/ApiResource{path}");
        self.app.ask(method, &path).bearer(&self.ann).json(body).send().await
    }

    async fn list(&self) -> Vec<Value> {
        let list = self.ask("GET", "/1/Releases?apiId=1", &Value::Null).await;
        list.data().as_array().unwrap().clone()
    }

    async fn current(&self) -> Value {
        self.ask("GET", "/1/Versions", &Value::Null).await.data()[0]["apiRevision"].clone()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

fn id_of(release: &Value) -> String {
    release["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_release_says_why_a_revision_became_current() {
    let it = Releases::new().await;
    // Publishing made the first one, without a word.
    assert_eq!(it.list().await.len(), 1);
    let release = json!({ "aid": "1;rev=3", "notes": "the third" });
    assert_eq!(it.ask("POST", "/1/Releases", &release).await.data(), true);
    assert_eq!(it.current().await, "3");
    // Back, with a note in the optional body of row 13; then without a word.
    let back = json!({ "notes": "rolled back" });
    assert_eq!(it.ask("POST", "/1/Versions/1;rev=1", &back).await.data(), true);
    let end = it.end();
    assert_eq!(it.ask("POST", "/1/Versions/1", &json!({})).await.data(), true);
    assert_eq!(it.end(), end, "it is current already");
    let list = it.list().await;
    assert_eq!(list[2].get("notes"), None);
    let shown = list.iter().take(2).map(|it| (it["apiId"].clone(), it["notes"].clone()));
    let wanted = [("/apis/1;rev=1", "rolled back"), ("/apis/1;rev=3", "the third")];
    assert_eq!(shown.collect::<Vec<_>>(), wanted.map(|it| (json!(it.0), json!(it.1))));
    // The notes change, and the release goes: what is current stays.
    let id = id_of(&list[1]);
    let notes = json!({ "notes": "the third one" });
    assert_eq!(it.ask("PUT", &format!("/1/Releases/{id}"), &notes).await.data(), true);
    assert_eq!(it.list().await[1]["notes"], "the third one");
    let first = id_of(&list[0]);
    let gone = it.ask("DELETE", &format!("/1/Releases/{first}"), &Value::Null).await;
    assert_eq!(gone.data(), true);
    assert_eq!(it.list().await.len(), 2);
    assert_eq!(it.current().await, "1");
    let again = it.ask("DELETE", &format!("/1/Releases/{first}"), &Value::Null).await;
    assert_eq!(again.code(), 404);
}

#[tokio::test]
async fn h5_releases_are_of_the_resource_in_the_path_and_of_its_owners_only() {
    let it = Releases::new().await;
    let release = json!({ "aid": "1;rev=3", "notes": "n" });
    it.ask("POST", "/1/Releases", &release).await.data();
    let id = id_of(&it.list().await[0]);
    // Of another API of hers: a release, an API and a revision stand within their resource (B22).
    assert_eq!(it.ask("POST", "/2/Releases", &release).await.code(), 404);
    assert_eq!(it.ask("GET", "/2/Releases?apiId=1", &Value::Null).await.code(), 300_008);
    for method in ["PUT", "DELETE"] {
        let path = format!("/2/Releases/{id}");
        assert_eq!(it.ask(method, &path, &json!({ "notes": "x" })).await.code(), 404);
    }
    // By another user: as if it never existed.
    let end = it.end();
    for (method, path, body) in [
        ("GET", "/1/Releases?apiId=1".to_owned(), Value::Null),
        ("POST", "/1/Releases".to_owned(), release.clone()),
        ("PUT", format!("/1/Releases/{id}"), json!({ "notes": "x" })),
        ("DELETE", format!("/1/Releases/{id}"), Value::Null),
    ] {
        let ask = |path: &str| {
            let path = format!("/api/ApiResource{path}");
            it.app.ask(method, &path).bearer(&it.bea).json(&body).send()
        };
        let (answer, never) = (ask(&path).await, ask(&path.replace("/1/", "/77/")).await);
        assert_eq!((answer.code(), answer.text), (404, never.text), "{method} {path}");
    }
    assert_eq!(it.end(), end);
}

#[tokio::test]
async fn wrong_releases_are_refused_and_write_nothing() {
    let it = Releases::new().await;
    let end = it.end();
    let long = "x".repeat(4_001);
    for (body, field) in [
        (json!({ "notes": "n" }), "aid"),
        (json!({ "aid": "1" }), "notes"),
        (json!({ "aid": "1", "notes": " " }), "notes"),
        (json!({ "aid": "1", "notes": long }), "notes"),
        (json!({ "aid": 1, "notes": "n" }), "aid"),
    ] {
        it.ask("POST", "/1/Releases", &body).await.breaks(field);
    }
    for aid in ["1;rev=9", "9", "1;rev=x", "2"] {
        let answer = it.ask("POST", "/1/Releases", &json!({ "aid": aid, "notes": "n" })).await;
        assert_eq!(answer.code(), 404, "{aid}");
    }
    assert_eq!(it.ask("GET", "/1/Releases", &Value::Null).await.code(), 300_007);
    assert_eq!(it.ask("GET", "/1/Releases?apiId=%20", &Value::Null).await.code(), 300_007);
    let notes = json!({ "notes": "n" });
    assert_eq!(it.ask("PUT", "/1/Releases/%20", &notes).await.code(), 300_007);
    assert_eq!(it.ask("PUT", "/1/Releases/77", &notes).await.code(), 404);
    assert_eq!(it.end(), end);
}
