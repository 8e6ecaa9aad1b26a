//! Policies, read from their XML and enforced by nginx.

use gateway::policy;

use crate::client;
use crate::harness::{Gateway, api, configuration, has_nginx};

const CORS: &str = r#"<policies>
  <inbound>
    <cors allow-credentials="true">
      <allowed-origins><origin>https://app.example</origin></allowed-origins>
      <allowed-methods preflight-result-max-age="300"><method>GET</method><method>PUT</method></allowed-methods>
      <allowed-headers><header>authorization</header></allowed-headers>
      <expose-headers><header>x-one</header></expose-headers>
    </cors>
  </inbound>
  <outbound>
    <set-header name="X-One"><value>a 'b' &#233;</value><value>c</value></set-header>
    <set-header name="X-Powered-By" exists-action="delete"/>
    <set-header name="X-Chosen" exists-action="skip"><value>ours</value></set-header>
    <set-header name="Content-Language" exists-action="append"><value>en</value></set-header>
  </outbound>
</policies>"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policies_are_enforced() {
    if !has_nginx() {
        return;
    }
    let gateway = Gateway::new().await;
    let with = |api_id: &str, xml: &str| {
        let policy = policy::read(xml).unwrap();
        assert!(policy.not_enforced.is_empty(), "{policy:?}");
        let mut version = gateway.open(api_id, None, &gateway.one.url());
        version.policy = Some(policy);
        version
    };
    let mut cors = with("1", CORS);
    cors.keys = true;
    let limited = with("2", "<rate-limit calls='3' renewal-period='180'/>");
    let forbidden = with(
        "3",
        "<ip-filter action='forbid'><address-range from='127.0.0.1' to='127.0.0.3'/></ip-filter>",
    );
    let allowed = with("4", "<ip-filter action='allow'><address>127.0.0.1</address></ip-filter>");
    let elsewhere =
        with("5", "<ip-filter action='allow'><address>10.0.0.0/8</address></ip-filter>");
    let rewritten = with("6", "<rewrite-uri template='/v1/fixed'/>");
    let any = with(
        "8",
        "<cors><allowed-origins><origin>*</origin></allowed-origins><allowed-headers><header>*</header></allowed-headers></cors>",
    );
    let apis = [
        ("cors", cors),
        ("limited", limited),
        ("forbidden", forbidden),
        ("allowed", allowed),
        ("elsewhere", elsewhere),
        ("rewritten", rewritten),
        ("any", any),
    ];
    let apis = apis.map(|(path, version)| api(path, vec![version])).to_vec();
    gateway.double.publish(&configuration(5, apis));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;

    // A browser asks first, without a key.
    let asks = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "PUT")];
    let answer = client::send(gateway.listen, "OPTIONS", "/cors/a", &asks).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-headers", "authorization"),
        ("access-control-max-age", "300"),
        ("vary", "Origin"),
    ] {
        assert_eq!((answer.header(name), answer.count(name)), (Some(value), 1), "{name}");
    }
    let stranger = [("Origin", "https://app.example.evil"), asks[1]];
    assert_eq!(client::send(gateway.listen, "OPTIONS", "/cors/a", &stranger).await.status, 401);
    let key = ("Ocp-Apim-Subscription-Key", "chk_caller");
    let answer = client::get(gateway.listen, "/cors/a", &[asks[0], key]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("x-one"));
    // A page may also read why it was refused.
    let answer = client::get(gateway.listen, "/cors/a", &asks[..1]).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (401, Some("https://app.example"))
    );

    let answer = client::get(gateway.listen, "/cors/a", &[key]).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!((answer.header("x-one"), answer.count("x-one")), (Some("a 'b' \u{e9}"), 2));
    assert_eq!(answer.header("x-powered-by"), None);
    assert_eq!(answer.header("x-chosen"), Some("ours"));
    assert_eq!(answer.header("content-language"), Some("en"));

    let answer = client::send(gateway.listen, "OPTIONS", "/any/a", &asks).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("*, Authorization"));

    for _ in 0..3 {
        assert_eq!(gateway.get("/limited/a").await.status, 200);
    }
    let answer = gateway.get("/limited/a").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("60")));
    assert_eq!(answer.json()["status"], 429);

    for (path, status) in [("/forbidden/a", 403), ("/allowed/a", 200), ("/elsewhere/a", 403)] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(status == 200 || answer.json()["status"] == status, "{path}");
    }
    assert_eq!(gateway.get("/rewritten/a/b?x=1").await.json()["path"], "/v1/fixed?x=1");
    assert_eq!(gateway.get("/rewritten/a/b").await.json()["path"], "/v1/fixed");
    running.end().await;
}
