//! Rows 24 to 27: the packages of an API resource.

use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

const PATH: &str = "/api/ApiResource/1/Packages";

fn package(name: &str, index: i32) -> Value {
    json!({
        "name": name, "description": "a client", "publisher": "Shop",
        "link": "https://shop.example/orders", "icon": "https://shop.example/icon.png",
        "packagePlatform": "npm", "language": "TypeScript", "showIndex": index, "tags": "orders",
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
        let roles = [1];
        let ann = app.user(1, "ann", &roles, "oauthapp.all").await;
        let ben = app.user(1, "ben", &roles, "oauthapp.all").await;
        let (ann, ben) = (app.token_of(ann), app.token_of(ben));
        let made = app.post("/api/ApiResource").bearer(&ann).json(&json!({ "name": "orders" }));
        assert_eq!(made.send().await.data(), 1);
        Self { app, ann, ben }
    }

    async fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.app.ask(method, path).bearer(token).json(body).send().await
    }

    async fn names(&self, token: &str) -> Vec<String> {
        let list = self.app.get(PATH).bearer(token).send().await.data();
        let name = |it: &Value| it["rowKey"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(name).collect()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

#[tokio::test]
async fn packages_are_added_changed_and_removed_and_those_that_matter_come_first() {
    let it = Shop::new().await;
    for (name, index) in [("b-client", 1), ("a-client", 1), ("@shop/orders", 7)] {
        assert_eq!(it.ask(&it.ann, "POST", PATH, &package(name, index)).await.data(), true);
    }
    assert_eq!(it.names(&it.ann).await, ["@shop/orders", "a-client", "b-client"]);
    let list = it.app.get(PATH).bearer(&it.ann).send().await.data();
    let mut shown = list[0].clone();
    for name in ["timestamp", "eTag"] {
        assert!(shown.as_object_mut().unwrap().remove(name).unwrap().is_string());
    }
    let mut wanted = package("", 7);
    wanted.as_object_mut().unwrap().remove("name");
    wanted["partitionKey"] = json!("1");
    wanted["rowKey"] = json!("@shop/orders");
    assert_eq!(shown, wanted);
    // The name of the path counts, in any letter case; what is the same is no change.
    let one = format!("{PATH}/A-Client");
    let end = it.end();
    assert_eq!(it.ask(&it.ann, "PUT", &one, &package("other", 1)).await.data(), true);
    assert_eq!(it.end(), end, "it says the same");
    assert_eq!(it.ask(&it.ann, "PUT", &one, &package("other", 9)).await.data(), true);
    assert_eq!(it.names(&it.ann).await, ["a-client", "@shop/orders", "b-client"]);
    let scoped = format!("{PATH}/%40shop%2Forders");
    assert_eq!(it.ask(&it.ann, "DELETE", &scoped, &Value::Null).await.data(), true);
    assert_eq!(it.names(&it.ann).await, ["a-client", "b-client"]);
    let end = it.end();
    assert_eq!(it.ask(&it.ann, "DELETE", &scoped, &Value::Null).await.data(), true);
    assert_eq!(it.end(), end, "it was gone already");
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let it = Shop::new().await;
    assert_eq!(it.ask(&it.ann, "POST", PATH, &package("client", 1)).await.data(), true);
    let again = it.ask(&it.ann, "POST", PATH, &package("CLIENT", 2)).await;
    assert_eq!((again.code(), &again.json()["codeName"]), (300_014, &json!("Packages_PostFailed")));
    let missing = it.ask(&it.ann, "PUT", &format!("{PATH}/none"), &package("none", 1)).await;
    assert_eq!(missing.code(), 300_016);
    let blank = it.ask(&it.ann, "DELETE", &format!("{PATH}/%20"), &Value::Null).await;
    assert_eq!(blank.code(), 422);
    for (field, value) in [
        ("name", json!(" ")),
        ("name", json!("x".repeat(215))),
        ("publisher", json!("")),
        ("link", json!("javascript:alert(1)")),
        ("link", json!("https://shop.example/\r\nx")),
        ("icon", json!("")),
        ("icon", json!("data:text/html,x")),
        ("packagePlatform", json!("")),
        ("language", json!("\u{7}")),
        ("tags", json!("x".repeat(501))),
        ("description", json!("x".repeat(1_001))),
        ("showIndex", json!(1_i64 << 40)),
    ] {
        let mut body = package("another", 1);
        body[field] = value;
        it.ask(&it.ann, "POST", PATH, &body).await.breaks(field);
    }
    assert_eq!(it.names(&it.ann).await, ["client"]);
}

/// H5: a stranger to the resource is told nothing, and of what is published only what everybody may
/// know.
#[tokio::test]
async fn h5_strangers_read_the_packages_of_what_is_published_and_change_none() {
    let it = Shop::new().await;
    assert_eq!(it.ask(&it.ann, "POST", PATH, &package("client", 1)).await.data(), true);
    let ben = &it.ben;
    assert_eq!(it.app.get(PATH).bearer(ben).send().await.code(), 404);
    let publication = json!({
        "apiId": "1", "suffix": "orders", "swaggerUrl": tests::documents::url("packages"),
    });
    let published = it.ask(&it.ann, "PUT", "/api/ApiResource/1/Publish", &publication).await;
    assert_eq!(published.code(), 200, "{published:?}");
    assert_eq!(it.names(ben).await, ["client"]);
    let one = format!("{PATH}/client");
    for (method, path) in [("POST", PATH), ("PUT", &*one), ("DELETE", &*one)] {
        let answer = it.ask(ben, method, path, &package("client", 3)).await;
        assert_eq!(answer.code(), 404, "{method}");
    }
    assert_eq!(it.names(&it.ann).await, ["client"]);
}

#[tokio::test]
async fn a_resource_has_at_most_a_thousand_packages() {
    use domain::resource::{PACKAGES_MAX, Package, Resource, ResourceCommand};
    let it = Shop::new().await;
    for n in 0..PACKAGES_MAX {
        let package = Package { name: format!("client-{n}"), ..tests::samples::sdk::package() };
        let add = ResourceCommand::AddPackage(Box::new(package));
        it.app.run::<Resource>(1, "1", add).await;
    }
    let one_more = it.ask(&it.ann, "POST", PATH, &package("one-more", 1)).await;
    one_more.breaks("name");
    assert_eq!(it.names(&it.ann).await.len(), PACKAGES_MAX);
}
