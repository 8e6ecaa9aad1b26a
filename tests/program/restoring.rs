//! Going on from a backup: what was given out in the lost part of the history is nobody else's, and
//! a folder that was restored by half is not taken for a new one.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tests::process::{Program, contents, copy_folder};

/// How many numbers are passed over at least.
const PASSED_OVER: u64 = 1_000;

/// Makes a user who may do all that users may, and returns the number.
async fn make_user(program: &Program, token: &str, name: &str) -> u64 {
    let user = json!({ "userName": name, "passwordHash": "Sesame-7-open",
        "claims": [{ "claimType": "permission", "claimValue": "oauthapp.all" }] });
    let made = program.post("/api/User", token, user).await;
    made.data().as_u64().unwrap()
}

async fn token_of(program: &Program, name: &str) -> String {
    let answer = program.sign_in(name, "Sesame-7-open").await;
    answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// Stops the server and puts a backup in place of its folder, as the manual says.
async fn restore(program: &mut Program, backup: &Path) {
    program.stop().await;
    fs::remove_dir_all(&program.data).unwrap();
    copy_folder(backup, &program.data);
}

fn backup(program: &Program, name: &str) -> std::path::PathBuf {
    let to = program.beside(name);
    program.run(&["backup", "--to", to.to_str().unwrap()]).ok();
    to
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|it| it["kind"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_the_token_of_a_lost_user_is_nobodys() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    let backup = backup(&program, "backup");
    let mallory = make_user(&program, &token, "mallory").await;
    let of_mallory = token_of(&program, "mallory").await;
    assert_eq!(program.get("/api/Client", &of_mallory).await.status, 200);
    restore(&mut program, &backup).await;
    let end = program.verified()["position"].as_u64().unwrap();
    program.start().await;
    // It is in the backup, but nobody knows whether it was revoked since.
    assert_eq!(program.get("/api/User", &token).await.status, 401);
    let token = program.token().await;
    let alice = make_user(&program, &token, "alice").await;
    assert!(alice > mallory + PASSED_OVER / 2, "{alice} after {mallory}");
    let of_alice = token_of(&program, "alice").await;
    let client = json!({ "clientId": "of-alice", "clientName": "of alice" });
    program.post("/api/Client", &of_alice, client.clone()).await.data();
    for path in ["/api/Client", "/api/User"] {
        assert_eq!(program.get(path, &of_mallory).await.status, 401, "{path}");
    }
    assert_eq!(program.post("/api/Client", &of_mallory, client).await.status, 401);
    let events = program.replayed();
    let restored = of_kind(&events, "log.restored.v1");
    assert_eq!(restored.len(), 1, "{restored:?}");
    assert_eq!(restored[0]["position"], end + 1, "before anything else");
    assert_eq!((&restored[0]["actor"], &restored[0]["tenant"]), (&json!("system"), &json!(0)));
    let numbers = restored[0]["data"]["numbers"].as_array().unwrap();
    let highest = |category: &str| {
        let found = numbers.iter().find(|it| it["category"] == category);
        found.unwrap_or_else(|| panic!("no {category}"))["number"].as_u64().unwrap()
    };
    assert_eq!(highest("user") + 1, alice);
    // Roles 1 to 4 are there, and no resource is.
    assert_eq!((highest("role"), highest("resource")), (1_004, 1_000));
    for way in ["gracefully", "by a kill"] {
        match way {
            "gracefully" => program.stop().await,
            _ => program.kill(),
        }
        program.start().await;
        assert_eq!(of_kind(&program.replayed(), "log.restored.v1").len(), 1, "stopped {way}");
        assert_eq!(program.get("/api/Client", &of_alice).await.status, 200);
    }
    let bob = make_user(&program, &program.token().await, "bob").await;
    assert_eq!(bob, alice + 1, "numbers go on as ever");
    program.stop().await;
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_backup_does_not_make_it_a_restored_one() {
    let mut program = Program::started(&[]).await;
    let backup = backup(&program, "backup");
    program.stop().await;
    program.data = backup;
    let before = contents(&program.data);
    program.verified();
    assert_eq!(of_kind(&program.replayed(), "log.restored.v1").len(), 0);
    assert_eq!(contents(&program.data), before);
    let end = program.verified()["position"].clone();
    program.run(&["keys", "list"]).ok();
    program.run(&["client", "list"]).ok();
    program.run(&["backup", "--to", program.beside("again").to_str().unwrap()]).ok();
    assert_eq!(program.verified()["position"], end);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_writes_to_a_backup_first_notes_the_restore() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    make_user(&program, &token, "ann").await;
    let backup = backup(&program, "backup");
    program.stop().await;
    program.data = backup;
    let end = program.verified()["position"].as_u64().unwrap();
    program.run(&["user", "disable", "ann"]).ok();
    program.run(&["user", "enable", "ann"]).ok();
    let events = program.replayed();
    let kinds = events.iter().skip(end as usize).map(|it| it["kind"].as_str().unwrap());
    let kinds = kinds.collect::<Vec<_>>();
    assert_eq!(kinds, ["log.restored.v1", "user.enabled_set.v1", "user.enabled_set.v1"]);
}

/// A copy made by other means: persons were made and erased after it, and the key file knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_log_under_newer_keys_goes_on_behind_the_numbers_of_the_keys() {
    let mut program = Program::started(&[]).await;
    program.stop().await;
    let older = program.copy();
    program.start().await;
    let token = program.token().await;
    let mut lost = 0;
    for name in ["ben", "cid", "dan"] {
        lost = make_user(&program, &token, name).await;
        program.run(&["user", "erase", &lost.to_string()]).ok();
    }
    program.stop().await;
    // The folder of before, but for the key file.
    let mut older = older;
    fs::copy(program.data.join("keys"), older.data.join("keys")).unwrap();
    fs::copy(program.data.join("head"), older.data.join("head")).unwrap();
    older.start_refused().refused("was durable");
    let end = older.run(&["verify", "--format", "json"]).json()["position"].as_u64().unwrap();
    older.set_arguments(&["--accept-head", &(end + 7).to_string()]);
    older.start_refused().refused("was durable");
    older.set_arguments(&["--accept-head", &end.to_string()]);
    older.start().await;
    let token = older.token().await;
    let next = make_user(&older, &token, "eve").await;
    assert!(next > lost + PASSED_OVER / 2, "{next}");
    let events = older.replayed();
    let restored = of_kind(&events, "log.restored.v1");
    assert_eq!((restored.len(), &restored[0]["position"]), (1, &json!(end + 1)));
    // The option may stay on the command line: it names an end that is none any more.
    older.stop().await;
    older.start().await;
    assert_eq!(of_kind(&older.replayed(), "log.restored.v1").len(), 1);
    older.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_its_keys_gets_no_new_master_key() {
    let mut program = Program::started(&[]).await;
    program.stop().await;
    let whole = program.copy();
    let put_back = |name: &str| {
        fs::copy(whole.data.join(name), program.data.join(name)).unwrap();
    };
    let remove = |name: &str| fs::remove_file(program.data.join(name)).unwrap();
    for missing in [&["keys", "master.key"][..], &["master.key"], &["keys"]] {
        missing.iter().for_each(|it| remove(it));
        let said = program.start_refused();
        assert_ne!(said.code, Some(0));
        assert!(!said.err.contains("panicked"), "{said:?}");
        for name in missing {
            assert!(!program.data.join(name).exists(), "{name} was made: {said:?}");
            put_back(name);
        }
    }
    // A backup that was killed in the middle has the log and nothing else.
    let cut = program.beside("cut");
    copy_folder(&program.data.join("log"), &cut.join("log"));
    program.run(&["keys", "rotate", "--data", cut.to_str().unwrap()]).refused("");
    let data = std::mem::replace(&mut program.data, cut.clone());
    program.start_refused().refused("there is no master key");
    assert!(!cut.join("master.key").exists());
    program.data = data;
    program.start().await;
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_lost_its_log_does_not_begin_a_second_one() {
    let mut program = Program::started(&[]).await;
    program.stop().await;
    let whole = program.copy();
    fs::remove_dir_all(program.data.join("log")).unwrap();
    program.start_refused().refused("no log");
    fs::remove_file(program.data.join("head")).unwrap();
    program.start_refused().refused("no log");
    assert!(!program.data.join("log").exists());
    copy_folder(&whole.data, &program.data);
    program.start().await;
    program.verified();
}

/// What was true of half-restored folders before stays so.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_together_is_refused_in_words() {
    let mut program = Program::started(&[]).await;
    program.stop().await;
    for (text, words) in [("", "32 bytes"), ("short", "32 bytes"), ("\u{e9}", "32 bytes")] {
        let copy = program.copy();
        fs::write(copy.data.join("master.key"), text).unwrap();
        copy.start_refused().refused(words);
    }
    let copy = program.copy();
    fs::write(copy.data.join("master.key"), "00".repeat(32)).unwrap();
    copy.start_refused().refused("does not fit");
    let copy = program.copy();
    fs::remove_file(copy.data.join("head")).unwrap();
    copy.start_refused().refused("--accept-head");
}
