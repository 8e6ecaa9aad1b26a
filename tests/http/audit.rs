//! `/api/audit/events` and `/api/audit/stream`: the log, for administrators.

use std::time::Duration;

use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tests::app::TestApp;
use warp::reply::Response;

/// How long an event of a stream may take: only a failure waits for it.
const EVENT_TIME_MAX: Duration = Duration::from_secs(20);

async fn with_token() -> (TestApp, String) {
    let app = TestApp::new().await;
    let token = app.admin().await;
    app.shows(app.engine.log().head().position).await;
    (app, token)
}

async fn events(app: &TestApp, token: &str, query: &str) -> Value {
    let answer = app.get(&format!("/api/audit/events?{query}")).bearer(token).send().await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json()
}

fn positions(page: &Value) -> Vec<u64> {
    page["data"].as_array().unwrap().iter().map(|it| it["position"].as_u64().unwrap()).collect()
}

/// An administrator of a new tenant: its host, its number and a token.
async fn another_tenant(app: &TestApp) -> (&'static str, u32, String) {
    let host = "other:8080";
    let tenant = app.tenant(host).await;
    let roles = app.roles(tenant).await;
    let user = app.user(tenant, "zoe-of-tenant-2", &roles, "oauthapp.all").await;
    let claims = json!({
        "iss": format!("http://{host}"), "sub": user.to_string(),
        "client_tenant": { "id": tenant },
    });
    let token = app.mint(tenant, &claims);
    app.shows(app.engine.log().head().position).await;
    (host, tenant, token)
}

#[tokio::test]
async fn a_page_is_in_the_order_of_the_log_and_says_where_its_end_is() {
    let (app, token) = with_token().await;
    let head = app.engine.log().head().position;
    let all = events(&app, &token, "").await;
    assert_eq!(
        (&all["total"], &all["head"], &all["take"]),
        (&json!(head), &json!(head), &json!(100))
    );
    assert_eq!(positions(&all), (1..=head).collect::<Vec<_>>());
    assert_eq!(positions(&events(&app, &token, "after=2&limit=3").await), [3, 4, 5]);
    assert_eq!(positions(&events(&app, &token, "limit=0").await), [1], "at least one");
    assert_eq!(events(&app, &token, "limit=99999").await["take"], 1000);
    for after in [head, head + 1, i64::MAX as u64] {
        assert_eq!(positions(&events(&app, &token, &format!("after={after}")).await), [0_u64; 0]);
    }
    for (query, field) in [
        ("after=-1", "after"),
        ("after=9223372036854775808", "after"),
        ("limit=x", "limit"),
        ("tenant=x", "tenant"),
        ("stream=user", "stream"),
        ("stream=-", "stream"),
    ] {
        let answer = app.get(&format!("/api/audit/events?{query}")).bearer(&token).send().await;
        answer.breaks(field);
    }
}

#[tokio::test]
async fn filters_narrow_by_kind_stream_and_actor() {
    let (app, token) = with_token().await;
    let body = json!({ "userName": "ann", "passwordHash": "Sesame-open-7" });
    let made = app.post("/api/User").bearer(&token).json(&body).send().await;
    let found = async |query: &str| positions(&events(&app, &token, query).await);
    assert_eq!(found("actor=user-1&kind=user").await, [made.position()]);
    assert_eq!(found("stream=user-2").await, [made.position()]);
    assert_eq!(found("stream=user-2&kind=user.registered.v1").await, [made.position()]);
    assert_eq!(found("kind=user.registered").await.len(), 2);
    assert_eq!(found("kind=use").await, [0_u64; 0], "whole words only");
    assert_eq!(found("stream=user-2&kind=role").await, [0_u64; 0]);
    assert_eq!(found("stream=user-99").await, [0_u64; 0]);
    assert_eq!(found(&format!("stream=user-2&after={}", made.position())).await, [0_u64; 0]);
    let event = events(&app, &token, "stream=user-2").await["data"][0].clone();
    assert_eq!((&event["kind"], &event["actor"]), (&json!("user.registered.v1"), &json!("user-1")));
    assert_eq!((&event["tenant"], &event["version"]), (&json!(1), &json!(1)));
    assert_eq!((&event["secret"], &event["personal"]["userName"]), (&json!("***"), &json!("ann")));
}

#[tokio::test]
async fn a_request_is_found_again_by_its_ids() {
    let (app, token) = with_token().await;
    let id = "0123456789abcdef0123456789abcdef";
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let ask = app.post("/api/Role").bearer(&token).header("x-request-id", id);
    let ask = ask.header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"));
    let made = ask.json(&json!({ "name": "guest" })).send().await;
    assert_eq!(made.header("x-request-id"), id);
    let query = format!("kind=role&after={}", made.position() - 1);
    let event = events(&app, &token, &query).await["data"][0].clone();
    assert_eq!(event["position"], made.position());
    assert_eq!((&event["correlationId"], &event["traceId"]), (&json!(id), &json!(trace)));
}

#[tokio::test]
async fn a_tenant_sees_its_own_events_and_the_first_may_see_all() {
    let (app, token) = with_token().await;
    let (host, tenant, other) = another_tenant(&app).await;
    let at_other = async |query: &str| {
        app.get(&format!("/api/audit/events?{query}")).host(host).bearer(&other).send().await
    };
    let theirs = at_other("").await.json();
    // The tenant, its key, its two roles, its user and the token.
    assert_eq!(theirs["total"], 6);
    let of_them = theirs["data"].as_array().unwrap().iter().all(|it| it["tenant"] == tenant);
    assert!(of_them, "{theirs}");
    assert_eq!(at_other("stream=user-1").await.json()["total"], 0);
    assert_eq!(at_other("tenant=2").await.json()["total"], 6);
    for query in ["tenant=*", "tenant=1", "tenant=0", "tenant=*&stream=user-1"] {
        assert_eq!(at_other(query).await.status, 403, "{query}");
    }
    let own = app.get("/api/audit/events").bearer(&token).send().await;
    assert!(!own.text.contains("zoe-of-tenant-2"));
    let all = events(&app, &token, "tenant=*").await;
    assert_eq!(all["total"], all["head"]);
    assert!(all.to_string().contains("zoe-of-tenant-2"));
}

