//! What callers get.

use gateway::configuration::{Online, Scheme, VersionSet};

use crate::client;
use crate::harness::{Gateway, api, configuration, has_nginx};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_is_served_and_a_change_changes_it() {
    if !has_nginx() {
        return;
    }
    let gateway = Gateway::new().await;
    let mut two = gateway.open("c0ffee", Some("v2"), &format!("{}/base/", gateway.two.url()));
    two.deprecated_at = Some(1_793_491_200);
    two.sunset_at = Some(1_798_761_600);
    let orders = api("orders", vec![gateway.open("7", None, &gateway.one.url()), two]);
    gateway.double.publish(&configuration(5, vec![orders.clone()]));
    let running = gateway.follow().await;
    let applied = gateway.double.reported("Applied", 5).await;
    assert_eq!(
        (&applied["proof"], applied["program"].as_str().unwrap().starts_with("nginx/")),
        (&"workers".into(), true)
    );
    assert_eq!(applied["configuration"].as_str().unwrap().len(), 64);

    let answer = gateway.get("/orders/a%2Fb//c?x=1").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let said = answer.json();
    assert_eq!((&said["upstream"], &said["path"]), (&"one".into(), &"/a%2Fb//c?x=1".into()));
    assert_eq!(answer.header("deprecation"), None);
    for (path, upstream, rest) in [
        ("/orders", "one", "/"),
        ("/orders?x=1", "one", "/?x=1"),
        ("/orders/", "one", "/"),
        ("/orders/a?api-version=v2&y=2", "two", "/base/a?api-version=v2&y=2"),
        ("/orders/a?api-version=V2", "two", "/base/a?api-version=V2"),
        ("/orders?y=1&api-version=v2", "two", "/base/?y=1&api-version=v2"),
    ] {
        let answer = gateway.get(path).await.json();
        assert_eq!(
            (&answer["upstream"], &answer["path"]),
            (&upstream.into(), &rest.into()),
            "{path}"
        );
    }
    let answer = gateway.get("/orders/a?api-version=v2").await;
    assert_eq!(answer.header("deprecation"), Some("@1793491200"));
    assert_eq!(answer.header("sunset"), Some("Fri, 01 Jan 2027 00:00:00 GMT"));
    for path in ["/orders/a?api-version=v3", "/orders/a?api-version=", "/order/a", "/ordersx", "/"]
    {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        assert_eq!(answer.json()["status"], 404, "{path}");
    }

    // A new configuration: another upstream for the default, the other version is offline.
    let other = api("orders", vec![gateway.open("7", None, &gateway.two.url())]);
    gateway.double.publish(&configuration(6, vec![other]));
    gateway.double.reported("Applied", 6).await;
    assert_eq!(gateway.get("/orders/a").await.json()["upstream"], "two");
    assert_eq!(gateway.get("/orders/a?api-version=v2").await.status, 404);
    // And back.
    gateway.double.publish(&configuration(7, vec![orders]));
    gateway.double.reported("Applied", 7).await;
    assert_eq!(gateway.get("/orders/a").await.json()["upstream"], "one");
    running.end().await;
    assert!(client::try_send(gateway.listen, "GET", "/orders/a", &[]).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_door_decides_and_its_reasons_become_answers() {
    if !has_nginx() {
        return;
    }
    let mut gateway = Gateway::new().await;
    gateway.key_in_query = true;
    let closed = api("orders", vec![gateway.checked("7", None, &gateway.one.url())]);
    let open = api("open", vec![gateway.open("8", None, &gateway.two.url())]);
    gateway.double.publish(&configuration(5, vec![closed, open]));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;

    let answer = gateway.get("/orders/a").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.count("www-authenticate"), 1);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"chancery\""));
    assert_eq!(answer.json()["status"], 401);
    let answer = gateway.get_as("narrow", "/orders/a").await;
    assert_eq!((answer.status, answer.count("www-authenticate")), (403, 1));
    assert!(answer.header("www-authenticate").unwrap().contains("insufficient_scope"));
    let answer = gateway.get_as("limited", "/orders/a").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    assert_eq!(gateway.get_as("unknown", "/orders/a").await.status, 404);
    assert_eq!(gateway.get_as("suspended", "/orders/a").await.status, 403);

    // What the door was asked, and what the upstream was told.
    let forged = [
        ("Authorization", "Bearer good"),
        ("X-Chancery-Subject", "root"),
        ("X-Chancery-Api", "1/9;rev=1"),
        ("X-Chancery-Key", "forged"),
        ("X-Chancery-Gateway", "edge:forged"),
        ("X-Chancery-Revision", "3"),
        ("X-Request-Id", "forged"),
        ("X-Forwarded-For", "10.9.9.9"),
        ("Ocp-Apim-Subscription-Key", "chk_caller"),
        ("X-Min-Position", "999999"),
        ("Cookie", "a=b"),
    ];
    let answer = client::send(gateway.listen, "POST", "/orders/a?x=1", &forged).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let headers = answer.json()["headers"].clone();
    assert_eq!(headers["x-chancery-subject"], "ann");
    assert_eq!(headers["x-chancery-client"], "shop");
    assert_eq!(headers["x-chancery-scopes"], "orders.all");
    assert_eq!(headers["x-chancery-subscription"], "9");
    assert_eq!(headers["authorization"], "Bearer good");
    assert_eq!(headers["cookie"], "a=b");
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["host"], gateway.one.address.to_string());
    assert_ne!(headers["x-request-id"], "forged");
    for name in [
        "x-chancery-api",
        "x-chancery-key",
        "x-chancery-gateway",
        "x-chancery-revision",
        "ocp-apim-subscription-key",
    ] {
        assert!(headers.get(name).is_none(), "{name}: {headers}");
    }
    let checked = |name: &str| gateway.double.checked(name);
    assert_eq!(checked("x-chancery-api").as_deref(), Some("1/7;rev=1"));
    assert_eq!(checked("x-chancery-key").as_deref(), Some("chk_caller"));
    assert_eq!(checked("x-original-method").as_deref(), Some("POST"));
    assert_eq!(checked("x-original-uri").as_deref(), Some("/orders/a?x=1"));
    assert_eq!(
        (checked("x-min-position"), checked("cookie"), checked("x-chancery-revision")),
        (None, None, None)
    );

    // Keys: in the header or in the query, not in both.
    let key = [("Ocp-Apim-Subscription-Key", "chk_caller")];
    assert_eq!(client::get(gateway.listen, "/orders/a", &key).await.status, 200);
    assert_eq!(gateway.get("/orders/a?subscription-key=chk_caller").await.status, 200);
    let both = client::get(gateway.listen, "/orders/a?subscription-key=chk_caller", &key).await;
    assert_eq!(both.status, 401);

    // An open API asks nobody, and tells its upstream nobody's name.
    let checks = gateway.double.checks();
    let answer = client::get(gateway.listen, "/open/a", &forged).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["headers"].get("x-chancery-subject").is_none());
    assert_eq!(gateway.double.checks(), checks);

    // The authority is away.
    gateway.double.go_away();
    let answer = gateway.get_as("good", "/orders/a").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(answer.json()["title"], "the authority cannot be asked");
    assert_eq!(gateway.get("/open/a").await.status, 200);
    gateway.double.come_back().await;
    assert_eq!(gateway.get_as("good", "/orders/a").await.status, 200);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn remembered_answers_outlive_the_server_for_a_while() {
    if !has_nginx() {
        return;
    }
    let mut gateway = Gateway::new().await;
    gateway.check_cache_seconds = 1;
    let closed = api("orders", vec![gateway.checked("7", None, &gateway.one.url())]);
    gateway.double.publish(&configuration(5, vec![closed]));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;
    let before = gateway.double.checks();
    for _ in 0..5 {
        let answer = gateway.get_as("good", "/orders/a").await;
        assert_eq!(answer.json()["headers"]["x-chancery-subject"], "ann");
    }
    assert!(gateway.double.checks() - before <= 2, "{}", gateway.double.checks());
    assert_eq!(gateway.get_as("other", "/orders/a").await.status, 401);
    gateway.double.go_away();
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let answer = gateway.get_as("good", "/orders/a").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(gateway.get_as("stranger", "/orders/a").await.status, 503);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_revisions_are_for_owners_and_versions_go_by_header_or_segment() {
    if !has_nginx() {
        return;
    }
    let gateway = Gateway::new().await;
    let mut one = gateway.open("7", None, &gateway.one.url());
    one.online = vec![Online { revision: 13, service_url: format!("{}/next", gateway.two.url()) }];
    let two = gateway.open("c0ffee", Some("v2"), &gateway.two.url());
    let mut by_header = api(
        "header",
        vec![
            gateway.open("17", None, &gateway.one.url()),
            gateway.open("18", Some("v 2.0"), &gateway.two.url()),
        ],
    );
    by_header.version_set =
        Some(VersionSet { scheme: Scheme::Header, parameter: "Api-Version".to_owned() });
    let mut by_segment = api(
        "segment",
        vec![
            gateway.open("27", Some("v1"), &gateway.one.url()),
            gateway.open("28", Some("v2.0"), &gateway.two.url()),
        ],
    );
    by_segment.version_set = Some(VersionSet { scheme: Scheme::Segment, parameter: String::new() });
    let orders = api("orders", vec![one, two]);
    gateway.double.publish(&configuration(5, vec![orders, by_header, by_segment]));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;

    for token in ["good", "unknown"] {
        assert_eq!(gateway.get_as(token, "/orders;rev=13/a").await.status, 404);
    }
    let answer = gateway.get_as("owner", "/orders;rev=13/a?x").await.json();
    assert_eq!((&answer["upstream"], &answer["path"]), (&"two".into(), &"/next/a?x".into()));
    assert_eq!(answer["headers"]["x-chancery-revision"], "13");
    assert_eq!(gateway.double.checked("x-chancery-api").as_deref(), Some("1/7;rev=13"));
    assert_eq!(gateway.double.checked("x-chancery-revision").as_deref(), Some("13"));
    for path in [
        "/orders;rev=12/a",
        "/orders;rev=%31%33/a",
        "/orders;rev=13/a?api-version=v2",
        "/orders;rev=/a",
        "/orders;rev=13",
        "/orders;x/a",
    ] {
        let expected = if path == "/orders;rev=13" { 200 } else { 404 };
        assert_eq!(gateway.get_as("owner", path).await.status, expected, "{path}");
    }

    let with =
        async |version| client::get(gateway.listen, "/header/a", &[("Api-Version", version)]).await;
    assert_eq!(gateway.get("/header/a").await.json()["upstream"], "one");
    assert_eq!(with("V 2.0").await.json()["upstream"], "two");
    assert_eq!(with("v 2x0").await.status, 404);

    for (path, upstream, rest) in [
        ("/segment/v2.0/a?x", "two", "/a?x"),
        ("/segment/v2.0", "two", "/"),
        ("/segment/v1/a", "one", "/a"),
        ("/segment/v2x0/a", "one", "/v2x0/a"),
        ("/segment/a", "one", "/a"),
    ] {
        let answer = gateway.get(path).await.json();
        assert_eq!(
            (&answer["upstream"], &answer["path"]),
            (&upstream.into(), &rest.into()),
            "{path}"
        );
    }
    running.end().await;
}
