//! `/api/audit/events` and `/api/audit/stream`: the log, for administrators.

use std::time::Duration;

use domain::user::{User, UserCommand};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tests::app::{TestApp, others_go_on};
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
    assert_eq!(positions(&events(&app, &token, &format!("after={head}")).await), [0_u64; 0]);
    for (query, field) in [
        ("after=-1", "after"),
        ("after=%2B1", "after"),
        ("after=18446744073709551616", "after"),
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
    /// As a browser would keep it.
    last_id: String,
}

impl Stream {
    async fn open(app: &TestApp, token: &str, query: &str, last_event_id: &str) -> Self {
        let ask = app.get(&format!("/api/audit/stream?{query}")).bearer(token);
        let response = ask.header("last-event-id", last_event_id).open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { response, text: String::new(), last_id: String::new() }
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
                    self.last_id.clone_from(id);
                    let (rest, position) = id.rsplit_once(':').unwrap();
                    assert!(rest.ends_with(data["eventId"].as_str().unwrap()), "{id}");
                    (position.parse().unwrap(), data)
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
    let read = async |query: &str, last_event_id: &str, count: usize| {
        // One after the other: a user has two places.
        others_go_on().await;
        let mut stream = Stream::open(&app, &token, query, last_event_id).await;
        (stream.positions(count).await, stream.last_id)
    };
    let (resumed, id) = read("after=1", "4", 2).await;
    assert_eq!(resumed, [5, 6], "Last-Event-ID is newer than the query");
    assert_eq!(read("after=3", "", 1).await.0, [4]);
    let (again, id) = read("after=1", &id, 1).await;
    assert_eq!(again, [7], "the id of the event says the same");
    let (by_query, next) = read(&format!("after={id}"), "", 1).await;
    assert_eq!(by_query, [8]);
    let list = events(&app, &token, &format!("after={id}&limit=1")).await;
    assert_eq!(positions(&list), [8]);
    let (log, event) = (&list["log"], &list["data"][0]["eventId"]);
    let made = format!("{}:{}:8", log.as_str().unwrap(), event.as_str().unwrap());
    assert_eq!(made, next, "the list says what ids are made of");
    others_go_on().await;
    let mut roles = Stream::open(&app, &token, "kind=role&after=0", "").await;
    let (position, event) = roles.next().await.unwrap();
    assert_eq!(
        (event["kind"].as_str(), event["position"].as_u64()),
        (Some("role.created.v1"), Some(position))
    );
}

#[tokio::test]
async fn an_event_of_another_history_is_410_and_the_answer_says_where_the_log_ends() {
    let (app, token) = with_token().await;
    let mut stream = Stream::open(&app, &token, "", "").await;
    stream.positions(3).await;
    let head = app.engine.log().head().position;
    let (log, event) = (app.engine.log().id().to_string(), "b0".repeat(16));
    let (_, rest) = stream.last_id.split_once(':').unwrap();
    let another_log = format!("{}:{rest}", "0a".repeat(16));
    let (before, _) = stream.last_id.rsplit_once(':').unwrap();
    for id in [
        format!("{}", head + 1),
        u64::MAX.to_string(),
        format!("{log}:{event}:3"),
        format!("{log}:{event}:{}", head + 1),
        format!("{before}:{}", u64::MAX),
        format!("{before}:2"),
        another_log,
    ] {
        let header = app.get("/api/audit/stream").header("last-event-id", &id);
        let query = app.get(&format!("/api/audit/stream?after={id}"));
        let list = app.get(&format!("/api/audit/events?after={id}"));
        for ask in [header, query, list] {
            let answer = ask.bearer(&token).send().await;
            assert_eq!(answer.status, 410, "{id}: {}", answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json; charset=utf-8");
            let json = answer.json();
            assert_eq!((&json["head"], &json["codeName"]), (&json!(head), &json!("Gone")));
            let detail = json["detail"].as_str().unwrap();
            assert!(detail.contains("begin again"), "{detail}");
        }
    }
    let mut at_head = Stream::open(&app, &token, "", &head.to_string()).await;
    app.post("/api/Role").bearer(&token).json(&json!({ "name": "guest" })).send().await.data();
    assert_eq!(at_head.positions(1).await, [head + 1], "the end itself is no other history");
}

#[tokio::test]
async fn what_is_neither_an_id_nor_a_position_is_400() {
    let (app, token) = with_token().await;
    let log = app.engine.log().id();
    let old_form = format!("{log}:1");
    for id in ["x", "-1", "+1", "3.0", "18446744073709551616", "\u{e9}", "1 2", &old_form] {
        let ask = app.get("/api/audit/stream").bearer(&token).header("last-event-id", id);
        ask.send().await.breaks("Last-Event-ID");
    }
    for path in ["/api/audit/stream", "/api/audit/events"] {
        let answer = app.get(&format!("{path}?after={old_form}")).bearer(&token).send().await;
        answer.breaks("after");
        // A stranger learns nothing of either.
        let stranger = app.get(&format!("{path}?after=999")).header("last-event-id", "x");
        assert_eq!(stranger.send().await.status, 401);
    }
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
    let mut stream =
        Stream { response: ask.open().await, text: String::new(), last_id: String::new() };
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
    let mut open_all = async |token: &str| {
        loop {
            let response = app.get("/api/audit/stream").bearer(token).open().await;
            if response.status() != 200 {
                return (response, std::mem::take(&mut open));
            }
            open.push(response);
            assert!(open.len() <= 1_000, "there is no limit");
        }
    };
    let (refused, of_one) = open_all(&token).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(of_one.len(), 2, "of one user, with whatever tokens");
    let again = app.admin().await;
    assert_eq!(open_all(&again).await.1.len(), 0);
    let mut all = of_one;
    for n in 0..10 {
        let user = app.user(1, &format!("auditor-{n}"), &[4], "oauthapp.all").await;
        let token = app.token(user, "oauthapp.all", "oauthapp.all", &["administrator"]);
        all.extend(open_all(&token).await.1);
    }
    assert_eq!(all.len(), 16, "of one tenant");
    drop(all);
    others_go_on().await;
    assert_eq!(open_all(&token).await.1.len(), 2, "places come free");
}

/// The reader takes nothing, and there is more than fits: the stream must see the end all the same.
#[tokio::test]
async fn a_stream_that_nobody_reads_gives_its_place_back_when_its_token_ends() {
    let (app, token) = with_token().await;
    for n in 0..60 {
        let body = json!({ "name": format!("role-{n}") });
        app.post("/api/Role").bearer(&token).json(&body).send().await.data();
    }
    let mut unread = app.get("/api/audit/stream?after=0").bearer(&token).open().await;
    let _second = app.get("/api/audit/stream?after=0").bearer(&token).open().await;
    others_go_on().await;
    let form = [("client_id", "chancery-cli"), ("token", token.as_str())];
    assert_eq!(app.post("/connect/revocation").form(&form).send().await.status, 200);
    let again = app.admin().await;
    let opened = async {
        loop {
            let response = app.get("/api/audit/stream").bearer(&again).open().await;
            if response.status() == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(EVENT_TIME_MAX, opened).await.expect("the place is never free");
    assert!(unread.body_mut().frame().await.is_none(), "what was left over is not shown");
}

/// A reader that takes an event now and then always has one waiting: its token is looked at all the same.
#[tokio::test]
async fn a_stream_that_is_read_slowly_ends_with_its_token() {
    let (app, token) = with_token().await;
    for n in 0..80 {
        let body = json!({ "name": format!("role-{n}") });
        app.post("/api/Role").bearer(&token).json(&body).send().await.data();
    }
    let mut stream = Stream::open(&app, &token, "after=0", "").await;
    assert_eq!(stream.positions(2).await, [1, 2]);
    others_go_on().await;
    let form = [("client_id", "chancery-cli"), ("token", token.as_str())];
    assert_eq!(app.post("/connect/revocation").form(&form).send().await.status, 200);
    app.clock.pass(Duration::from_secs(6));
    let mut more = 0;
    while stream.next().await.is_some() {
        others_go_on().await;
        more += 1;
    }
    assert!(more < 10, "{more} more events were shown");
}

#[tokio::test]
async fn a_long_stream_is_read_page_by_page() {
    let (app, token) = with_token().await;
    let user = app.user(1, "ann", &[1], "").await;
    for n in 0..9 {
        let set = UserCommand::SetEnabled(n % 2 == 1);
        app.run::<User>(1, &user.to_string(), set).await;
    }
    let all = events(&app, &token, &format!("stream=user-{user}")).await;
    let (total, all) = (all["total"].clone(), positions(&all));
    assert_eq!((total, all.len()), (json!(10), 10));
    let query = format!("stream=user-{user}&kind=user.enabled_set&limit=2&after={}", all[3]);
    let page = events(&app, &token, &query).await;
    assert_eq!((&page["total"], positions(&page)), (&json!(9), vec![all[4], all[5]]));
}

#[tokio::test]
async fn the_role_user_is_not_enough_for_the_audit() {
    let (app, _) = with_token().await;
    let token = app.token(1, "oauthapp.all", "oauthapp.all", &["user"]);
    for path in ["/api/audit/events", "/api/audit/stream"] {
        assert_eq!(app.get(path).bearer(&token).send().await.status, 403, "{path}");
    }
}