/// An open stream, with what has arrived and was not asked for yet.
struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(app: &TestApp, token: &str, query: &str, last_event_id: &str) -> Self {
        let ask = app.get(&format!("/api/audit/stream?{query}")).bearer(token);
        let response = ask.header("last-event-id", last_event_id).open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, text: String::new() }
    }

    /// The next event, or the end of the stream.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let lines = event.lines().filter_map(|it| it.split_once(':'));
                let lines = lines.map(|(name, value)| (name, value.trim().to_owned()));
                let fields = lines.collect::<std::collections::HashMap<_, _>>();
                let read = fields.get("id").map(|id| {
                    let data: Value = serde_json::from_str(&fields["data"]).unwrap();
                    assert_eq!(data["kind"], fields["event"].as_str());
                    (id.parse().unwrap(), data)
                });
                self.text = rest.to_owned();
                if read.is_some() {
                    return read;
                }
            }
            let frame = tokio::time::timeout(EVENT_TIME_MAX, self.response.body_mut().frame());
            let frame = frame.await.expect("the stream is silent")?;
            let bytes = frame.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    async fn positions(&mut self, count: usize) -> Vec<u64> {
        let mut positions = Vec::new();
        while positions.len() < count {
            positions.push(self.next().await.expect("the stream has ended").0);
        }
        positions
    }
}

#[tokio::test]
async fn the_stream_gives_history_and_then_what_happens_without_gap_or_duplicate() {
    let (app, token) = with_token().await;
    let head = app.engine.log().head().position;
    let mut stream = Stream::open(&app, &token, "", "").await;
    let write = async {
        for n in 0..20 {
            let body = json!({ "name": format!("role-{n}") });
            app.post("/api/Role").bearer(&token).json(&body).send().await.data();
        }
    };
    let (read, ()) = tokio::join!(stream.positions(head as usize + 20), write);
    assert_eq!(read, (1..=head + 20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event_that_was_seen() {
    let (app, token) = with_token().await;
    let mut resumed = Stream::open(&app, &token, "after=1", "4").await;
    assert_eq!(resumed.positions(2).await, [5, 6], "Last-Event-ID is newer than the query");
    let mut after = Stream::open(&app, &token, "after=3", "").await;
    assert_eq!(after.positions(1).await, [4]);
    let mut roles = Stream::open(&app, &token, "kind=role&after=0", "").await;
    let (position, event) = roles.next().await.unwrap();
    assert_eq!(
        (event["kind"].as_str(), event["position"].as_u64()),
        (Some("role.created.v1"), Some(position))
    );
    let wrong = app.get("/api/audit/stream").bearer(&token).header("last-event-id", "x");
    wrong.send().await.breaks("Last-Event-ID");
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let (app, token) = with_token().await;
    let head = app.engine.log().head().position;
    let mut stream = Stream::open(&app, &token, &format!("after={head}"), "").await;
    let form = [("client_id", "chancery-cli"), ("token", token.as_str())];
    let revoked = app.post("/connect/revocation").form(&form).send().await;
    assert_eq!(revoked.status, 200);
    // The revocation itself may still be shown; then nothing more is.
    while let Some((position, _)) = stream.next().await {
        assert_eq!(position, revoked.position());
    }
}

#[tokio::test]
async fn a_stream_of_a_tenant_shows_nothing_of_the_others() {
    let (app, token) = with_token().await;
    let (host, tenant, other) = another_tenant(&app).await;
    let refused = app.get("/api/audit/stream?tenant=*").host(host).bearer(&other).send().await;
    assert_eq!(refused.status, 403);
    let ask = app.get("/api/audit/stream").host(host).bearer(&other);
    let mut stream = Stream { response: ask.open().await, text: String::new() };
    app.post("/api/Role")
        .bearer(&token)
        .json(&json!({ "name": "of-tenant-1" }))
        .send()
        .await
        .data();
    let role = app.post("/api/Role").host(host).bearer(&other).json(&json!({ "name": "theirs" }));
    let role = role.send().await.position();
    loop {
        let (position, event) = stream.next().await.unwrap();
        assert_eq!(event["tenant"], tenant, "{event}");
        if position == role {
            break;
        }
    }
}

#[tokio::test]
async fn streams_are_limited_and_their_places_come_free() {
    let (app, token) = with_token().await;
    let mut open = Vec::new();
    let refused = loop {
        let response = app.get("/api/audit/stream").bearer(&token).open().await;
        if response.status() != 200 {
            break response;
        }
        open.push(response);
        assert!(open.len() <= 1_000, "there is no limit");
    };
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(open.len(), 16, "of one tenant");
}

#[tokio::test]
async fn the_role_user_is_not_enough_for_the_audit() {
    let (app, _) = with_token().await;
    let token = app.token(1, "oauthapp.all", "oauthapp.all", &["user"]);
    for path in ["/api/audit/events", "/api/audit/stream"] {
        assert_eq!(app.get(path).bearer(&token).send().await.status, 403, "{path}");
    }
}
