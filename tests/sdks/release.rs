//! SDKs that are released to a real registry, and used from there.

use serde_json::{Value, json};

use super::registry::{Registry, has_registry};
use super::{Shop, has_generator};

const OPTIONS: &str = "/api/CodeGen/1/NpmOptions/typescript-fetch";

fn options(token: &str) -> Value {
    json!({
        "name": "@shop/orders", "sdkName": "OrdersClient", "version": "1.2.3", "license": "MIT",
        "homepage": "https://shop.example/orders", "token": token, "author": "Shop",
        "readme": "# Orders\n\n<%SdkCode%>",
    })
}

impl Shop {
    async fn release(&self) -> Value {
        let body = json!({ "apiId": "1", "swaggerUrl": self.url, "language": 2, "tags": "first" });
        let answer = self.post("/api/CodeGen/ReleaseSDK", body).await;
        assert_eq!(answer.json["data"], true, "{answer:?}");
        self.last_ended().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_in_the_registry_and_what_is_installed_from_there_calls_the_api() {
    if !has_generator() || !has_registry() {
        return;
    }
    let registry = Registry::start().await;
    let it = Shop::new("release", &["--npm-registry", &registry.url]).await;
    let token = registry.user("shop").await;
    assert_eq!(it.put(OPTIONS, options(&token)).await.data(), &json!(true));
    let job = it.release().await;
    assert_eq!(
        (&job["state"], &job["result"]),
        (&json!("finished"), &json!("@shop/orders@1.2.4")),
        "{job}"
    );
    let steps = job["steps"].as_array().unwrap().iter();
    let steps = steps.map(|it| it["step"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(steps, ["checked", "generated", "compiled", "published", "packed"]);
    // What uses it: a server that is asked by the client.
    let code = "
        const http = require('http');
        const server = http.createServer((asked, answer) => {
            answer.setHeader('content-type', 'application/json');
            answer.end(JSON.stringify([asked.url]));
        });
        server.listen(0, '127.0.0.1', async () => {
            const { OrdersApi, Configuration } = require('@shop/orders');
            const basePath = `http://127.0.0.1:${server.address().port}`;
            console.log(await new OrdersApi(new Configuration({ basePath })).listOrders({ q: 'x' }));
            server.close();
        });";
    assert_eq!(registry.installed("@shop/orders", code), "[ '/orders?q=x' ]");
    // The resource knows of it: a record, a package, the next version.
    let history = it.get("/api/CodeGen/1/History").await.data().clone();
    assert_eq!(history[0]["rowKey"], "@shop/orders@typescript-fetch@1.2.4");
    assert_eq!((&history[0]["swaggerUrl"], &history[0]["tags"]), (&json!(it.url), &json!("first")));
    let packages = it.get("/api/ApiResource/1/Packages").await.data().clone();
    assert_eq!(packages[0]["rowKey"], "@shop/orders");
    assert_eq!(it.get(OPTIONS).await.data()["version"], "1.2.4");
    assert_eq!(it.release().await["result"], "@shop/orders@1.2.5");
    // Somebody took the next version elsewhere: the one after it is released.
    let mut back = options("***");
    back["version"] = json!("1.2.3");
    back["readme"] = json!("# Another");
    assert_eq!(it.put(OPTIONS, back).await.data(), &json!(true));
    assert_eq!(it.release().await["result"], "@shop/orders@1.2.6");
    let packages = it.get("/api/ApiResource/1/Packages").await.data().clone();
    assert_eq!(packages.as_array().unwrap().len(), 1);
    let log = it.program.log();
    assert!(!log.contains(&token), "the token is in the log");
    let replayed = it.program.replayed().iter().map(Value::to_string).collect::<String>();
    assert!(!replayed.contains(&token), "the token is in the events");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_refuses_or_is_not_set_fails_the_job_with_its_reason() {
    if !has_generator() || !has_registry() {
        return;
    }
    let registry = Registry::start().await;
    let it = Shop::new("refusals", &["--npm-registry", &registry.url]).await;
    assert_eq!(it.put(OPTIONS, options("no-token-of-this-registry")).await.data(), &json!(true));
    let job = it.release().await;
    assert_eq!(
        (&job["state"], &job["reason"]),
        (&json!("failed"), &json!("registry_refused")),
        "{job}"
    );
    assert!(!job.to_string().contains("no-token-of-this-registry"));
    let it = Shop::new("unset", &[]).await;
    assert_eq!(it.put(OPTIONS, options("a-token")).await.data(), &json!(true));
    let job = it.release().await;
    assert_eq!((&job["state"], &job["reason"]), (&json!("failed"), &json!("registry_not_set")));
    assert!(job["detail"].as_str().unwrap().contains("--npm-registry"), "{job}");
    let history = it.get("/api/CodeGen/1/History").await.data().clone();
    assert_eq!(history, json!([]));
}
