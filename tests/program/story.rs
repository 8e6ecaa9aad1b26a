//! What the README tells, and that a killed process tells the same when it is back.

use std::fs;

use serde_json::{Value, json};
use tests::documents;
use tests::process::{Program, contents};

/// Makes one of everything, and returns a token.
pub async fn tell(program: &Program) -> String {
    let token = program.token().await;
    let user = json!({ "userName": "alice", "email": "alice@example.org",
        "phoneNumber": "+49 170 1234567", "passwordHash": "Alice-1-open" });
    assert_eq!(*program.post("/api/User", &token, user).await.data(), 2);
    let resource = json!({ "name": "catalogue", "scopes": [{ "scope": "catalogue.read" }] });
    assert_eq!(*program.post("/api/ApiResource", &token, resource).await.data(), 1);
    let published = json!({ "apiId": "1", "name": "Catalogue", "suffix": "catalogue",
        "swaggerUrl": documents::url("catalogue") });
    program.put("/api/ApiResource/1/Publish", &token, published).await.data();
    let revision = json!({ "apiId": "1", "swaggerUrl": documents::url("catalogue-2"),
        "releaseNote": "the second" });
    program.post("/api/ApiResource/1/PublishRevision", &token, revision).await.data();
    let issued = program.post("/api/Client/IssueToken", &token, json!({ "lifetime": 600 })).await;
    let issued = issued.data().as_str().unwrap().to_owned();
    assert_eq!(program.get("/api/User", &issued).await.status, 200);
    token
}

/// All that can be read back of the story.
pub async fn read_back(program: &Program, token: &str) -> Vec<Value> {
    let mut answers = Vec::new();
    for path in [
        "/api/User",
        "/api/User/2",
        "/api/ApiResource",
        "/api/ApiResource/1",
        "/api/ApiResource/1/PublishConfiguration",
        "/api/ApiResource/1/Versions",
        "/api/Role",
        "/api/Client",
    ] {
        answers.push(program.get(path, token).await.data().clone());
    }
    answers
}

/// Every step is there, and says all that it should.
fn assert_is_the_story(events: &[Value]) {
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event["position"], position, "{event}");
        for field in ["stream", "kind", "time", "actor", "commandId"] {
            assert!(event[field].as_str().is_some_and(|it| !it.is_empty()), "{field} of {event}");
        }
        assert!(event["version"].as_u64() >= Some(1), "{event}");
        assert!(event["tenant"].is_u64() && event["data"].is_object(), "{event}");
    }
    let of = |kind: &str| events.iter().filter(|it| it["kind"] == kind).collect::<Vec<_>>();
    for kind in ["resource.created.v1", "token.issued.v1", "tenant.created.v1"] {
        assert!(!of(kind).is_empty(), "no {kind} among {:?}", kinds(events));
    }
    assert!(kinds(events).iter().filter(|it| it.starts_with("resource.")).count() >= 3);
    let alice = of("user.registered.v1").into_iter().find(|it| it["stream"] == "user-2").unwrap();
    assert_eq!(alice["personal"]["email"], "alice@example.org");
    assert_eq!((&alice["actor"], &alice["secret"]), (&json!("user-1"), &json!("***")));
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|it| it["kind"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_the_readme_survives_a_kill() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    let before = read_back(&program, &token).await;
    let told = program.replayed();
    assert_is_the_story(&told);
    program.kill();
    program.start().await;
    assert_eq!(read_back(&program, &token).await, before);
    assert_eq!(program.replayed()[..told.len()], told);

    // That it was printed is noticed behind it.
    let report = program.verified();
    let position = report["position"].as_u64().unwrap() as usize;
    assert!((told.len()..=told.len() + 2).contains(&position), "{report}");
    assert_eq!(report["events"], report["position"]);
    assert!(report["hash"].as_str().is_some_and(|it| it.len() == 64), "{report}");
    assert_eq!(report["firstBadPosition"], Value::Null);
    let table = program.run(&["verify"]).ok();
    assert!(table.out.starts_with("OK\n"), "{table:?}");

    let page = program.get("/api/audit/events?limit=1000", &token).await;
    assert_eq!(page.json["data"].as_array().unwrap(), &told);
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_and_verify_say_the_same_of_a_running_and_of_a_closed_log() {
    let mut program = Program::started(&[]).await;
    tell(&program).await;
    let kind = program.run(&["replay", "--kind", "user"]).ok();
    assert!(kind.lines().iter().all(|it| it["kind"].as_str().unwrap().starts_with("user.")));
    let part = program.run(&["replay", "--from", "2", "--to", "4", "--stream", "role-1"]).ok();
    assert_eq!(part.lines().iter().map(|it| &it["position"]).collect::<Vec<_>>(), [3]);
    program.stop().await;
    let closed = program.replayed();
    let table = program.run(&["replay", "--format", "table"]).ok();
    assert_eq!(table.out.lines().count(), closed.len() + 1);
    // What is read of a running server is noticed behind what was read.
    program.start().await;
    assert_eq!(program.replayed(), closed);
    program.stop().await;
    let closed = program.run(&["verify"]).ok();
    program.start().await;
    assert_eq!(program.run(&["verify"]).ok().out, closed.out);
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_closed_folder_changes_nothing_in_it() {
    let mut program = Program::started(&[]).await;
    tell(&program).await;
    program.kill();
    let killed = contents(&program.data);
    program.replayed();
    program.verified();
    assert_eq!(contents(&program.data), killed);
    program.start().await;
    program.stop().await;
    let stopped = contents(&program.data);
    program.run(&["verify"]).ok();
    program.run(&["replay", "--format", "table"]).ok();
    assert_eq!(contents(&program.data), stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_a_folder_is_refused_and_the_first_goes_on() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    let mut second = Program::new(&[]);
    second.data.clone_from(&program.data);
    second.start_refused().refused("is in use by another chancery process");
    assert_eq!(program.get("/api/User", &token).await.status, 200);
    program.kill();
    // The socket of the killed one is still there.
    assert!(fs::symlink_metadata(program.data.join("admin.sock")).is_ok());
    second.start().await;
    second.verified();
}
