//! `/api/audit/stream` over a real socket: history, then live, and an end with the token.

use reqwest::Response;
use serde_json::{Value, json};
use tests::process::{Program, until};

use crate::story::tell;

/// The events of a stream as they come.
struct Stream {
    response: Response,
    text: String,
}

struct Sent {
    /// As it was sent.
    id: String,
    position: u64,
    kind: String,
    data: Value,
}

impl Stream {
    async fn open(program: &Program, token: &str, query: &str, last: Option<&str>) -> Self {
        let send = async || {
            let request = program.client.get(program.url(&format!("/api/audit/stream{query}")));
            let request = request.bearer_auth(token);
            let request = last.iter().fold(request, |it, last| it.header("Last-Event-ID", *last));
            request.send().await.unwrap()
        };
        let mut response = send().await;
        // A user has two places; that of a stream which was just dropped comes free in a moment.
        until("a place is free", async || {
            if response.status() == 429 {
                response = send().await;
            }
            response.status() != 429
        })
        .await;
        assert_eq!(response.status(), 200);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Self { response, text: String::new() }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                if let Some(sent) = read(&event) {
                    return Some(sent);
                }
                continue;
            }
            let piece = self.response.chunk();
            let piece = tokio::time::timeout(std::time::Duration::from_secs(40), piece).await;
            let piece = piece.expect("nothing comes").unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    async fn take(&mut self, count: usize) -> Vec<Sent> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.next().await.expect("it ended"));
        }
        events
    }
}

/// `None` for a comment.
fn read(event: &str) -> Option<Sent> {
    let field = |name: &str| event.lines().find_map(|it| it.strip_prefix(name)).map(str::trim);
    let id = field("id:")?.to_owned();
    Some(Sent {
        position: id.rsplit_once(':').unwrap().1.parse().unwrap(),
        id,
        kind: field("event:").unwrap().to_owned(),
        data: serde_json::from_str(field("data:").unwrap()).unwrap(),
    })
}

fn ids(events: &[Sent]) -> Vec<u64> {
    events.iter().map(|it| it.position).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_runs_into_live_events_without_gap_or_duplicate() {
    let program = Program::started(&[]).await;
    let token = tell(&program).await;
    let history = program.replayed();
    // Events come while the history is read.
    let writing = async {
        for number in 0..40 {
            let body = json!({ "name": format!("live-{number}") });
            program.post("/api/ApiResource", &token, body).await.data();
        }
    };
    let reading = async {
        let mut stream = Stream::open(&program, &token, "", None).await;
        stream.take(history.len() + 40).await
    };
    let ((), events) = tokio::join!(writing, reading);
    // What tools read is noticed, too, but not in this tenant.
    let replayed = program.replayed().into_iter().filter(|it| it["tenant"] == 1);
    let replayed = replayed.take(events.len()).collect::<Vec<_>>();
    let positions = replayed.iter().map(|it| it["position"].as_u64().unwrap());
    assert_eq!(ids(&events), positions.collect::<Vec<_>>());
    for (event, replayed) in events.iter().zip(replayed) {
        assert_eq!((&event.data, &event.kind.as_str().into()), (&replayed, &replayed["kind"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_the_last_event_that_was_seen() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    let head = program.replayed().len() as u64;
    let mut stream = Stream::open(&program, &token, "", None).await;
    let seen = stream.take(3).await;
    program.kill();
    program.start().await;
    let mut stream = Stream::open(&program, &token, "", Some(&seen[2].id)).await;
    let rest = stream.take(usize::try_from(head).unwrap() - 3).await;
    drop(stream);
    assert_eq!(ids(&rest), (4..=head).collect::<Vec<_>>());
    // The header wins over the query: a browser cannot change the address when it comes back.
    let mut stream =
        Stream::open(&program, &token, "?after=1", Some(&rest[rest.len() - 2].id)).await;
    assert_eq!(stream.next().await.unwrap().position, head);
    drop(stream);
    let mut stream = Stream::open(&program, &token, "?kind=user", None).await;
    assert!(stream.next().await.unwrap().kind.starts_with("user."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_token_does() {
    let program = Program::started(&[]).await;
    let token = program.token().await;
    let issued = program.post("/api/Client/IssueToken", &token, json!({})).await;
    let issued = issued.data().as_str().unwrap().to_owned();
    let mut stream = Stream::open(&program, &issued, "?kind=token.revoked", None).await;
    let form = [("client_id", "chancery-cli"), ("token", issued.as_str())];
    let revoked = program.client.post(program.url("/connect/revocation")).form(&form).send().await;
    assert_eq!(revoked.unwrap().status(), 200);
    while stream.next().await.is_some() {}
    assert_eq!(program.get("/api/audit/stream", &issued).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_get_no_stream() {
    let program = Program::started(&[]).await;
    assert_eq!(program.get("/api/audit/stream", "nonsense").await.status, 401);
    let bare = program.client.get(program.url("/api/audit/stream")).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    let token = tell(&program).await;
    let alice = program.sign_in("alice", "Alice-1-open").await.json["access_token"].clone();
    assert_eq!(program.get("/api/audit/stream", alice.as_str().unwrap()).await.status, 403);
    let bad = program.client.get(program.url("/api/audit/stream")).bearer_auth(&token);
    let bad = bad.header("Last-Event-ID", "x").send().await.unwrap();
    assert_eq!(bad.status(), 400);
}
