//! Paths that try to reach what they should not.

use crate::client;
use crate::harness::{Gateway, api, configuration, has_nginx};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_of_a_path_reaches_another_place() {
    if !has_nginx() {
        return;
    }
    let gateway = Gateway::new().await;
    let base = format!("{}/shown", gateway.one.url());
    let orders = api("orders", vec![gateway.open("7", None, &base)]);
    let admin = api("admin", vec![gateway.checked("8", None, &gateway.two.url())]);
    gateway.double.publish(&configuration(5, vec![orders, admin]));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;

    for path in [
        "/orders/../admin/x",
        "/orders/%2e%2e/admin/x",
        "/orders/%2E./admin/x",
        "/orders/..%2fadmin/x",
        "/orders/a%2f..%2f..%2fadmin",
        "/orders/..;/admin",
        "/orders/%2e%2e/-/check",
        "/orders/..%5cadmin",
        "/orders/a/..",
        "/orders/./a",
        "/%6frders/a",
        "//orders/a",
        "/admin/../orders/a",
        "/-/api/8",
        "/-/api/7",
        "/-/check",
        "/-/error/400",
        "/ORDERS/a",
    ] {
        let answer = gateway.get(path).await;
        let shown = gateway.get(path).await;
        assert!([400, 404].contains(&answer.status), "{path}: {shown:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    for path in [
        "/orders/a%2Fb",
        "/orders//a//b",
        "/orders/a..b/...",
        "/orders/%25%32%66?a=../b",
        "/orders/a?b=/../c",
    ] {
        let answer = gateway.get(path).await.json();
        let rest = path.strip_prefix("/orders").unwrap();
        assert_eq!(answer["path"], format!("/shown{rest}"), "{path}");
    }
    let long = format!("/orders/{}", "a".repeat(8 << 10));
    assert_eq!(gateway.get(&long).await.json()["path"], format!("/shown{}", &long[7..]));
    let longer = format!("/orders/{}", "a".repeat(20 << 10));
    let answer = gateway.get(&longer).await;
    assert_eq!((answer.status, answer.json()["status"].as_u64()), (414, Some(414)));
    let header = "a".repeat(20 << 10);
    let answer = client::get(gateway.listen, "/orders/a", &[("X-A", &header)]).await;
    assert_eq!(answer.json()["status"], 431);
    // Two tokens: the one passes that would be checked, or nginx refuses the request.
    let two = [("Authorization", "Bearer good"), ("Authorization", "Bearer narrow")];
    let answer = client::get(gateway.listen, "/admin/a", &two).await;
    match answer.status {
        400 => (),
        _ => assert_eq!(answer.json()["headers"]["authorization"], "Bearer good"),
    }
    // An upstream cannot send a request to another location.
    assert_eq!(gateway.get("/orders/a").await.json()["upstream"], "one");
    running.end().await;
}
