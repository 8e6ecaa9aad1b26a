//! One-shots, through the running server and on a closed folder.

use std::fs;

use serde_json::{Value, json};
use tests::app::part_of;
use tests::process::{PASSWORD, Program, Said, contents, finish};

use crate::story::tell;

fn set_password(program: &Program, name: &str, password: &str) -> Said {
    let mut command = program.command(&["user", "set-password", name]);
    command.arg("--data").arg(&program.data).env("CHANCERY_PASSWORD", password);
    finish(command)
}

async fn keys_of(program: &Program) -> usize {
    let keys = program.get("/.well-known/openid-configuration/jwks", "").await;
    keys.json["keys"].as_array().unwrap().len()
}

/// Whoever had to wait for others' failures need not wait with the password that the operator set.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_forgets_the_failures_of_its_account() {
    let program = Program::started(&[]).await;
    for _ in 0..5 {
        assert_eq!(program.sign_in("admin", "wrong").await.status, 400);
    }
    assert_eq!(program.sign_in("admin", PASSWORD).await.status, 429);
    set_password(&program, "Admin", "New-Secret-1").ok();
    assert_eq!(program.sign_in("admin", "New-Secret-1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_unlocks_an_account() {
    let program = Program::started(&[]).await;
    for _ in 0..5 {
        assert_eq!(program.sign_in("admin", "wrong").await.status, 400);
    }
    assert_eq!(program.sign_in("admin", PASSWORD).await.status, 429);
    let said = program.run(&["user", "unlock", "Admin"]).ok();
    assert_eq!(said.out, "Admin may try again at once\n");
    assert_eq!(program.sign_in("admin", PASSWORD).await.status, 200);
    program.run(&["user", "unlock", "nobody"]).refused("nobody of this name");
}

/// The first part of a token names its key.
fn key_of(token: &str) -> String {
    part_of(token, 0)["kid"].as_str().unwrap().to_owned()
}

/// F1, A15: whatever the algorithm, running or closed, no request fails and no token ends.
#[tokio::test(flavor = "multi_thread")]
async fn rotated_keys_leave_old_tokens_valid_and_sign_once_they_are_known() {
    let mut program = Program::started(&[]).await;
    let old = program.token().await;
    let rotations: [&[&str]; 3] = [&[], &["--algorithm", "EdDSA"], &["--algorithm", "RS256"]];
    for (keys, more) in (2..).zip(rotations) {
        let said = program.run(&[&["keys", "rotate"], more].concat()).ok();
        assert!(said.out.contains("signs once it has been published for 120 seconds"), "{said:?}");
        assert_eq!(keys_of(&program).await, keys, "a new key is published at once");
        let new = program.token().await;
        assert_eq!(key_of(&new), key_of(&old), "whoever cached the published keys knows it");
        for token in [&old, &new] {
            assert_eq!(program.get("/api/User", token).await.status, 200);
        }
    }
    program.stop().await;
    program.run(&["keys", "rotate"]).ok();
    program.start().await;
    assert_eq!(keys_of(&program).await, 5);
    for token in [&old, &program.token().await] {
        assert_eq!(program.get("/api/User", token).await.status, 200);
    }
    program.verified();
}

/// A4: after a leak.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_ended_and_another_one_signs_at_once() {
    let mut program = Program::started(&[]).await;
    let old = program.token().await;
    let kid = key_of(&old);
    program.run(&["keys", "end", "nonsense"]).refused("chancery keys list");
    // A key's id is random Base64: it may begin like an option.
    program.run(&["keys", "end", "-Qx"]).refused("chancery keys list");
    assert!(program.run(&["keys", "list"]).ok().out.contains(&kid));
    let said = program.run(&["keys", "end", &kid, "--reason", "a backup was stolen"]).ok();
    assert!(said.out.contains("signs now"), "{said:?}");
    assert_eq!(program.get("/api/User", &old).await.status, 401);
    let new = program.token().await;
    assert_ne!(key_of(&new), kid);
    assert_eq!(program.get("/api/User", &new).await.status, 200);
    assert_eq!(keys_of(&program).await, 1);
    assert!(!program.run(&["keys", "list"]).ok().out.contains(&kid));
    assert!(program.run(&["keys", "end", &kid]).ok().out.contains("has ended already"));
    program.stop().await;
    program.run(&["keys", "end", &key_of(&new)]).ok();
    program.start().await;
    assert_eq!(program.get("/api/User", &new).await.status, 401);
    assert_eq!(program.get("/api/User", &program.token().await).await.status, 200);
    let events = program.replayed();
    let ended = events.iter().filter(|it| it["kind"] == "signing_key.ended.v1");
    let reasons = ended.map(|it| it["data"]["reason"].clone()).collect::<Vec<_>>();
    assert_eq!(reasons, ["a backup was stolen", "ended by the operator"]);
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_tokens_of_the_old_one() {
    let mut program = Program::started(&[]).await;
    tell(&program).await;
    let token = |answer: tests::process::Answer| {
        let token = answer.json["access_token"].as_str();
        token.unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    };
    let old = token(program.sign_in("admin", tests::process::PASSWORD).await);
    set_password(&program, "admin", "short").refused("at least 6 characters");
    set_password(&program, "nobody", "Second-2-open").refused("no user of this name");
    set_password(&program, "admin", "Second-2-open").ok();
    assert_eq!(program.get("/api/User", &old).await.status, 401);
    let new = token(program.sign_in("admin", "Second-2-open").await);
    assert_eq!(program.get("/api/User", &new).await.status, 200);
    program.stop().await;
    set_password(&program, "admin", "Third-3-open").ok();
    program.start().await;
    assert_eq!(program.get("/api/User", &new).await.status, 401);
    assert_eq!(program.sign_in("admin", "Second-2-open").await.status, 400);
    token(program.sign_in("admin", "Third-3-open").await);
    program.verified();
}

/// Nothing of alice can be read anywhere.
async fn assert_forgotten(program: &Program, token: &str) {
    let shown = json!(program.replayed()).to_string();
    let page = program.get("/api/audit/events?limit=1000", token).await.json.to_string();
    let list = program.get("/api/User", token).await.json.to_string();
    for text in [shown, page, list] {
        assert!(!text.contains("alice") && !text.contains("1234567"), "{text}");
    }
    let detail = program.get("/api/User/2", token).await;
    assert_ne!(detail.json["code"], 200, "{detail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_is_gone_everywhere_and_for_good() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    let alice = program.sign_in("alice", "Alice-1-open").await;
    assert_eq!(alice.status, 200, "{alice:?}");
    let said = program.run(&["user", "erase", "2"]).ok();
    assert!(said.out.contains("user 2 is forgotten"), "{said:?}");
    assert_forgotten(&program, &token).await;
    let ended = program.get("/api/User", alice.json["access_token"].as_str().unwrap()).await;
    assert_eq!(ended.status, 401);
    program.run(&["user", "erase", "99"]).refused("there is no user 99");
    program.verified();
    program.kill();
    program.start().await;
    assert_forgotten(&program, &token).await;
    program.stop().await;
    program.verified();
    program.start().await;
    assert_forgotten(&program, &token).await;
    let again = json!({ "userName": "alice", "email": "alice@example.com" });
    assert_eq!(*program.post("/api/User", &token, again).await.data(), 3);
    program.stop().await;
    program.run(&["user", "erase", "3"]).ok();
    program.start().await;
    assert_forgotten(&program, &token).await;
    program.verified();
}

/// The last administrator stays, and an operator can make another one: running or not.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_an_administrator_and_ends_none_who_is_the_last() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    let last = "the last administrator of a tenant stays";
    program.run(&["user", "erase", "1"]).refused(last);
    program.run(&["user", "disable", "admin"]).refused(last);
    program.run(&["app-token", "link"]).ok();
    program.run(&["app-token", "disable", "admin"]).refused(last);
    program.run(&["app-token", "erase", "user-1"]).refused(last);
    assert_eq!(program.get("/api/User/1", &token).await.data()["userName"], "admin");
    program.run(&["user", "grant-administrator", "nobody"]).refused("no user of this name");
    let none = ["user", "grant-administrator", "alice", "--tenant", "7"];
    program.run(&none).refused("no role of administrators");
    let before = program.sign_in("alice", "Alice-1-open").await;
    let before = before.json["access_token"].as_str().unwrap().to_owned();
    let said = program.run(&["user", "grant-administrator", "alice"]).ok();
    assert!(said.out.contains("user 2 is an administrator of tenant 1"), "{said:?}");
    let said = program.run(&["user", "grant-administrator", "alice"]).ok();
    assert!(said.out.contains("already"), "{said:?}");
    // A token of before grants no more than before.
    let audit = "/api/audit/events";
    assert_eq!(program.get(audit, &before).await.status, 403);
    let alice = program.sign_in("alice", "Alice-1-open").await;
    let alice = alice.json["access_token"].as_str().unwrap().to_owned();
    assert_eq!(program.get(audit, &alice).await.status, 200);
    program.run(&["user", "disable", "admin"]).ok();
    program.run(&["user", "disable", "alice"]).refused(last);
    program.stop().await;
    program.run(&["user", "erase", "2"]).refused(last);
    program.run(&["user", "enable", "admin"]).ok();
    program.run(&["user", "erase", "2"]).ok();
    program.run(&["user", "erase", "1"]).refused(last);
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_event_and_the_key_is_made_good_at_the_next_start() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    program.stop().await;
    let keys = fs::read(program.data.join("keys")).unwrap();
    program.run(&["user", "erase", "2"]).ok();
    assert_ne!(fs::read(program.data.join("keys")).unwrap(), keys);
    fs::write(program.data.join("keys"), &keys).unwrap();
    program.start().await;
    assert_forgotten(&program, &token).await;
    program.stop().await;
    let now = fs::read(program.data.join("keys")).unwrap();
    let changed = now.chunks(128).zip(keys.chunks(128)).filter(|(now, then)| now != then).count();
    assert_eq!(changed, 1, "the key of the person was not destroyed");
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_whole_and_can_be_served() {
    let mut program = Program::started(&[]).await;
    tell(&program).await;
    let events = program.replayed();
    let online = program.beside("online");
    let to = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    program.run(&["backup", "--to", &to(&online)]).ok();
    program.run(&["backup", "--to", &to(&online)]).refused("is not empty");
    // A relative path counts from where the operator is, not from where the server is.
    program.run(&["backup", "--to", "relative"]).ok();
    assert!(program.beside("relative/keys").exists());
    program.stop().await;
    let before = contents(&program.data);
    let offline = program.beside("offline");
    program.run(&["backup", "--to", &to(&offline)]).ok();
    program.run(&["backup", "--to", &to(&program.data)]).refused("is not empty");
    let log = |all: &[(std::path::PathBuf, u32, std::time::SystemTime, Vec<u8>)]| {
        all.iter().filter(|it| it.0.ends_with("keys")).map(|it| it.3.clone()).collect::<Vec<_>>()
    };
    assert_eq!(log(&before), log(&contents(&program.data)));
    for folder in [online, offline] {
        program.data = folder;
        program.verified();
        // What was read of it is noticed behind it.
        let replayed = program.replayed();
        assert_eq!(replayed[..events.len()], events);
        let noticed = replayed[events.len()..].iter().map(|it| it["kind"].as_str().unwrap());
        assert!(noticed.into_iter().all(|it| it.starts_with("security.")));
        program.start().await;
        let token = program.token().await;
        let user = program.get("/api/User/2", &token).await;
        assert_eq!(user.data()["email"], "alice@example.org");
        program.post("/api/Client/IssueToken", &token, json!({})).await.data();
        program.stop().await;
        program.verified();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_shot_where_there_is_no_log_makes_none() {
    let program = Program::new(&[]);
    for arguments in [&["keys", "rotate"][..], &["user", "erase", "1"], &["replay"]] {
        program.run(arguments).refused("holds no log");
    }
    let report = program.run(&["verify", "--format", "json"]);
    assert_eq!((report.code, &report.json()["ok"]), (Some(1), &Value::from(false)));
    assert!(!program.data.exists());
}
